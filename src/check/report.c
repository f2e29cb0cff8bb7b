// SPDX-License-Identifier: Apache-2.0
/* What all findings come to. */
#include "print.h"

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
