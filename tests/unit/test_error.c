// SPDX-License-Identifier: Apache-2.0
/* A GPU that i915 has given up, and resets that it announces. */
#include "test.h"

#include "base/sys.h"
#include "collectors/registry.h"
#include "fake_sys.h"
#include "sources/doctor/doctor_state.h"
#include "sources/gpu/resets.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tree tree;
static struct fs *fs;
static struct context context;
static struct fault fault;
static struct gpu gpu;
static struct batch *batch;
static void *collector_state;

static const struct collector *collector(void)
{
	return collectors_all[collector_find("error")];
}

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_new(&tree);
	tree_folder(&tree, "proc");
	tree_folder(&tree, "sys");
	tree_write(&tree, "libs.txt", "i915 renderD128 0 12000000\n");
	fake_sys_load(tree.root);
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	context = (struct context){ .fs = fs, .resets = resets_new() };
	gpu = (struct gpu){ .pci = "0000:00:02.0", .driver = GPU_I915, .render = "renderD128" };
	batch = NULL;
	collector_state = NULL;
	return collector()->init(&context, &gpu, &collector_state);
}

static int teardown(void **state)
{
	(void)state;
	batch_free(batch);
	free(collector_state);
	doctor_state_free(context.doctor);
	resets_free(context.resets);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

/* The samples of a family; NULL when it has none. */
static const char *collect(const char *family, int expected)
{
	const struct collector *c = collector();
	size_t piece = 0, len;
	static char text[256];

	batch_free(batch);
	batch = batch_new(c->families, c->n_families);
	fault = (struct fault){ 0 };
	assert_int_equal(c->collect(&(struct collection){ .context = &context,
							  .collector = c,
							  .gpu = &gpu,
							  .state = collector_state,
							  .batch = batch,
							  .fault = &fault }),
			 expected);
	for (size_t i = 0; i < c->n_families; i++) {
		const char *found;

		if (strcmp(c->families[i].name, family) != 0)
			continue;
		found = batch_piece(batch, &c->families[i], &piece, &len);
		if (!found)
			return NULL;
		assert_true(len < sizeof(text));
		memcpy(text, found, len);
		text[len] = '\0';
		return text;
	}
	fail_msg("no family %s", family);
	return NULL;
}

#define WEDGED	 "intel_gpu_wedged"
#define DUMP	 "intel_gpu_error_state_present"
#define FIRMWARE "intel_gpu_firmware_info"
#define MESSAGE	 "intel_gpu_kernel_message_timestamp_seconds"
#define RESETS	 "intel_gpu_resets_total"

static void wedged(void **state)
{
	(void)state;
	assert_string_equal(collect(WEDGED, 0), WEDGED "{pci=\"0000:00:02.0\"} 0\n");
	assert_int_equal(fault.reason, REASON_NONE);
	fake_knobs.wedged = true;
	assert_string_equal(collect(WEDGED, 0), WEDGED "{pci=\"0000:00:02.0\"} 1\n");
}

/* Not a 0 that nobody has measured, and no failure of an exporter that was given no node. */
static void node_that_cannot_be_opened(void **state)
{
	(void)state;
	resets_listen(context.resets, true);
	fake_error("dev/dri/renderD128", -EACCES);
	assert_null(collect(WEDGED, 0));
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_string_equal(fault.remedy, "render-node");
	assert_non_null(collect(RESETS, 0));
	fake_error("dev/dri/renderD128", -ENOENT);
	assert_null(collect(WEDGED, 0));
	assert_int_equal(fault.reason, REASON_NO_DEVICE);
	fake_error("dev/dri/renderD128", -EIO);
	assert_null(collect(WEDGED, -EIO));
}

static void resets(void **state)
{
	(void)state;
	assert_null(collect(RESETS, 0)); /* nobody listens */
	resets_listen(context.resets, true);
	assert_string_equal(collect(RESETS, 0), RESETS "{pci=\"0000:00:02.0\"} 0\n");
	resets_add(context.resets, "0000:00:02.0/drm", 12);
	resets_add(context.resets, "0000:00:02.0/drm", 12);
	resets_add(context.resets, "0000:03:00.0/drm", 12);
	resets_add(context.resets, "0000:00:02.00/drm", 13);
	assert_string_equal(collect(RESETS, 0), RESETS "{pci=\"0000:00:02.0\"} 2\n");
	resets_free(context.resets);
	context.resets = NULL;
	assert_null(collect(RESETS, 0));
}

/* The register is read once after a bind, and then only of a GPU that does not sleep anyway. */
static void huc(void **state)
{
	(void)state;
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/runtime_status", "suspended\n");
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/control", "auto\n");
	assert_null(collect(FIRMWARE, 0));
	assert_int_equal(fake_counts().huc_reads, 0);
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/runtime_status", "active\n");
	assert_string_equal(collect(FIRMWARE, 0),
			    FIRMWARE "{pci=\"0000:00:02.0\",gt=\"0\","
				     "firmware=\"huc\",status=\"running\"} 1\n");
	assert_non_null(collect(FIRMWARE, 0));
	assert_int_equal(fake_counts().huc_reads, 1);
	fake_clock_advance(3601000000000u);
	assert_non_null(collect(FIRMWARE, 0));
	assert_int_equal(fake_counts().huc_reads, 1); /* it may sleep soon */
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/control", "on\n");
	assert_non_null(collect(FIRMWARE, 0));
	assert_int_equal(fake_counts().huc_reads, 2);
}

/* xe tells the version, too; it is asked under the same conditions. */
static void huc_of_xe(void **state)
{
	static const struct {
		const char *libs, *rest;
	} rows[] = {
		{ "huc renderD128 9.4.13\n",
		  "firmware=\"huc\",version=\"9.4.13\",status=\"running\"} 1\n" },
		{ "huc renderD128 -\n", NULL },	     /* none, or that of a virtual function */
		{ "huc renderD129 9.4.13\n", NULL }, /* an xe before Linux 6.9 */
	};

	(void)state;
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/control", "on\n");
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/runtime_status", "active\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned gt = 0; gt < 2; gt++) {
			char wanted[160];
			const char *found;

			if (gt)
				tree_folder(
					&tree,
					"sys/bus/pci/devices/0000:00:02.0/tile0/gt1/engines/vcs");
			tree_write(&tree, "libs.txt", rows[i].libs);
			free(collector_state);
			gpu.driver = GPU_XE;
			assert_int_equal(collector()->init(&context, &gpu, &collector_state), 0);
			found = collect(FIRMWARE, 0);
			if (!rows[i].rest) {
				assert_null(found);
				continue;
			}
			snprintf(wanted, sizeof(wanted),
				 FIRMWARE "{pci=\"0000:00:02.0\",gt=\"%u\",%s", gt, rows[i].rest);
			assert_string_equal(found, wanted);
			assert_null(collect(WEDGED, 0));
		}
	}
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/runtime_status", "suspended\n");
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/control", "auto\n");
	tree_write(&tree, "libs.txt", rows[0].libs);
	free(collector_state);
	assert_int_equal(collector()->init(&context, &gpu, &collector_state), 0);
	assert_null(collect(FIRMWARE, 0));
	assert_int_equal(fake_counts().huc_reads, 6);
}

