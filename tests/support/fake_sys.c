// SPDX-License-Identifier: Apache-2.0
/*
 * A machine made of files. perf.txt has one column for each read, 10 s apart, counted from the
 * open; a read comes READ_DELAY_NS after the time that the clock shows, because a counter that has
 * counted something cannot have been enabled for no time at all.
 */
#include "fake_sys.h"

#include "base/macros.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FIRST_FD      1000000 /* no file descriptor of the process has such a number */
#define READ_DELAY_NS 10000u
#define COLUMN_NS     10000000000u
#define COLUMNS	      3
#define AHEAD_NS      3600000000000u

struct line {
	char pmu[64], event[64];
	uint64_t config, values[COLUMNS];
};

struct error {
	char path[256];
	int error;
};

struct event {
	bool open;
	size_t line;
	int leader;
	uint64_t opened;
};

struct fake_knobs fake_knobs;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t unblocked;
	char root[PATH_MAX];
	char blocked[256];
	struct line lines[512];
	size_t n_lines;
	struct error errors[256];
	size_t n_errors;
	struct event events[8192];
	size_t n_events; /* numbers are not used again: a late close would hit another event */
	uint64_t clock;
	struct fake_counts counts;
	int uevents[2], watch[2];
} fake = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.unblocked = PTHREAD_COND_INITIALIZER,
	.uevents = { -1, -1 },
	.watch = { -1, -1 },
};

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "fake_sys: %s: %s\n", what, detail);
	abort();
}

static FILE *open_table(const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", fake.root, name);
	return fopen(path, "re");
}

static void load_perf(void)
{
	FILE *file = open_table("perf.txt");
	char text[512];

	while (file && fgets(text, sizeof(text), file)) {
		struct line *line = &fake.lines[fake.n_lines];

		if (text[0] == '#' || text[0] == '\n')
			continue;
		if (fake.n_lines == ARRAY_SIZE(fake.lines) ||
		    sscanf(text, "%63s %63s %lx %lu %lu %lu", line->pmu, line->event, &line->config,
			   &line->values[0], &line->values[1], &line->values[2]) != 6)
			die("perf.txt", text);
		fake.n_lines++;
	}
	if (file)
		fclose(file);
}

static int errno_of(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} names[] = {
		{ "EACCES", EACCES }, { "EPERM", EPERM },   { "EIO", EIO },
		{ "ENOENT", ENOENT }, { "ENODEV", ENODEV }, { "ENOSYS", ENOSYS },
		{ "EMFILE", EMFILE }, { "ENXIO", ENXIO },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i].name) == 0)
			return -names[i].error;
	die("errors.txt: unknown errno", name);
	return 0;
}

static void load_errors(void)
{
	FILE *file = open_table("errors.txt");
	char text[512], name[16], path[256];

	while (file && fgets(text, sizeof(text), file)) {
		if (text[0] == '#' || text[0] == '\n')
			continue;
		if (sscanf(text, "%15s %255[^\n]", name, path) != 2)
			die("errors.txt", text);
		fake_error(path, errno_of(name));
	}
	if (file)
		fclose(file);
}

void fake_sys_load(const char *root)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	fake_knobs = (struct fake_knobs){ .is_sysfs = true, .slept_ns = 1000000000000u };
	fake_block(NULL);
	for (int i = 0; i < 2; i++) {
		close_fdp(&fake.uevents[i]);
		close_fdp(&fake.watch[i]);
		fake.uevents[i] = fake.watch[i] = -1;
	}
	fake.n_lines = fake.n_errors = fake.n_events = 0;
	fake.counts = (struct fake_counts){ .perf_cpu = -1, .pinned_cpu = -1 };
	fake.clock = (uint64_t)now.tv_sec * 1000000000u + AHEAD_NS;
	if (!realpath(root, fake.root))
		die("root", root);
	load_perf();
	load_errors();
}

