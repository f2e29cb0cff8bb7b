// SPDX-License-Identifier: Apache-2.0
/* Collectors with many attributes: one bad file costs one value, and is named. */
#include "collected.h"
#include "test.h"

#include "collectors/registry.h"
#include "fake_sys.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct tree tree;
static struct fs *fs;
static struct context context;
static struct pmu_set *pmus;
static struct gpu_list *gpus;
static struct fault fault;
static char text[65536];

static void begin(const char *fixture)
{
	const char *bad;

	tree_copy(&tree, fixture);
	fake_sys_load(tree.root);
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	context = (struct context){ .fs = fs, .procs = procs_new(fs), .names = names_new(fs) };
	pmus = pmu_set_new(fs, 0);
	assert_int_equal(gpu_discover(fs, pmus, NULL, &gpus), 0);
}

static void end(void)
{
	gpu_list_free(gpus);
	pmu_set_free(pmus);
	names_free(context.names);
	procs_free(context.procs);
	fs_free(fs);
	tree_remove(&tree);
}

/* What a collect returns; its samples are in text, family after family. */
static int collect(const char *name, const char *pci)
{
	const struct collector *collector = collectors_all[collector_find(name)];
	struct batch *batch = batch_new(collector->families, collector->n_families);
	static uint64_t number;
	const struct round round = { .number = ++number };
	struct gpu *gpu = NULL;
	void *state = NULL;
	int r;

	for (size_t i = 0; i < gpus->n; i++)
		if (strcmp(gpus->gpus[i]->pci, pci) == 0)
			gpu = gpus->gpus[i];
	assert_non_null(gpu);
	r = collector->init(&context, gpu, &state);
	fault = (struct fault){ 0 };
	if (r == 0)
		r = collector->collect(&(struct collection){ .context = &context,
							     .collector = collector,
							     .gpu = gpu,
							     .state = state,
							     .round = &round,
							     .batch = batch,
							     .fault = &fault });
	collected_text(batch, collector, text, sizeof(text));
	if (collector->destroy)
		collector->destroy(state);
	else
		free(state);
	batch_free(batch);
	return r;
}

static size_t count(const char *what)
{
	size_t n = 0;

	for (const char *s = text; (s = strstr(s, what)); s += strlen(what))
		n++;
	return n;
}

static void frequency(void **state)
{
	(void)state;
	begin(FIXTURE("meteorlake-two-gts"));
	assert_int_equal(collect("frequency", "0000:00:02.0"), 0);
	assert_int_equal(count("\n"), 16);
	fake_error("sys/class/drm/card0/gt/gt0/rps_max_freq_mhz", -EIO);
	tree_write(&tree, "sys/class/drm/card0/gt/gt1/rps_boost_freq_mhz", "fast\n");
	assert_int_equal(collect("frequency", "0000:00:02.0"), COLLECT_PARTIAL);
	assert_int_equal(count("\n"), 14);
	assert_int_equal(count("frequency_max_hertz{pci=\"0000:00:02.0\",gt=\"0\"}"), 0);
	assert_int_equal(count("frequency_max_hertz{pci=\"0000:00:02.0\",gt=\"1\"}"), 1);
	assert_int_equal(count("frequency_boost_hertz{pci=\"0000:00:02.0\",gt=\"1\"}"), 0);
	assert_int_equal(fault.reason, REASON_IO);
	assert_non_null(strstr(fault.detail, "gt0/rps_max_freq_mhz"));
	assert_non_null(strstr(fault.detail, "gt1/rps_boost_freq_mhz"));
	end();
}

static void throttle(void **state)
{
	(void)state;
	begin(FIXTURE("meteorlake-two-gts"));
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/control", "on\n");
	assert_int_equal(collect("throttle", "0000:00:02.0"), 0);
	assert_int_equal(count("\n"), 16);
	fake_error("sys/class/drm/card0/gt/gt0/throttle_reason_pl4", -EIO);
	assert_int_equal(collect("throttle", "0000:00:02.0"), COLLECT_PARTIAL);
	assert_int_equal(count("\n"), 15);
	assert_int_equal(count("gt=\"0\",reason=\"pl4\""), 0);
	assert_non_null(strstr(fault.detail, "throttle_reason_pl4"));
	end();
}