static void put_rows(const char *rows)
{
	char *copy = strdup(rows);

	if (!context.doctor)
		context.doctor = doctor_state_new();
	assert_non_null(copy);
	doctor_state_put(context.doctor, copy, strlen(copy), 0, sys_monotonic_ns());
}

/* What the checks found in the kernel's log, of this GPU. */
static void kernel_log(void **state)
{
	(void)state;
	put_rows("message\t0000:00:02.0\thang\t1795000000\n"
		 "message\t0000:03:00.0\twedged\t1795000001\n"
		 "firmware\t0000:00:02.0\t0\tguc\t70.36.0\trunning\n"
		 "firmware\t0000:00:02.0\t0\tdmc\t-\tmissing\n"
		 "end\n");
	assert_string_equal(collect(MESSAGE, 0),
			    MESSAGE "{pci=\"0000:00:02.0\",message=\"hang\"} 1795000000\n");
	assert_string_equal(collect(FIRMWARE, 0),
			    FIRMWARE "{pci=\"0000:00:02.0\",gt=\"0\",firmware=\"guc\","
				     "version=\"70.36.0\",status=\"running\"} 1\n" FIRMWARE
				     "{pci=\"0000:00:02.0\",gt=\"0\",firmware=\"dmc\",status="
				     "\"missing\"} 1\n");
}

static void xe_dumps(void **state)
{
	(void)state;
	free(collector_state);
	collector_state = NULL;
	gpu.driver = GPU_XE;
	assert_int_equal(collector()->init(&context, &gpu, &collector_state), 0);
	assert_null(collect(DUMP, 0)); /* a kernel without dumps has not none */
	free(collector_state);
	collector_state = NULL;
	tree_folder(&tree, "sys/class/devcoredump");
	assert_int_equal(collector()->init(&context, &gpu, &collector_state), 0);
	assert_string_equal(collect(DUMP, 0), DUMP "{pci=\"0000:00:02.0\"} 0\n");
	tree_folder(&tree, "sys/bus/pci/devices/0000:00:02.0/devcoredump");
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/devcoredump/data", "megabytes");
	fake_error("sys/bus/pci/devices/0000:00:02.0/devcoredump/data", -EACCES);
	assert_string_equal(collect(DUMP, 0), DUMP "{pci=\"0000:00:02.0\"} 1\n");
	assert_int_equal(fault.reason, REASON_NONE);
	assert_null(collect(WEDGED, 0));
}

static void other_gpus(void **state)
{
	void *unused = NULL;

	(void)state;
	*gpu.render = '\0';
	assert_int_equal(collector()->init(&context, &gpu, &unused), -ENODEV);
	gpu.driver = GPU_OTHER_DRIVER;
	assert_int_equal(collector()->init(&context, &gpu, &unused), -ENODEV);
	assert_null(unused);
	assert_int_equal(fake_counts().node_opens, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wedged, setup, teardown),
		cmocka_unit_test_setup_teardown(node_that_cannot_be_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(resets, setup, teardown),
		cmocka_unit_test_setup_teardown(huc, setup, teardown),
		cmocka_unit_test_setup_teardown(huc_of_xe, setup, teardown),
		cmocka_unit_test_setup_teardown(kernel_log, setup, teardown),
		cmocka_unit_test_setup_teardown(xe_dumps, setup, teardown),
		cmocka_unit_test_setup_teardown(other_gpus, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
