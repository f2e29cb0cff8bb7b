// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

struct number {
	const char *text;
	size_t len;
	int r;
	uint64_t value;
};

static const struct number decimals[] = {
	{ BYTES("0"), 0, 0 },
	{ BYTES("1\n"), 0, 1 },
	{ BYTES("00012"), 0, 12 },
	{ BYTES("18446744073709551615\n"), 0, UINT64_MAX },
	{ BYTES("18446744073709551616"), -ERANGE, 0 },
	{ BYTES("99999999999999999999"), -ERANGE, 0 },
	{ BYTES("123456789012345678901234567890"), -ERANGE, 0 },
	{ BYTES(""), -ENODATA, 0 },
	{ BYTES("\n"), -ENODATA, 0 },
	{ BYTES("\n\n"), -EINVAL, 0 },
	{ BYTES("1\n\n"), -EINVAL, 0 },
	{ BYTES("\n1"), -EINVAL, 0 },
	{ BYTES("1\r\n"), -EINVAL, 0 },
	{ BYTES("1\n2\n"), -EINVAL, 0 },
	{ BYTES("-1"), -EINVAL, 0 },
	{ BYTES("+1"), -EINVAL, 0 },
	{ BYTES("-"), -EINVAL, 0 },
	{ BYTES(" 1"), -EINVAL, 0 },
	{ BYTES("1 "), -EINVAL, 0 },
	{ BYTES("\t1"), -EINVAL, 0 },
	{ BYTES("1\0"), -EINVAL, 0 },
	{ BYTES("1\0002"), -EINVAL, 0 },
	{ BYTES("\0"), -EINVAL, 0 },
	{ BYTES("0x10"), -EINVAL, 0 },
	{ BYTES("1.0"), -EINVAL, 0 },
	{ BYTES("1e3"), -EINVAL, 0 },
	{ BYTES("a"), -EINVAL, 0 },
	{ BYTES("<not counted>"), -EINVAL, 0 },
	{ BYTES("\xd9\xa3"), -EINVAL, 0 }, /* a digit elsewhere in Unicode */
	{ BYTES("\xff"), -EINVAL, 0 },
};

static const struct number hexadecimals[] = {
	{ BYTES("0x10"), 0, 16 },
	{ BYTES("10"), 0, 16 },
	{ BYTES("0X1F\n"), 0, 31 },
	{ BYTES("0x8086\n"), 0, 0x8086 },
	{ BYTES("aBcDeF"), 0, 0xabcdef },
	{ BYTES("0xffffffffffffffff"), 0, UINT64_MAX },
	{ BYTES("0x10000000000000000"), -ERANGE, 0 },
	{ BYTES(""), -ENODATA, 0 },
	{ BYTES("\n"), -ENODATA, 0 },
	{ BYTES("0x"), -EINVAL, 0 },
	{ BYTES("0x\n"), -EINVAL, 0 },
	{ BYTES("x10"), -EINVAL, 0 },
	{ BYTES("0x0x1"), -EINVAL, 0 },
	{ BYTES("0x 1"), -EINVAL, 0 },
	{ BYTES("-0x1"), -EINVAL, 0 },
	{ BYTES("g"), -EINVAL, 0 },
	{ BYTES("1\0"), -EINVAL, 0 },
};

static void check_numbers(const struct number *rows, size_t n,
			  int (*parse)(const char *, size_t, uint64_t *))
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = 77;
		int r = parse(rows[i].text, rows[i].len, &value);

		assert_row(r == rows[i].r, rows[i].text);
		assert_row(value == (r == 0 ? rows[i].value : 77), rows[i].text);
	}
}

static void decimal_numbers(void **state)
{
	(void)state;
	check_numbers(decimals, ARRAY_SIZE(decimals), text_parse_u64);
}

static void hexadecimal_numbers(void **state)
{
	(void)state;
	check_numbers(hexadecimals, ARRAY_SIZE(hexadecimals), text_parse_hex);
}

