// SPDX-License-Identifier: Apache-2.0
/*
 * A walk begins with what the one before it has found. An inode of /proc/<pid> is made with the
 * process, so that number and inode together name a process: the listing of /proc alone shows which
 * ones are the same as before. New ones are scanned, young ones again, because they may be about to
 * open a device or to call exec; of the others one in `period` at each walk. All are scanned when
 * the count of the driver's open files does not agree with what is known (proof.h), when that of
 * the modules that give devices to VMs has changed, and in a copied tree without such counts, whose
 * inodes say nothing.
 */
#include "sources/proc/procs.h"

#include "base/sys.h"
#include "base/text.h"
#include "sources/proc/patient.h"
#include "sources/proc/process.h"

#include "proof.h"
#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define YOUNG_NS     10000000000u
#define YOUNG_SCANS  4
#define PERIOD_MAX   64
#define PERIOD_SHARE 16 /* without a proof so many are scanned at each walk at least */

struct procs {
	const struct fs *fs;
	pthread_mutex_t lock;
	struct walk *walk; /* of the last round */
	struct proof proof;
	struct sight sight;
	struct module_refs vfio_modules[VFIO_MODULES]; /* that give devices to VMs */
	uint64_t vfio;				       /* the references of all of these */
};

struct procs *procs_new(const struct fs *fs)
{
	struct procs *procs = calloc(1, sizeof(*procs));

	if (!procs)
		return NULL;
	procs->fs = fs;
	proof_init(&procs->proof);
	sight_init(&procs->sight);
	vfio_refs_init(procs->vfio_modules);
	pthread_mutex_init(&procs->lock, NULL);
	return procs;
}

void procs_free(struct procs *procs)
{
	if (!procs)
		return;
	patient_end();
	module_refs_close(procs->proof.modules, ARRAY_SIZE(procs->proof.modules));
	module_refs_close(procs->vfio_modules, VFIO_MODULES);
	sight_close(&procs->sight);
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
		pthread_mutex_destroy(&walk->readings[i]->lock);
		free(walk->readings[i]->clients);
		free(walk->readings[i]->held);
		free(walk->readings[i]);
	}
	pthread_mutex_destroy(&walk->lock);
	for (size_t i = 0; i < walk->n_fds; i++)
		drm_file_unref(walk->fds[i].file);
	free(walk->pids);
	free(walk->processes);
	free(walk->fds);
	free(walk->vfio);
	free(walk->unseen);
	free(walk->denied);
	free(walk);
}

static int visit_proc(void *data, int dirfd, const char *name, uint64_t inode)
{
	struct walk *walk = data;
	uint64_t pid;

	(void)dirfd;
	if (name[0] < '1' || name[0] > '9' || text_parse_u64(name, strlen(name), &pid) < 0 ||
	    pid > INT32_MAX)
		return 0;
	if (!array_reserve(walk->processes, &walk->processes_size, walk->n_pids + 1))
		return -ENOMEM;
	walk->processes[walk->n_pids++] =
		(struct process){ .pid = (pid_t)pid, .inode = inode, .uid = (uid_t)-1 };
	return 0;
}

static int compare_processes(const void *a, const void *b)
{
	pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;

	return (x > y) - (x < y);
}

static int add_pid(pid_t **pids, size_t *n, size_t *size, pid_t pid)
{
	if (!array_reserve(*pids, size, *n + 1))
		return -ENOMEM;
	(*pids)[(*n)++] = pid;
	return 0;
}

/*
 * A power of two, lest a few processes more or less change whose turn it is. Where the driver
 * counts its open files no client is missed, and the turn is for what that does not count: a new
 * program in an old process, devices of VFIO where it is built in, other makers' GPUs.
 */
static uint64_t period_of(const struct walk *walk)
{
	uint64_t period = walk->proven ? PERIOD_MAX : 1;

	while (period < PERIOD_MAX && 2 * period * PERIOD_SHARE <= walk->n_pids)
		period *= 2;
	return period;
}

/* Whether what the last walk has of the process still holds. */
static bool holds(const struct walk *walk, const struct walk *old, const struct process *p)
{
	uint64_t period = period_of(walk);

	if (p->scans < YOUNG_SCANS || walk->at - p->since < YOUNG_NS ||
	    walk->scan - p->scan >= period || (uint64_t)p->pid % period == walk->scan % period)
		return false;
	for (size_t i = 0; i < p->n_fds; i++)
		if (atomic_load(&old->fds[p->fd + i].file->is) == DRM_GONE)
			return false;
	return true;
}

