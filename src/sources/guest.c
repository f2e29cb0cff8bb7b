// SPDX-License-Identifier: Apache-2.0
/* pve-guest-common's format: lines "key: value", "#" for the notes, "[name]" for a section. */
#include "sources/guest.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int guest_conf_find(const char *text, size_t len, const char *key, char *buf, size_t size)
{
	const char *end = text + len;
	size_t n = strlen(key);

	while (text < end && *text != '[') {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;

		if ((size_t)(line_end - text) > n && memcmp(text, key, n) == 0 && text[n] == ':') {
			const char *value = text + n + 1;

			while (value < line_end && is_blank(*value))
				value++;
			while (line_end > value && is_blank(line_end[-1]))
				line_end--;
			if (value == line_end)
				return -ENOENT;
			text_clean(value, (size_t)(line_end - value), buf, size);
			return 0;
		}
		text = line_end + 1;
	}
	return -ENOENT;
}
