// SPDX-License-Identifier: Apache-2.0
#include "check/check.h"

#include "print.h"

#include <string.h>

bool check_format_parse(const char *text, enum check_format *ret)
{
	static const char *const words[] = { "off", "text", "json", "list", "rows" };

	if (!text) {
		*ret = CHECK_TEXT;
		return true;
	}
	for (size_t i = CHECK_TEXT; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i]) == 0) {
			*ret = (enum check_format)i;
			return true;
		}
	return false;
}

bool check_ids_valid(const char *list)
{
	struct text_part rest = { list, strlen(list) }, one;
	bool any = false;

	while (parse_word(&rest, ",", &one)) {
		const struct check *check;
		bool known = false;

		for (size_t i = 0; (check = engine_check(i)); i++)
			known |= text_part_is(one, check->id);
		if (!known)
			return false;
		any = true;
	}
	return any;
}

static const char *severity_letter(enum severity severity)
{
	return severity == ERROR ? "error" : severity == WARNING ? "warning" : "note";
}

void print_list(FILE *out)
{
	const struct check *check;

	fprintf(out, "| id | what is fine when it passes | at most | decided on | skipped after |\n"
		     "|---|---|---|---|---|\n");
	for (size_t i = 0; (check = engine_check(i)); i++) {
		fprintf(out, "| `%s` | %s | %s | ", check->id, check->title,
			severity_letter(check->severity));
		if (!check->layers)
			fprintf(out, "host, guest, container");
		else
			fprintf(out, "%s%s%s%s%s", check->layers & ON_HOST ? "host" : "",
				check->layers & ON_HOST && check->layers & ~(unsigned)ON_HOST ? ", "
											      : "",
				check->layers & IN_GUEST ? "guest" : "",
				check->layers & IN_GUEST && check->layers & IN_CONTAINER ? ", "
											 : "",
				check->layers & IN_CONTAINER ? "container" : "");
		fprintf(out, " | ");
		for (const char *const *id = check->depends; *id; id++)
			fprintf(out, "%s%s", id != check->depends ? ", " : "", *id);
		fprintf(out, " |\n");
	}
}

int check_run(const struct fs *fs, const struct check_options *options)
{
	struct report report;
	int r;

	if (options->format == CHECK_LIST) {
		print_list(stdout);
		return CHECK_FINE;
	}
	if (engine_run(fs, options, &report) < 0)
		return CHECK_COULD_NOT;
	if (options->format == CHECK_ROWS)
		r = print_rows(&report, stdout);
	else
		r = options->format == CHECK_JSON ? print_json(&report, stdout)
						  : print_text(&report, options->verbose, stdout);
	return r < 0 ? CHECK_COULD_NOT : (int)report_exit(&report);
}
