// SPDX-License-Identifier: Apache-2.0
/* What the DRM descriptors of a walk say of a GPU: its clients, and who holds them. */
#include "sources/proc/procs.h"

#include "base/sys.h"
#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FDINFO_BYTES 8192
#define FIRST	     4096 /* clients that room is made for, before there are any */

static unsigned minor_of_node(const char *node)
{
	unsigned minor;

	return walk_minor_of_node(node, &minor) ? minor : NO_MINOR - 1;
}

/* What a descriptor has of a GPU. pci NULL: of any. */
struct nodes {
	const char *pci;
	unsigned render, card;
};

static struct nodes nodes_of(const struct gpu *gpu)
{
	if (!gpu)
		return (struct nodes){ 0 };
	return (struct nodes){ gpu->pci, minor_of_node(gpu->render), minor_of_node(gpu->card) };
}

/* Where the minor is not known a reading has learned whose it is, or may be anybody's. */
static bool is_of(const struct drm_fd *fd, const struct nodes *nodes)
{
	int is;

	if (fd->minor != ANY_MINOR)
		return !nodes->pci || fd->minor == nodes->render || fd->minor == nodes->card;
	is = atomic_load(&fd->file->is);
	if (is == DRM_NONE)
		return false;
	return !nodes->pci || is != DRM_CLIENT || strcmp(fd->file->pci, nodes->pci) == 0;
}

size_t walk_count(const struct walk *walk, const struct gpu *gpu)
{
	const struct nodes nodes = nodes_of(gpu);
	size_t n = 0;

	for (size_t i = 0; i < walk->n_fds; i++)
		n += is_of(&walk->fds[i], &nodes);
	return n;
}

