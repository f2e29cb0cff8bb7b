// SPDX-License-Identifier: Apache-2.0
/*
 * The page at / and its files. The page is whole without scripts: the GPUs' names and links; the
 * script puts live figures in their place.
 */
#include "pages.h"

#include "base/macros.h"
#include "base/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct blank {
	const char *name, *text;
};

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

/* Prints what belongs into the {{name}}; what no blank is called is left out. */
static void print_blank(FILE *out, const char *name, size_t len, const struct blank *blanks,
			size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(blanks[i].name) == len && memcmp(blanks[i].name, name, len) == 0)
			print_escaped(out, blanks[i].text);
}

static void print_filled(FILE *out, const char *text, const struct blank *blanks, size_t n)
{
	const char *open, *close;

	while ((open = strstr(text, "{{")) && (close = strstr(open, "}}"))) {
		fwrite(text, 1, (size_t)(open - text), out);
		print_blank(out, open + 2, (size_t)(close - open - 2), blanks, n);
		text = close + 2;
	}
	fputs(text, out);
}

/* The machine in one phrase, in the words of page/page.js, which knows more. */
static const char *print_verdict(const struct page_facts *facts, char *buf, size_t size)
{
	unsigned expected = facts->codecs.expected, working = facts->codecs.working;

	if (facts->codecs.wedged)
		snprintf(buf, size, "✗ GPU given up by its driver");
	else if (expected == 0)
		snprintf(buf, size, "– %s",
			 *facts->gpus ? "encoding is not tested" : "no Intel GPU");
	else if (working == expected)
		snprintf(buf, size, "✓ encoding works");
	else if (working == 0)
		snprintf(buf, size, "✗ encoding fails");
	else
		snprintf(buf, size, "✗ %u of %u codecs fail", expected - working, expected);
	if (facts->codecs.wedged || working < expected)
		return "bad";
	return expected ? "good" : "plain";
}

char *page_index(const struct page_facts *facts, size_t *ret_len)
{
	char verdict[64];
	const char *kind = print_verdict(facts, verdict, sizeof(verdict));
	const struct blank blanks[] = {
		{ "gpus", *facts->gpus ? facts->gpus : "No Intel GPU found." },
		{ "telemetry_path", facts->telemetry_path },
		{ "version", EXPORTER_VERSION },
		{ "notice", facts->notice ? facts->notice : "" },
		{ "verdict", verdict },
		{ "verdict_kind", kind },
	};
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (!out)
		return NULL;
	print_filled(out, page_template, blanks, ARRAY_SIZE(blanks));
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

const struct page_file *page_find(const char *path)
{
	for (const struct page_file *file = page_files; file->path; file++)
		if (strcmp(file->path, path) == 0)
			return file;
	return NULL;
}
