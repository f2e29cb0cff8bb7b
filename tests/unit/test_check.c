// SPDX-License-Identifier: Apache-2.0
/* The doctor's parsers, and what it says when a file never answers. Whole machines: tests/check. */
#include "test.h"

#include "base/fs.h"
#include "check/engine.h"
#include "check/print.h"
#include "fake_sys.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void cmdlines(void **state)
{
	static const struct {
		const char *line, *name, *value; /* NULL: not there */
	} rows[] = {
		{ "quiet i915.enable_guc=3\n", "i915.enable_guc", "3" },
		{ "i915.enable_guc=3 i915.enable-guc=2", "i915.enable_guc", "2" },
		{ "module_blacklist=xe", "module-blacklist", "xe" },
		{ "nomodeset", "nomodeset", "" },
		{ "xnomodeset nomodesetx", "nomodeset", NULL },
		{ "a -- nomodeset", "nomodeset", NULL },
		{ "a=\"b nomodeset c\"", "nomodeset", NULL },
		{ "a=\"b c\" d=1", "a", "b c" },
		{ "\"a=b c\" d=1", "a", "b c" },
		{ "a=\"b", "a", "\"b" },
		{ "", "a", NULL },
		{ "a=", "a", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char value[64];
		int r = parse_cmdline(rows[i].line, strlen(rows[i].line), rows[i].name, value,
				      sizeof(value));

		assert_row(r == (rows[i].value ? 0 : -ENOENT), rows[i].line);
		if (rows[i].value)
			assert_row(strcmp(value, rows[i].value) == 0, rows[i].line);
	}
}

static void modprobe_files(void **state)
{
	static const struct {
		const char *text;
		enum modprobe_rule rule;
		unsigned line;
	} rows[] = {
		{ "# a\nblacklist i915\n", MODPROBE_BLACKLIST, 2 },
		{ "#blacklist i915\n", MODPROBE_NOTHING, 0 },
		{ "blacklist i915_x\nblacklist snd\n", MODPROBE_NOTHING, 0 },
		{ "  blacklist\ti915", MODPROBE_BLACKLIST, 1 },
		{ "install i915 /bin/false\n", MODPROBE_INSTALL, 1 },
		{ "install i915 /sbin/modprobe --ignore-install i915\n", MODPROBE_NOTHING, 0 },
		{ "options i915 enable_guc=3\nsoftdep i915 pre: vfio-pci\n", MODPROBE_NOTHING, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned line = 0;

		assert_row(parse_modprobe(rows[i].text, strlen(rows[i].text), "i915", &line) ==
				   rows[i].rule,
			   rows[i].text);
		assert_row(line == rows[i].line, rows[i].text);
	}
}

static void kernel_records(void **state)
{
	static const char text[] = "6,1,0,-;first\n"
				   "junk\n"
				   "3,2,1500000,-;i915 0000:00:02.0: GPU HANG: ecode 12:4\n"
				   " SUBSYSTEM=pci\n DEVICE=+pci:0000:00:02.0\n"
				   "6,x,3,-;no number\n"
				   "4,3,2000000,c,more;last";
	struct kernel_record record;
	size_t pos = 0;

	(void)state;
	assert_true(parse_kernel_record(BYTES(text), &pos, &record));
	assert_true(text_part_is(record.text, "first"));
	assert_int_equal(record.device.len, 0);
	assert_true(parse_kernel_record(BYTES(text), &pos, &record));
	assert_int_equal(record.usec, 1500000);
	assert_true(text_part_is(record.device, "0000:00:02.0"));
	assert_true(parse_kernel_record(BYTES(text), &pos, &record));
	assert_true(text_part_is(record.text, "last"));
	assert_false(parse_kernel_record(BYTES(text), &pos, &record));
}

static void firmware_states(void **state)
{
	struct firmware_state s;

	(void)state;
	assert_int_equal(parse_firmware(BYTES("HuC firmware: i915/tgl_huc.bin\n\tstatus: RUNNING\n"
					      "\tversion: wanted 7.9.3, found 7.9.0\n"),
					&s),
			 0);
	assert_string_equal(s.file, "i915/tgl_huc.bin");
	assert_string_equal(s.status, "RUNNING");
	assert_string_equal(s.version, "7.9.0");
	assert_int_equal(parse_firmware(BYTES("HuC disabled\n"), &s), 0);
	assert_string_equal(s.status, "DISABLED");
	assert_int_equal(parse_firmware(BYTES("GuC not supported\n"), &s), 0);
	assert_string_equal(s.status, "NOT SUPPORTED");
	assert_int_equal(parse_firmware(BYTES("\n\n"), &s), -ENOENT);
}

static void firmware_lines(void **state)
{
	static const struct {
		const char *text, *gt, *version;
	} rows[] = {
		{ "i915 0000:00:02.0: [drm] GT0: GuC firmware i915/adlp_guc_70.bin version 70.36.0",
		  "0", "70.36.0" },
		{ "GT1: HuC firmware i915/mtl_huc_gsc.bin version 8.5.4", "1", "8.5.4" },
		{ "xe 0000:03:00.0: [drm] Tile0: GT0: Using GuC firmware from xe/bmg_guc_70.bin version "
		  "70.44.1",
		  "0", "70.44.1" },
		{ "i915 0000:00:02.0: [drm] Finished loading DMC firmware i915/kbl_dmc_ver1_04.bin (v1.4)",
		  "0", "1.4" },
		{ "HuC firmware i915/kbl_huc_4.0.0.bin version 4.0 authenticated:yes", "0", "4.0" },
		{ "GT0: GuC firmware i915/tgl_guc_70.bin: fetch failed -ENOENT", "0", "" },
		{ "GT0: GuC firmware i915/tgl_guc_70.bin version 0.0.0", "0", "" },
		{ "version ", "0", "" },
		{ "GT", "0", "" },
	};
	struct firmware_line line;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = parse_firmware_line(rows[i].text, strlen(rows[i].text), &line);

		assert_row(r == (*rows[i].version ? 0 : -ENOENT), rows[i].text);
		assert_string_equal(line.gt, rows[i].gt);
		assert_string_equal(line.version, rows[i].version);
	}
}

static void small_ones(void **state)
{
	struct node_status node;
	struct user_entry user;
	unsigned release[3];
	uint64_t bytes;
	char value[32];

	(void)state;
	assert_true(parse_release("6.8.12-13-pve", release));
	assert_int_equal(release[0] * 10000 + release[1] * 100 + release[2], 60812);
	assert_true(parse_release("6.17-rc3", release));
	assert_int_equal(release[2], 0);
	assert_false(parse_release("Linux", release));
	assert_true(parse_resource(BYTES("0x0 0x0 0x0\n0x1000 0x1fff 0x40200\n"), 1, &bytes));
	assert_int_equal(bytes, 4096);
	assert_false(parse_resource(BYTES("0x2000 0x1fff 0x40200\n"), 0, &bytes));
	assert_false(parse_resource(BYTES("0x0 0xffffffffffffffff 0x0\n"), 0, &bytes));
	assert_false(parse_resource(BYTES("0x0 0x1 0x0\n"), 1, &bytes));
	assert_true(parse_node(BYTES("x\ndev/dri/renderD128 c 660 0 104 226 128\n"),
			       "dev/dri/renderD128", &node));
	assert_true(node.is_device && node.mode == 0660 && node.gid == 104 && node.minor == 128);
	assert_false(parse_node(BYTES("dev/dri/renderD128 c 968 0 104 226 128\n"),
				"dev/dri/renderD128", &node));
	assert_true(parse_passwd(BYTES("a:x:1:2::/:/x\nb:x:3:4\n"), "b", &user));
	assert_int_equal(user.gid, 4);
	assert_true(parse_passwd(BYTES("a:x:1:2::/:/x\n"), "1", &user));
	assert_string_equal(user.name, "a");
	assert_false(parse_passwd(BYTES("a:x:-1:2:\n:::\n"), "a", &user));
	assert_int_equal(parse_assignment(BYTES("A=1\nexport B='x y'\nA=\"2\"\n"), "A", value,
					  sizeof(value)),
			 0);
	assert_string_equal(value, "2");
	assert_int_equal(parse_assignment(BYTES("export B='x y'\n"), "B", value, sizeof(value)), 0);
	assert_string_equal(value, "x y");
	assert_int_equal(parse_option("00:02.0,pcie=1,mdev=x", "mdev", value, sizeof(value)), 0);
	assert_string_equal(value, "x");
	assert_int_equal(parse_option("00:02.0,xpcie=1", "pcie", value, sizeof(value)), -ENOENT);
}

/* A value from a file must not become a part of a command. */
static void commands(void **state)
{
	static const struct check check = { .id = "a" };
	struct finding f = { .check = &check };
	char buf[64];

	(void)state;
	finding_value(&f, "x", "a;rm -rf $(b)`c`\n|d");
	finding_expand(&f, "do {x} {y} {", buf, sizeof(buf));
	assert_string_equal(buf, "do a?rm -rf ??b??c??x0a?d {y} {");
	finding_expand(&f, "{x}", buf, 4);
	assert_string_equal(buf, "a?r");
}

static const struct finding *finding_of(const struct report *report, const char *id)
{
	for (size_t i = 0; i < report->n; i++)
		if (strcmp(report->findings[i].check->id, id) == 0)
			return &report->findings[i];
	fail_msg("no finding %s", id);
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A path that never answers costs its own checks, and no more than two seconds. */
static void examine(const char *blocked, struct report *report)
{
	static struct tree tree;  /* threads that are stuck keep it */
	static struct fs *all[4]; /* threads that are stuck use them */
	static size_t n;
	double begin = seconds(), took;
	struct fs *fs;
	const char *bad;

	tree_copy(&tree, FIXTURE("skylake-6700k-gvtg"));
	fake_sys_load(tree.root);
	fake_knobs.real_clock = true;
	fake_block(blocked);
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	all[n++] = fs;
	assert_ptr_equal(all[n - 1], fs);
	assert_int_equal(engine_run(fs, &(struct check_options){ 0 }, report), 0);
	took = seconds() - begin;
	print_message("%.3f s\n", took);
	assert_compare(took, <, 3 * 2.0);
	fake_block(NULL);
	tree_remove(&tree);
}

static void pve_hangs(void **state)
{
	static struct report report;

	(void)state;
	examine("etc/pve/qemu-server", &report);
	assert_null(report.why_not);
	assert_int_equal(finding_of(&report, "pve-answers")->status, FAILED);
	assert_int_equal(finding_of(&report, "hostpci-config")->status, NOT_APPLICABLE);
}

static void sysfs_hangs(void **state)
{
	static struct report report;

	(void)state;
	examine("sys/class/iommu", &report);
	assert_int_equal(finding_of(&report, "iommu-active")->status, UNKNOWN);
}

static void bus_hangs(void **state)
{
	static struct report report;

	(void)state;
	examine("sys/bus/pci/devices", &report);
	assert_non_null(report.why_not);
	assert_int_equal(report_exit(&report), CHECK_COULD_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cmdlines),	  cmocka_unit_test(modprobe_files),
		cmocka_unit_test(kernel_records), cmocka_unit_test(firmware_states),
		cmocka_unit_test(firmware_lines), cmocka_unit_test(small_ones),
		cmocka_unit_test(commands),	  cmocka_unit_test(pve_hangs),
		cmocka_unit_test(sysfs_hangs),	  cmocka_unit_test(bus_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
