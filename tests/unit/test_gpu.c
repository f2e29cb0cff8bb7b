// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "fake_sys.h"
#include "sources/gpu/gpu.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/"
#define PMU "sys/bus/event_source/devices/"

struct row {
	const char *pci, *driver;
	uint16_t device_id;
	bool discrete, vf;
	const char *card, *render, *pmu;
	bool read; /* its PMU's events are read */
};

static const struct machine {
	const char *fixture;
	struct row gpus[16];
} machines[] = {
	{ "alderlake-n100-sriov",
	  { { "0000:00:02.0", "i915", 0x46d1, false, false, "card0", "renderD128", "i915", true },
	    { "0000:00:02.7", "i915", 0x46d1, false, true, "card1", "renderD129", "", false } } },
	{ "arc-a380-suspended",
	  { { "0000:03:00.0", "i915", 0x56a5, true, false, "card0", "renderD128",
	      "i915_0000_03_00.0", true } } },
	{ "battlemage-xe",
	  { { "0000:03:00.0", "xe", 0xe20b, true, false, "card1", "renderD128", "xe_0000_03_00.0",
	      true } } },
	{ "coffeelake-8500t-vfio",
	  { { "0000:00:02.0", "vfio-pci", 0x3e92, false, false, "", "", "", false } } },
	{ "coffeelake-guest-vgpu",
	  { { "0000:00:10.0", "i915", 0x3e92, false, false, "card1", "renderD128",
	      "i915_0000_00_10.0", true } } },
	{ "cometlake-old-kernel",
	  { { "0000:00:02.0", "i915", 0x9bc5, false, false, "card0", "renderD128", "i915",
	      true } } },
	{ "hostile",
	  { { "0000:00:02.0", "i915", 0x3e92, false, false, "card0", "renderD128", "i915", true },
	    { "0000:00:10.0", "i915", 0x56a5, true, false, "card1", "", "i915_0000_00_10.0", true },
	    { "0000:00:11.0", "i915", 0x56a5, true, false, "card2", "", "i915_0000_00_11.0", true },
	    { "0000:00:12.0", "i915", 0x56a5, true, false, "card3", "", "i915_0000_00_12.0", true },
	    { "0000:00:13.0", "i915", 0x56a5, true, false, "card4", "", "i915_0000_00_13.0", true },
	    { "0000:00:14.0", "i915", 0x56a5, true, false, "card5", "", "i915_0000_00_14.0", true },
	    { "0000:00:15.0", "i915", 0x56a6, true, false, "card6", "", "i915_0000_00_15.0", true },
	    { "0000:00:16.0", "i915", 0x56a5, true, false, "card7", "", "i915_0000_00_16.0", true },
	    { "0000:00:17.0", "i915", 0x56a5, true, false, "card8", "", "i915_0000_00_17.0", true },
	    { "0000:00:18.0", "i915", 0x56a5, true, false, "card9", "", "i915_0000_00_18.0", true },
	    { "0000:00:19.0", "i915", 0x56a5, true, false, "card10", "", "i915_0000_00_19.0",
	      true },
	    { "0000:00:1e.0", "we\"ird\\drv", 0x56a5, true, false, "", "", "", false },
	    { "0000:00:1f.0", "i915", 0x56a5, true, false, "", "", "", false } } },
	{ "meteorlake-two-gts",
	  { { "0000:00:02.0", "i915", 0x7d55, false, false, "card0", "renderD128", "i915",
	      true } } },
	{ "no-intel-gpu", { { NULL } } },
	{ "permission-denied",
	  { { "0000:00:02.0", "i915", 0x3e92, false, false, "card0", "renderD128", "i915",
	      true } } },
	{ "skylake-6700k-gvtg",
	  { { "0000:00:02.0", "i915", 0x1912, false, false, "card0", "renderD128", "i915",
	      true } } },
	{ "uhd770-arc-a380",
	  { { "0000:00:02.0", "i915", 0x4680, false, false, "card1", "renderD129", "i915", true },
	    { "0000:03:00.0", "i915", 0x56a5, true, false, "card0", "renderD128",
	      "i915_0000_03_00.0", true } } },
};

static struct tree tree;
static struct fs *fs;
static struct pmu_set *pmus;
static struct gpu_list *list;

