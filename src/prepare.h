/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be right before the first thread starts, and what is over once the daemon serves. */
#ifndef PREPARE_H
#define PREPARE_H

#include "base/fs.h"
#include "collectors/registry.h"

#include <signal.h>

/*
 * Drops all capabilities but those that the collectors use, makes stacks small, and blocks the
 * signals that the main thread then waits for. What the kernel refuses is logged.
 */
void prepare_process(const struct fs *fs, collector_set set, sigset_t *ret_signals);

/*
 * Gives back the pages of code and constants that only the start needed: half of what is resident
 * then. What is used again is mapped again, from the page cache as long as it is there.
 */
void prepare_end(void);

#endif
