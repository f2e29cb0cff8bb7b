/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doctor: why hardware acceleration does not work on this machine. Checks are rows of tables;
 * src/check/README.md has them, and which row of the known checklists each of them stands for.
 * Nothing here wakes a GPU or opens a primary node.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "base/fs.h"

#include <stdbool.h>

/* What the exit status says, in the way of monitoring plugins. */
enum check_exit { CHECK_FINE, CHECK_WARNINGS, CHECK_CANNOT_WORK, CHECK_COULD_NOT };

/* CHECK_ROWS is the exporter's own: sources/doctor/rows.h. */
enum check_format { CHECK_OFF, CHECK_TEXT, CHECK_JSON, CHECK_LIST, CHECK_ROWS, CHECK_RUNBOOK };

struct check_options {
	enum check_format format;
	bool verbose;
	const char *user;   /* who shall use the GPU, a name or a number; NULL: see check_run() */
	const char *ignore; /* a list of ids whose failures are notes; NULL: none */
};

/* "text" for NULL, "json", "list", "rows", "runbook". False for another word. */
bool check_format_parse(const char *text, enum check_format *ret);

/* Is the list one of ids of checks? */
bool check_ids_valid(const char *list);

/*
 * Runs all checks within two seconds, prints what they come to, and returns the exit status.
 * Without a user it is the one of a known application if root asks, else this process' own. fs may
 * be NULL for CHECK_LIST.
 */
int check_run(const struct fs *fs, const struct check_options *options);

#endif
