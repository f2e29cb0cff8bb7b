// SPDX-License-Identifier: Apache-2.0
/* Arguments of a scrape, with node_exporter's names and rules. */
#include "query.h"

#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void query_add(struct query *query, collector_set enabled, const char *key, const char *value)
{
	bool collect = strcmp(key, "collect[]") == 0;
	int index;

	if (!collect && strcmp(key, "exclude[]") != 0)
		return;
	query->has_collect |= collect;
	query->has_exclude |= !collect;
	index = value ? collector_find(value) : -1;
	if (index < 0 || !(enabled >> index & 1)) {
		if (!*query->unknown)
			text_clean(value ? value : "", value ? strlen(value) : 0, query->unknown,
				   sizeof(query->unknown));
		if (!*query->unknown)
			strcpy(query->unknown, "(empty)");
		return;
	}
	if (collect)
		query->collect |= (collector_set)1 << index;
	else
		query->exclude |= (collector_set)1 << index;
}

int query_result(const struct query *query, collector_set enabled, collector_set *ret, char *buf,
		 size_t size)
{
	if (query->has_collect && query->has_exclude) {
		snprintf(buf, size, "Combined collect and exclude queries are not allowed.\n");
		return -EINVAL;
	}
	if (*query->unknown) {
		snprintf(buf, size, "Unknown or disabled collector: %s\n", query->unknown);
		return -EINVAL;
	}
	*ret = (query->has_collect ? query->collect : enabled) & ~query->exclude;
	return 0;
}

uint64_t query_timeout(const char *header)
{
	double seconds;
	char *end;

	if (!header || !*header || strspn(header, "0123456789.") != strlen(header))
		return 0;
	seconds = strtod(header, &end);
	if (*end || !isfinite(seconds) || seconds <= 0 || seconds > 86400)
		return 0;
	seconds -= 0.5;
	return (uint64_t)((seconds < 0.1 ? 0.1 : seconds) * 1e9);
}
