// SPDX-License-Identifier: Apache-2.0
/*
 * A descriptor's link says most: "/dev/dri/renderD128" and no more need be asked of a socket, a
 * pipe or a file. A container may call a node as it likes, so that the numbers of the device are
 * asked for where the link names one (Documentation/gpu/drm-usage-stats.rst: major 226).
 */
#include "sources/procs.h"

#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define DRM_MAJOR    226
#define ANY_MINOR    UINT32_MAX /* not known: its fdinfo tells */
#define MAX_FDS	     (1u << 18)
#define MAX_READ     16
#define FDINFO_BYTES 8192

struct drm_fd {
	pid_t pid;
	unsigned fd, minor;
};

/* What the descriptors of one GPU have said. */
struct reading {
	char pci[24];
	pthread_mutex_t lock;
	bool done;
	int r;
	struct fault fault;
	struct drm_client *clients;
	size_t n, silent;
};

struct walk {
	unsigned refs;
	uint64_t round;
	const struct fs *fs;
	pid_t *pids;
	size_t n_pids, pids_size;
	struct drm_fd *fds;
	size_t n_fds, fds_size;
	size_t n_denied;
	pid_t pid, denied; /* that is looked at; the first that could not be */
	pthread_mutex_t lock;
	struct reading readings[MAX_READ];
	size_t n_readings;
};

struct procs {
	const struct fs *fs;
	pthread_mutex_t lock;
	struct walk *walk; /* of the last round */
};

struct procs *procs_new(const struct fs *fs)
{
	struct procs *procs = calloc(1, sizeof(*procs));

	if (!procs)
		return NULL;
	procs->fs = fs;
	pthread_mutex_init(&procs->lock, NULL);
	return procs;
}

void procs_free(struct procs *procs)
{
	if (!procs)
		return;
	walk_unref(procs->walk);
	pthread_mutex_destroy(&procs->lock);
	free(procs);
}

struct walk *walk_ref(struct walk *walk)
{
	__atomic_add_fetch(&walk->refs, 1, __ATOMIC_RELAXED);
	return walk;
}

