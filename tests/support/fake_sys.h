/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of a fixture behind base/sys.h, linked instead of the library sys: files that fail
 * (errors.txt), a PMU (perf.txt), product names and DRM nodes (libs.txt), uevents, and a clock
 * that stands still until a test moves it. See tests/fixtures/README.md for the files.
 */
#ifndef TESTS_FAKE_SYS_H
#define TESTS_FAKE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Takes root for the machine and forgets everything that was open, counted or set. The rest of
 * this header acts on that machine. Not while other threads use it.
 */
void fake_sys_load(const char *root);

/* Set by tests between calls into the code under test; fake_sys_load() sets the defaults. */
struct fake_knobs {
	bool is_sysfs;			     /* default true: the tree is taken for a live sysfs */
	bool is_procfs;			     /* default false */
	bool real_clock;		     /* default false */
	uint64_t slept_ns;		     /* since boot, default 1000 s */
	uint64_t capabilities;		     /* bit mask, default 0 */
	bool perf_revoked;		     /* reads of perf events return 0 */
	int perf_error;			     /* reads fail with this negative errno */
	bool wedged;			     /* every GPU of i915 */
	size_t perf_missing;		     /* bytes that reads fall short of */
	void (*perf_opened)(unsigned opens); /* called after each open that succeeded */
};
extern struct fake_knobs fake_knobs;

/* The clock stands far ahead of the real one, so that no wait of the code under test ends early. */
void fake_clock_advance(uint64_t ns);

/* Opening this path (relative to the root) fails with a negative errno; 0: no longer. */
void fake_error(const char *path, int error);

/* Opening this path blocks, as a read of a hung GPU does, until it is unblocked (NULL). */
void fake_block(const char *path);

/* From now on the event reads this raw value, whatever perf.txt says. */
void fake_perf_set(const char *pmu, const char *event, uint64_t raw);

struct fake_counts {
	unsigned file_opens;
	unsigned perf_opens, perf_reads, perf_closes; /* opens: those that succeeded */
	int perf_fds;				      /* open now */
	int perf_cpu;				      /* of the last open */
	unsigned product_names, drm_nodes, node_opens, huc_reads;
	unsigned watched; /* folders, one as often as it is asked for */
	char last_watched[32];
	int pinned_cpu; /* of the last thread that was; -1 */
};
struct fake_counts fake_counts(void);

/* The kernel sends this uevent; "" stands for an overflow of the socket (ENOBUFS). */
void fake_uevent(const char *buf, size_t len);

/* Somebody opens files in a watched directory: struct inotify_event, one or more. */
void fake_opened(const void *events, size_t len);

#endif
