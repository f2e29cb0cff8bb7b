// SPDX-License-Identifier: Apache-2.0
/* The texts of hwmon, RAPL, dmem, AER and PCI, as kernels write them and as nobody does. */
#include "test.h"

#include "sources/gpu/dmem.h"
#include "sources/gpu/hwmon.h"
#include "sources/gpu/pcie.h"
#include "sources/gpu/rapl.h"

#include <errno.h>
#include <string.h>

static void hwmon_names(void **unused)
{
	static const struct {
		const char *name;
		enum hwmon_kind kind;
		const char *attribute, *number;
	} good[] = {
		{ "energy1_input", HWMON_ENERGY, "input", "1" },
		{ "power2_rated_max", HWMON_POWER, "rated_max", "2" },
		{ "power1_cap", HWMON_POWER, "cap", "1" },
		{ "temp5_emergency", HWMON_TEMP, "emergency", "5" },
		{ "temp21_input", HWMON_TEMP, "input", "21" },
		{ "fan3_input", HWMON_FAN, "input", "3" },
		{ "in0_input", HWMON_IN, "input", "0" },
	};
	static const char *const bad[] = {
		"",
		"energy1_label",
		"power1_max_interval",
		"power1_input",
		"curr1_crit",
		"energy_input",
		"energy1input",
		"energy01_input",
		"in1_input ",
		"temp2_input\n",
		"temp-2_input",
		"temp9999_input",
		"fan1_fault",
		"energy1_input_max",
		"name",
		"energy1_",
		"Temp2_input",
		"temp2_",
		"pwm1",
		"in_input",
	};
	struct hwmon_file file;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_row(hwmon_parse_name(good[i].name, &file) == 0, good[i].name);
		assert_row(file.kind == good[i].kind, good[i].name);
		assert_string_equal(file.attribute, good[i].attribute);
		assert_string_equal(file.sensor, good[i].number);
		assert_string_equal(file.name, good[i].name);
		assert_int_equal(file.fd, -1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_row(hwmon_parse_name(bad[i], &file) == -ENOENT, bad[i]);
}

static void hwmon_labels(void **unused)
{
	char label[24];

	(void)unused;
	assert_int_equal(hwmon_parse_label(BYTES("card\n"), label), 0);
	assert_string_equal(label, "card");
	assert_int_equal(hwmon_parse_label(BYTES("vram_ch_15"), label), 0);
	assert_string_equal(label, "vram_ch_15");
	assert_int_equal(hwmon_parse_label(BYTES(""), label), -EINVAL);
	assert_int_equal(hwmon_parse_label(BYTES("\n"), label), -EINVAL);
	assert_int_equal(hwmon_parse_label(BYTES("pkg\npkg"), label), -EINVAL);
	assert_int_equal(hwmon_parse_label(BYTES("pkg\0"), label), -EINVAL);
	assert_int_equal(hwmon_parse_label(BYTES("Package id 0"), label), -EINVAL);
	assert_int_equal(hwmon_parse_label(BYTES("p\"} 1"), label), -EINVAL);
	assert_int_equal(hwmon_parse_label(BYTES("a23456789012345678901234"), label), -EINVAL);
}

static void hwmon_values(void **unused)
{
	int64_t value;

	(void)unused;
	assert_int_equal(hwmon_parse_value(BYTES("98114203515\n"), &value), 0);
	assert_int_equal(value, 98114203515);
	assert_int_equal(hwmon_parse_value(BYTES("-5000\n"), &value), 0);
	assert_int_equal(value, -5000);
	assert_int_equal(hwmon_parse_value(BYTES("9223372036854775807"), &value), 0);
	assert_int_equal(hwmon_parse_value(BYTES("9223372036854775808"), &value), -ERANGE);
	assert_int_equal(hwmon_parse_value(BYTES("-"), &value), -ENODATA);
	assert_int_equal(hwmon_parse_value(BYTES(""), &value), -ENODATA);
	assert_int_equal(hwmon_parse_value(BYTES("--1"), &value), -EINVAL);
	assert_int_equal(hwmon_parse_value(BYTES("1.5"), &value), -EINVAL);
	assert_int_equal(hwmon_parse_value(BYTES("N/A"), &value), -EINVAL);
}

static void rapl_texts(void **unused)
{
	uint64_t config;
	double scale;

	(void)unused;
	assert_int_equal(rapl_parse_event(BYTES("event=0x04"), &config), 0);
	assert_int_equal(config, 4);
	assert_int_equal(rapl_parse_event(BYTES("event=0x02\n"), &config), 0);
	assert_int_equal(rapl_parse_event(BYTES("event="), &config), -EINVAL);
	assert_int_equal(rapl_parse_event(BYTES("event=0x104"), &config), -EINVAL);
	assert_int_equal(rapl_parse_event(BYTES("config=0x4"), &config), -EINVAL);
	assert_int_equal(rapl_parse_event(BYTES("event=0x04,umask=1"), &config), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("2.3283064365386962890625e-10\n"), &scale), 0);
	assert_true(scale == 0x1p-32);
	assert_int_equal(rapl_parse_scale(BYTES(""), &scale), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("nan"), &scale), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("inf"), &scale), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("1e5"), &scale), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("0"), &scale), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("1e-10 "), &scale), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("1e-"), &scale), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("0x1p-32"), &scale), -EINVAL);
	assert_int_equal(rapl_parse_scale(BYTES("1e-10\0"), &scale), -EINVAL);
}

