// SPDX-License-Identifier: Apache-2.0
/* The input is keys and values in turn, each ended by a NUL; the first text is also the header. */
#include "fuzz.h"

#include "base/text.h"
#include "query.h"

#include <errno.h>

/* Three collectors, of which the second is off. */
#define ENABLED ((collector_set)5)

int collector_find(const char *name)
{
	static const char *const names[] = { "info", "cycles", "vgpu" };

	for (int i = 0; i < 3; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static void check_utf8(const char *text)
{
	size_t len = strlen(text), n;

	for (size_t i = 0; i < len; i += n) {
		n = text_utf8_len(text + i, len - i);
		CHECK(n > 0);
		CHECK((unsigned char)text[i] >= 0x20 || (text[i] == '\n' && i == len - 1));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = terminated(data, size), message[128] = "";
	const char *end = text + size;
	struct query query = { 0 };
	collector_set set = ~(collector_set)0;
	uint64_t timeout = query_timeout(text);
	int r;

	CHECK(timeout == 0 || (timeout >= 100000000 && timeout <= UINT64_C(86400000000000)));
	for (const char *key = text; key < end;) {
		const char *value = key + strlen(key) + 1;

		query_add(&query, ENABLED, key, value < end ? value : NULL);
		key = value < end ? value + strlen(value) + 1 : end;
	}
	CHECK(memchr(query.unknown, '\0', sizeof(query.unknown)));
	r = query_result(&query, ENABLED, &set, message, sizeof(message));
	if (r < 0) {
		CHECK(r == -EINVAL && set == ~(collector_set)0);
		CHECK(*message && memchr(message, '\0', sizeof(message)));
		check_utf8(message);
	} else {
		CHECK((set & ~ENABLED) == 0);
		CHECK(query.has_collect || query.has_exclude || set == ENABLED);
	}
	free(text);
	return 0;
}