static void open_machine(const char *root)
{
	const char *bad;

	fake_sys_load(root);
	assert_int_equal(fs_new(&fs, root, NULL, NULL, &bad), 0);
	pmus = pmu_set_new(fs, PMU_BUSY);
}

static void close_machine(void)
{
	gpu_list_free(list);
	list = NULL;
	pmu_set_free(pmus);
	fs_free(fs);
}

static void check_gpu(const struct gpu *gpu, const struct row *row)
{
	assert_string_equal(gpu->pci, row->pci);
	assert_string_equal(gpu->driver_name, row->driver);
	assert_int_equal(gpu->device_id, row->device_id);
	assert_int_equal(gpu->discrete, row->discrete);
	assert_int_equal(gpu->vf, row->vf);
	assert_string_equal(gpu->card, row->card);
	assert_string_equal(gpu->render, row->render);
	assert_string_equal(gpu->pmu_name, row->pmu);
	assert_int_equal(gpu->pmu != NULL, row->read);
	assert_non_null(gpu->platform);
}

static void every_fixture(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		char root[512];
		size_t n = 0;

		snprintf(root, sizeof(root), "%s/%s", FIXTURES, machines[i].fixture);
		open_machine(root);
		assert_int_equal(gpu_discover(fs, pmus, NULL, &list), 0);
		while (machines[i].gpus[n].pci)
			n++;
		assert_row(list->n == n, machines[i].fixture);
		for (size_t j = 0; j < n; j++)
			check_gpu(list->gpus[j], &machines[i].gpus[j]);
		assert_false(gpu_list_is_stale(fs, list));
		/* Nothing is opened before it is read. */
		assert_int_equal(fake_counts().perf_opens, 0);
		close_machine();
	}
}

static void copied_tree_has_no_pmu(void **state)
{
	const char *bad;

	(void)state;
	fake_sys_load(FIXTURE("skylake-6700k-gvtg"));
	fake_knobs.is_sysfs = false;
	assert_int_equal(fs_new(&fs, FIXTURE("skylake-6700k-gvtg"), NULL, NULL, &bad), 0);
	pmus = pmu_set_new(fs, PMU_BUSY);
	assert_int_equal(gpu_discover(fs, pmus, NULL, &list), 0);
	assert_int_equal(list->n, 1);
	assert_null(list->gpus[0]->pmu);
	assert_string_equal(list->gpus[0]->pmu_name, "i915");
	assert_false(list->gpus[0]->nodes_known);
	assert_int_equal(fake_counts().drm_nodes, 0);
	close_machine();
}

static int setup(void **state)
{
	(void)state;
	tree_copy(&tree, FIXTURE("uhd770-arc-a380"));
	open_machine(tree.root);
	return gpu_discover(fs, pmus, NULL, &list);
}

static int teardown(void **state)
{
	(void)state;
	close_machine();
	tree_remove(&tree);
	return 0;
}

/* Looks again; the new list takes the place of the old one. */
static void look_again(void)
{
	struct gpu_list *fresh;

	assert_int_equal(gpu_discover(fs, pmus, list, &fresh), 0);
	gpu_list_free(list);
	list = fresh;
}

static void names_and_nodes(void **state)
{
	(void)state;
	assert_string_equal(list->gpus[0]->model, "AlderLake-S GT1");
	assert_string_equal(list->gpus[1]->model, "DG2 [Arc A380]");
	assert_true(list->gpus[1]->nodes_known);
	assert_true(list->gpus[1]->card_node && list->gpus[1]->render_node);
}

static void unchanged_gpus_are_taken_over(void **state)
{
	struct gpu *before[2] = { list->gpus[0], list->gpus[1] };

	(void)state;
	look_again();
	assert_ptr_equal(list->gpus[0], before[0]);
	assert_ptr_equal(list->gpus[1], before[1]);
	assert_int_equal(before[0]->refs, 1);
}

static void driver_bound_anew(void **state)
{
	struct gpu *integrated = list->gpus[0], *discrete = gpu_ref(list->gpus[1]);

	(void)state;
	tree_link(&tree, PCI "0000:03:00.0/driver", "../../../../../../bus/pci/drivers/i915");
	assert_true(gpu_list_is_stale(fs, list));
	look_again();
	assert_false(gpu_list_is_stale(fs, list));
	assert_ptr_equal(list->gpus[0], integrated);
	assert_ptr_not_equal(list->gpus[1], discrete);
	assert_ptr_not_equal(list->gpus[1]->pmu, discrete->pmu);
	gpu_unref(discrete);
}