#define BMG "sys/bus/pci/devices/0000:03:00.0/"

static void throttle_xe(void **state)
{
	unsigned opens;

	(void)state;
	begin(FIXTURE("battlemage-xe"));
	tree_write(&tree, BMG "tile0/gt1/freq0/throttle/reason_thermal", "1\n");
	assert_int_equal(collect("throttle", "0000:03:00.0"), 0);
	assert_int_equal(count("\n"), 16);
	assert_int_equal(count("gt=\"1\",reason=\"thermal\"} 1\n"), 1);
	assert_int_equal(count("gt=\"0\",reason=\"thermal\"} 0\n"), 1);
	assert_int_equal(count("gt=\"0\",reason=\"pl1\"} 1\n"), 1);
	assert_int_equal(count("reason=\"vr_thermalert\"} 0\n"), 2);
	/* The read would wake it. */
	tree_write(&tree, BMG "power/runtime_status", "suspended\n");
	opens = fake_counts().file_opens;
	assert_int_equal(collect("throttle", "0000:03:00.0"), 0);
	assert_string_equal(text, "");
	assert_true(fake_counts().file_opens - opens < 8);
	/* A kernel or a virtual function without them. */
	tree_delete(&tree, BMG "tile0/gt0/freq0/throttle/reason_pl1");
	tree_delete(&tree, BMG "tile0/gt1/freq0/throttle/reason_pl1");
	assert_int_equal(collect("throttle", "0000:03:00.0"), -ENODEV);
	end();
}

/* Not supported is what the kernel does not offer, and nothing else. */
static void offered_by_xe(void **state)
{
	(void)state;
	begin(FIXTURE("battlemage-xe"));
	/* That is not the kernel's doing: its events would keep the GPU awake. */
	gpu_list_free(gpus);
	pmu_set_free(pmus);
	pmus = pmu_set_new(fs, PMU_BUSY);
	assert_int_equal(gpu_discover(fs, pmus, NULL, &gpus), 0);
	assert_int_equal(collect("engine", "0000:03:00.0"), -ENODEV);
	assert_int_equal(fault.reason, REASON_NOT_ENABLED);
	assert_string_equal(fault.remedy, "xe-engines");
	assert_int_equal(collect("cycles", "0000:03:00.0"), -ENODEV);
	tree_delete(&tree, "sys/bus/event_source/devices/xe_0000_03_00.0");
	gpu_list_free(gpus);
	assert_int_equal(gpu_discover(fs, pmus, NULL, &gpus), 0);
	assert_int_equal(collect("engine", "0000:03:00.0"), -ENODEV);
	assert_int_equal(collect("idle", "0000:03:00.0"), 0);
	end();
}

#define TYPES "sys/bus/pci/devices/0000:00:02.0/mdev_supported_types/"

