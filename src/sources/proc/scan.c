// SPDX-License-Identifier: Apache-2.0
/*
 * A descriptor's link says most: "/dev/dri/renderD128" and no more need be asked of a socket, a
 * pipe or a file. A container may call a node as it likes, so that the numbers of the device are
 * asked for where the link names one (Documentation/gpu/drm-usage-stats.rst: major 226).
 */
#include "base/text.h"
#include "sources/proc/procs.h"

#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DRM_MAJOR 226

/* A process that is being scanned. */
struct scan {
	struct walk *walk;
	struct process *process;
	const struct drm_fd *known; /* what an older walk has of it */
	size_t n_known, next, most;
};

/* What is known of the descriptor: both lists have the kernel's order. */
static struct drm_file *file_of(struct scan *s, unsigned fd, unsigned minor)
{
	for (size_t i = 0; i < s->n_known; i++) {
		const struct drm_fd *known = &s->known[(s->next + i) % s->n_known];

		if (known->fd != fd || known->minor != minor)
			continue;
		s->next = (s->next + i + 1) % s->n_known;
		return atomic_load(&known->file->is) == DRM_CLIENT ? drm_file_ref(known->file)
								   : drm_file_new();
	}
	return drm_file_new();
}

static int add_fd(struct scan *s, const char *name, unsigned minor)
{
	struct walk *walk = s->walk;
	struct drm_file *file;
	uint64_t fd;

	if (text_parse_u64(name, strlen(name), &fd) < 0 || fd > INT32_MAX)
		return 0;
	if (!array_reserve(walk->fds, &walk->fds_size, walk->n_fds + 1))
		return -ENOMEM;
	file = file_of(s, (unsigned)fd, minor);
	if (!file)
		return -ENOMEM;
	walk->fds[walk->n_fds++] = (struct drm_fd){ s->process->pid, (unsigned)fd, minor, file };
	return 0;
}

bool walk_minor_of(const char *target, unsigned *ret)
{
	const char *dri = strstr(target, "/dri/");

	return dri && walk_minor_of_node(dri + strlen("/dri/"), ret);
}

bool walk_minor_of_node(const char *node, unsigned *ret)
{
	uint64_t number;

	if (strncmp(node, "renderD", 7) == 0)
		node += 7;
	else if (strncmp(node, "card", 4) == 0)
		node += 4;
	else
		return false;
	if (text_parse_u64(node, strcspn(node, " "), &number) < 0 || number > 0xfffff)
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

/* True when the process has more than are scanned. */
static bool is_over(struct scan *s)
{
	s->process->cut = s->process->seen == s->most;
	s->process->seen += !s->process->cut;
	return s->process->cut;
}

static int visit_fd(void *data, int dirfd, const char *name, uint64_t inode)
{
	struct scan *s = data;
	struct vfio_fd vfio = { .pid = s->process->pid };
	unsigned major, minor = 0;
	bool named, is_vfio, is_drm, is_nvidia;
	char target[256];
	int r;

	(void)inode;
	if (name[0] == '.')
		return 0;
	if (is_over(s))
		return -EXFULL;
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
		return add_fd(s, name, is_drm ? minor : NO_MINOR);
	vfio.numbered = r == 0;
	vfio.major = r == 0 ? major : 0;
	vfio.minor = minor;
	return add_vfio(s->walk, &vfio);
}

static int visit_fdinfo(void *data, int dirfd, const char *name, uint64_t inode)
{
	(void)dirfd, (void)inode;
	if (name[0] == '.')
		return 0;
	return is_over(data) ? -EXFULL : add_fd(data, name, ANY_MINOR);
}

/* Forgets what was found of a process. */
static void drop_found(struct walk *walk, struct process *p)
{
	while (walk->n_fds > p->fd)
		drm_file_unref(walk->fds[--walk->n_fds].file);
	walk->n_vfio = p->vfio;
	p->seen = 0;
	p->cut = false;
}

static void read_name(const struct walk *walk, struct process *p)
{
	int n = fs_read(walk->fs, p->comm, sizeof(p->comm), "proc/%d/comm", (int)p->pid);

	p->comm_r = n < 0 ? n : 0;
	p->comm[n > 0 ? n - (p->comm[n - 1] == '\n') : 0] = '\0';
}

int walk_scan(struct walk *walk, struct process *p, const struct walk *old,
	      const struct process *before, size_t most)
{
	struct scan s = { .walk = walk, .process = p, .most = most };
	int r;

	if (before) {
		s.known = &old->fds[before->fd];
		s.n_known = before->n_fds;
	}
	drop_found(walk, p);
	p->unseen = p->denied = false;
	r = fs_visit(walk->fs, visit_fd, &s, "proc/%d/fd", (int)p->pid);
	if (r == -EACCES || r == -EPERM) {
		drop_found(walk, p);
		p->unseen = true;
		if (most > REST_FDS)
			s.most = most / FDINFO_COST;
		r = fs_visit(walk->fs, visit_fdinfo, &s, "proc/%d/fdinfo", (int)p->pid);
	}
	p->denied = r == -EACCES || r == -EPERM;
	p->n_fds = walk->n_fds - p->fd;
	p->n_vfio = walk->n_vfio - p->vfio;
	read_name(walk, p);
	return p->denied || r == -EXFULL || r == -ENOENT || r == -ESRCH || r == -ENOTDIR ? 0 : r;
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
