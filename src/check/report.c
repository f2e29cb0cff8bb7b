// SPDX-License-Identifier: Apache-2.0
/* What all findings come to. */
#include "print.h"

#include <string.h>

const struct finding *report_first(const struct report *report)
{
	const struct finding *first = NULL;

	for (size_t i = 0; i < report->n; i++) {
		const struct finding *f = &report->findings[i];

		if (f->status == FAILED && f->severity > NOTE &&
		    (!first || f->severity > first->severity))
			first = f;
	}
	return first;
}

enum check_exit report_exit(const struct report *report)
{
	const struct finding *first = report_first(report);

	if (report->why_not)
		return CHECK_COULD_NOT;
	if (!first)
		return CHECK_FINE;
	return first->severity == ERROR ? CHECK_CANNOT_WORK : CHECK_WARNINGS;
}

const char *status_word(enum status status)
{
	static const char *const words[] = { "na", "pass", "fail", "skip", "unknown" };

	return words[status];
}

const char *severity_word(enum severity severity)
{
	static const char *const words[] = { "note", "warning", "error" };

	return words[severity];
}

const char *layer_word(const struct machine *m)
{
	return m->layer == IN_CONTAINER ? "container" : m->layer == IN_GUEST ? "guest" : "host";
}

static bool has_vm(const struct machine *m)
{
	return m->n_targets == 1 && strcmp(m->targets[0].driver, "vfio-pci") == 0 &&
	       *m->targets[0].vmid;
}

void print_verdict(const struct report *report, FILE *out)
{
	const struct machine *m = report->machine;
	const struct finding *first = report_first(report);
	size_t errors = 0, warnings = 0, unknown = 0;

	for (size_t i = 0; i < report->n; i++) {
		const struct finding *f = &report->findings[i];

		errors += f->status == FAILED && f->severity == ERROR;
		warnings += f->status == FAILED && f->severity == WARNING;
		unknown += f->status == UNKNOWN;
	}
	if (errors > 0 && strcmp(first->check->id, "node-open") == 0)
		fprintf(out, "Acceleration cannot work for user %s until the node opens.\n",
			m->user.name);
	else if (errors > 0 && strcmp(first->check->area, "guests") == 0)
		fprintf(out, "A guest cannot get the GPU.\n");
	else if (errors > 1)
		fprintf(out, "Acceleration cannot work: %zu problems, first %s.\n", errors,
			first->check->id);
	else if (errors > 0)
		fprintf(out, "Acceleration cannot work until %s is repaired.\n", first->check->id);
	else if (warnings > 0 && has_vm(m))
		fprintf(out, "The GPU is VM %s's. %zu warning%s.\n", m->targets[0].vmid, warnings,
			warnings > 1 ? "s" : "");
	else if (warnings > 0)
		fprintf(out, "Acceleration can work. %zu warning%s.\n", warnings,
			warnings > 1 ? "s" : "");
	else if (m->n_targets == 0)
		fprintf(out, "There is no Intel GPU here, and nothing here asks for one.\n");
	else if (m->n_targets == 1 && strcmp(m->targets[0].driver, "vfio-pci") == 0 &&
		 *m->targets[0].vmid)
		fprintf(out, "The GPU is VM %s's. Nothing is wrong.\n", m->targets[0].vmid);
	else if (unknown > 0)
		fprintf(out, "Nothing is wrong, as far as it can be seen from here.\n");
	else
		fprintf(out, "Everything that this machine is set up for works.\n");
}