static void driver_changes_to_vfio(void **state)
{
	(void)state;
	tree_link(&tree, PCI "0000:00:02.0/driver", "../../../bus/pci/drivers/vfio-pci");
	tree_delete(&tree, PCI "0000:00:02.0/drm");
	tree_delete(&tree, PMU "i915");
	assert_true(gpu_list_is_stale(fs, list));
	look_again();
	assert_int_equal(list->n, 2);
	assert_string_equal(list->gpus[0]->driver_name, "vfio-pci");
	assert_string_equal(list->gpus[0]->card, "");
	assert_string_equal(list->gpus[0]->pmu_name, "");
	assert_null(list->gpus[0]->pmu);
}

static void driver_goes(void **state)
{
	(void)state;
	tree_delete(&tree, PCI "0000:00:02.0/driver");
	assert_true(gpu_list_is_stale(fs, list));
	look_again();
	assert_string_equal(list->gpus[0]->driver_name, "none");
	assert_int_equal(list->gpus[0]->driver, GPU_NO_DRIVER);
}

static void pmu_comes_and_goes(void **state)
{
	(void)state;
	tree_delete(&tree, PMU "i915_0000_03_00.0");
	assert_true(gpu_list_is_stale(fs, list));
	look_again();
	/* "i915" is the other's. */
	assert_string_equal(list->gpus[1]->pmu_name, "");
	assert_null(list->gpus[1]->pmu);
	tree_folder(&tree, PMU "i915_0000_03_00.0/events");
	assert_true(gpu_list_is_stale(fs, list));
	look_again();
	assert_non_null(list->gpus[1]->pmu);
}

static void device_goes_and_comes(void **state)
{
	struct gpu *integrated = list->gpus[0];

	(void)state;
	tree_delete(&tree, PCI "0000:03:00.0");
	assert_true(gpu_list_is_stale(fs, list));
	look_again();
	assert_int_equal(list->n, 1);
	assert_ptr_equal(list->gpus[0], integrated);
	tree_write(&tree, PCI "0000:05:00.0/vendor", "0x8086\n");
	tree_write(&tree, PCI "0000:05:00.0/class", "0x038000\n");
	tree_write(&tree, PCI "0000:05:00.0/device", "0x0001\n");
	assert_true(gpu_list_is_stale(fs, list));
	look_again();
	assert_int_equal(list->n, 2);
	/* No such id in the table, not on the root bus, no driver. */
	assert_null(list->gpus[1]->platform);
	assert_true(list->gpus[1]->discrete);
	assert_string_equal(list->gpus[1]->model, "");
	assert_string_equal(list->gpus[1]->driver_name, "none");
}

static void two_integrated_gpus_share_no_pmu(void **state)
{
	(void)state;
	/* A vGPU beside an integrated GPU, in a kernel that names the PMU of 00:02.0 only. */
	tree_write(&tree, PCI "0000:00:10.0/vendor", "0x8086\n");
	tree_write(&tree, PCI "0000:00:10.0/class", "0x030000\n");
	tree_write(&tree, PCI "0000:00:10.0/device", "0x3e92\n");
	tree_link(&tree, PCI "0000:00:10.0/driver", "../../../bus/pci/drivers/i915");
	look_again();
	assert_int_equal(list->n, 3);
	assert_string_equal(list->gpus[1]->pci, "0000:00:10.0");
	assert_string_equal(list->gpus[1]->pmu_name, "");
}

