// SPDX-License-Identifier: Apache-2.0
/*
 * "12 (name) S 1 12 12 0 -1 4194560 …": the name may have blanks and brackets of its own, so the
 * numbers begin behind the last bracket, with the state as field 3.
 */
#include "sources/proc/process.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { FIELD_STATE = 3, FIELD_PARENT = 4, FIELD_USER = 14, FIELD_SYSTEM = 15, FIELD_START = 22 };

static int take(int field, const char *text, size_t len, struct process_stat *stat)
{
	uint64_t n;

	if (field == FIELD_STATE)
		stat->ended = len == 1 && (*text == 'Z' || *text == 'X');
	if (field != FIELD_PARENT && field != FIELD_USER && field != FIELD_SYSTEM &&
	    field != FIELD_START)
		return 0;
	if (text_parse_u64(text, len, &n) < 0)
		return -EINVAL;
	if (field == FIELD_PARENT) {
		if (n > INT_MAX)
			return -EINVAL;
		stat->parent = (pid_t)n;
	} else if (field == FIELD_START) {
		stat->start_ticks = n;
	} else {
		if (__builtin_add_overflow(stat->cpu_ticks, n, &stat->cpu_ticks))
			return -EINVAL;
	}
	return 0;
}

int process_stat_parse(const char *text, size_t len, struct process_stat *ret)
{
	const char *bracket = len ? memrchr(text, ')', len) : NULL, *end = text + len;
	struct process_stat stat = { 0 };
	int field = FIELD_STATE;

	if (!bracket || end - bracket < 2 || bracket[1] != ' ')
		return -EINVAL;
	for (const char *s = bracket + 2; s < end && field <= FIELD_START; field++) {
		const char *blank = memchr(s, ' ', (size_t)(end - s));
		size_t n = (size_t)((blank ? blank : end) - s);

		if (n == 0 || take(field, s, n, &stat) < 0)
			return -EINVAL;
		s += blank ? n + 1 : n;
	}
	if (field <= FIELD_START)
		return -EINVAL;
	*ret = stat;
	return 0;
}

int process_uid_parse(const char *text, size_t len, uid_t *ret)
{
	static const char key[] = "\nUid:\t";
	const char *found = memmem(text, len, key, strlen(key)), *end = text + len;
	uint64_t uid;
	size_t n = 0;

	if (!found)
		return -EINVAL;
	found += strlen(key);
	while (found + n < end && found[n] >= '0' && found[n] <= '9')
		n++;
	/* A number that is cut is none. */
	if (found + n == end || text_parse_u64(found, n, &uid) < 0 || uid > UINT32_MAX)
		return -EINVAL;
	*ret = (uid_t)uid;
	return 0;
}
