/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thread that runs the checks of --check, in a child: what they read may never answer, and
 * what they need of memory is gone with it. It runs while somebody reads what they come to, once a
 * minute and after the kernel's news.
 */
#ifndef SCRAPE_CHECKER_H
#define SCRAPE_CHECKER_H

#include "sources/doctor/doctor_state.h"

struct checker_options {
	const char *rootfs, *sysfs, *procfs; /* as fs_new() takes them; NULL or a path */
	const char *user, *ignore;	     /* of --check.user, --check.ignore; may be NULL */
};

/* The options' pointers must outlive it. NULL when memory is out or there is no thread: logged. */
struct doctor_state *checker_start(const struct checker_options *options);

/* Has the checks run now, and waits for their end. */
void checker_wait(struct doctor_state *state);

#endif