static void dmem_files(void **unused)
{
	static const char two[] = "drm/0000:03:00.0/vram0 17095983104\n"
				  "drm/0000:c6:00.0/vram 1006202880\n"
				  "drm/0000:03:00.0/vram1 5\n";
	struct dmem_region regions[DMEM_MAX_REGIONS];
	char many[4096] = "";

	(void)unused;
	assert_int_equal(dmem_parse(BYTES(two), "0000:03:00.0", regions), 2);
	assert_string_equal(regions[0].name, "vram0");
	assert_int_equal(regions[0].bytes, 17095983104);
	assert_string_equal(regions[1].name, "vram1");
	assert_int_equal(regions[1].bytes, 5);
	assert_int_equal(dmem_parse(BYTES(two), "0000:03:00.1", regions), 0);
	assert_int_equal(dmem_parse(BYTES(""), "0000:03:00.0", regions), 0);
	/* Names that others have made up. */
	assert_int_equal(dmem_parse(BYTES("my device 1\n"), "0000:03:00.0", regions), 0);
	assert_int_equal(dmem_parse(BYTES("drm/0000:03:00.0/ 1\n"), "0000:03:00.0", regions), 0);
	assert_int_equal(dmem_parse(BYTES("drm/0000:03:00.0/a b 1\n"), "0000:03:00.0", regions), 0);
	assert_int_equal(dmem_parse(BYTES("drm/0000:03:00.0/../x 1\n"), "0000:03:00.0", regions),
			 0);
	assert_int_equal(
		dmem_parse(BYTES("drm/0000:03:00.0/vram0vram0vram0v 1\n"), "0000:03:00.0", regions),
		0);
	/* What is no such file. */
	assert_int_equal(dmem_parse(BYTES("drm/0000:03:00.0/vram0 max\n"), "0000:03:00.0", regions),
			 -EINVAL);
	assert_int_equal(dmem_parse(BYTES("drm/0000:03:00.0/vram0 1"), "0000:03:00.0", regions),
			 -EINVAL);
	assert_int_equal(dmem_parse(BYTES("\n"), "0000:03:00.0", regions), -EINVAL);
	assert_int_equal(dmem_parse(BYTES("drm/0000:03:00.0/vram0 -1\n"), "0000:03:00.0", regions),
			 -EINVAL);
	for (int i = 0; i < 20; i++)
		strcat(many, "drm/0000:03:00.0/vram0 1\n");
	assert_int_equal(dmem_parse(many, strlen(many), "0000:03:00.0", regions), DMEM_MAX_REGIONS);
}

