// SPDX-License-Identifier: Apache-2.0
/*
 * Strict parsing of short texts. The kernel's number formats are those of
 * Documentation/filesystems/sysfs.rst: one value, one newline.
 */
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 255;
}

static size_t without_newline(const char *text, size_t len)
{
	return len > 0 && text[len - 1] == '\n' ? len - 1 : len;
}

int text_parse_u64(const char *text, size_t len, uint64_t *ret)
{
	uint64_t value = 0;

	len = without_newline(text, len);
	if (len == 0)
		return -ENODATA;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)text[i] - (unsigned)'0';

		if (digit > 9)
			return -EINVAL;
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

static int parse_hex(const char *text, size_t len, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++) {
		int digit = digit_value(text[i]);

		if (digit >= 16)
			return -EINVAL;
		if (value >> 60)
			return -ERANGE;
		value = value << 4 | (uint64_t)digit;
	}
	*ret = value;
	return 0;
}

int text_parse_hex(const char *text, size_t len, uint64_t *ret)
{
	len = without_newline(text, len);
	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		len -= 2;
	}
	if (len == 0)
		return -ENODATA;
	return parse_hex(text, len, ret);
}

int text_parse_duration(const char *text, uint64_t *ret_ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = { { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 } };
	char *end;
	double value;

	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	/* strtod() would also take blanks, signs, "inf", exponents and hexadecimal. */
	if (text[0] < '0' || text[0] > '9' || strspn(text, "0123456789.") == strlen(text))
		return -EINVAL;
	value = strtod(text, &end);
	if (end != text + strspn(text, "0123456789."))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		value *= units[i].ns;
		if (!isfinite(value) || value > 1e18)
			return -ERANGE;
		*ret_ns = (uint64_t)value;
		return 0;
	}
	return -EINVAL;
}

bool text_part_is(struct text_part part, const char *text)
{
	return part.len == strlen(text) && memcmp(part.s, text, part.len) == 0;
}

bool text_part_starts(struct text_part part, const char *text)
{
	return part.len >= strlen(text) && memcmp(part.s, text, strlen(text)) == 0;
}

bool text_is_pci_address(const char *text)
{
	/* PCI domains have four digits, or more behind some bridges (VMD uses five). */
	size_t domain = strspn(text, "0123456789abcdef");
	const char *t = text + domain;

	if (domain < 4 || domain > 8 || strlen(t) != 8)
		return false;
	return t[0] == ':' && strspn(t + 1, "0123456789abcdef") == 2 && t[3] == ':' &&
	       strspn(t + 4, "0123456789abcdef") == 2 && t[6] == '.' && t[7] >= '0' && t[7] <= '7';
}

size_t text_utf8_len(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n;

	if (len == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		n = 2;
	else if (u[0] >= 0xe0 && u[0] <= 0xef)
		n = 3;
	else if (u[0] >= 0xf0 && u[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return n;
}

static inline bool is_plain(char c)
{
	return (unsigned char)(c - 0x20) < 0x5f;
}

static inline size_t plain_bytes(const char *s, size_t len)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	size_t n = 0;

	/* Of eight at a time: the highest bit is set by what is above, by 0x7f or below 0x20. */
	for (uint64_t eight; n + sizeof(eight) <= len; n += sizeof(eight)) {
		memcpy(&eight, s + n, sizeof(eight));
		if ((eight | (eight + each) | (eight - 0x20 * each)) & 0x80 * each)
			break;
	}
	while (n < len && is_plain(s[n]))
		n++;
	return n;
}

static size_t clean(const char *text, size_t len, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < len;) {
		size_t n;

		n = text_utf8_len(text + i, len - i);
		if (n == 0 || (unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			if (used + 4 >= size)
				break;
			used += (size_t)snprintf(out + used, size - used, "\\x%02x",
						 (unsigned char)text[i]);
			i++;
			continue;
		}
		if (used + n >= size)
			break;
		memcpy(out + used, text + i, n);
		used += n;
		i += n;
	}
	if (size > 0)
		out[used] = '\0';
	return used;
}

size_t text_clean(const char *text, size_t len, char *out, size_t size)
{
	/* What most texts are. */
	if (len >= size || plain_bytes(text, len) < len)
		return clean(text, len, out, size);
	memcpy(out, text, len);
	out[len] = '\0';
	return len;
}
