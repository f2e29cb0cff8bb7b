// SPDX-License-Identifier: Apache-2.0
/*
 * The real kernel behind base/sys.h. libdrm keeps process-global state and has hard-coded paths, so
 * nothing else in the daemon calls it.
 */
#include "base/sys.h"

#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <i915_drm.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

#define FIRST_USER_NS 0xeffffffdu /* PROC_USER_INIT_INO of include/linux/proc_ns.h */

int sys_open_at(int dirfd, const char *path, int flags)
{
	/* O_NONBLOCK: a FIFO in a hostile tree must not block open(2). */
	int fd = openat(dirfd, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

ssize_t sys_reread(int fd, char *buf, size_t size)
{
	return pread(fd, buf, size, 0);
}

bool sys_is_sysfs(int dirfd)
{
	struct statfs s;

	return fstatfs(dirfd, &s) == 0 && s.f_type == SYSFS_MAGIC;
}

bool sys_is_procfs(int dirfd)
{
	struct statfs s;

	return fstatfs(dirfd, &s) == 0 && s.f_type == PROC_SUPER_MAGIC;
}

uint64_t sys_monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t sys_boottime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int sys_perf_open(struct perf_event_attr *attr, int cpu, int group_fd)
{
	long fd = syscall(SYS_perf_event_open, attr, -1, cpu, group_fd, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

ssize_t sys_perf_read(int fd, void *buf, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

void sys_perf_close(int fd)
{
	close(fd);
}

bool sys_has_capability(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

int sys_drm_nodes(const char *pci, bool *ret_primary, bool *ret_render)
{
	drmDevicePtr devices[64];
	int n = drmGetDevices2(0, devices, (int)ARRAY_SIZE(devices));
	int r = -ENOENT;

	/* libdrm returns the number of devices, not of the entries that it filled in. */
	if (n > (int)ARRAY_SIZE(devices))
		n = (int)ARRAY_SIZE(devices);
	for (int i = 0; i < n; i++) {
		const drmPciBusInfo *bus = devices[i]->businfo.pci;
		char address[32];

		if (devices[i]->bustype != DRM_BUS_PCI)
			continue;
		snprintf(address, sizeof(address), "%04x:%02x:%02x.%u", bus->domain, bus->bus,
			 bus->dev, bus->func);
		if (strcmp(address, pci) != 0)
			continue;
		*ret_primary = devices[i]->available_nodes & (1 << DRM_NODE_PRIMARY);
		*ret_render = devices[i]->available_nodes & (1 << DRM_NODE_RENDER);
		r = 0;
	}
	if (n > 0)
		drmFreeDevices(devices, n);
	return r;
}

static int open_node(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

int sys_i915_wedged(const char *node, bool *ret_wedged)
{
	_cleanup_close_ int fd = open_node(node);

	if (fd < 0)
		return fd;
	/* i915_gem_throttle_ioctl() asks intel_gt_terminally_wedged() before all else. */
	*ret_wedged = drmIoctl(fd, DRM_IOCTL_I915_GEM_THROTTLE, NULL) < 0;
	return !*ret_wedged || errno == EIO ? 0 : -errno;
}

int sys_xe_wedged(const char *node, bool *ret_wedged)
{
	_cleanup_close_ int fd = open_node(node);
	struct drm_version version = { 0 };

	if (fd < 0)
		return fd;
	/* xe_drm_ioctl() asks xe_device_wedged() before all else, whatever the ioctl is. */
	*ret_wedged = drmIoctl(fd, DRM_IOCTL_VERSION, &version) < 0;
	return !*ret_wedged || errno == ECANCELED ? 0 : -errno;
}

int sys_i915_timestamp_hz(const char *node, unsigned *ret)
{
	_cleanup_close_ int fd = open_node(node);
	int value = 0;
	struct drm_i915_getparam param = { .param = I915_PARAM_CS_TIMESTAMP_FREQUENCY,
					   .value = &value };

	if (fd < 0)
		return fd;
	if (drmIoctl(fd, DRM_IOCTL_I915_GETPARAM, &param) < 0)
		return -errno;
	*ret = (unsigned)value;
	return 0;
}

int sys_i915_regions(const char *node, struct sys_region *ret, size_t max)
{
	enum { REGIONS = 16 };
	_Alignas(struct drm_i915_query_memory_regions) char
		buf[sizeof(struct drm_i915_query_memory_regions) +
		    REGIONS * sizeof(struct drm_i915_memory_region_info)] = { 0 };
	const struct drm_i915_query_memory_regions *regions = (const void *)buf;
	struct drm_i915_query_item item = { .query_id = DRM_I915_QUERY_MEMORY_REGIONS,
					    .length = sizeof(buf),
					    .data_ptr = (uintptr_t)buf };
	struct drm_i915_query query = { .num_items = 1, .items_ptr = (uintptr_t)&item };
	_cleanup_close_ int fd = open_node(node);
	size_t n = 0;

	if (fd < 0)
		return fd;
	if (drmIoctl(fd, DRM_IOCTL_I915_QUERY, &query) < 0)
		return -errno;
	if (item.length < 0)
		return item.length;
	for (uint32_t i = 0; i < regions->num_regions && i < REGIONS && n < max; i++) {
		const struct drm_i915_memory_region_info *info = &regions->regions[i];

		if (info->region.memory_class == I915_MEMORY_CLASS_DEVICE)
			ret[n++] = (struct sys_region){ info->region.memory_instance,
							info->probed_size, info->unallocated_size };
	}
	return (int)n;
}

/* Debian 12 has no xe_drm.h: include/uapi/drm/xe_drm.h of Linux 6.8. */
struct xe_device_query {
	uint64_t extensions;
	uint32_t query, size;
	uint64_t data, reserved[2];
};

struct xe_region {
	uint16_t mem_class, instance;
	uint32_t min_page_size;
	uint64_t total_size, used, cpu_visible_size, cpu_visible_used, reserved[6];
};

struct xe_firmware {
	uint16_t type, pad;
	uint32_t branch, major, minor, patch, pad2;
	uint64_t reserved;
};

#define XE_DEVICE_QUERY	  DRM_IOWR(DRM_COMMAND_BASE, struct xe_device_query)
#define XE_QUERY_REGIONS  1
#define XE_QUERY_FIRMWARE 7
#define XE_FIRMWARE_HUC	  1
#define XE_CLASS_VRAM	  1
#define XE_MOST_REGIONS	  16

int sys_xe_regions(const char *node, struct sys_region *ret, size_t max)
{
	struct {
		uint32_t n, pad;
		struct xe_region regions[XE_MOST_REGIONS];
	} answer = { 0 };
	struct xe_device_query query = { .query = XE_QUERY_REGIONS };
	_cleanup_close_ int fd = open_node(node);
	size_t n = 0;

	if (fd < 0)
		return fd;
	/* How long the answer is; then the answer, which has to be asked for in just this length.
	 */
	if (drmIoctl(fd, XE_DEVICE_QUERY, &query) < 0)
		return -errno;
	if (query.size > sizeof(answer))
		return -EMSGSIZE;
	query.data = (uintptr_t)&answer;
	if (drmIoctl(fd, XE_DEVICE_QUERY, &query) < 0)
		return -errno;
	for (uint32_t i = 0; i < answer.n && i < XE_MOST_REGIONS && n < max; i++) {
		const struct xe_region *region = &answer.regions[i];

		/* Instances are numbers over all classes: the first VRAM has 1. */
		if (region->mem_class == XE_CLASS_VRAM && region->used <= region->total_size) {
			ret[n] = (struct sys_region){ (unsigned)n, region->total_size,
						      region->total_size - region->used };
			n++;
		}
	}
	return (int)n;
}

int sys_xe_huc(const char *node, char ret_version[static 36])
{
	struct xe_firmware huc = { .type = XE_FIRMWARE_HUC };
	struct xe_device_query query = { .query = XE_QUERY_FIRMWARE,
					 .size = sizeof(huc),
					 .data = (uintptr_t)&huc };
	_cleanup_close_ int fd = open_node(node);

	if (fd < 0)
		return fd;
	if (drmIoctl(fd, XE_DEVICE_QUERY, &query) < 0)
		return -errno;
	sprintf(ret_version, "%u.%u.%u", huc.major, huc.minor, huc.patch);
	return 0;
}

int sys_i915_huc(const char *node, int *ret_status)
{
	_cleanup_close_ int fd = open_node(node);
	struct drm_i915_getparam param = { .param = I915_PARAM_HUC_STATUS, .value = ret_status };

	if (fd < 0)
		return fd;
	return drmIoctl(fd, DRM_IOCTL_I915_GETPARAM, &param) < 0 ? -errno : 0;
}

/*
 * The kernel sends to network namespaces of the first user namespace alone (uevent_net_init() of
 * lib/kobject_uevent.c). Elsewhere the socket opens all the same, and hears nothing for ever.
 */
static bool hears_uevents(void)
{
	_cleanup_close_ int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int owner = net < 0 ? -1 : ioctl(net, NS_GET_USERNS);
	struct stat s;

	/* EPERM: the owner is not below this process's own user namespace, so it is above. */
	return owner < 0 || fstat(owner, &s) < 0 || s.st_ino == FIRST_USER_NS;
}

int sys_uevent_open(void)
{
	/* Group 1 is the kernel's, group 2 udev's. */
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int size = 1 << 20, fd;

	if (!hears_uevents())
		return -EPERM;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	/* A VM's start sends hundreds of events; room for them costs nothing until they come. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

ssize_t sys_uevent_receive(int fd, char *buf, size_t size)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr message = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	ssize_t n;

	do
		n = recvmsg(fd, &message, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* Port 0 is the kernel; anybody else with CAP_NET_ADMIN could send to the group. */
	return from.nl_pid == 0 && !(message.msg_flags & MSG_TRUNC) ? n : 0;
}

int sys_watch_open(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/*
 * Anybody may list the directory, which opens it. Its close would be another event; of opens alone
 * the kernel queues one, however many there are (inotify_merge() of inotify_fsnotify.c), so nobody
 * fills the queue. The files in it are root's, for writing only.
 */
int sys_watch_dir(int watch, int dirfd)
{
	const uint32_t mask = IN_OPEN | IN_CLOSE_WRITE | IN_ONLYDIR;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	return inotify_add_watch(watch, path, mask) < 0 ? -errno : 0;
}

ssize_t sys_watch_receive(int watch, char *buf, size_t size, int timeout_ms)
{
	struct pollfd p = { .fd = watch, .events = POLLIN };
	ssize_t n;

	if (timeout_ms >= 0 && poll(&p, 1, timeout_ms) == 0)
		return 0;

	do
		n = read(watch, buf, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int sys_pin_thread(pthread_t thread, int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return -pthread_setaffinity_np(thread, sizeof(set), &set);
}