/* Takes over what the last walk has, without the descriptors that are of nothing. */
static int take_over(struct walk *walk, struct process *p, const struct walk *old,
		     const struct process *before)
{
	*p = *before;
	p->fd = walk->n_fds;
	p->vfio = walk->n_vfio;
	if ((before->n_fds > 0 &&
	     !array_reserve(walk->fds, &walk->fds_size, walk->n_fds + before->n_fds)) ||
	    (before->n_vfio > 0 &&
	     !array_reserve(walk->vfio, &walk->vfio_size, walk->n_vfio + before->n_vfio)))
		return -ENOMEM;
	for (size_t i = 0; i < before->n_fds; i++) {
		const struct drm_fd *fd = &old->fds[before->fd + i];

		if (atomic_load(&fd->file->is) == DRM_NONE)
			continue;
		walk->fds[walk->n_fds] = *fd;
		drm_file_ref(walk->fds[walk->n_fds++].file);
	}
	p->n_fds = walk->n_fds - p->fd;
	for (size_t i = 0; i < before->n_vfio; i++)
		walk->vfio[walk->n_vfio++] = old->vfio[before->vfio + i];
	return 0;
}

/* How many descriptors of the process are scanned. */
static int most_of(const struct process *p, struct users *users, size_t *ret)
{
	size_t all;
	int r = users_add(users, p->uid, 0, &all);

	*ret = all < USER_FDS ? PROCESS_FDS : REST_FDS;
	return r;
}

/*
 * Asked once, when it is no longer young: the kernel starts programs from threads of its own. Their
 * number may be another's in a copied tree, but for process 2.
 */
static bool is_kernel(const struct walk *walk, struct process *p, const struct process *known)
{
	bool ask = known && !known->asked && p->seen == 0 && !p->denied &&
		   p->scans >= YOUNG_SCANS && walk->at - p->since >= YOUNG_NS;

	p->asked = ask || (known && known->asked);
	return (p->pid == KTHREADD && walk->kthreadd) || (known && known->kernel) ||
	       (ask && walk_is_kernel_thread(walk->fs, p->pid));
}

/*
 * Its entry in /proc is root's if the process forbids to be dumped, which anybody may do: so root's
 * are asked whose they are if they have more than a few.
 */
static int scan(struct walk *walk, struct process *p, const struct walk *old,
		const struct process *before, struct users *users)
{
	const struct process *known = walk->inodes ? before : NULL;
	size_t most = REST_FDS;
	int r = 0;

	p->fd = walk->n_fds;
	p->vfio = walk->n_vfio;
	/* Without it nobody's: such processes share what one user has. */
	fs_owner(walk->fs, &p->uid, "proc/%d", (int)p->pid);
	if (p->uid != 0)
		r = most_of(p, users, &most);
	if (r < 0)
		return r;
	p->since = before ? before->since : walk->at;
	p->scans = before && before->scans < YOUNG_SCANS ? before->scans + 1
		   : before				 ? YOUNG_SCANS
							 : 1;
	p->scan = walk->scan;
	r = walk_scan(walk, p, old, known, most);
	p->kernel = is_kernel(walk, p, known);
	if (r < 0 || p->uid != 0 || !p->cut)
		return r;
	process_uid(walk->fs, p->pid, &p->uid);
	r = most_of(p, users, &most);
	return r < 0 || most == REST_FDS ? r : walk_scan(walk, p, old, known, most);
}

/* The rights to list it are those to list all, so it is asked again now and then. */
static bool is_known_kernel(const struct walk *walk, const struct walk *old,
			    const struct process *p)
{
	if (p->pid == KTHREADD)
		return p->kernel && walk->kthreadd && walk->changes > 0 &&
		       walk->changes == old->changes;
	return p->kernel && walk->inodes;
}

/* One process: p is of the new walk, before the same one in the last walk or NULL. */
static int fill_one(struct walk *walk, struct process *p, const struct walk *old,
		    const struct process *before, struct users *users)
{
	size_t all;
	int r;

	if (before &&
	    (is_known_kernel(walk, old, before) || (!walk->full && holds(walk, old, before))))
		r = take_over(walk, p, old, before);
	else
		r = scan(walk, p, old, before, users);
	if (r == 0)
		r = users_add(users, p->uid, p->seen * (p->unseen ? FDINFO_COST : 1), &all);
	if (r == 0 && p->unseen)
		r = add_pid(&walk->unseen, &walk->n_unseen, &walk->unseen_size, p->pid);
	if (r == 0 && p->denied)
		r = add_pid(&walk->denied, &walk->n_denied, &walk->denied_size, p->pid);
	walk->n_cut += p->cut;
	return r;
}

static int list(struct walk *walk, struct fault *fault)
{
	int r = fs_visit_proc(walk->fs, visit_proc, walk);
	bool sorted = true;

	/* Without /proc nothing is seen: walk_is_hidden(). */
	if (r < 0 && r != -ENOENT)
		return fault_errno(fault, r, "proc");
	/* /proc is in order; a copy of it is not. */
	for (size_t i = 1; i < walk->n_pids; i++)
		sorted &= walk->processes[i - 1].pid < walk->processes[i].pid;
	if (!sorted)
		qsort(walk->processes, walk->n_pids, sizeof(*walk->processes), compare_processes);
	for (size_t n = 0; n < walk->n_pids;)
		if (add_pid(&walk->pids, &n, &walk->pids_size, walk->processes[n].pid) < 0)
			return fault_errno(fault, -ENOMEM, "processes");
	return 0;
}