static void numbers_end_at_their_length(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(text_parse_u64("123456", 3, &value), 0);
	assert_int_equal(value, 123);
	assert_int_equal(text_parse_hex("0x1fff", 4, &value), 0);
	assert_int_equal(value, 0x1f);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t ns;
	} rows[] = {
		{ "0", 0, 0 },
		{ "0s", 0, 0 },
		{ "2s", 0, 2000000000u },
		{ "500ms", 0, 500000000u },
		{ "1.5s", 0, 1500000000u },
		{ "0.25ms", 0, 250000u },
		{ "5m", 0, 300000000000u },
		{ "24h", 0, 86400000000000u },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "ms", -EINVAL, 0 },
		{ "2", -EINVAL, 0 },
		{ "00", -EINVAL, 0 },
		{ "2 s", -EINVAL, 0 },
		{ " 2s", -EINVAL, 0 },
		{ "2s ", -EINVAL, 0 },
		{ "2s\n", -EINVAL, 0 },
		{ "-2s", -EINVAL, 0 },
		{ "+2s", -EINVAL, 0 },
		{ ".5s", -EINVAL, 0 },
		{ "1.2.3s", -EINVAL, 0 },
		{ "infs", -EINVAL, 0 },
		{ "nans", -EINVAL, 0 },
		{ "0x2s", -EINVAL, 0 },
		{ "1e3s", -EINVAL, 0 },
		{ "1e-3s", -EINVAL, 0 },
		{ "2d", -EINVAL, 0 },
		{ "2S", -EINVAL, 0 },
		{ "2us", -EINVAL, 0 },
		{ "1s500ms", -EINVAL, 0 },
		{ "999999999h", -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t ns = 77;

		assert_row(text_parse_duration(rows[i].text, &ns) == rows[i].r, rows[i].text);
		assert_row(ns == (rows[i].r == 0 ? rows[i].ns : 77), rows[i].text);
	}
}

static void parts(void **state)
{
	const struct text_part part = { "vcs0-busy", 4 };

	(void)state;
	assert_true(text_part_is(part, "vcs0"));
	assert_false(text_part_is(part, "vcs"));
	assert_false(text_part_is(part, "vcs0-"));
	assert_true(text_part_starts(part, "vc"));
	assert_true(text_part_starts(part, "vcs0"));
	assert_false(text_part_starts(part, "vcs0-"));
	assert_false(text_part_starts(part, "cs"));
}

