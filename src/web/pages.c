// SPDX-License-Identifier: Apache-2.0
/* The page at /, without scripts, styles or anything from elsewhere. */
#include "pages.h"

#include "base/version.h"

#include <stdio.h>
#include <stdlib.h>

static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

char *page_index(const char *gpus, const char *telemetry_path, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (!out)
		return NULL;
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<title>intel-gpu-exporter</title>\n</head>\n<body>\n<h1>intel-gpu-exporter</h1>\n"
	      "<p>Prometheus metrics of the Intel GPUs of this machine. Version " EXPORTER_VERSION
	      ".</p>\n<h2>GPUs</h2>\n",
	      out);
	if (*gpus) {
		fputs("<pre>", out);
		print_escaped(out, gpus);
		fputs("</pre>\n", out);
	} else {
		fputs("<p>No Intel GPU found.</p>\n", out);
	}
	fputs("<h2>Links</h2>\n<ul>\n<li><a href=\"", out);
	print_escaped(out, telemetry_path);
	fputs("\">Metrics</a></li>\n<li><a href=\"/-/healthy\">Healthy?</a></li>\n"
	      "<li><a href=\"/-/ready\">Ready?</a></li>\n</ul>\n</body>\n</html>\n",
	      out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