void fake_clock_advance(uint64_t ns)
{
	pthread_mutex_lock(&fake.lock);
	fake.clock += ns;
	pthread_mutex_unlock(&fake.lock);
}

void fake_error(const char *path, int error)
{
	size_t i = 0;

	pthread_mutex_lock(&fake.lock);
	while (i < fake.n_errors && strcmp(fake.errors[i].path, path) != 0)
		i++;
	if (i == ARRAY_SIZE(fake.errors))
		die("too many errors", path);
	if (i == fake.n_errors)
		snprintf(fake.errors[fake.n_errors++].path, sizeof(fake.errors[0].path), "%s",
			 path);
	fake.errors[i].error = error;
	pthread_mutex_unlock(&fake.lock);
}

void fake_block(const char *path)
{
	pthread_mutex_lock(&fake.lock);
	snprintf(fake.blocked, sizeof(fake.blocked), "%s", path ? path : "");
	pthread_cond_broadcast(&fake.unblocked);
	pthread_mutex_unlock(&fake.lock);
}

void fake_perf_set(const char *pmu, const char *event, uint64_t raw)
{
	bool found = false;

	pthread_mutex_lock(&fake.lock);
	for (size_t i = 0; i < fake.n_lines; i++) {
		struct line *line = &fake.lines[i];

		if (strcmp(line->pmu, pmu) != 0 || strcmp(line->event, event) != 0)
			continue;
		for (size_t column = 0; column < COLUMNS; column++)
			line->values[column] = raw;
		found = true;
	}
	pthread_mutex_unlock(&fake.lock);
	if (!found)
		die("no such event in perf.txt", event);
}

struct fake_counts fake_counts(void)
{
	struct fake_counts counts;

	pthread_mutex_lock(&fake.lock);
	counts = fake.counts;
	pthread_mutex_unlock(&fake.lock);
	return counts;
}

/* Under the lock. 0 or what errors.txt says of the path. */
static int error_of(const char *path)
{
	for (size_t i = 0; i < fake.n_errors; i++)
		if (strcmp(fake.errors[i].path, path) == 0)
			return fake.errors[i].error;
	return 0;
}

/* The path below the root, by the directory's own name: the caller opens its roots itself. */
static void path_below_root(int dirfd, const char *path, char *out, size_t size)
{
	char link[64], folder[PATH_MAX];
	size_t root = strlen(fake.root);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	n = readlink(link, folder, sizeof(folder) - 1);
	if (n < 0)
		die("not a folder", path);
	folder[n] = '\0';
	if (strncmp(folder, fake.root, root) != 0)
		die("outside of the machine", folder);
	snprintf(out, size, "%s%s%s", folder + root + (folder[root] == '/'),
		 folder[root] ? "/" : "", path);
}