static int fill(struct walk *walk, const struct walk *old, struct sight *sight, struct fault *fault)
{
	struct users users = { 0 };
	size_t at = 0;
	int r = list(walk, fault);

	if (r < 0)
		return r;
	walk_find_sight(walk, sight);
	for (size_t i = 0; r == 0 && i < walk->n_pids; i++) {
		struct process *p = &walk->processes[i];
		const struct process *before = NULL;

		while (old && at < old->n_pids && old->processes[at].pid < p->pid)
			at++;
		if (old && at < old->n_pids && old->processes[at].pid == p->pid &&
		    old->processes[at].inode == p->inode)
			before = &old->processes[at];
		r = fill_one(walk, p, old, before, &users);
		if (r < 0)
			fault_errno(fault, r, "descriptors of process %d", (int)p->pid);
	}
	free(users.users);
	return r;
}

static struct walk *walk_new(const struct fs *fs, uint64_t round)
{
	struct walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return NULL;
	walk->refs = 1;
	walk->round = round;
	walk->fs = fs;
	walk->at = sys_monotonic_ns();
	walk->changes = fs_changes(fs);
	pthread_mutex_init(&walk->lock, NULL);
	return walk;
}

/* Makes the walk of a round. Under the lock. */
static int make_walk(struct procs *procs, uint64_t round, bool full, struct fault *fault)
{
	const struct walk *old = procs->walk;
	uint64_t vfio = vfio_refs_sum(procs->vfio_modules, procs->fs);
	struct walk *walk = walk_new(procs->fs, round);
	int r;

	if (!walk)
		return fault_errno(fault, -ENOMEM, "a walk of the processes");
	walk->scan = old ? old->scan + 1 : 1;
	walk->proven = proof_is_there(&procs->proof, procs->fs);
	walk->inodes = walk->proven || fs_has_live_proc(procs->fs);
	walk->full = full || !old || !walk->inodes || vfio != procs->vfio ||
		     proof_is_open(&procs->proof);
	r = fill(walk, old, &procs->sight, fault);
	if (r < 0) {
		walk_unref(walk);
		return r;
	}
	walk_unref(procs->walk);
	procs->walk = walk;
	procs->vfio = vfio;
	return 0;
}

static int take_walk(struct procs *procs, uint64_t round, bool full, struct walk **ret,
		     struct fault *fault)
{
	int r = 0;

	pthread_mutex_lock(&procs->lock);
	/* A collector that had to wait for its turn is served by what is newer than it asked for.
	 */
	if (procs->walk && procs->walk->round > round)
		round = procs->walk->round;
	if (!procs->walk || procs->walk->round != round || (full && !procs->walk->full))
		r = make_walk(procs, round, full, fault);
	if (r == 0)
		*ret = walk_ref(procs->walk);
	pthread_mutex_unlock(&procs->lock);
	return r;
}

int procs_walk_partial(struct procs *procs, uint64_t round, struct walk **ret, struct fault *fault)
{
	return take_walk(procs, round, false, ret, fault);
}

int procs_walk(struct procs *procs, uint64_t round, struct walk **ret, struct fault *fault)
{
	struct fault denied = { 0 };
	struct walk *walk;
	int r = procs_walk_partial(procs, round, &walk, fault);

	if (r < 0)
		return r;
	r = walk_is_hidden(walk, fault);
	if (r == 0) {
		r = walk_refuse_denied(walk, &denied);
		walk_say_cut(walk, fault);
		if (denied.reason != REASON_NONE)
			fault_add(fault, &denied);
	}
	if (r < 0) {
		walk_unref(walk);
		return r;
	}
	*ret = walk;
	return 0;
}

static bool agrees(struct procs *procs, const struct walk *walk, const struct gpu *gpu, size_t n)
{
	bool r;

	pthread_mutex_lock(&procs->lock);
	r = proof_holds(&procs->proof, procs->fs, gpu, n, walk->full);
	pthread_mutex_unlock(&procs->lock);
	return r;
}

int procs_clients(struct procs *procs, struct walk **walk, const struct gpu *gpu,
		  const struct drm_client **ret, size_t *ret_n, size_t *ret_silent,
		  struct fault *fault)
{
	struct walk *full;
	int r = walk_clients(*walk, gpu, ret, ret_n, ret_silent, fault);

	if (r < 0 || agrees(procs, *walk, gpu, *ret_n))
		return r;
	r = take_walk(procs, (*walk)->round, true, &full, fault);
	if (r < 0)
		return r;
	walk_unref(*walk);
	*walk = full;
	r = walk_clients(full, gpu, ret, ret_n, ret_silent, fault);
	if (r == 0)
		agrees(procs, full, gpu, *ret_n);
	return r;
}

struct walk *procs_last_walk(struct procs *procs, uint64_t round)
{
	struct walk *walk = NULL;

	pthread_mutex_lock(&procs->lock);
	if (procs->walk && procs->walk->round >= round)
		walk = walk_ref(procs->walk);
	pthread_mutex_unlock(&procs->lock);
	return walk;
}