static void pcie_texts(void **unused)
{
	static const char correctable[] = "RxErr 1\nBadTLP 2\nBadDLLP 0\nRollover 0\nTimeout 0\n"
					  "NonFatalErr 0\nCorrIntErr 0\nHeaderOF 0\n"
					  "TOTAL_ERR_COR 3\n";
	uint64_t value;

	(void)unused;
	assert_int_equal(pcie_parse_speed(BYTES("16.0 GT/s PCIe\n"), &value), 0);
	assert_int_equal(value, 16000000000);
	assert_int_equal(pcie_parse_speed(BYTES("2.5 GT/s PCIe\n"), &value), 0);
	assert_int_equal(value, 2500000000);
	assert_int_equal(pcie_parse_speed(BYTES("8 GT/s\n"), &value), 0);
	assert_int_equal(value, 8000000000);
	assert_int_equal(pcie_parse_speed(BYTES("Unknown\n"), &value), -ENODATA);
	assert_int_equal(pcie_parse_speed(BYTES("Unknown speed\n"), &value), -ENODATA);
	assert_int_equal(pcie_parse_speed(BYTES(""), &value), -EINVAL);
	assert_int_equal(pcie_parse_speed(BYTES("16.0"), &value), -EINVAL);
	assert_int_equal(pcie_parse_speed(BYTES("16."), &value), -EINVAL);
	assert_int_equal(pcie_parse_speed(BYTES(" GT/s PCIe"), &value), -EINVAL);
	assert_int_equal(pcie_parse_speed(BYTES("16.25 GT/s PCIe"), &value), -EINVAL);
	assert_int_equal(pcie_parse_speed(BYTES("9999 GT/s PCIe"), &value), -EINVAL);
	assert_int_equal(pcie_parse_speed(BYTES("-16 GT/s PCIe"), &value), -EINVAL);
	assert_int_equal(pcie_parse_speed(BYTES("16.0 GT/s PCIeX"), &value), -EINVAL);

	assert_int_equal(pcie_parse_errors(BYTES(correctable), &value), 0);
	assert_int_equal(value, 3);
	assert_int_equal(pcie_parse_errors(BYTES("TOTAL_ERR_FATAL 7"), &value), 0);
	assert_int_equal(value, 7);
	assert_int_equal(pcie_parse_errors(BYTES(""), &value), -EINVAL);
	assert_int_equal(pcie_parse_errors(BYTES("\n"), &value), -EINVAL);
	assert_int_equal(pcie_parse_errors(BYTES("RxErr 1\n"), &value), -EINVAL);
	assert_int_equal(pcie_parse_errors(BYTES("TOTAL_ERR_COR\n"), &value), -EINVAL);
	assert_int_equal(pcie_parse_errors(BYTES("TOTAL_ERR_COR x\n"), &value), -EINVAL);
	assert_int_equal(pcie_parse_errors(BYTES("TOTAL_ERR_COR 3\nmore 1\n"), &value), -EINVAL);
}

#define NO_BAR "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"

static void pcie_bars(void **unused)
{
	static const char b580[] =
		"0x00000000fb000000 0x00000000fbffffff 0x0000000000140204\n" NO_BAR
		"0x0000006000000000 0x00000063ffffffff 0x000000000014220c\n" NO_BAR
		"0x0000000000003000 0x000000000000303f 0x0000000000040101\n" NO_BAR
		"0x00000000fc000000 0x00000000fc1fffff 0x0000000000046200\n";
	uint64_t bars[PCIE_BARS];

	(void)unused;
	assert_int_equal(pcie_parse_bars(BYTES(b580), bars), 0);
	assert_int_equal(bars[0], 16 << 20);
	assert_int_equal(bars[1], 0);
	assert_int_equal(bars[2], UINT64_C(16) << 30);
	/* Ports. */
	assert_int_equal(bars[4], 0);
	assert_int_equal(bars[5], 0);
	/* Not assigned by the firmware, and a size that cannot be. */
	assert_int_equal(pcie_parse_bars(BYTES("0x0000000000000000 0x000000000fffffff "
					       "0x000000000014220c\n"
					       "0x00000000fb000000 0x00000000fa000000 "
					       "0x000000000014220c\n" NO_BAR NO_BAR NO_BAR NO_BAR),
					 bars),
			 0);
	assert_int_equal(bars[0], 0);
	assert_int_equal(bars[1], 0);
	assert_int_equal(pcie_parse_bars(BYTES(""), bars), -EINVAL);
	assert_int_equal(pcie_parse_bars(BYTES(NO_BAR NO_BAR), bars), -EINVAL);
	assert_int_equal(pcie_parse_bars(b580, 200, bars), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hwmon_names),	cmocka_unit_test(hwmon_labels),
		cmocka_unit_test(hwmon_values), cmocka_unit_test(rapl_texts),
		cmocka_unit_test(dmem_files),	cmocka_unit_test(pcie_texts),
		cmocka_unit_test(pcie_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