void walk_unref(struct walk *walk)
{
	if (!walk || __atomic_sub_fetch(&walk->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < walk->n_readings; i++) {
		pthread_mutex_destroy(&walk->readings[i].lock);
		free(walk->readings[i].clients);
	}
	pthread_mutex_destroy(&walk->lock);
	free(walk->pids);
	free(walk->fds);
	free(walk);
}

/* Room for one more, by doubling. */
static int grow(void **array, size_t n, size_t *size, size_t element)
{
	size_t wanted = *size ? 2 * *size : 64;
	void *grown;

	if (n < *size)
		return 0;
	grown = realloc(*array, wanted * element);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*size = wanted;
	return 0;
}

static int add_fd(struct walk *walk, const char *name, unsigned minor)
{
	uint64_t fd;
	int r;

	if (text_parse_u64(name, strlen(name), &fd) < 0 || fd > INT32_MAX)
		return 0;
	if (walk->n_fds == MAX_FDS)
		return -E2BIG;
	r = grow((void **)&walk->fds, walk->n_fds, &walk->fds_size, sizeof(*walk->fds));
	if (r == 0)
		walk->fds[walk->n_fds++] = (struct drm_fd){ walk->pid, (unsigned)fd, minor };
	return r;
}

/* "…/dri/renderD128", "…/dri/card0", maybe " (deleted)": the number is the minor one. */
static bool minor_of(const char *target, unsigned *ret)
{
	const char *dri = strstr(target, "/dri/");
	uint64_t number;

	if (!dri)
		return false;
	dri += strlen("/dri/");
	if (strncmp(dri, "renderD", 7) == 0)
		dri += 7;
	else if (strncmp(dri, "card", 4) == 0)
		dri += 4;
	else
		return false;
	if (text_parse_u64(dri, strcspn(dri, " "), &number) < 0 || number > 0xfffff)
		return false;
	*ret = (unsigned)number;
	return true;
}

/* Nodes that every other process has open. */
static bool is_common(const char *target)
{
	static const char *const common[] = { "/dev/null", "/dev/pts/",	   "/dev/tty", "/dev/zero",
					      "/dev/ptmx", "/dev/urandom", "/dev/shm/" };

	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (strncmp(target, common[i], strlen(common[i])) == 0)
			return true;
	return false;
}

static int visit_fd(void *data, int dirfd, const char *name)
{
	struct walk *walk = data;
	unsigned major, minor = 0;
	bool named;
	char target[256];
	int r;

	if (name[0] == '.')
		return 0;
	r = fs_visit_link(dirfd, name, target, sizeof(target));
	if (r == -EACCES || r == -EPERM)
		return -EACCES;
	if (r < 0)
		return 0;
	named = minor_of(target, &minor);
	if (!named && (strncmp(target, "/dev/", 5) != 0 || is_common(target)))
		return 0;
	/* In a copied tree the link leads nowhere, or to this machine's node. */
	r = fs_visit_device(dirfd, name, &major, &minor);
	if (r == -ENOTTY || (r == 0 && major != DRM_MAJOR) || (r < 0 && !named))
		return 0;
	return add_fd(walk, name, minor);
}

static int visit_fdinfo(void *data, int dirfd, const char *name)
{
	(void)dirfd;
	return name[0] == '.' ? 0 : add_fd(data, name, ANY_MINOR);
}

/* A process that has ended meanwhile is no failure. */
static int look_at(struct walk *walk, pid_t pid)
{
	size_t before = walk->n_fds;
	int r;

	walk->pid = pid;
	r = fs_visit(walk->fs, visit_fd, walk, "proc/%d/fd", (int)pid);
	if (r == -EACCES || r == -EPERM) {
		walk->n_fds = before;
		r = fs_visit(walk->fs, visit_fdinfo, walk, "proc/%d/fdinfo", (int)pid);
	}
	if (r == -EACCES || r == -EPERM) {
		walk->denied = walk->n_denied++ ? walk->denied : pid;
		return 0;
	}
	return r == -ENOENT || r == -ESRCH || r == -ENOTDIR ? 0 : r;
}

static int visit_proc(void *data, int dirfd, const char *name)
{
	struct walk *walk = data;
	uint64_t pid;
	int r;

	(void)dirfd;
	if (name[0] < '1' || name[0] > '9' || text_parse_u64(name, strlen(name), &pid) < 0 ||
	    pid > INT32_MAX)
		return 0;
	r = grow((void **)&walk->pids, walk->n_pids, &walk->pids_size, sizeof(*walk->pids));
	if (r == 0)
		walk->pids[walk->n_pids++] = (pid_t)pid;
	return r;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int fill(struct walk *walk, struct fault *fault)
{
	char self[16];
	int r = fs_visit(walk->fs, visit_proc, walk, "proc/.");

	if (r < 0)
		return fault_errno(fault, r, "proc");
	/* /proc is in order; a copy of it is not. */
	if (walk->n_pids > 0)
		qsort(walk->pids, walk->n_pids, sizeof(*walk->pids), compare_pids);
	if (fs_read_link_name(walk->fs, self, sizeof(self), "proc/self") == 0 &&
	    strcmp(self, "1") == 0)
		return fault_set(fault, REASON_PERMISSION, "client-rights", -EACCES,
				 "process 1 is the exporter itself: it sees nothing but its own "
				 "container");
	for (size_t i = 0; i < walk->n_pids; i++) {
		r = look_at(walk, walk->pids[i]);
		if (r < 0)
			return fault_errno(fault, r, "descriptors of process %d",
					   (int)walk->pids[i]);
	}
	if (walk->n_denied > 0)
		return fault_set(fault, REASON_PERMISSION, "client-rights", -EACCES,
				 "descriptors of %zu of %zu processes may not be listed (the first "
				 "is %d)",
				 walk->n_denied, walk->n_pids, (int)walk->denied);
	return 0;
}

static struct walk *walk_new(const struct fs *fs, uint64_t round)
{
	struct walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return NULL;
	walk->refs = 1;
	walk->round = round;
	walk->fs = fs;
	pthread_mutex_init(&walk->lock, NULL);
	return walk;
}

int procs_walk(struct procs *procs, uint64_t round, struct walk **ret, struct fault *fault)
{
	struct walk *walk;
	int r = 0;

	pthread_mutex_lock(&procs->lock);
	if (!procs->walk || procs->walk->round != round) {
		walk = walk_new(procs->fs, round);
		r = walk ? fill(walk, fault)
			 : fault_errno(fault, -ENOMEM, "a walk of the processes");
		if (r == 0) {
			walk_unref(procs->walk);
			procs->walk = walk;
		} else {
			walk_unref(walk);
		}
	}
	if (r == 0)
		*ret = walk_ref(procs->walk);
	pthread_mutex_unlock(&procs->lock);
	return r;
}

const pid_t *walk_pids(const struct walk *walk, size_t *ret_n)
{
	*ret_n = walk->n_pids;
	return walk->pids;
}

static unsigned minor_of_node(const char *node)
{
	char path[64];
	unsigned minor = ANY_MINOR;

	snprintf(path, sizeof(path), "/dri/%s", node);
	return *node && minor_of(path, &minor) ? minor : ANY_MINOR - 1;
}

static bool is_of(const struct drm_fd *fd, const struct gpu *gpu)
{
	return fd->minor == ANY_MINOR || fd->minor == minor_of_node(gpu->render) ||
	       fd->minor == minor_of_node(gpu->card);
}

size_t walk_count(const struct walk *walk, const struct gpu *gpu)
{
	size_t n = 0;

	for (size_t i = 0; i < walk->n_fds; i++)
		n += is_of(&walk->fds[i], gpu);
	return n;
}

/* 1: a client; 0: none, or another GPU's. */
static int read_fd(const struct walk *walk, const struct drm_fd *fd, struct reading *reading,
		   struct drm_client *ret)
{
	char text[FDINFO_BYTES];
	int n = fs_read(walk->fs, text, sizeof(text), "proc/%d/fdinfo/%u", (int)fd->pid, fd->fd);
	int r;

	/* Closed or ended since the walk. */
	if (n == -ENOENT || n == -ESRCH)
		return 0;
	if (n == -EACCES || n == -EPERM)
		return fault_set(&reading->fault, REASON_PERMISSION, "client-rights", n,
				 "fdinfo of process %d may not be read", (int)fd->pid);
	if (n < 0)
		return fault_errno(&reading->fault, n, "proc/%d/fdinfo/%u", (int)fd->pid, fd->fd);
	*ret = (struct drm_client){ .pid = fd->pid, .at = sys_monotonic_ns() };
	r = fdinfo_parse(text, (size_t)n, &ret->info);
	if (r == -EINVAL)
		return fault_errno(&reading->fault, r, "proc/%d/fdinfo/%u", (int)fd->pid, fd->fd);
	if (r == 0 && *ret->info.pdev && strcmp(ret->info.pdev, reading->pci) != 0)
		return 0;
	/* Without an address or a number nothing tells whose it is. */
	if (r < 0 || !ret->info.has_client_id || (fd->minor == ANY_MINOR && !*ret->info.pdev)) {
		reading->silent += fd->minor != ANY_MINOR;
		return 0;
	}
	return 1;
}

static int compare_clients(const void *a, const void *b)
{
	const struct drm_client *x = a, *y = b;

	if (x->info.client_id != y->info.client_id)
		return x->info.client_id < y->info.client_id ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int read_clients(const struct walk *walk, const struct gpu *gpu, struct reading *reading)
{
	struct drm_client *fitted;
	size_t size = 0, n = 0;
	int r;

	for (size_t i = 0; i < walk->n_fds; i++) {
		if (!is_of(&walk->fds[i], gpu))
			continue;
		r = grow((void **)&reading->clients, n, &size, sizeof(*reading->clients));
		if (r < 0)
			return fault_errno(&reading->fault, r, "clients of the GPU");
		r = read_fd(walk, &walk->fds[i], reading, &reading->clients[n]);
		if (r < 0)
			return r;
		n += (size_t)r;
	}
	if (n > 0)
		qsort(reading->clients, n, sizeof(*reading->clients), compare_clients);
	/* Duplicated, inherited and passed descriptors repeat a client: its lowest process stays.
	 */
	for (size_t i = 0; i < n; i++) {
		struct drm_client *kept = &reading->clients[reading->n];

		if (reading->n == 0 ||
		    reading->clients[i].info.client_id != kept[-1].info.client_id) {
			*kept = reading->clients[i];
			reading->n++;
		}
	}
	/* The walk stays until the next one. */
	fitted = reading->n ? realloc(reading->clients, reading->n * sizeof(*fitted)) : NULL;
	if (fitted)
		reading->clients = fitted;
	return 0;
}

static struct reading *reading_of(struct walk *walk, const struct gpu *gpu)
{
	struct reading *reading = NULL;
	size_t i = 0;

	pthread_mutex_lock(&walk->lock);
	while (i < walk->n_readings && strcmp(walk->readings[i].pci, gpu->pci) != 0)
		i++;
	if (i < MAX_READ) {
		reading = &walk->readings[i];
		if (i == walk->n_readings) {
			walk->n_readings++;
			snprintf(reading->pci, sizeof(reading->pci), "%s", gpu->pci);
			pthread_mutex_init(&reading->lock, NULL);
		}
	}
	pthread_mutex_unlock(&walk->lock);
	return reading;
}

int walk_clients(struct walk *walk, const struct gpu *gpu, const struct drm_client **ret,
		 size_t *ret_n, size_t *ret_silent, struct fault *fault)
{
	struct reading *reading = reading_of(walk, gpu);
	int r;

	if (!reading)
		return fault_errno(fault, -E2BIG, "clients of more than %d GPUs", MAX_READ);
	pthread_mutex_lock(&reading->lock);
	if (!reading->done) {
		reading->r = read_clients(walk, gpu, reading);
		reading->done = true;
	}
	r = reading->r;
	if (r < 0)
		*fault = reading->fault;
	*ret = reading->clients;
	*ret_n = reading->n;
	*ret_silent = reading->silent;
	pthread_mutex_unlock(&reading->lock);
	return r;
}