static int compare_fds(const void *a, const void *b)
{
	const struct drm_fd *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

size_t walk_holds(const struct walk *walk, pid_t pid, const struct gpu *gpu)
{
	const struct drm_fd key = { .pid = pid }, *end = walk->fds + walk->n_fds;
	const struct drm_fd *fd =
		walk->n_fds ? bsearch(&key, walk->fds, walk->n_fds, sizeof(key), compare_fds)
			    : NULL;
	const struct nodes nodes = nodes_of(gpu);
	size_t n = 0;

	if (!fd)
		return 0;
	while (fd > walk->fds && fd[-1].pid == pid)
		fd--;
	for (; fd < end && fd->pid == pid; fd++)
		n += is_of(fd, &nodes);
	return n;
}

static int hold(struct reading *reading, pid_t pid, size_t client)
{
	if (!array_reserve(reading->held, &reading->held_size, reading->n_held + 1))
		return fault_errno(&reading->fault, -ENOMEM, "clients of the GPU");
	reading->held[reading->n_held++] = (struct held){ pid, client };
	return 0;
}

/*
 * A context that runs has its time in wall clock, and is in the timestamps' once it is switched
 * out: so a quotient is at first too small, and right in the end.
 */
static void correct_times(const struct gpu *gpu, struct fdinfo *info)
{
	for (size_t i = 0; i < FDINFO_CLASSES; i++) {
		info->engines[i].has_ns &= !gpu->maybe_vgpu;
		if (gpu->fdinfo_divisor)
			info->engines[i].ns /= gpu->fdinfo_divisor;
	}
}

/* The descriptor is a client of this GPU, for as long as its process stays the same. */
static void learn_client(const struct drm_fd *fd, const char *pci)
{
	int unknown = DRM_UNKNOWN;

	if (atomic_load(&fd->file->is) != DRM_UNKNOWN ||
	    !atomic_compare_exchange_strong(&fd->file->is, &unknown, DRM_LEARNING))
		return;
	snprintf(fd->file->pci, sizeof(fd->file->pci), "%s", pci);
	atomic_store(&fd->file->is, DRM_CLIENT);
}

/* 0; what is not known by its node and is no client's is not read again. */
static int learn_none(const struct drm_fd *fd)
{
	if (fd->minor == ANY_MINOR)
		atomic_store(&fd->file->is, DRM_NONE);
	return 0;
}

/* 1: a client; 0: none, or another GPU's. */
static int parse_fd(const struct drm_fd *fd, const char *text, int n, struct reading *reading,
		    struct drm_client *ret)
{
	int r;

	/* Closed or ended since the walk. */
	if (n == -ENOENT || n == -ESRCH) {
		atomic_store(&fd->file->is, DRM_GONE);
		return 0;
	}
	/* Of inotify or epoll, whose fdinfo lists what they watch. */
	if (n == -EMSGSIZE && fd->minor == ANY_MINOR)
		return learn_none(fd);
	if (n == -EACCES || n == -EPERM)
		return fault_set(&reading->fault, REASON_PERMISSION, "client-rights", n,
				 "fdinfo of process %d may not be read", (int)fd->pid);
	if (n < 0)
		return fault_errno(&reading->fault, n, "proc/%d/fdinfo/%u", (int)fd->pid, fd->fd);
	ret->pid = fd->pid;
	ret->at = sys_monotonic_ns();
	r = drm_file_parse(fd->file, text, (size_t)n, &ret->info);
	if (r == -EINVAL)
		return fault_errno(&reading->fault, r, "proc/%d/fdinfo/%u", (int)fd->pid, fd->fd);
	if (r == 0 && *ret->info.pdev && strcmp(ret->info.pdev, reading->pci) != 0) {
		learn_client(fd, ret->info.pdev);
		return 0;
	}
	/* Without an address or a number nothing says whose it is. */
	if (r < 0 || !ret->info.has_client_id || (fd->minor == ANY_MINOR && !*ret->info.pdev)) {
		if (fd->minor == ANY_MINOR)
			return learn_none(fd);
		reading->silent++;
		return hold(reading, fd->pid, HELD_SILENT);
	}
	learn_client(fd, reading->pci);
	return 1;
}

static int read_fd(const struct walk *walk, const struct drm_fd *fd, struct reading *reading,
		   struct drm_client *ret)
{
	char text[FDINFO_BYTES];
	int opened, n = drm_file_read(walk, fd, text, sizeof(text) - FDINFO_SLACK, &opened);
	int r = parse_fd(fd, text, n, reading, ret);

	if (r > 0 && opened >= 0 && walk->inodes)
		drm_file_keep(fd->file, opened);
	else if (opened >= 0)
		close(opened);
	return r;
}

static int compare_clients(const void *a, const void *b)
{
	const struct drm_client *x = a, *y = b;

	if (x->info.client_id != y->info.client_id)
		return x->info.client_id < y->info.client_id ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/*
 * Descriptors of one client in one process all say the same. As processes and clients are numbered
 * one after the other, most are in order.
 */
static size_t drop_repeated(struct drm_client *clients, size_t n)
{
	size_t kept = 0, i = 1;

	while (i < n && compare_clients(&clients[i - 1], &clients[i]) < 0)
		i++;
	if (i >= n)
		return n;
	qsort(clients, n, sizeof(*clients), compare_clients);
	for (i = 0; i < n; i++)
		if (kept == 0 || compare_clients(&clients[i], &clients[kept - 1]) != 0)
			clients[kept++] = clients[i];
	return kept;
}

/* Takes more memory if less than half of it is free then, lest it sort for each descriptor. */
static bool make_room(struct reading *reading, size_t *n, size_t *size)
{
	*n = drop_repeated(reading->clients, *n);
	return array_reserve(reading->clients, size, (*n > *size / 2 ? *size : *n) + 1);
}

static int compare_held(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->client > y->client) - (x->client < y->client);
}

/* Each process once for a client, however many descriptors it has of it. */
static void sort_held(struct reading *reading)
{
	size_t n = 0, i = 1;

	while (i < reading->n_held && compare_held(&reading->held[i - 1], &reading->held[i]) < 0)
		i++;
	if (i >= reading->n_held)
		return;
	qsort(reading->held, reading->n_held, sizeof(*reading->held), compare_held);
	for (i = 0; i < reading->n_held; i++)
		if (n == 0 || compare_held(&reading->held[i], &reading->held[n - 1]) != 0)
			reading->held[n++] = reading->held[i];
	reading->n_held = n;
}

static int read_clients(const struct walk *walk, const struct gpu *gpu, struct reading *reading)
{
	const struct nodes nodes = nodes_of(gpu);
	size_t size = 0, n = 0, most = walk_count(walk, gpu);
	struct drm_client *fitted;
	int r;

	if (most > 0 && !array_reserve(reading->clients, &size, most < FIRST ? most : FIRST))
		return fault_errno(&reading->fault, -ENOMEM, "clients of the GPU");

	for (size_t i = 0; i < walk->n_fds; i++) {
		if (!is_of(&walk->fds[i], &nodes))
			continue;
		if (n == size && !make_room(reading, &n, &size))
			return fault_errno(&reading->fault, -ENOMEM, "clients of the GPU");
		r = read_fd(walk, &walk->fds[i], reading, &reading->clients[n]);
		if (r < 0)
			return r;
		if (r > 0)
			correct_times(gpu, &reading->clients[n].info);
		n += (size_t)r;
	}
	n = drop_repeated(reading->clients, n);
	/* Duplicated, inherited and passed descriptors repeat a client: its lowest process stays.
	 */
	for (size_t i = 0; i < n; i++) {
		struct drm_client *kept = &reading->clients[reading->n];
		pid_t pid = reading->clients[i].pid;

		if (reading->n == 0 ||
		    reading->clients[i].info.client_id != kept[-1].info.client_id) {
			if (kept != &reading->clients[i])
				*kept = reading->clients[i];
			reading->n++;
		}
		r = hold(reading, pid, reading->n - 1);
		if (r < 0)
			return r;
	}
	sort_held(reading);
	/* The walk stays until the next one. */
	fitted = reading->n ? realloc(reading->clients, reading->n * sizeof(*fitted)) : NULL;
	if (fitted)
		reading->clients = fitted;
	return 0;
}

static struct reading *find_reading_locked(const struct walk *walk, const struct gpu *gpu)
{
	for (size_t i = 0; i < walk->n_readings; i++)
		if (strcmp(walk->readings[i]->pci, gpu->pci) == 0)
			return walk->readings[i];
	return NULL;
}

static int add_reading_locked(struct walk *walk, const struct gpu *gpu, struct reading **ret)
{
	if (walk->n_readings == MAX_READ)
		return -E2BIG;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	memcpy((*ret)->pci, gpu->pci, sizeof(gpu->pci));
	pthread_mutex_init(&(*ret)->lock, NULL);
	walk->readings[walk->n_readings++] = *ret;
	return 0;
}

static int reading_of(struct walk *walk, const struct gpu *gpu, struct reading **ret,
		      struct fault *fault)
{
	int r = 0;

	pthread_mutex_lock(&walk->lock);
	*ret = find_reading_locked(walk, gpu);
	if (!*ret)
		r = add_reading_locked(walk, gpu, ret);
	pthread_mutex_unlock(&walk->lock);
	if (r == -E2BIG)
		return fault_errno(fault, r, "clients of more than %d GPUs", MAX_READ);
	return r < 0 ? fault_errno(fault, r, "clients of the GPU") : 0;
}

/* Read once; the lock keeps other callers out meanwhile. */
static int read_once(struct walk *walk, const struct gpu *gpu, struct reading **ret,
		     struct fault *fault)
{
	struct reading *reading;
	int r = reading_of(walk, gpu, &reading, fault);

	if (r < 0)
		return r;
	pthread_mutex_lock(&reading->lock);
	if (!reading->done) {
		reading->r = read_clients(walk, gpu, reading);
		reading->done = true;
	}
	r = reading->r;
	if (r < 0)
		*fault = reading->fault;
	pthread_mutex_unlock(&reading->lock);
	*ret = reading;
	return r;
}

const struct reading *walk_reading(struct walk *walk, const struct gpu *gpu)
{
	struct reading *found;

	pthread_mutex_lock(&walk->lock);
	found = find_reading_locked(walk, gpu);
	pthread_mutex_unlock(&walk->lock);
	/* One that is being read may hang. */
	if (!found || pthread_mutex_trylock(&found->lock) != 0)
		return NULL;
	if (!found->done || found->r < 0) {
		pthread_mutex_unlock(&found->lock);
		return NULL;
	}
	pthread_mutex_unlock(&found->lock);
	return found;
}

int walk_clients(struct walk *walk, const struct gpu *gpu, const struct drm_client **ret,
		 size_t *ret_n, size_t *ret_silent, struct fault *fault)
{
	struct reading *reading;
	int r = read_once(walk, gpu, &reading, fault);

	if (r < 0)
		return r;
	*ret = reading->clients;
	*ret_n = reading->n;
	*ret_silent = reading->silent;
	return 0;
}

int walk_held(struct walk *walk, const struct gpu *gpu, const struct held **ret, size_t *ret_n,
	      struct fault *fault)
{
	struct reading *reading;
	int r = read_once(walk, gpu, &reading, fault);

	if (r < 0)
		return r;
	*ret = reading->held;
	*ret_n = reading->n_held;
	return 0;
}