static void vgpu(void **state)
{
	static const char uuid[] = "11111111-2222-3333-4444-555555555555";
	char path[256];

	(void)state;
	begin(FIXTURE("skylake-6700k-gvtg"));
	assert_int_equal(collect("vgpu", "0000:00:02.0"), 0);
	assert_int_equal(count("vgpu_instances{"), 4);
	assert_int_equal(count("vgpu_info{"), 2);
	fake_error(TYPES "i915-GVTg_V5_8/devices", -EIO);
	tree_write(&tree, TYPES "i915-GVTg_V5_1/description", "weight: heavy\n");
	assert_int_equal(collect("vgpu", "0000:00:02.0"), COLLECT_PARTIAL);
	/* An unknown number of vGPUs is not 0 of them. */
	assert_int_equal(count("vgpu_instances{"), 3);
	assert_int_equal(count("vgpu_type_info{"), 3);
	assert_int_equal(count("vgpu_available_instances{"), 4);
	assert_int_equal(count("vgpu_info{"), 1);
	assert_non_null(strstr(fault.detail, "devices of i915-GVTg_V5_8"));
	fake_error(TYPES "i915-GVTg_V5_8/devices", 0);
	tree_delete(&tree, TYPES "i915-GVTg_V5_1/description");
	fake_error("sys/bus/mdev/devices/00000000-0000-0000-0000-000000000101/intel_vgpu/vgpu_id",
		   -EIO);
	assert_int_equal(collect("vgpu", "0000:00:02.0"), COLLECT_PARTIAL);
	assert_int_equal(count("vgpu_info{"), 2);
	assert_int_equal(count("vgpu_id=\""), 1);
	assert_non_null(strstr(fault.detail, "000000000101/intel_vgpu/vgpu_id"));
	fake_error("sys/bus/mdev/devices/00000000-0000-0000-0000-000000000101/intel_vgpu/vgpu_id",
		   0);

	/* One that is removed and made anew meanwhile is below two types. */
	snprintf(path, sizeof(path), TYPES "i915-GVTg_V5_2/devices/%s/x", uuid);
	tree_write(&tree, path, "");
	snprintf(path, sizeof(path), TYPES "i915-GVTg_V5_4/devices/%s/x", uuid);
	tree_write(&tree, path, "");
	assert_int_equal(collect("vgpu", "0000:00:02.0"), 0);
	assert_int_equal(count("vgpu_info{"), 3);
	assert_int_equal(count("vgpu_in_use{"), 3);
	assert_int_equal(count(uuid), 2);
	end();
}

#define PF "sys/bus/pci/devices/0000:00:02.0/"

static void sriov(void **state)
{
	char path[128];

	(void)state;
	begin(FIXTURE("alderlake-n100-sriov"));
	assert_int_equal(collect("sriov", "0000:00:02.0"), 0);
	assert_int_equal(count("sriov_vf_info{"), 7);
	fake_error(PF "sriov_totalvfs", -EIO);
	assert_int_equal(collect("sriov", "0000:00:02.0"), COLLECT_PARTIAL);
	assert_int_equal(count("sriov_vfs_supported{"), 0);
	assert_int_equal(count("sriov_vfs_enabled{"), 1);
	assert_int_equal(count("sriov_vf_info{"), 7);
	assert_non_null(strstr(fault.detail, "sriov_totalvfs"));
	fake_error(PF "sriov_totalvfs", 0);
	fake_error(PF "sriov_numvfs", -EIO);
	assert_int_equal(collect("sriov", "0000:00:02.0"), COLLECT_PARTIAL);
	assert_int_equal(count("sriov_vfs_enabled{"), 0);
	assert_int_equal(count("sriov_vf_info{"), 7);
	fake_error(PF "sriov_numvfs", 0);
	tree_link(&tree, PF "virtfn2", "../somewhere");
	assert_int_equal(collect("sriov", "0000:00:02.0"), COLLECT_PARTIAL);
	assert_int_equal(count("sriov_vf_info{"), 6);
	assert_non_null(strstr(fault.detail, "virtfn2"));
	/* More than are listed. */
	tree_write(&tree, PF "sriov_numvfs", "300\n");
	for (unsigned i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), PF "virtfn%u", i);
		tree_link(&tree, path, "../0000:00:02.1");
	}
	assert_int_equal(collect("sriov", "0000:00:02.0"), 0);
	assert_int_equal(count("sriov_vf_info{"), 256);
	assert_int_equal(count("sriov_vfs_enabled{pci=\"0000:00:02.0\"} 300\n"), 1);
	assert_int_equal(fault.reason, REASON_LIMIT);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frequency),   cmocka_unit_test(throttle),
		cmocka_unit_test(throttle_xe), cmocka_unit_test(offered_by_xe),
		cmocka_unit_test(vgpu),	       cmocka_unit_test(sriov),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
