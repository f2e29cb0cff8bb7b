// SPDX-License-Identifier: Apache-2.0
/* Numbers as the formats want them, most of them without printf(3). */
#include "exposition/metrics.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t digits_of(uint64_t value, char digits[static 24])
{
	size_t n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while ((value /= 10));
	return n;
}

static size_t format_integer(uint64_t value, char *out)
{
	char digits[24];
	size_t n = value < 10 ? 0 : digits_of(value, digits), len = 0;

	/* Most values are 0 or 1. */
	if (n == 0)
		out[len++] = (char)('0' + value);
	while (n > 0)
		out[len++] = digits[--n];
	out[len] = '\0';
	return len;
}

/* value / 10^decimals, which is no whole number, as %.15g has it. */
static size_t format_fraction(uint64_t value, size_t decimals, char *out)
{
	char digits[24];
	size_t n = digits_of(value, digits), last = 0, len = 0;

	while (digits[last] == '0')
		last++;
	if (n + 4 <= decimals) {
		out[len++] = digits[--n];
		if (n > last)
			out[len++] = '.';
		decimals -= n;
		while (n > last)
			out[len++] = digits[--n];
		memcpy(out + len, "e-0", 3);
		out[len + 3] = (char)('0' + decimals);
		out[len + 4] = '\0';
		return len + 4;
	}
	while (n > decimals)
		out[len++] = digits[--n];
	if (len == 0)
		out[len++] = '0';
	out[len++] = '.';
	for (; decimals > n; decimals--)
		out[len++] = '0';
	while (n > last)
		out[len++] = digits[--n];
	out[len] = '\0';
	return len;
}

/*
 * What has 15 digits at most reads back from its digits, and %.15g prints just these. Times have
 * nine decimals, or three when they count from 1970.
 */
static size_t format_short(double value, char *out)
{
	static const struct {
		size_t decimals;
		double power;
	} tries[] = { { 9, 1e9 }, { 3, 1e3 } };

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		double scaled = value * tries[i].power + 0.5;

		if (scaled < 1e15 && (double)(uint64_t)scaled / tries[i].power == value)
			return format_fraction((uint64_t)scaled, tries[i].decimals, out);
	}
	return 0;
}

static size_t format_rare(double value, char out[static 32])
{
	size_t sign = value < 0, len;
	int n = 0;

	if (isnan(value))
		return (size_t)snprintf(out, 32, "NaN");
	if (isinf(value))
		return (size_t)snprintf(out, 32, value < 0 ? "-Inf" : "+Inf");
	*out = '-';
	len = format_short(fabs(value), out + sign);
	if (len > 0)
		return sign + len;
	for (int precision = 15; precision <= 17; precision++) {
		n = snprintf(out, 32, "%.*g", precision, value);
		if (strtod(out, NULL) == value)
			break;
	}
	return (size_t)n;
}

size_t metric_format_value(double value, char out[static 32])
{
	double absolute = fabs(value);
	size_t sign = value < 0;

	/* Most values are whole numbers, and %.15g of one below 10^15 is its digits. */
	if (!(absolute < 1e15) || absolute != (double)(uint64_t)absolute)
		return format_rare(value, out);
	*out = '-';
	return sign + format_integer((uint64_t)absolute, out + sign);
}