int sys_open_at(int dirfd, const char *path, int flags)
{
	char below[2 * PATH_MAX];
	int fd, r;

	path_below_root(dirfd, path, below, sizeof(below));
	pthread_mutex_lock(&fake.lock);
	fake.counts.file_opens++;
	while (*fake.blocked && strcmp(fake.blocked, below) == 0)
		pthread_cond_wait(&fake.unblocked, &fake.lock);
	r = error_of(below);
	pthread_mutex_unlock(&fake.lock);
	if (r < 0)
		return r;
	fd = openat(dirfd, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/* Of what was deleted below sys; a file of procfs has words of its own. */
static bool has_gone(int fd)
{
	char link[64], path[PATH_MAX], sys[PATH_MAX + 8];
	struct stat s;
	ssize_t n;

	if (!fake_knobs.is_sysfs || fstat(fd, &s) < 0 || s.st_nlink > 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	snprintf(sys, sizeof(sys), "%s/sys/", fake.root);
	n = readlink(link, path, sizeof(path));
	return n > (ssize_t)strlen(sys) && memcmp(path, sys, strlen(sys)) == 0;
}

ssize_t sys_reread(int fd, char *buf, size_t size)
{
	if (has_gone(fd)) {
		errno = ENODEV;
		return -1;
	}
	return pread(fd, buf, size, 0);
}

bool sys_is_sysfs(int dirfd)
{
	(void)dirfd;
	return fake_knobs.is_sysfs;
}

bool sys_is_procfs(int dirfd)
{
	(void)dirfd;
	return fake_knobs.is_procfs;
}

uint64_t sys_monotonic_ns(void)
{
	struct timespec t;
	uint64_t now;

	if (fake_knobs.real_clock) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	}
	pthread_mutex_lock(&fake.lock);
	now = fake.clock;
	pthread_mutex_unlock(&fake.lock);
	return now;
}

uint64_t sys_boottime_ns(void)
{
	return sys_monotonic_ns() + fake_knobs.slept_ns;
}

/* The line of perf.txt for an event, found as the kernel does: the type tells the PMU. */
static bool find_line(uint32_t type, uint64_t config, size_t *ret)
{
	for (size_t i = 0; i < fake.n_lines; i++) {
		char name[128];
		unsigned number;
		FILE *file;
		int n;

		if (fake.lines[i].config != config)
			continue;
		snprintf(name, sizeof(name), "sys/bus/event_source/devices/%s/type",
			 fake.lines[i].pmu);
		file = open_table(name);
		n = file ? fscanf(file, "%u", &number) : 0;
		if (file)
			fclose(file);
		if (n == 1 && number == type) {
			*ret = i;
			return true;
		}
	}
	return false;
}

int sys_perf_open(struct perf_event_attr *attr, int cpu, int group_fd)
{
	unsigned opens;
	size_t line;
	int r;

	if (attr->size != sizeof(*attr) ||
	    attr->read_format != (PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED))
		die("perf_event_attr", "another size or read_format than expected");
	pthread_mutex_lock(&fake.lock);
	r = error_of("perf_event_open");
	if (r == 0 && !find_line(attr->type, attr->config, &line))
		r = -ENOENT;
	if (r == 0) {
		int fd = FIRST_FD + (int)fake.n_events;

		if (fake.n_events == ARRAY_SIZE(fake.events))
			die("too many perf events", "");
		fake.events[fake.n_events++] = (struct event){
			.open = true,
			.line = line,
			.leader = group_fd < 0 ? fd : group_fd,
			.opened = fake.clock,
		};
		fake.counts.perf_opens++;
		fake.counts.perf_fds++;
		fake.counts.perf_cpu = cpu;
		r = fd;
	}
	opens = fake.counts.perf_opens;
	pthread_mutex_unlock(&fake.lock);
	if (r >= 0 && fake_knobs.perf_opened)
		fake_knobs.perf_opened(opens);
	return r;
}

static struct event *event_of(int fd)
{
	size_t i = (size_t)(fd - FIRST_FD);

	if (fd < FIRST_FD || i >= fake.n_events || !fake.events[i].open)
		die("perf event", "used after its close");
	return &fake.events[i];
}

/* The layout of perf_event_open(2) for these formats: number, time enabled, values. */
static size_t read_group(int leader, const struct event *event, uint64_t *values, size_t max)
{
	uint64_t elapsed = fake.clock - event->opened;
	uint64_t column = elapsed / COLUMN_NS;
	size_t n = 0;

	for (size_t i = 0; i < fake.n_events; i++) {
		const struct event *one = &fake.events[i];

		if (!one->open || one->leader != leader)
			continue;
		if (2 + n == max)
			die("perf read", "the buffer is too small for the group");
		values[2 + n++] =
			fake.lines[one->line].values[column < COLUMNS ? column : COLUMNS - 1];
	}
	values[0] = n;
	values[1] = elapsed + READ_DELAY_NS;
	return (2 + n) * sizeof(*values);
}

ssize_t sys_perf_read(int fd, void *buf, size_t size)
{
	size_t n;

	pthread_mutex_lock(&fake.lock);
	fake.counts.perf_reads++;
	n = read_group(fd, event_of(fd), buf, size / sizeof(uint64_t)) - fake_knobs.perf_missing;
	pthread_mutex_unlock(&fake.lock);
	if (fake_knobs.perf_error)
		return fake_knobs.perf_error;
	return fake_knobs.perf_revoked ? 0 : (ssize_t)n;
}

void sys_perf_close(int fd)
{
	pthread_mutex_lock(&fake.lock);
	event_of(fd)->open = false;
	fake.counts.perf_closes++;
	fake.counts.perf_fds--;
	pthread_mutex_unlock(&fake.lock);
}

bool sys_has_capability(int capability)
{
	return fake_knobs.capabilities >> capability & 1;
}

int sys_product_name(uint16_t device_id, char *buf, size_t size)
{
	FILE *file = open_table("libs.txt");
	char text[256], name[200];
	unsigned id;
	int r = -ENOENT;

	while (file && fgets(text, sizeof(text), file)) {
		if (sscanf(text, "name %x %199[^\n]", &id, name) != 2 || id != device_id)
			continue;
		snprintf(buf, size, "%s", name);
		r = 0;
	}
	if (file)
		fclose(file);
	pthread_mutex_lock(&fake.lock);
	fake.counts.product_names++;
	pthread_mutex_unlock(&fake.lock);
	return r;
}

int sys_drm_nodes(const char *pci, bool *ret_primary, bool *ret_render)
{
	FILE *file = open_table("libs.txt");
	char text[256], address[32], first[32], second[32];
	int r = -ENOENT;

	while (file && fgets(text, sizeof(text), file)) {
		int n = sscanf(text, "nodes %31s %31s %31s", address, first, second);

		if (n < 2 || strcmp(address, pci) != 0)
			continue;
		*ret_primary = true;
		*ret_render = n == 3;
		r = 0;
	}
	if (file)
		fclose(file);
	pthread_mutex_lock(&fake.lock);
	fake.counts.drm_nodes++;
	pthread_mutex_unlock(&fake.lock);
	return r;
}

/* An i915's render node of libs.txt; errors.txt says which cannot be opened. */
static int find_i915(const char *node, int *ret_wedged, unsigned *ret_hz)
{
	FILE *file = open_table("libs.txt");
	char text[256], name[32];
	bool found = false;
	int r;

	pthread_mutex_lock(&fake.lock);
	r = error_of(node + 1);
	fake.counts.node_opens++;
	pthread_mutex_unlock(&fake.lock);
	while (!found && file && fgets(text, sizeof(text), file))
		found = sscanf(text, "i915 %31s %d %u", name, ret_wedged, ret_hz) == 3 &&
			strncmp(node, "/dev/dri/", 9) == 0 && strcmp(node + 9, name) == 0;
	if (file)
		fclose(file);
	return r < 0 ? r : found ? 0 : -ENOENT;
}

int sys_xe_wedged(const char *node, bool *ret_wedged)
{
	(void)node;
	*ret_wedged = fake_knobs.wedged;
	return 0;
}

int sys_i915_wedged(const char *node, bool *ret_wedged)
{
	unsigned hz;
	int wedged = 0, r = find_i915(node, &wedged, &hz);

	*ret_wedged = wedged || fake_knobs.wedged;
	return r;
}

int sys_i915_huc(const char *node, int *ret_status)
{
	unsigned hz;
	int wedged = 0;

	*ret_status = 1;
	fake.counts.huc_reads++;
	return find_i915(node, &wedged, &hz);
}

/* libs.txt has "huc NODE VERSION", or "huc NODE -" where none runs; an xe without that line is an
 * old one. */
int sys_xe_huc(const char *node, char ret_version[static 36])
{
	FILE *file = open_table("libs.txt");
	char text[512], name[32], version[36];
	int r = -EINVAL;

	fake.counts.huc_reads++;
	while (r == -EINVAL && file && fgets(text, sizeof(text), file))
		if (sscanf(text, "huc %31s %35s", name, version) == 2 &&
		    strcmp(name, strrchr(node, '/') + 1) == 0)
			r = strcmp(version, "-") == 0 ? -ENODEV : 0;
	if (r == 0)
		strcpy(ret_version, version);
	if (file)
		fclose(file);
	return r;
}

int sys_open_as(const char *node, uid_t uid, gid_t gid, const gid_t *groups, size_t n)
{
	unsigned hz;
	int wedged = 0;

	(void)uid;
	(void)gid;
	(void)groups;
	(void)n;
	return find_i915(node, &wedged, &hz);
}

int sys_i915_timestamp_hz(const char *node, unsigned *ret)
{
	int wedged;

	return find_i915(node, &wedged, ret);
}

/* Those of a node in libs.txt, where the node can be opened. */
static int find_regions(const char *node, int r, struct sys_region *ret, size_t max)
{
	FILE *file = open_table("libs.txt");
	char text[512], name[32];
	size_t n = 0;

	while (r == 0 && file && n < max && fgets(text, sizeof(text), file)) {
		struct sys_region region = { .instance = (unsigned)n };

		if (sscanf(text, "memory %31s %lu %lu", name, &region.size, &region.free) == 3 &&
		    strcmp(name, strrchr(node, '/') + 1) == 0)
			ret[n++] = region;
	}
	if (file)
		fclose(file);
	return r < 0 ? r : (int)n;
}

int sys_i915_regions(const char *node, struct sys_region *ret, size_t max)
{
	unsigned hz;
	int wedged;

	return find_regions(node, find_i915(node, &wedged, &hz), ret, max);
}

int sys_xe_regions(const char *node, struct sys_region *ret, size_t max)
{
	int r, n;

	pthread_mutex_lock(&fake.lock);
	r = error_of(node + 1);
	fake.counts.node_opens++;
	pthread_mutex_unlock(&fake.lock);
	n = find_regions(node, r, ret, max);
	return n == 0 ? -EINVAL : n;
}

int sys_uevent_open(void)
{
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fake.uevents) < 0)
		return -errno;
	return dup(fake.uevents[0]);
}

