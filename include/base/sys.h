/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The touch points with the kernel and with process-global libraries that tests replace: linked
 * into the programs from sys_*.c, into unit and golden tests from tests/support/fake_sys.c.
 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include <linux/perf_event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* openat(2) for a file of the machine: read only, close-on-exec, never blocks in open. fd or
 * -errno. */
int sys_open_at(int dirfd, const char *path, int flags);

/* pread(2) of a file from its beginning; ENODEV when it is an attribute of sysfs that has gone. */
ssize_t sys_reread(int fd, char *buf, size_t size);

/* True when dirfd is the root of a mounted sysfs, and not a copied tree (fstatfs(2)). */
bool sys_is_sysfs(int dirfd);

/* The same for procfs. */
bool sys_is_procfs(int dirfd);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t sys_monotonic_ns(void);

/*
 * CLOCK_BOOTTIME in nanoseconds: what the start times of processes count from, also in a container
 * whose /proc/uptime is its own (lxcfs).
 */
uint64_t sys_boottime_ns(void);

/* perf_event_open(2) for a CPU-wide event: pid -1, close-on-exec. fd or -errno. */
int sys_perf_open(struct perf_event_attr *attr, int cpu, int group_fd);

/* read(2) on a perf event. Bytes, 0 when the kernel has revoked the event (since 6.16), -errno. */
ssize_t sys_perf_read(int fd, void *buf, size_t size);

/* close(2) of a perf event. */
void sys_perf_close(int fd);

/* True when the calling thread has the capability in its effective set. */
bool sys_has_capability(int capability);

/*
 * The product name of an Intel device from pci.ids, which intel_gpu_probe reads. 0, or -errno when
 * the probe, the file or the entry is missing.
 */
int sys_product_name(uint16_t device_id, char *buf, size_t size);

/*
 * Which DRM nodes of a PCI device exist in this mount namespace's /dev/dri, through libdrm. The
 * nodes are not opened. 0, or -ENOENT when the device has none here. Not thread-safe.
 */
int sys_drm_nodes(const char *pci, bool *ret_primary, bool *ret_render);

/*
 * Whether i915 has given up a GPU: DRM_IOCTL_I915_GEM_THROTTLE on a node such as
 * "/dev/dri/renderD128" answers EIO then. Opening the node and asking wake nothing, and while a
 * reset runs the answer waits for its end. 0, or -errno: of the open, or the node is not i915's.
 */
int sys_i915_wedged(const char *node, bool *ret_wedged);

/* The same of xe; it wakes a GPU that sleeps and is not wedged. */
int sys_xe_wedged(const char *node, bool *ret_wedged);

/*
 * Opens a node as a user, in a child, and closes it again: rights, lists of them and control groups
 * decide, as they would for that user. 0 or what open(2) says, -errno; -ENOTSUP: this process may
 * not become that user.
 */
int sys_open_as(const char *node, uid_t uid, gid_t gid, const gid_t *groups, size_t n);

/*
 * I915_PARAM_HUC_STATUS, which reads a register: it wakes a GPU that sleeps. 1: runs, 2: for clear
 * media, 0: not complete; -ENODEV, -EOPNOTSUPP, -ENOPKG and more as i915 has them, or of the open.
 */
int sys_i915_huc(const char *node, int *ret_status);

/*
 * The version of the HuC firmware that runs, such as "9.4.13", which xe tells since Linux 6.9
 * (DRM_XE_DEVICE_QUERY_UC_FW_VERSION); asking wakes a GPU that sleeps. 0, -ENODEV: none runs, or
 * this is a virtual function, -EINVAL: an older xe, or -errno of the open.
 */
int sys_xe_huc(const char *node, char ret_version[static 36]);

/* The rate that i915 takes for a GPU's timestamps, in Hz. Wakes nothing. 0 or -errno. */
int sys_i915_timestamp_hz(const char *node, unsigned *ret);

/*
 * A region of a card's own memory (of class DRM_I915_MEMORY_CLASS_DEVICE). free is size where the
 * kernel does not tell: it is older than Linux 5.19, or the caller has no CAP_PERFMON.
 */
struct sys_region {
	unsigned instance;
	uint64_t size, free;
};

/* Asks i915 for them (Linux 5.13). Wakes nothing. Returns how many there are, max at most, or
 * -errno: of the open, -EINVAL of an i915 that does not know the question. */
int sys_i915_regions(const char *node, struct sys_region *ret, size_t max);

/*
 * The same of xe, which wakes a GPU that sleeps, and is a use that puts off its sleep. Nothing
 * seems to be in use before Linux 6.18 without CAP_PERFMON.
 */
int sys_xe_regions(const char *node, struct sys_region *ret, size_t max);

/* A socket that receives the kernel's own uevents (NETLINK_KOBJECT_UEVENT). fd or -errno. */
int sys_uevent_open(void);

/*
 * Blocks for one uevent of the kernel (not of udev). Its length; 0 for a message that is not the
 * kernel's; -ENOBUFS when events were lost; -errno.
 */
ssize_t sys_uevent_receive(int fd, char *buf, size_t size);

/*
 * A watch on directories (inotify(7)): reports opens in them, and closes of what was open for
 * writing. fd or -errno.
 */
int sys_watch_open(void);

/* Adds a directory to the watch, once or again. Needs only read permission. 0 or -errno. */
int sys_watch_dir(int watch, int dirfd);

/*
 * Blocks for what was opened or closed, timeout_ms at most (-1: for ever): struct inotify_event,
 * one or more. Their length, 0 after the timeout, or -errno.
 */
ssize_t sys_watch_receive(int watch, char *buf, size_t size, int timeout_ms);

/* Has a thread of this process run on one CPU only. 0 or -errno: a cpuset may not have that CPU. */
int sys_pin_thread(pthread_t thread, int cpu);

#endif
