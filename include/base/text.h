/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict parsing of short texts that come from outside (sysfs attributes, flags, HTTP headers).
 * Every function takes the whole text: a prefix that happens to be valid is an error.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decimal digits only, at most one trailing newline. 0; -ENODATA for an empty text, -EINVAL for
 * anything else than digits, -ERANGE for a number above UINT64_MAX. *ret is untouched on failure.
 */
int text_parse_u64(const char *text, size_t len, uint64_t *ret);

/* The same for hexadecimal with an optional 0x. */
int text_parse_hex(const char *text, size_t len, uint64_t *ret);

/* "2s", "500ms", "1.5s", "5m", "24h" to nanoseconds; a bare "0" is accepted. 0 or -EINVAL/-ERANGE.
 */
int text_parse_duration(const char *text, uint64_t *ret_ns);

/* A part of a longer text, which has no end of its own. */
struct text_part {
	const char *s;
	size_t len;
};
bool text_part_is(struct text_part part, const char *text);
bool text_part_starts(struct text_part part, const char *text);

/* True for dddd:bb:ss.f in lower-case hexadecimal, as the kernel writes PCI addresses. */
bool text_is_pci_address(const char *text);

/*
 * Copies text so that the result is valid UTF-8 without control characters: a byte that is
 * neither becomes \xNN, so that different inputs stay different (but for a literal "\xff"). At most
 * size - 1 bytes are written, never half a character. Returns the length.
 */
size_t text_clean(const char *text, size_t len, char *out, size_t size);

/* Length in bytes of the valid UTF-8 character at s (1 to 4), or 0. Never reads past len. */
size_t text_utf8_len(const char *s, size_t len);

#endif
