// SPDX-License-Identifier: Apache-2.0
/* Reads the command lines of few processes: of those that have a device, or could not be scanned.
 */
#include "sources/workload/attribution.h"

#include "base/array.h"
#include "base/text.h"
#include "sources/proc/patient.h"
#include "sources/workload/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COMMAND_BYTES	  65536 /* of libvirt with many disks: about 10000 */
#define CGROUP_BYTES	  8192
#define RESERVATION_BYTES 65536
#define MAX_SUSPECTS	  256

/* A QEMU whose descriptors could not be seen. */
struct suspect {
	pid_t pid;
	struct guest_command command;
};

struct attribution {
	const struct fs *fs;
	struct names *names;
	struct walk *walk; /* NULL: there is none, and the fault says why */
	struct fault fault;
	bool read; /* suspects are known */
	struct suspect *suspects;
	size_t n_suspects, suspects_size;
	pid_t denied; /* a process that could have a device and could not be read; 0: none */
	char command[COMMAND_BYTES];
};

struct attribution *attribution_new(const struct fs *fs, struct names *names, struct procs *procs,
				    uint64_t round)
{
	struct attribution *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->fs = fs;
	o->names = names;
	if (procs_walk_partial(procs, round, &o->walk, &o->fault) < 0)
		o->walk = NULL;
	return o;
}

void attribution_free(struct attribution *attribution)
{
	if (!attribution)
		return;
	walk_unref(attribution->walk);
	free(attribution->suspects);
	free(attribution);
}

/* 0, -ENOENT for what is no QEMU or has ended, or another -errno. */
static int read_command(struct attribution *o, pid_t pid, struct guest_command *ret)
{
	int n = patient_read(o->fs, pid, "cmdline", o->command, sizeof(o->command));

	if (n == -EMSGSIZE)
		n = sizeof(o->command);
	if (n < 0)
		return n == -ESRCH ? -ENOENT : n;
	return guest_command_parse(o->command, (size_t)n, ret);
}

static void read_cgroup(const struct attribution *o, pid_t pid, struct cgroup *ret)
{
	char text[CGROUP_BYTES];
	int n = fs_read(o->fs, text, sizeof(text), "proc/%d/cgroup", (int)pid);

	cgroup_parse(text, n > 0 ? (size_t)n : 0, ret);
}

static bool is_vm(const struct attribution *o, pid_t pid)
{
	struct cgroup cgroup;

	read_cgroup(o, pid, &cgroup);
	return cgroup.kind == WORKLOAD_VM;
}

static void read_suspects(struct attribution *o)
{
	const pid_t *pids;
	size_t n;

	if (o->read || !o->walk)
		return;
	o->read = true;
	pids = walk_unseen(o->walk, &n);
	for (size_t i = 0; i < n && o->n_suspects < MAX_SUSPECTS; i++) {
		struct guest_command command;
		int r = read_command(o, pids[i], &command);

		/* What cannot be read because of its own doing is believed by its group alone. */
		if (r == -ENOENT || (r == -ETIMEDOUT && !is_vm(o, pids[i])))
			continue;
		o->denied = o->denied ? o->denied : pids[i];
		if (r < 0)
			continue;
		if (!array_reserve(o->suspects, &o->suspects_size, o->n_suspects + 1))
			return;
		o->suspects[o->n_suspects++] = (struct suspect){ pids[i], command };
	}
}

bool attribution_complete(struct attribution *o, struct fault *fault)
{
	struct fault hidden;

	if (!o->walk) {
		fault_add(fault, &o->fault);
		return false;
	}
	read_suspects(o);
	if (walk_is_whole_machine(o->walk) && o->denied == 0)
		return true;
	if (o->denied)
		fault_set(&hidden, REASON_PERMISSION, "client-rights", 0,
			  "descriptors of process %d, which may be a VM, may not be listed",
			  (int)o->denied);
	else
		fault_set(&hidden, REASON_PERMISSION, "hidden-processes", 0,
			  "not all of the machine's processes are visible here");
	fault_add(fault, &hidden);
	return false;
}

static void name_guest(const struct attribution *o, struct owner *owner)
{
	char name[GUEST_NAME_BYTES];

	if (*owner->vmid && names_guest(o->names, owner->vmid, name))
		memcpy(owner->guest, name, sizeof(owner->guest));
}