/* Up to 6.12 the second one's PMU has its address in its name; since 6.13 the kernel refuses it. */
static void one_of_two_integrated_gpus_owns_i915(void **state)
{
	(void)state;
	tree_write(&tree, PCI "0000:00:06.0/vendor", "0x8086\n");
	tree_write(&tree, PCI "0000:00:06.0/class", "0x030000\n");
	tree_write(&tree, PCI "0000:00:06.0/device", "0x9a49\n");
	tree_link(&tree, PCI "0000:00:06.0/driver", "../../../bus/pci/drivers/i915");
	look_again();
	assert_string_equal(list->gpus[0]->pmu_name, "");
	assert_null(list->gpus[0]->pmu);
	assert_true(list->gpus[0]->pmu_is_unclear && list->gpus[1]->pmu_is_unclear);
	assert_false(list->gpus[2]->pmu_is_unclear); /* a discrete one has its own */
	assert_false(gpu_list_is_stale(fs, list));

	tree_folder(&tree, PMU "i915_0000_00_06.0/events");
	assert_true(gpu_list_is_stale(fs, list));
	look_again();
	assert_string_equal(list->gpus[0]->pmu_name, "i915");
	assert_non_null(list->gpus[0]->pmu);
	assert_string_equal(list->gpus[1]->pmu_name, "i915_0000_00_06.0");
	assert_false(list->gpus[0]->pmu_is_unclear || list->gpus[1]->pmu_is_unclear);
	assert_false(gpu_list_is_stale(fs, list));

	/* No PMU at all is another matter. */
	tree_delete(&tree, PMU "i915_0000_00_06.0");
	tree_delete(&tree, PMU "i915");
	look_again();
	assert_false(list->gpus[0]->pmu_is_unclear || list->gpus[1]->pmu_is_unclear);
}

static const struct {
	const char *device, *hz;
	bool in_vm, vgpu, maybe;
	unsigned divisor;
} guests[] = {
	{ "0x3e92", "12000000", true, false, false, 0 }, /* a whole GPU in a VM */
	{ "0x3e92", "3000000", true, true, false, 4 },
	{ "0x5a84", "19200000", true, false, false, 0 }, /* Apollo Lake */
	{ "0x5a84", "2400000", true, true, false, 8 },
	{ "0x3e92", NULL, true, false, true, 0 }, /* the node may not be opened */
	{ "0x3e92", NULL, false, false, false, 0 },
	{ "0x4680", NULL, true, false, false, 0 }, /* no GVT-g for it */
	{ "0x4680", "3000000", true, false, false, 0 },
};

/* GVT-g does not emulate the register that says how fast the timestamps run. */
static void vgpu_of_gvt(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(guests); i++) {
		char libs[64] = "";
		const struct gpu *gpu;

		if (guests[i].hz)
			snprintf(libs, sizeof(libs), "i915 renderD129 0 %s\n", guests[i].hz);
		tree_write(&tree, "libs.txt", libs);
		tree_write(&tree, "proc/cpuinfo",
			   guests[i].in_vm ? "flags\t\t: fpu sse hypervisor lahf_lm\n"
					   : "flags\t\t: fpu sse lahf_lm\n");
		tree_write(&tree, PCI "0000:00:02.0/device", guests[i].device);
		look_again();
		gpu = list->gpus[0];
		assert_row(gpu->vgpu == guests[i].vgpu, guests[i].device);
		assert_row(gpu->maybe_vgpu == guests[i].maybe, guests[i].device);
		assert_int_equal(gpu->fdinfo_divisor, guests[i].divisor);
	}
}

static void unreadable_bus_keeps_the_old_list(void **state)
{
	struct gpu_list *fresh = NULL;

	(void)state;
	fake_error("sys/bus/pci/devices", -EACCES);
	assert_int_equal(gpu_discover(fs, pmus, list, &fresh), -EACCES);
	assert_null(fresh);
	assert_int_equal(list->n, 2);
	assert_int_equal(list->gpus[0]->refs, 1);
}

static void machine_without_pci(void **state)
{
	struct gpu_list *fresh;

	(void)state;
	tree_delete(&tree, "sys/bus/pci");
	assert_int_equal(gpu_discover(fs, pmus, list, &fresh), 0);
	assert_int_equal(fresh->n, 0);
	assert_true(fresh->blind && !list->blind);
	gpu_list_free(fresh);
}

