// SPDX-License-Identifier: Apache-2.0
#include "check/check.h"

#include "print.h"

#include <string.h>

bool check_format_parse(const char *text, enum check_format *ret)
{
	static const char *const words[] = { "off", "text", "json", "list", "rows", "runbook" };

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

static const char *const distributions[] = { "Debian", "Proxmox VE", "Ubuntu", "Fedora",
					     "Arch",   "Alpine",     "Talos" };

/* "{node}" is NODE: what a finding fills in. */
static void print_words(const char *text, size_t len, FILE *out)
{
	for (size_t i = 0; i < len; i++) {
		size_t n = 0;

		while (text[i] == '{' && i + 1 + n < len && text[i + 1 + n] >= 'a' &&
		       text[i + 1 + n] <= 'z')
			n++;
		if (n == 0 || i + 1 + n >= len || text[i + 1 + n] != '}') {
			fputc(text[i], out);
			continue;
		}
		for (size_t j = i + 1; j <= i + n; j++)
			fputc(text[j] - 'a' + 'A', out);
		i += n + 1;
	}
}

static void print_remedy(const struct remedy *r, bool alone, FILE *out)
{
	bool any = false;

	fprintf(out, "\n");
	if (r->cause)
		fprintf(out, "`%s`", r->cause);
	for (size_t i = 0; i < ARRAY_SIZE(distributions); i++)
		if (r->distributions >> i & 1) {
			fprintf(out, "%s%s",
				any	   ? ", "
				: r->cause ? " on "
					   : "On ",
				distributions[i]);
			any = true;
		}
	if (r->layers)
		fprintf(out, "%s%s", r->cause || any ? " in a " : "In a ",
			r->layers & IN_CONTAINER ? "container" : "virtual machine");
	if (!r->cause && !any && !r->layers && !alone)
		fprintf(out, "Else");
	if (r->cause || any || r->layers || !alone)
		fprintf(out, ": ");
	if (r->say)
		print_words(r->say, strlen(r->say), out);
	for (const char *line = r->commands; line && *line;) {
		size_t n = strcspn(line, "\n");

		fprintf(out, "%s`", line == r->commands && !r->say ? "" : "\n");
		print_words(line, n, out);
		fputc('`', out);
		line += n + (line[n] == '\n');
	}
	fprintf(out, " (%s%s)\n", r->where, r->reboot ? ", and boot again" : "");
}

void print_runbook(FILE *out)
{
	const struct check *check;

	for (size_t i = 0; (check = engine_check(i)); i++) {
		fprintf(out, "\n### %s\n%s. If not, that is %s.\n", check->id, check->title,
			check->severity == ERROR     ? "an error: acceleration cannot work"
			: check->severity == WARNING ? "a warning: it works worse, or is at risk"
						     : "a note, and nothing bad");
		for (size_t j = 0; j < check->n_remedies; j++)
			print_remedy(&check->remedies[j], check->n_remedies == 1, out);
	}
}

int check_run(const struct fs *fs, const struct check_options *options)
{
	struct report report;
	int r;

	if (options->format == CHECK_LIST || options->format == CHECK_RUNBOOK) {
		options->format == CHECK_LIST ? print_list(stdout) : print_runbook(stdout);
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
