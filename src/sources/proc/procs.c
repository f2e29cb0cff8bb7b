// SPDX-License-Identifier: Apache-2.0
/*
 * A descriptor's link says most: "/dev/dri/renderD128" and no more need be asked of a socket, a
 * pipe or a file. A container may call a node as it likes, so that the numbers of the device are
 * asked for where the link names one (Documentation/gpu/drm-usage-stats.rst: major 226).
 */
#include "sources/proc/procs.h"

#include "base/sys.h"
#include "base/text.h"

#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DRM_MAJOR 226
#define MAX_FDS	  (1u << 18)

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
	ref_take(&walk->refs);
	return walk;
}

void walk_unref(struct walk *walk)
{
	if (!walk || !ref_drop(&walk->refs))
		return;
	for (size_t i = 0; i < walk->n_readings; i++) {
		pthread_mutex_destroy(&walk->readings[i].lock);
		free(walk->readings[i].clients);
		free(walk->readings[i].held);
	}
	pthread_mutex_destroy(&walk->lock);
	free(walk->pids);
	free(walk->fds);
	free(walk->vfio);
	free(walk->unseen);
	free(walk->denied);
	free(walk);
}

static int add_fd(struct walk *walk, const char *name, unsigned minor)
{
	uint64_t fd;

	if (text_parse_u64(name, strlen(name), &fd) < 0 || fd > INT32_MAX)
		return 0;
	if (walk->n_fds == MAX_FDS)
		return -E2BIG;
	if (!array_reserve(walk->fds, &walk->fds_size, walk->n_fds + 1))
		return -ENOMEM;
	walk->fds[walk->n_fds++] = (struct drm_fd){ walk->pid, (unsigned)fd, minor };
	return 0;
}

bool walk_minor_of(const char *target, unsigned *ret)
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

/* "…/vfio/12", "…/vfio/noiommu-0", "…/vfio/devices/vfio3"; "…/vfio/vfio" is no device. */
static bool vfio_name_of(const char *target, char *buf, size_t size)
{
	const char *name = strstr(target, "/vfio/"), *number;
	size_t n, digits;

	if (!name)
		return false;
	name += strlen("/vfio/");
	number = name;
	if (strncmp(name, "devices/vfio", 12) == 0) {
		name += 8;
		number = name + 4;
	} else if (strncmp(name, "noiommu-", 8) == 0) {
		number = name + 8;
	}
	digits = strspn(number, "0123456789");
	n = (size_t)(number - name) + digits;
	if (digits == 0 || n >= size || (name[n] && name[n] != ' '))
		return false;
	snprintf(buf, size, "%.*s", (int)n, name);
	return true;
}

static int add_vfio(struct walk *walk, const struct vfio_fd *fd)
{
	if (walk->n_vfio == MAX_FDS)
		return -E2BIG;
	if (!array_reserve(walk->vfio, &walk->vfio_size, walk->n_vfio + 1))
		return -ENOMEM;
	walk->vfio[walk->n_vfio++] = *fd;
	return 0;
}

/* Nodes that most processes have open. */
static bool is_common(const char *target)
{
	static const char *const common[] = { "/dev/null", "/dev/pts/",	   "/dev/tty", "/dev/zero",
					      "/dev/ptmx", "/dev/urandom", "/dev/shm/" };

	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (strncmp(target, common[i], strlen(common[i])) == 0)
			return true;
	return false;
}

/*
 * The link of a descriptor shows how it was opened (proc_pid_fd(5)): O_PATH, which everybody may
 * use on every node, opens nothing. A link that anybody may read is one of a copied tree.
 */
static bool is_open(int dirfd, const char *name, bool resolved)
{
	int mode = fs_visit_mode(dirfd, name);

	/* A link that cannot be followed was closed meanwhile. */
	return mode > 0 && ((mode & 0077) || (resolved && (mode & 0600)));
}

static int visit_fd(void *data, int dirfd, const char *name)
{
	struct walk *walk = data;
	struct vfio_fd vfio = { .pid = walk->pid };
	unsigned major, minor = 0;
	bool named, is_vfio, is_drm, is_nvidia;
	char target[256];
	int r;

	if (name[0] == '.')
		return 0;
	r = fs_visit_link(dirfd, name, target, sizeof(target));
	if (r == -EACCES || r == -EPERM)
		return -EACCES;
	if (r < 0)
		return 0;
	named = walk_minor_of(target, &minor);
	is_vfio = vfio_name_of(target, vfio.name, sizeof(vfio.name));
	is_nvidia = strncmp(target, "/dev/nvidia", 11) == 0;
	if (!named && !is_vfio && (strncmp(target, "/dev/", 5) != 0 || is_common(target)))
		return 0;
	/* In a copied tree the link leads nowhere, or to this machine's node. */
	r = fs_visit_device(dirfd, name, &major, &minor);
	if (r == -ENOTTY || (r < 0 && !named && !is_vfio && !is_nvidia))
		return 0;
	is_drm = r == 0 ? major == DRM_MAJOR : named;
	if ((!is_drm && !is_vfio && !is_nvidia) || !is_open(dirfd, name, r == 0))
		return 0;
	if (is_drm || is_nvidia)
		return add_fd(walk, name, is_drm ? minor : NO_MINOR);
	vfio.numbered = r == 0;
	vfio.major = r == 0 ? major : 0;
	vfio.minor = minor;
	return add_vfio(walk, &vfio);
}

