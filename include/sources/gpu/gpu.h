/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery: which Intel GPUs this machine has, from sysfs, whatever drives them. A GPU's
 * identity is found once and then constant; a GPU that changes its driver becomes a new one.
 */
#ifndef SOURCES_GPU_GPU_H
#define SOURCES_GPU_GPU_H

#include "base/fs.h"
#include "base/ref.h"
#include "sources/gpu/platform.h"
#include "sources/gpu/pmu.h"

enum gpu_driver {
	GPU_NO_DRIVER,
	GPU_I915,
	GPU_XE,
	GPU_OTHER_DRIVER, /* vfio-pci, pci-stub … */
	GPU_DRIVERS,
};

struct gpu {
	atomic_uint refs;
	char pci[24]; /* "0000:00:02.0", the directory's name below sys/bus/pci/devices */
	enum gpu_driver driver;
	char driver_name[32]; /* "none" without a driver */
	uint16_t device_id;
	char model[128];		 /* from pci.ids; empty when unknown */
	const struct platform *platform; /* NULL when the id is not in the table */
	bool discrete;
	bool vf;	 /* an SR-IOV virtual function that the host itself uses */
	bool vgpu;	 /* of GVT-g, inside its guest */
	bool maybe_vgpu; /* nobody can say */
	/*
	 * What fdinfo's engine times are divided by, if not 0. A GVT-g guest's i915 reads 0 from
	 * CTC_MODE (0xa26c), which GVT-g does not emulate, and takes the GPU's timestamps for
	 * slower than they are.
	 */
	unsigned fdinfo_divisor;
	char card[32], render[32]; /* "card0", "renderD128"; empty when the driver has none */
	bool may_own_i915;	   /* the PMU named "i915" can be nobody else's */
	bool pmu_is_unclear;	   /* that PMU is this GPU's or another one's */
	char pmu_name[64];	   /* empty when the driver has registered none */
	struct pmu *pmu;	   /* NULL when its events are not read */
	bool nodes_known;	   /* libdrm was asked which nodes exist in /dev/dri here */
	bool card_node, render_node;

	struct gpu_files *files; /* power.c: those that are open */

	/* What changes when the driver is bound again: inodes, 0 = absent. */
	uint64_t driver_inode, drm_inode, pmu_inode;
};

struct gpu *gpu_ref(struct gpu *gpu);
void gpu_unref(struct gpu *gpu);

/* An immutable list with a reference to each GPU. */
struct gpu_list {
	struct gpu **gpus;
	size_t n;
	uint64_t devices_hash; /* of the names in sys/bus/pci/devices */
	bool blind;	       /* there is no such directory: nobody knows what the machine has */
	bool followed;	       /* fs_begin_round() says when it is stale */
};

void gpu_list_free(struct gpu_list *list);

/*
 * Finds every Intel GPU (vendor 0x8086, class 0x03xxxx), in order of PCI address. GPUs of old
 * (may be NULL) that are still what they were are taken over with their open PMU. The caller
 * owns *ret. 0, or -errno when the list of PCI devices cannot be read: then old stays valid.
 *
 * Never reads a device's PCI config space, and nothing else that would wake it.
 */
int gpu_discover(const struct fs *fs, struct pmu_set *pmus, const struct gpu_list *old,
		 struct gpu_list **ret);

/* True when a PCI device came or went, or a GPU of the list has another driver or PMU than then. */
bool gpu_list_is_stale(const struct fs *fs, const struct gpu_list *list);

/* Whether a sleeping GPU stays asleep: see gpu_power(). */
enum gpu_power {
	GPU_POWER_UNKNOWN,
	GPU_AWAKE,     /* reads that take a runtime-PM reference are harmless */
	GPU_MAY_SLEEP, /* awake now; such a read would put off its sleep */
	GPU_SUSPENDED, /* such a read would wake it */
};

/* From power/runtime_status and power/control. 0 or -errno; the files are readable by anyone. */
int gpu_power(const struct fs *fs, const struct gpu *gpu, enum gpu_power *ret);

/*
 * Whether the GPU is suspended, alone: for reads that may put off its sleep, but must not wake it.
 * All who ask at the same time have the same answer.
 */
int gpu_is_suspended(const struct fs *fs, const struct gpu *gpu, bool *ret);

/* The files of a GPU that stay open, as long as there is the GPU. NULL when memory is out. */
struct gpu_files *gpu_files_new(void);
void gpu_files_free(struct gpu_files *files);

/* Parses power/runtime_status. 0, -ENODATA for "error", -EINVAL for what the kernel never says. */
int gpu_runtime_status_parse(const char *text, size_t len, bool *ret_suspended);

#endif
