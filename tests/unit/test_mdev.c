// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "fake_sys.h"
#include "sources/gpu/mdev.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void whole_description(void **state)
{
	static const char text[] = "low_gm_size: 128MB\nhigh_gm_size: 512MB\nfence: 4\n"
				   "resolution: 1920x1200\nweight: 4\n";
	struct mdev_description d;

	(void)state;
	assert_int_equal(mdev_description_parse(BYTES(text), &d), 0);
	assert_true(d.has_low_gm && d.has_high_gm && d.has_fences && d.has_weight);
	assert_int_equal(d.low_gm_mib, 128);
	assert_int_equal(d.high_gm_mib, 512);
	assert_int_equal(d.fences, 4);
	assert_int_equal(d.weight, 4);
	assert_string_equal(d.resolution, "1920x1200");
}

static void partial_descriptions(void **state)
{
	struct mdev_description d;

	(void)state;
	assert_int_equal(mdev_description_parse(BYTES(""), &d), 0);
	assert_false(d.has_low_gm || d.has_high_gm || d.has_fences || d.has_weight);
	assert_string_equal(d.resolution, "");
	/* No newline at the end, empty lines, keys of later kernels. */
	assert_int_equal(mdev_description_parse(BYTES("\n\nfuture: yes\nfence 5\nweight: 16"), &d),
			 0);
	assert_true(d.has_weight);
	assert_false(d.has_fences);
	assert_int_equal(d.weight, 16);
	/* The text ends at its length. */
	assert_int_equal(mdev_description_parse("weight: 16", 9, &d), 0);
	assert_int_equal(d.weight, 1);
}

static void garbage(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ BYTES("low_gm_size: 128\n") },
		{ BYTES("low_gm_size: 128GB\n") },
		{ BYTES("low_gm_size: MB\n") },
		{ BYTES("low_gm_size: -1MB\n") },
		{ BYTES("low_gm_size: 99999999999999999999MB\n") },
		{ BYTES("high_gm_size: 0x10MB\n") },
		{ BYTES("high_gm_size: 1\0MB\n") },
		{ BYTES("fence: \n") },
		{ BYTES("fence: four\n") },
		{ BYTES("weight: 4MB\n") },
		{ BYTES("weight:  4\n") },
		{ BYTES("resolution: \n") },
		{ BYTES("resolution: 1920 1200\n") },
		{ BYTES("resolution: \xff\n") },
		{ BYTES("resolution: 12345678901234567890123456789012\n") },
	};
	struct mdev_description d;

	(void)state;
	memset(&d, 0x55, sizeof(d));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(mdev_description_parse(rows[i].text, rows[i].len, &d) == -EINVAL,
			   rows[i].text);
	assert_int_equal(d.weight, 0x5555555555555555);
}

static void uuids(void **state)
{
	static const char *const good[] = { "00000000-0000-0000-0000-000000000101",
					    "a297db4a-f4c2-11e6-90f6-d3b88d6c9525",
					    "A297DB4A-F4C2-11E6-90F6-D3B88D6C9525" };
	static const char *const bad[] = {
		"",
		"00000000-0000-0000-0000-00000000010",
		"00000000-0000-0000-0000-0000000001010",
		"00000000-0000-0000-0000-00000000010g",
		"00000000000000000000-0000-0000-00101",
		"0000000--0000-0000-0000-000000000101",
		"00000000-0000-0000-0000_000000000101",
		"------------------------------------",
		" 0000000-0000-0000-0000-000000000101",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_row(mdev_is_uuid(good[i]), good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_row(!mdev_is_uuid(bad[i]), bad[i]);
}

#define TYPES "sys/bus/pci/devices/0000:00:02.0/mdev_supported_types/"

static void types_of_a_gpu(void **state)
{
	struct fault fault = { 0 };
	struct mdev_type *types;
	struct tree tree;
	struct fs *fs;
	const char *bad;
	size_t n;

	(void)state;
	tree_copy(&tree, FIXTURE("skylake-6700k-gvtg"));
	fake_sys_load(tree.root);
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	tree_folder(&tree, TYPES "nvidia-63");
	tree_write(&tree, TYPES "i915-GVTg_V5_4/devices/no-uuid/x", "");
	assert_int_equal(mdev_types_read(fs, "0000:00:02.0", &types, &n, &fault), 0);
	assert_int_equal(n, 4);
	assert_string_equal(types[0].name, "i915-GVTg_V5_1");
	assert_string_equal(types[2].name, "i915-GVTg_V5_4");
	assert_string_equal(types[3].name, "i915-GVTg_V5_8");
	assert_true(types[0].has_available);
	assert_int_equal(types[0].available, 0);
	assert_int_equal(types[0].n_uuids, 0);
	assert_int_equal(types[2].n_uuids, 1);
	assert_true(mdev_is_uuid(types[2].uuids[0]));
	assert_null(types[2].uuids[1]);
	assert_int_equal(types[3].n_uuids, 1);
	mdev_types_free(types, n);

	/* What is missing is absent; what is refused costs itself alone. */
	tree_delete(&tree, TYPES "i915-GVTg_V5_2/available_instances");
	tree_write(&tree, TYPES "i915-GVTg_V5_2/description", "");
	assert_int_equal(mdev_types_read(fs, "0000:00:02.0", &types, &n, &fault), 0);
	assert_false(types[1].has_available);
	assert_true(types[1].has_description && !types[1].description.has_weight);
	assert_int_equal(fault.reason, REASON_NONE);
	mdev_types_free(types, n);
	fake_error(TYPES "i915-GVTg_V5_8/devices", -EACCES);
	tree_write(&tree, TYPES "i915-GVTg_V5_1/description", "weight: heavy\n");
	assert_int_equal(mdev_types_read(fs, "0000:00:02.0", &types, &n, &fault), 1);
	assert_int_equal(n, 4);
	assert_false(types[0].has_description);
	assert_true(types[0].has_available && types[0].has_uuids);
	assert_false(types[3].has_uuids);
	assert_true(types[3].has_available && types[3].has_description);
	assert_int_equal(types[2].n_uuids, 1);
	/* The first one's reason, and both names. */
	assert_int_equal(fault.reason, REASON_PARSE);
	assert_non_null(strstr(fault.detail, "description of i915-GVTg_V5_1: "));
	assert_non_null(strstr(fault.detail, "; devices of i915-GVTg_V5_8: "));
	mdev_types_free(types, n);

	for (int i = 0; i < MDEV_MAX_TYPES; i++) {
		char path[128];

		snprintf(path, sizeof(path), TYPES "i915-GVTg_V5_9%02d/available_instances", i);
		tree_write(&tree, path, "1\n");
	}
	fault = (struct fault){ 0 };
	tree_delete(&tree, TYPES "i915-GVTg_V5_1/description");
	fake_error(TYPES "i915-GVTg_V5_8/devices", 0);
	assert_int_equal(mdev_types_read(fs, "0000:00:02.0", &types, &n, &fault), 0);
	assert_int_equal(n, MDEV_MAX_TYPES);
	assert_int_equal(fault.reason, REASON_LIMIT);
	assert_non_null(strstr(fault.detail, ": 4 are left out"));
	mdev_types_free(types, n);

	fault = (struct fault){ 0 };
	n = 77;
	assert_int_equal(mdev_types_read(fs, "0000:00:03.0", &types, &n, &fault), 0);
	assert_int_equal(n, 0);
	assert_null(types);
	fs_free(fs);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_description), cmocka_unit_test(partial_descriptions),
		cmocka_unit_test(garbage),	     cmocka_unit_test(uuids),
		cmocka_unit_test(types_of_a_gpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
