// SPDX-License-Identifier: Apache-2.0
/*
 * Which machine is this? Its UUID joins a VM to what its host says of it: QEMU's -smbios gives the
 * guest's firmware the UUID that the host's exporter reads from the command line.
 */
#include "collectors/collector.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_machine_info",
		.help = "The machine that the exporter sees: UUID of its firmware (root only), "
			"what it runs in, kernel.",
		.type = INFO,
		.labels = { "machine_uuid", "virtualization", "kernel" },
	},
};

struct state {
	char uuid[64], virtualization[32], kernel[128];
};

/* A file's first line, or nothing. */
static void read_line(const struct fs *fs, char *buf, size_t size, const char *path)
{
	int n = fs_read(fs, buf, size, "%s", path);

	buf[n > 0 ? strcspn(buf, "\n") : 0] = '\0';
}

static bool exists(const struct fs *fs, const char *path)
{
	uint64_t inode;

	return fs_inode(fs, &inode, "%s", path) == 0;
}

/* As systemd and the engines leave word: the root file system is a container's. */
static const char *container(const struct fs *fs, char *buf, size_t size)
{
	read_line(fs, buf, size, "run/systemd/container");
	if (*buf)
		return buf;
	if (exists(fs, "run/.containerenv"))
		return "podman";
	if (exists(fs, ".dockerenv"))
		return "docker";
	/* One that runs no systemd. */
	return procs_is_lxc(fs) ? "lxc" : NULL;
}

/* The words of systemd-detect-virt(1); firmware of QEMU says so unless its owner changed it. */
static const char *machine(const struct fs *fs)
{
	static const struct {
		const char *vendor, *name;
	} vendors[] = {
		{ "QEMU", "kvm" },
		{ "KVM", "kvm" },
		{ "VMware", "vmware" },
		{ "innotek GmbH", "oracle" },
		{ "VirtualBox", "oracle" },
		{ "Xen", "xen" },
		{ "Parallels", "parallels" },
		{ "Virtual Machine", "microsoft" },
	};
	char vendor[64], product[64], cpu[4096];
	int n = fs_read(fs, cpu, sizeof(cpu), "proc/cpuinfo");

	read_line(fs, vendor, sizeof(vendor), "sys/class/dmi/id/sys_vendor");
	read_line(fs, product, sizeof(product), "sys/class/dmi/id/product_name");
	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++)
		if (strncmp(vendor, vendors[i].vendor, strlen(vendors[i].vendor)) == 0 ||
		    strncmp(product, vendors[i].vendor, strlen(vendors[i].vendor)) == 0)
			return vendors[i].name;
	/* The first processor's flags are in the beginning. */
	if (n == -EMSGSIZE)
		n = sizeof(cpu);
	return n > 0 && memmem(cpu, (size_t)n, " hypervisor", 11) ? "vm-other" : "none";
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state = calloc(1, sizeof(*state));
	const char *inside;

	(void)gpu;
	if (!state)
		return -ENOMEM;
	if (!context->no_machine_uuid)
		read_line(context->fs, state->uuid, sizeof(state->uuid),
			  "sys/class/dmi/id/product_uuid");
	for (char *c = state->uuid; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	read_line(context->fs, state->kernel, sizeof(state->kernel), "proc/sys/kernel/osrelease");
	inside = container(context->fs, state->virtualization, sizeof(state->virtualization));
	if (inside != state->virtualization)
		snprintf(state->virtualization, sizeof(state->virtualization), "%s",
			 inside ? inside : machine(context->fs));
	*ret_state = state;
	return 0;
}

static int collect(const struct collection *c)
{
	const struct state *state = c->state;

	put(c->batch, &families[0], 1, *state->uuid ? state->uuid : NULL, state->virtualization,
	    *state->kernel ? state->kernel : NULL);
	return 0;
}

const struct collector machine_collector = {
	.name = "machine",
	.help = "UUID, virtualization and kernel of the machine",
	.scope = HOST,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
