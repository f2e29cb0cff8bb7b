/* SPDX-License-Identifier: Apache-2.0 */
/* What a report is to people and to programs. */
#ifndef CHECK_PRINT_H
#define CHECK_PRINT_H

#include "check/check.h"
#include "engine.h"

#include <stdio.h>

#define PRINT_LINES 20 /* without verbose */

enum check_exit report_exit(const struct report *report);
/* The one that is said first: the first of the worst. NULL when nothing is wrong. */
const struct finding *report_first(const struct report *report);

/* The last line: one sentence. */
void print_verdict(const struct report *report, FILE *out);

const char *status_word(enum status status);
const char *severity_word(enum severity severity);

/* 0 or -ENOMEM. */
int print_text(const struct report *report, bool verbose, FILE *out);
int print_json(const struct report *report, FILE *out);
/* For the collectors: nothing of a machine that could not be read, which ends the text early. */
int print_rows(const struct report *report, FILE *out);
const char *layer_word(const struct machine *m);
/* All checks as a Markdown table, for src/check/README.md. */
void print_list(FILE *out);
/* And as sections of a runbook, with what repairs them: src/check/remedies.md. */
void print_runbook(FILE *out);

#endif