static int visit_fdinfo(void *data, int dirfd, const char *name)
{
	(void)dirfd;
	return name[0] == '.' ? 0 : add_fd(data, name, ANY_MINOR);
}

static int add_pid(pid_t **pids, size_t *n, size_t *size, pid_t pid)
{
	if (!array_reserve(*pids, size, *n + 1))
		return -ENOMEM;
	(*pids)[(*n)++] = pid;
	return 0;
}

/* A process that has ended meanwhile is no failure. */
static int look_at(struct walk *walk, pid_t pid)
{
	size_t before = walk->n_fds, vfio_before = walk->n_vfio;
	int r;

	walk->pid = pid;
	r = fs_visit(walk->fs, visit_fd, walk, "proc/%d/fd", (int)pid);
	if (r == -EACCES || r == -EPERM) {
		walk->n_fds = before;
		walk->n_vfio = vfio_before;
		r = add_pid(&walk->unseen, &walk->n_unseen, &walk->unseen_size, pid);
		if (r < 0)
			return r;
		r = fs_visit(walk->fs, visit_fdinfo, walk, "proc/%d/fdinfo", (int)pid);
	}
	if (r == -EACCES || r == -EPERM)
		return add_pid(&walk->denied, &walk->n_denied, &walk->denied_size, pid);
	return r == -ENOENT || r == -ESRCH || r == -ENOTDIR ? 0 : r;
}

static int visit_proc(void *data, int dirfd, const char *name)
{
	struct walk *walk = data;
	uint64_t pid;

	(void)dirfd;
	if (name[0] < '1' || name[0] > '9' || text_parse_u64(name, strlen(name), &pid) < 0 ||
	    pid > INT32_MAX)
		return 0;
	return add_pid(&walk->pids, &walk->n_pids, &walk->pids_size, (pid_t)pid);
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int fill(struct walk *walk, struct fault *fault)
{
	int r = fs_visit(walk->fs, visit_proc, walk, "proc/.");

	/* Without /proc nothing is seen: walk_is_hidden(). */
	if (r < 0 && r != -ENOENT)
		return fault_errno(fault, r, "proc");
	walk->whole = walk_sees_all(walk->fs);
	/* /proc is in order; a copy of it is not. */
	if (walk->n_pids > 0)
		qsort(walk->pids, walk->n_pids, sizeof(*walk->pids), compare_pids);
	for (size_t i = 0; i < walk->n_pids; i++) {
		r = look_at(walk, walk->pids[i]);
		if (r < 0)
			return fault_errno(fault, r, "descriptors of process %d",
					   (int)walk->pids[i]);
	}
	return 0;
}

/*
 * Who has the right to look may list kthreadd's descriptors, and is denied a few at most, by
 * another security module or by the user namespace that they are in.
 */
static int refuse_denied(const struct walk *walk, struct fault *fault)
{
	bool rights =
		2 * walk->n_denied <= walk->n_pids && !(walk->whole && walk_denied(walk, KTHREADD));

	if (walk->n_denied == 0)
		return 0;
	return fault_set(fault, REASON_PERMISSION, "client-rights", rights ? 0 : -EACCES,
			 "descriptors of %zu of %zu processes may not be listed (the first is %d)",
			 walk->n_denied, walk->n_pids, (int)walk->denied[0]);
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

int procs_walk_partial(struct procs *procs, uint64_t round, struct walk **ret, struct fault *fault)
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

int procs_walk(struct procs *procs, uint64_t round, struct walk **ret, struct fault *fault)
{
	struct walk *walk;
	int r = procs_walk_partial(procs, round, &walk, fault);

	if (r < 0)
		return r;
	r = walk_is_hidden(walk, fault);
	if (r == 0)
		r = refuse_denied(walk, fault);
	if (r < 0)
		walk_unref(walk);
	else
		*ret = walk;
	return r;
}

bool walk_denied(const struct walk *walk, pid_t pid)
{
	return walk->n_denied > 0 &&
	       bsearch(&pid, walk->denied, walk->n_denied, sizeof(pid), compare_pids);
}

const pid_t *walk_pids(const struct walk *walk, size_t *ret_n)
{
	*ret_n = walk->n_pids;
	return walk->pids;
}

const pid_t *walk_unseen(const struct walk *walk, size_t *ret_n)
{
	*ret_n = walk->n_unseen;
	return walk->unseen;
}

bool walk_is_whole_machine(const struct walk *walk)
{
	return walk->whole;
}

/* A node that another device has under this name in a container is another one. */
static bool is_node(const struct walk *walk, const struct vfio_fd *fd)
{
	const char *class = strncmp(fd->name, "vfio", 4) == 0 ? "vfio-dev" : "vfio";
	char numbers[32], text[32];
	int n = fs_read(walk->fs, text, sizeof(text), "sys/class/%s/%s/dev", class, fd->name);

	snprintf(numbers, sizeof(numbers), "%u:%u\n", fd->major, fd->minor);
	return n < 0 || !fd->numbered || strcmp(text, numbers) == 0;
}

bool walk_vfio(const struct walk *walk, const char *name, pid_t *ret_pid)
{
	for (size_t i = 0; i < walk->n_vfio; i++) {
		if (strcmp(walk->vfio[i].name, name) != 0 || !is_node(walk, &walk->vfio[i]))
			continue;
		*ret_pid = walk->vfio[i].pid;
		return true;
	}
	return false;
}
