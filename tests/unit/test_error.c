// SPDX-License-Identifier: Apache-2.0
/* A GPU that i915 has given up, and resets that it announces. */
#include "test.h"

#include "collectors/registry.h"
#include "fake_sys.h"
#include "sources/gpu/resets.h"
#include "tree.h"

#include <errno.h>
#include <string.h>

static struct tree tree;
static struct fs *fs;
static struct context context;
static struct fault fault;
static struct gpu gpu;
static struct batch *batch;

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
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	batch_free(batch);
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

#define WEDGED "intel_gpu_wedged"
#define RESETS "intel_gpu_resets_total"

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

static void other_gpus(void **state)
{
	void *unused = NULL;

	(void)state;
	assert_int_equal(collector()->init(&context, &gpu, &unused), 0);
	gpu.driver = GPU_XE;
	assert_int_equal(collector()->init(&context, &gpu, &unused), -EOPNOTSUPP);
	gpu.driver = GPU_I915;
	*gpu.render = '\0';
	assert_int_equal(collector()->init(&context, &gpu, &unused), -ENODEV);
	assert_int_equal(fake_counts().node_opens, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wedged, setup, teardown),
		cmocka_unit_test_setup_teardown(node_that_cannot_be_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(resets, setup, teardown),
		cmocka_unit_test_setup_teardown(other_gpus, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
