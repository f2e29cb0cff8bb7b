/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensors of a discrete card: the hwmon chip that i915 (Linux 6.2) and xe register for it, as
 * in Documentation/ABI/testing/sysfs-driver-intel-{i915,xe}-hwmon. An integrated GPU and a virtual
 * function have none. Each read of a value resumes a suspended card; names and labels do not.
 */
#ifndef SOURCES_GPU_HWMON_H
#define SOURCES_GPU_HWMON_H

#include "base/fs.h"
#include "sources/gpu/gpu.h"

enum hwmon_kind { HWMON_ENERGY, HWMON_POWER, HWMON_TEMP, HWMON_FAN, HWMON_IN };

struct hwmon_file {
	enum hwmon_kind kind;
	char name[24];	       /* "power1_rated_max" */
	const char *attribute; /* "rated_max" */
	char sensor[24]; /* what the label says: "card", "pkg", "vram"; a fan's number; else "pkg"
			  */
	int fd;		 /* -1: not open yet */

	/* The last read: */
	uint64_t read_at; /* of a limit, monotonic ns; 0 = never */
	int r;		  /* what came of it, with this value */
	int64_t value;
	bool off; /* a limit that was 0 */
};

#define HWMON_MAX_FILES 48

enum hwmon_state {
	HWMON_SUSPENDED, /* nothing may be read */
	HWMON_RECENT,	 /* nothing is read, values are those of the last time */
	HWMON_AWAKE,
};

struct hwmon {
	char dir[96];
	enum hwmon_state state;
	uint64_t hold_ns, read_at;
	size_t n;
	struct hwmon_file files[HWMON_MAX_FILES];
};

/*
 * Parses a name such as "energy2_input". 0, or -ENOENT for anything else than a value or a limit of
 * these kinds. The sensor is the number.
 */
int hwmon_parse_name(const char *name, struct hwmon_file *ret);

/* A label as the drivers write them: lower case, digits, '_'. 0 or -EINVAL. */
int hwmon_parse_label(const char *text, size_t len, char ret[static 24]);

/* A decimal number with or without a minus. 0 or as text_parse_u64(). */
int hwmon_parse_value(const char *text, size_t len, int64_t *ret);

/*
 * The values and limits of these kinds (bits 1 << enum hwmon_kind) of the driver's chip, by name.
 * Temperatures of single memory channels (vram_ch_N) are left out: up to 16 for a card. 0; -ENODEV
 * when there is no chip; -ENOMEM.
 */
int hwmon_find(const struct fs *fs, const struct gpu *gpu, unsigned kinds, struct hwmon **ret);
void hwmon_free(struct hwmon *hwmon);

/*
 * Before the reads of a scrape: what they may do. A read puts a card's sleep off by its autosuspend
 * delay (i915's 10 s, xe's 1 s), so scrapes that come faster than that would keep an idle card
 * awake for ever. Then the card is left alone until it has had the time, and sleeps or is in use.
 */
void hwmon_begin(const struct fs *fs, const struct gpu *gpu, struct hwmon *hwmon, bool suspended,
		 uint64_t now);

/* Reads a value and keeps its file open. 1, 0 when the card does not have it now, or -errno. */
int hwmon_read(const struct fs *fs, struct hwmon *hwmon, struct hwmon_file *file, int64_t *ret);

#define HWMON_LIMITS_NS UINT64_C(3600000000000)

/*
 * The same for a limit, which is read at the first call with the card awake and then once an hour:
 * xe writes a line into the kernel's log for each read of one that is off (0), so that is never
 * read again. In between, and while the card sleeps, it is what it was.
 */
int hwmon_read_limit(const struct fs *fs, struct hwmon *hwmon, struct hwmon_file *file,
		     uint64_t now, int64_t *ret);

#endif
