// SPDX-License-Identifier: Apache-2.0
/* Texts of hwmon, RAPL, dmem, AER, link and resource: a byte says which parser has the rest. */
#include "fuzz.h"

#include "sources/gpu/dmem.h"
#include "sources/gpu/hwmon.h"
#include "sources/gpu/pcie.h"
#include "sources/gpu/rapl.h"

#include <errno.h>

static void hwmon(const uint8_t *data, size_t size)
{
	struct hwmon_file file = { .fd = 7 };
	char *name = terminated(data, size), *text = exact(data, size);
	char label[24] = "untouched";
	int64_t value = 7;

	if (hwmon_parse_name(name, &file) == 0) {
		CHECK(strcmp(file.name, name) == 0);
		CHECK(strlen(file.sensor) >= 1 && strlen(file.sensor) <= 3);
		CHECK(file.fd == -1 && file.attribute);
	} else {
		CHECK(file.fd == 7);
	}
	if (hwmon_parse_label(text, size, label) == 0)
		CHECK(strlen(label) > 0 &&
		      strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(label));
	else
		CHECK(strcmp(label, "untouched") == 0);
	if (hwmon_parse_value(text, size, &value) < 0)
		CHECK(value == 7);
	free(name);
	free(text);
}

static void rapl(const char *text, size_t size)
{
	uint64_t config = 7;
	double scale = 7;

	if (rapl_parse_event(text, size, &config) == 0)
		CHECK(config <= 0xff);
	if (rapl_parse_scale(text, size, &scale) == 0)
		CHECK(scale >= 1e-15 && scale <= 1e-3);
	else
		CHECK(scale == 7);
}

static void dmem(const char *text, size_t size)
{
	struct dmem_region regions[DMEM_MAX_REGIONS];
	int n = dmem_parse(text, size, "0000:03:00.0", regions);

	CHECK(n <= DMEM_MAX_REGIONS && (n >= 0 || n == -EINVAL));
	for (int i = 0; i < n; i++)
		CHECK(strlen(regions[i].name) > 0 &&
		      strlen(regions[i].name) < sizeof(regions[i].name) &&
		      !strpbrk(regions[i].name, " /\n\""));
}

static void pcie(const char *text, size_t size)
{
	uint64_t value = 7, bars[PCIE_BARS];

	if (pcie_parse_speed(text, size, &value) == 0)
		CHECK(value <= UINT64_C(1001000000000));
	else
		CHECK(value == 7);
	pcie_parse_errors(text, size, &value);
	if (pcie_parse_bars(text, size, bars) == 0)
		CHECK(bars[0] != 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = exact(data + 1, size - 1);
	switch (*data) {
	case 'h':
		hwmon(data + 1, size - 1);
		break;
	case 'r':
		rapl(text, size - 1);
		break;
	case 'd':
		dmem(text, size - 1);
		break;
	default:
		pcie(text, size - 1);
	}
	free(text);
	return 0;
}
