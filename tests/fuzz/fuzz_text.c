// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "base/text.h"

#include <inttypes.h>
#include <strings.h>

static size_t without_newline(const char *text, size_t len)
{
	return len > 0 && text[len - 1] == '\n' ? len - 1 : len;
}

/* What was accepted is, but for leading zeros, the number as it is printed. */
static void check_u64(const char *text, size_t len)
{
	uint64_t value = 77;
	char digits[24];
	size_t n;

	if (text_parse_u64(text, len, &value) < 0) {
		CHECK(value == 77);
		return;
	}
	len = without_newline(text, len);
	while (len > 1 && *text == '0') {
		text++;
		len--;
	}
	n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, value);
	CHECK(n == len && memcmp(digits, text, n) == 0);
}

static void check_hex(const char *text, size_t len)
{
	uint64_t value = 77;
	char digits[24];
	size_t n;

	if (text_parse_hex(text, len, &value) < 0) {
		CHECK(value == 77);
		return;
	}
	len = without_newline(text, len);
	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		len -= 2;
	}
	while (len > 1 && *text == '0') {
		text++;
		len--;
	}
	n = (size_t)snprintf(digits, sizeof(digits), "%" PRIx64, value);
	CHECK(n == len && strncasecmp(digits, text, n) == 0);
}

static void check_duration(const char *text)
{
	static const char *const units[] = { "ms", "s", "m", "h" };
	uint64_t ns = 77;
	size_t number = strspn(text, "0123456789.");
	int known = strcmp(text, "0") == 0;

	if (text_parse_duration(text, &ns) < 0) {
		CHECK(ns == 77);
		return;
	}
	for (size_t i = 0; i < 4; i++)
		known |= number > 0 && strcmp(text + number, units[i]) == 0;
	CHECK(known);
	CHECK(ns <= UINT64_C(1000000000000000000));
}

static void check_clean(const char *text, size_t len, size_t size)
{
	char *out = malloc(size ? size : 1), *again = malloc(size ? size : 1);
	size_t n;

	CHECK(out && again);
	n = text_clean(text, len, out, size);
	if (size > 0) {
		CHECK(n < size && out[n] == '\0' && strlen(out) == n);
		for (size_t i = 0; i < n; i += text_utf8_len(out + i, n - i)) {
			CHECK(text_utf8_len(out + i, n - i) > 0);
			CHECK((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
		}
		/* What is clean stays as it is. */
		CHECK(text_clean(out, n, again, size) == n && memcmp(out, again, n) == 0);
	}
	free(out);
	free(again);
}

static void check_pci(const char *text)
{
	char folder[64];

	if (!text_is_pci_address(text))
		return;
	/* It is used as a folder's name and a label. */
	CHECK(strlen(text) >= 12 && strlen(text) <= 16);
	snprintf(folder, sizeof(folder), "%s", text);
	CHECK(strspn(folder, "0123456789abcdef:.") == strlen(folder));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = size > 0 ? data[0] % 80 : 0;
	char *text = exact(data, size), *string = terminated(data, size);

	check_u64(text, size);
	check_hex(text, size);
	check_clean(text, size, room);
	check_clean(text, size, 4 * size + 1);
	check_duration(string);
	check_pci(string);
	free(text);
	free(string);
	return 0;
}