static void virtual_functions(void **state)
{
	static const struct {
		const char *driver;
		bool is_gpu;
	} rows[] = { { "i915", true }, { "xe", true }, { "vfio-pci", false }, { NULL, false } };

	(void)state;
	tree_write(&tree, PCI "0000:00:02.1/vendor", "0x8086\n");
	tree_write(&tree, PCI "0000:00:02.1/class", "0x030000\n");
	tree_write(&tree, PCI "0000:00:02.1/device", "0x4680\n");
	tree_link(&tree, PCI "0000:00:02.1/physfn", "../0000:00:02.0");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char target[64];

		snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", rows[i].driver);
		if (rows[i].driver)
			tree_link(&tree, PCI "0000:00:02.1/driver", target);
		else
			tree_delete(&tree, PCI "0000:00:02.1/driver");
		look_again();
		assert_int_equal(list->n, rows[i].is_gpu ? 3 : 2);
		if (rows[i].is_gpu)
			assert_true(list->gpus[1]->vf);
		/* Its physical function keeps the PMU. */
		assert_string_equal(list->gpus[0]->pmu_name, "i915");
	}
}

static void runtime_status(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		int r;
		bool suspended;
	} rows[] = {
		{ BYTES("active\n"), 0, false },	  { BYTES("suspended\n"), 0, true },
		{ BYTES("suspended"), 0, true },	  { BYTES("suspending\n"), 0, false },
		{ BYTES("resuming\n"), 0, false },	  { BYTES("unsupported\n"), 0, false },
		{ BYTES("error\n"), -ENODATA, false },	  { BYTES(""), -ENODATA, false },
		{ BYTES("\n"), -ENODATA, false },	  { BYTES("Active\n"), -EINVAL, false },
		{ BYTES("active \n"), -EINVAL, false },	  { BYTES("activ"), -EINVAL, false },
		{ BYTES("suspended\0"), -EINVAL, false }, { BYTES("\xff\xfe"), -EINVAL, false },
		{ BYTES("errors"), -EINVAL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool suspended = !rows[i].suspended;

		assert_row(gpu_runtime_status_parse(rows[i].text, rows[i].len, &suspended) ==
				   rows[i].r,
			   rows[i].text);
		assert_row(suspended == (rows[i].r == 0 ? rows[i].suspended : !rows[i].suspended),
			   rows[i].text);
	}
}

static void power(void **state)
{
	static const struct {
		const char *status, *control;
		enum gpu_power power;
	} rows[] = {
		{ "active\n", "on\n", GPU_AWAKE },
		{ "active\n", "auto\n", GPU_MAY_SLEEP },
		{ "suspending\n", "auto\n", GPU_MAY_SLEEP },
		{ "suspended\n", "auto\n", GPU_SUSPENDED },
		{ "active\n", "", GPU_MAY_SLEEP },
	};
	const struct gpu *gpu = list->gpus[1];
	enum gpu_power now = GPU_POWER_UNKNOWN;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_write(&tree, PCI "0000:03:00.0/power/runtime_status", rows[i].status);
		tree_write(&tree, PCI "0000:03:00.0/power/control", rows[i].control);
		assert_int_equal(gpu_power(fs, gpu, &now), 0);
		assert_row(now == rows[i].power, rows[i].status);
	}
	tree_delete(&tree, PCI "0000:03:00.0/power/control");
	assert_int_equal(gpu_power(fs, gpu, &now), 0);
	assert_int_equal(now, GPU_MAY_SLEEP);
	tree_delete(&tree, PCI "0000:03:00.0/power/runtime_status");
	assert_int_equal(gpu_power(fs, gpu, &now), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fixture),
		cmocka_unit_test(copied_tree_has_no_pmu),
		cmocka_unit_test(runtime_status),
		cmocka_unit_test_setup_teardown(names_and_nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(unchanged_gpus_are_taken_over, setup, teardown),
		cmocka_unit_test_setup_teardown(driver_bound_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(driver_changes_to_vfio, setup, teardown),
		cmocka_unit_test_setup_teardown(driver_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(pmu_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(device_goes_and_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(two_integrated_gpus_share_no_pmu, setup, teardown),
		cmocka_unit_test_setup_teardown(one_of_two_integrated_gpus_owns_i915, setup,
						teardown),
		cmocka_unit_test_setup_teardown(vgpu_of_gvt, setup, teardown),
		cmocka_unit_test_setup_teardown(unreadable_bus_keeps_the_old_list, setup, teardown),
		cmocka_unit_test_setup_teardown(machine_without_pci, setup, teardown),
		cmocka_unit_test_setup_teardown(virtual_functions, setup, teardown),
		cmocka_unit_test_setup_teardown(power, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
