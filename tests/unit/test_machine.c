// SPDX-License-Identifier: Apache-2.0
/* What the collector takes machines for. */
#include "test.h"

#include "collectors/registry.h"
#include "fake_sys.h"
#include "tree.h"

#include <stdio.h>
#include <string.h>

#define CPUINFO "processor\t: 0\nflags\t\t: fpu vme hypervisor avx\n"

static const struct row {
	const char *name, *file, *content, *file2, *content2, *labels;
	bool no_uuid;
} rows[] = {
	{ "bare", "proc/cpuinfo", "flags: fpu\n", NULL, NULL, "virtualization=\"none\"" },
	{ "nothing known", NULL, NULL, NULL, NULL, "virtualization=\"none\"" },
	{ "hidden QEMU", "proc/cpuinfo", CPUINFO, NULL, NULL, "virtualization=\"vm-other\"" },
	{ "QEMU", "sys/class/dmi/id/sys_vendor", "QEMU\n", "sys/class/dmi/id/product_uuid",
	  "0A1B2C3D-1111-2222-3333-444455556666\n",
	  "machine_uuid=\"0a1b2c3d-1111-2222-3333-444455556666\",virtualization=\"kvm\"" },
	{ "Hyper-V", "sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n",
	  "sys/class/dmi/id/product_name", "Virtual Machine\n", "virtualization=\"microsoft\"" },
	{ "Surface", "sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n",
	  "sys/class/dmi/id/product_name", "Surface Laptop\n", "virtualization=\"none\"" },
	{ "LXC in QEMU", "run/systemd/container", "lxc\n", "sys/class/dmi/id/sys_vendor", "QEMU\n",
	  "virtualization=\"lxc\"" },
	{ "LXC without systemd", "proc/1/environ", "container=lxc", NULL, NULL,
	  "virtualization=\"lxc\"" },
	{ "Docker", ".dockerenv", "", NULL, NULL, "virtualization=\"docker\"" },
	{ "Podman", "run/.containerenv", "", NULL, NULL, "virtualization=\"podman\"" },
	{ "kernel", "proc/sys/kernel/osrelease", "6.8.12-4-pve\n", NULL, NULL,
	  "{virtualization=\"none\",kernel=\"6.8.12-4-pve\"}" },
	{ "UUID", "sys/class/dmi/id/product_uuid", "5C1A9F0E-6D43-4B0F-8A55-3F1E7D2C9B01\n", NULL,
	  NULL, "{machine_uuid=\"5c1a9f0e-6d43-4b0f-8a55-3f1e7d2c9b01\"," },
	{ "no UUID", "sys/class/dmi/id/product_uuid", "5C1A9F0E-6D43-4B0F-8A55-3F1E7D2C9B01\n",
	  NULL, NULL, "{virtualization=", true },
};

static void machines(void **unused)
{
	const struct collector *c = collectors_all[collector_find("machine")];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct context context = { 0 };
		struct fault fault = { 0 };
		struct fs *fs;
		struct tree tree;
		struct batch *batch = batch_new(c->families, c->n_families);
		size_t piece = 0, len;
		const char *bad, *text;
		char line[512];
		void *state;

		tree_new(&tree);
		tree_folder(&tree, "proc");
		tree_folder(&tree, "sys");
		if (rows[i].file)
			tree_write(&tree, rows[i].file, rows[i].content);
		if (rows[i].file2)
			tree_write(&tree, rows[i].file2, rows[i].content2);
		fake_sys_load(tree.root);
		assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
		context.fs = fs;
		context.no_machine_uuid = rows[i].no_uuid;
		assert_int_equal(c->init(&context, NULL, &state), 0);
		assert_int_equal(c->collect(&(struct collection){ .context = &context,
								  .state = state,
								  .batch = batch,
								  .fault = &fault }),
				 0);
		text = batch_piece(batch, c->families, &piece, &len);
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		assert_row(strstr(line, rows[i].labels), rows[i].name);
		free(state);
		batch_free(batch);
		fs_free(fs);
		tree_remove(&tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(machines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
