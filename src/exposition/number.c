// SPDX-License-Identifier: Apache-2.0
/* Numbers as the formats want them, most of them without printf(3). */
#include "exposition/metrics.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes the digits so that they end there; returns where they begin. */
static char *digits_before(char *end, uint64_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	for (; value >= 100; value /= 100)
		end = memcpy(end - 2, &pairs[value % 100 * 2], 2);
	if (value >= 10)
		return memcpy(end - 2, &pairs[value * 2], 2);
	*--end = (char)('0' + value);
	return end;
}

static size_t format_integer(uint64_t value, char *out)
{
	char buf[24], *end = buf + sizeof(buf), *digits = digits_before(end, value);
	size_t n = (size_t)(end - digits);

	memcpy(out, digits, n);
	out[n] = '\0';
	return n;
}

/* value / 10^decimals, which is no whole number, as %.15g has it. */
static size_t format_fraction(uint64_t value, size_t decimals, char *out)
{
	char buf[24], *end = buf + sizeof(buf), *digits = digits_before(end, value), *s = out;
	size_t n = (size_t)(end - digits), whole = n > decimals ? n - decimals : 0;

	while (end[-1] == '0')
		end--;
	if (n + 4 <= decimals) {
		*s++ = *digits++;
		if (digits < end)
			*s++ = '.';
		s = mempcpy(s, digits, (size_t)(end - digits));
		s = mempcpy(s, "e-0", 3);
		*s++ = (char)('0' + decimals - n + 1);
	} else {
		s = whole ? mempcpy(s, digits, whole) : mempcpy(s, "0", 1);
		*s++ = '.';
		for (; decimals > n; decimals--)
			*s++ = '0';
		s = mempcpy(s, digits + whole, (size_t)(end - digits) - whole);
	}
	*s = '\0';
	return (size_t)(s - out);
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