/*
 * What a VM says of itself, below what its control group says: that one is not of its own making.
 * In a container numbers are not Proxmox VE's, and a VM of a user or a service has none. A number
 * is a QEMU's; no_qemu: the command line was read, and is of another program.
 */
static void describe(const struct attribution *o, const struct cgroup *cgroup,
		     const struct guest_command *command, bool no_qemu, struct owner *owner)
{
	bool known = *cgroup->vmid || cgroup->kind != WORKLOAD_PROCESS;
	const char *vmid = cgroup->kind == WORKLOAD_VM && no_qemu ? ""
			   : known				  ? cgroup->vmid
								  : command->vmid;
	const char *guest = *cgroup->guest ? cgroup->guest : command->name;

	snprintf(owner->vmid, sizeof(owner->vmid), "%s", vmid);
	text_clean(guest, strlen(guest), owner->guest, sizeof(owner->guest));
	snprintf(owner->vm_uuid, sizeof(owner->vm_uuid), "%s", command->uuid);
	name_guest(o, owner);
}

/* The process that has the device open, by its group or its node of iommufd. */
static bool find_holder(const struct attribution *o, const char *bus, const char *device,
			const char *group, pid_t *ret)
{
	_cleanup_list_ char **nodes = NULL;
	char noiommu[40];

	if (!o->walk)
		return false;
	snprintf(noiommu, sizeof(noiommu), "noiommu-%s", group);
	if (*group && (walk_vfio(o->walk, group, ret) || walk_vfio(o->walk, noiommu, ret)))
		return true;
	fs_list(o->fs, &nodes, "sys/bus/%s/devices/%s/vfio-dev", bus, device);
	for (char **node = nodes; node && *node; node++)
		if (walk_vfio(o->walk, *node, ret))
			return true;
	return false;
}

/* Anybody may call himself QEMU, so the control group must be a VM's. */
static bool find_suspect(struct attribution *o, const char *device, struct owner *ret)
{
	struct cgroup cgroup;

	read_suspects(o);
	for (size_t i = 0; i < o->n_suspects; i++) {
		if (!guest_command_has(&o->suspects[i].command, device))
			continue;
		read_cgroup(o, o->suspects[i].pid, &cgroup);
		if (cgroup.kind != WORKLOAD_VM)
			continue;
		describe(o, &cgroup, &o->suspects[i].command, false, ret);
		return true;
	}
	return false;
}

static void find_reservation(const struct attribution *o, const char *device, struct owner *ret)
{
	_cleanup_free_ char *text = malloc(RESERVATION_BYTES);
	int n = text ? fs_read(o->fs, text, RESERVATION_BYTES,
			       "run/qemu-server/pci-id-reservations")
		     : -ENOMEM;

	/* /run/qemu-server is of running VMs; configurations are of all VMs. */
	if (n <= 0 || guest_reservation_find(text, (size_t)n, device, ret->vmid) < 0)
		names_vm_of_pci(o->names, device, ret->vmid);
}

void attribution_find(struct attribution *o, const char *bus, const char *device, struct owner *ret)
{
	struct guest_command command = { 0 };
	char group[FS_NAME_MAX];
	struct fault ignored = { 0 };
	struct cgroup cgroup;
	pid_t pid;

	memset(ret, 0, sizeof(*ret));
	if (fs_read_link_name(o->fs, group, sizeof(group), "sys/bus/%s/devices/%s/iommu_group", bus,
			      device) == 0)
		text_clean(group, strlen(group), ret->group, sizeof(ret->group));
	if (find_holder(o, bus, device, ret->group, &pid)) {
		ret->in_use = true;
		read_cgroup(o, pid, &cgroup);
		describe(o, &cgroup, &command, read_command(o, pid, &command) == -ENOENT, ret);
		return;
	}
	if (find_suspect(o, device, ret))
		return;
	if (strcmp(bus, "mdev") == 0)
		guest_mdev_vmid(device, ret->vmid);
	else if (!attribution_complete(o, &ignored))
		find_reservation(o, device, ret);
	name_guest(o, ret);
}
