// SPDX-License-Identifier: Apache-2.0
#include "accept.h"

#include "base/macros.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define NETWORK_BYTES  4096u
#define LOOPBACK_BYTES 102400u
#define NO_WEIGHT      1001u /* more than any */

/* One element of a list, and what is between its semicolons. */
struct range {
	struct text_part name;
	struct text_part version, escaping;
	unsigned weight; /* in thousandths */
};

static struct text_part trim(struct text_part part)
{
	while (part.len > 0 && strchr(" \t", *part.s))
		part.s++, part.len--;
	while (part.len > 0 && strchr(" \t", part.s[part.len - 1]))
		part.len--;
	return part;
}

/* The part before the next separator, which is taken off the list. */
static struct text_part cut(struct text_part *list, char separator)
{
	const char *end = memchr(list->s, separator, list->len);
	size_t len = end ? (size_t)(end - list->s) : list->len;
	struct text_part part = { list->s, len };

	list->s += end ? len + 1 : len;
	list->len -= end ? len + 1 : len;
	return trim(part);
}

static bool is(struct text_part part, const char *text)
{
	return part.len == strlen(text) && strncasecmp(part.s, text, part.len) == 0;
}

/* "0", "0.5", "1.000" in thousandths; what is none of them counts as 0: not wanted. */
static unsigned parse_weight(struct text_part text)
{
	unsigned weight, place = 100;

	if (text.len < 1 || text.len > 5 || (*text.s != '0' && *text.s != '1') ||
	    (text.len > 1 && text.s[1] != '.'))
		return 0;
	weight = *text.s == '1' ? 1000 : 0;
	for (size_t i = 2; i < text.len; i++, place /= 10) {
		if (text.s[i] < '0' || text.s[i] > '9')
			return 0;
		weight += place * (unsigned)(text.s[i] - '0');
	}
	return weight > 1000 ? 0 : weight;
}

static struct range parse_range(struct text_part text)
{
	struct range range = { .name = cut(&text, ';'), .weight = 1000 };

	while (text.len > 0) {
		struct text_part value = cut(&text, ';');
		struct text_part key = cut(&value, '=');

		value = trim(value);
		if (value.len >= 2 && *value.s == '"' && value.s[value.len - 1] == '"')
			value.s++, value.len -= 2;
		if (is(key, "q"))
			range.weight = parse_weight(value);
		else if (is(key, "version"))
			range.version = value;
		else if (is(key, "escaping"))
			range.escaping = value;
	}
	return range;
}

static bool format_of(const struct range *range, enum text_format *ret)
{
	if (is(range->name, "application/openmetrics-text")) {
		*ret = TEXT_OPENMETRICS;
		return range->version.len == 0 || is(range->version, "1.0.0");
	}
	*ret = TEXT_PROMETHEUS;
	return is(range->name, "*/*") || is(range->name, "text/*") ||
	       (is(range->name, "text/plain") &&
		(range->version.len == 0 || is(range->version, "0.0.4")));
}

/* The scheme with its separator, or nothing: only names that are known are repeated. */
static const char *escaping_of(struct text_part escaping)
{
	static const struct {
		const char *scheme, *parameter;
	} schemes[] = {
		{ "allow-utf-8", "; escaping=allow-utf-8" },
		{ "underscores", "; escaping=underscores" },
		{ "dots", "; escaping=dots" },
		{ "values", "; escaping=values" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (is(escaping, schemes[i].scheme))
			return schemes[i].parameter;
	return "";
}

static bool takes_gzip(const char *encodings)
{
	struct text_part list = { encodings, encodings ? strlen(encodings) : 0 };
	unsigned gzip = NO_WEIGHT, any = NO_WEIGHT;

	while (list.len > 0) {
		struct range range = parse_range(cut(&list, ','));

		if (is(range.name, "gzip") || is(range.name, "x-gzip"))
			gzip = range.weight;
		else if (is(range.name, "*"))
			any = range.weight;
	}
	gzip = gzip == NO_WEIGHT ? any : gzip;
	return gzip != NO_WEIGHT && gzip > 0;
}

void accept_parse(const char *types, const char *encodings, struct accept *ret)
{
	static const char *const names[] = {
		[TEXT_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
		[TEXT_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	struct text_part list = { types, types ? strlen(types) : 0 };
	const char *escaping = "";
	unsigned weight = 0;

	*ret = (struct accept){ .format = TEXT_PROMETHEUS, .gzip = takes_gzip(encodings) };
	while (list.len > 0) {
		struct range range = parse_range(cut(&list, ','));
		enum text_format format;

		if (!format_of(&range, &format) || range.weight <= weight)
			continue;
		weight = range.weight;
		ret->format = format;
		escaping = escaping_of(range.escaping);
	}
	snprintf(ret->content_type, sizeof(ret->content_type), "%s%s", names[ret->format],
		 escaping);
}

bool accept_gzip(char **text, size_t *len, bool loopback)
{
	z_stream z = { 0 };
	unsigned char *out;
	size_t size;

	/* 16 asks for gzip's header; level 1: the others take several times as long for a tenth of
	 * the bytes. */
	if (*len < (loopback ? LOOPBACK_BYTES : NETWORK_BYTES) ||
	    deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	size = deflateBound(&z, *len);
	out = malloc(size);
	z.next_in = (unsigned char *)*text;
	z.avail_in = (unsigned)*len;
	z.next_out = out;
	z.avail_out = (unsigned)size;
	if (!out || deflate(&z, Z_FINISH) != Z_STREAM_END) {
		deflateEnd(&z);
		free(out);
		return false;
	}
	*len = z.total_out;
	deflateEnd(&z);
	free(*text);
	*text = (char *)out;
	return true;
}
