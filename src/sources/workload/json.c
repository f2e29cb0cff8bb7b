// SPDX-License-Identifier: Apache-2.0
/*
 * libjansson takes RFC 8259 and nothing else: UTF-8 without faults, at most 2048 levels. It must
 * not run out of memory (2.14 then writes behind its buffer), so how many values it gets is bounded
 * before it sees them: "{}," is 230 bytes of memory, so that a file takes 16 MB at most.
 */
#include "json.h"

#include <string.h>

/* A file of 1 MB, the largest that is read, has 30,000 as engines write it. */
#define MAX_VALUES (1 << 16)

static bool has_few_values(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return n < MAX_VALUES;
}

json_t *json_load_bounded(const char *text, size_t len)
{
	if (!has_few_values(text, len))
		return NULL;
	/* No number counts, so that none is too large. */
	return json_loadb(text, len,
			  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
}

bool json_is_this_string(const json_t *value, const char *string)
{
	size_t len = strlen(string);

	return json_is_string(value) && json_string_length(value) == len &&
	       memcmp(json_string_value(value), string, len) == 0;
}