static void pci_addresses(void **state)
{
	static const char *const good[] = { "0000:00:02.0", "0000:ff:1f.7", "10000:e1:00.0",
					    "00000000:00:00.0" };
	static const char *const bad[] = {
		"",
		"0000:00:02",
		"000:00:02.0",
		"0000:00:02.8",
		"0000:00:02.00",
		"0000:00:02.0\n",
		" 0000:00:02.0",
		"0000:00:02.0 ",
		"0000:0A:00.0",
		"0000-00-02.0",
		"0000:00.02.0",
		"0000:000:2.0",
		"0000:0:002.0",
		"000000000:00:00.0",
		"0000:00:1g.0",
		"0000:00:02.\xff",
		"0000:00:02.0.0",
		"not-a-pci-address",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_row(text_is_pci_address(good[i]), good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_row(!text_is_pci_address(bad[i]), bad[i]);
}

static void utf8_lengths(void **state)
{
	static const struct {
		const char *name, *text;
		size_t len, n;
	} rows[] = {
		{ "empty", BYTES(""), 0 },
		{ "ascii", BYTES("a"), 1 },
		{ "NUL", BYTES("\0"), 1 },
		{ "smallest of two", BYTES("\xc2\x80"), 2 },
		{ "largest of two", BYTES("\xdf\xbf"), 2 },
		{ "smallest of three", BYTES("\xe0\xa0\x80"), 3 },
		{ "before the surrogates", BYTES("\xed\x9f\xbf"), 3 },
		{ "after the surrogates", BYTES("\xee\x80\x80"), 3 },
		{ "largest of three", BYTES("\xef\xbf\xbf"), 3 },
		{ "smallest of four", BYTES("\xf0\x90\x80\x80"), 4 },
		{ "largest of all", BYTES("\xf4\x8f\xbf\xbf"), 4 },
		{ "continuation alone", BYTES("\x80"), 0 },
		{ "overlong NUL", BYTES("\xc0\x80"), 0 },
		{ "overlong slash", BYTES("\xc1\xaf"), 0 },
		{ "overlong of three", BYTES("\xe0\x9f\xbf"), 0 },
		{ "overlong of four", BYTES("\xf0\x8f\xbf\xbf"), 0 },
		{ "first surrogate", BYTES("\xed\xa0\x80"), 0 },
		{ "last surrogate", BYTES("\xed\xbf\xbf"), 0 },
		{ "above the last", BYTES("\xf4\x90\x80\x80"), 0 },
		{ "five bytes", BYTES("\xf8\x88\x80\x80\x80"), 0 },
		{ "ff", BYTES("\xff"), 0 },
		{ "truncated of two", BYTES("\xc3"), 0 },
		{ "truncated of three", BYTES("\xe2\x82"), 0 },
		{ "truncated of four", BYTES("\xf0\x9f\x98"), 0 },
		{ "broken by ascii", BYTES("\xe2\x82q"), 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(text_utf8_len(rows[i].text, rows[i].len) == rows[i].n, rows[i].name);
	/* A character that is complete in memory, but not within len. */
	assert_int_equal(text_utf8_len("\xe2\x82\xac", 2), 0);
}

static void cleaning(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *clean;
	} rows[] = {
		{ BYTES(""), "" },
		{ BYTES("card0"), "card0" },
		{ BYTES("a\nb\tc"), "a\\x0ab\\x09c" },
		{ BYTES("a\0b"), "a\\x00b" },
		{ BYTES("\x1b[31m\x7f"), "\\x1b[31m\\x7f" },
		{ BYTES("\xe2\x82\xac"), "\xe2\x82\xac" },
		{ BYTES("\xff\xfe"), "\\xff\\xfe" },
		{ BYTES("\xc0\x80"), "\\xc0\\x80" },
		{ BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
		{ BYTES("x\xe2\x82"), "x\\xe2\\x82" },
		{ BYTES("\"quote\\back"), "\"quote\\back" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = text_clean(rows[i].text, rows[i].len, out, sizeof(out));

		assert_row(n == strlen(rows[i].clean), rows[i].clean);
		assert_string_equal(out, rows[i].clean);
	}
}

static void cleaning_into_every_size(void **state)
{
	static const char text[] = "a\xe2\x82\xac\xff\n\xf0\x9f\x98\x80z";
	char whole[64];
	size_t whole_len = text_clean(BYTES(text), whole, sizeof(whole));

	(void)state;
	for (size_t size = 0; size <= whole_len + 2; size++) {
		/* Exactly as large as it may be, so that a sanitizer sees one byte too many. */
		_cleanup_free_ char *out = malloc(size + 1);
		size_t n;

		memset(out, 'Q', size + 1);
		n = text_clean(BYTES(text), out, size);
		assert_true(n < (size ? size : 1));
		assert_int_equal(out[size], 'Q');
		if (size == 0)
			continue;
		assert_int_equal(out[n], '\0');
		assert_memory_equal(out, whole, n);
		for (size_t i = 0; i < n; i += text_utf8_len(out + i, n - i))
			assert_compare(text_utf8_len(out + i, n - i), >, 0);
		/* An escape is whole or absent. */
		if (n < whole_len && strchr(whole, '\\') < whole + n)
			assert_compare(n, >=, 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal_numbers),
		cmocka_unit_test(hexadecimal_numbers),
		cmocka_unit_test(numbers_end_at_their_length),
		cmocka_unit_test(durations),
		cmocka_unit_test(parts),
		cmocka_unit_test(pci_addresses),
		cmocka_unit_test(utf8_lengths),
		cmocka_unit_test(cleaning),
		cmocka_unit_test(cleaning_into_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