ssize_t sys_uevent_receive(int fd, char *buf, size_t size)
{
	ssize_t n = recv(fd, buf, size, 0);

	if (n < 0)
		return -errno;
	return n == 0 ? -ENOBUFS : n;
}

void fake_uevent(const char *buf, size_t len)
{
	if (send(fake.uevents[1], buf, len, 0) < 0)
		die("uevent", strerror(errno));
}

int sys_watch_open(void)
{
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fake.watch) < 0)
		return -errno;
	return dup(fake.watch[0]);
}

int sys_watch_dir(int watch, int dirfd)
{
	char link[32], target[PATH_MAX];
	ssize_t n;

	(void)watch;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	pthread_mutex_lock(&fake.lock);
	fake.counts.watched++;
	snprintf(fake.counts.last_watched, sizeof(fake.counts.last_watched), "%s",
		 strrchr(target, '/') + 1);
	pthread_mutex_unlock(&fake.lock);
	return 0;
}

ssize_t sys_watch_receive(int watch, char *buf, size_t size, int timeout_ms)
{
	struct pollfd p = { .fd = watch, .events = POLLIN };
	ssize_t n;

	if (timeout_ms >= 0 && poll(&p, 1, timeout_ms) == 0)
		return 0;
	n = recv(watch, buf, size, 0);
	return n < 0 ? -errno : n;
}

void fake_opened(const void *events, size_t len)
{
	if (send(fake.watch[1], events, len, 0) < 0)
		die("watch", strerror(errno));
}

int sys_pin_thread(pthread_t thread, int cpu)
{
	(void)thread;
	fake.counts.pinned_cpu = cpu;
	return error_of("sched_setaffinity");
}
