// SPDX-License-Identifier: Apache-2.0
/* Does /proc show all processes of the machine? What is not seen is not 0. */
#include "sources/proc/patient.h"

#include "walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */

/* PROC_PID_INIT_INO of include/linux/proc_ns.h: the same on every kernel. */
#define INITIAL_NAMESPACE "pid:[4026531836]"

/* state ppid pgrp session tty_nr tpgid flags: proc(5) */
static bool is_kernel_thread(const char *stat)
{
	const char *s = strrchr(stat, ')');

	for (int i = 0; s && i < 7; i++)
		s = strchr(s + 1, ' ');
	return s && strtoul(s + 1, NULL, 10) & PF_KTHREAD;
}

bool walk_is_kernel_thread(const struct fs *fs, pid_t pid)
{
	char text[1024];

	return fs_read(fs, text, sizeof(text), "proc/%d/stat", (int)pid) > 0 &&
	       is_kernel_thread(text);
}

/*
 * Process 2 is the kernel's kthreadd in the initial PID namespace only, and hidepid hides it. No
 * process can give itself the flag.
 */
static bool has_kthreadd(const struct walk *walk, struct sight *sight)
{
	static const char path[] = "proc/2/stat";
	const struct fs *fs = walk->fs;
	char text[1024];
	size_t i = 0;
	int n;

	/* One that stays open tells even when hidepid has come. */
	while (i < walk->n_pids && walk->pids[i] < KTHREADD)
		i++;
	if (i == walk->n_pids || walk->pids[i] != KTHREADD)
		return false;
	if (fs_has_live_proc(fs) || !fs_is_live(fs))
		n = fs_read_kept(fs, &sight->stat, text, sizeof(text), "%s", path);
	else
		n = fs_read(fs, text, sizeof(text), "%s", path);
	return n > 0 && is_kernel_thread(text);
}

/*
 * The PID namespace of what /proc shows, which is not the exporter's if the host's /proc is mounted
 * in a container: process 1 is asked first, who may be asked with the right to look at others only.
 */
static bool read_namespace(const struct fs *fs, char *buf, size_t size)
{
	return fs_read_link(fs, buf, size, "proc/1/ns/pid") == 0 ||
	       fs_read_link(fs, buf, size, "proc/self/ns/pid") == 0;
}

void sight_init(struct sight *sight)
{
	sight->stat = -1;
}

void sight_close(struct sight *sight)
{
	close_fdp(&sight->stat);
}

/* A process has one PID namespace as long as it lives. */
static bool is_of_machine(const struct fs *fs, struct sight *sight)
{
	uint64_t changes = fs_changes(fs);
	char namespace[32];

	if (changes > 0 && changes == sight->changes)
		return sight->is_of_machine;
	sight->is_of_machine = !read_namespace(fs, namespace, sizeof(namespace)) ||
			       strcmp(namespace, INITIAL_NAMESPACE) == 0;
	sight->changes = fs_has_live_proc(fs) || (fs_is_followed(fs, "proc/1/ns/pid") &&
						  fs_is_followed(fs, "proc/self/ns/pid"))
				 ? changes
				 : 0;
	return sight->is_of_machine;
}

void walk_find_sight(struct walk *walk, struct sight *sight)
{
	walk->kthreadd = has_kthreadd(walk, sight);
	walk->whole = walk->kthreadd && is_of_machine(walk->fs, sight);
}

bool procs_is_lxc(const struct fs *fs)
{
	static const char wanted[] = "\0container=lxc";
	char text[8192] = "";
	int n = patient_read(fs, 1, "environ", text + 1, sizeof(text) - 1);

	if (n == -EMSGSIZE)
		n = sizeof(text) - 2;
	/* LXC gives it to its init. systemd's file says the same, but may be of another root. */
	if (n > 0)
		return memmem(text, (size_t)n + 2, wanted, sizeof(wanted));
	if (fs_read(fs, text, sizeof(text), "run/systemd/container") <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, "lxc") == 0;
}

int walk_is_hidden(const struct walk *walk, struct fault *fault)
{
	char namespace[32], self[16];
	bool alone;

	if (walk->whole)
		return 0;
	alone = fs_read_link_name(walk->fs, self, sizeof(self), "proc/self") == 0 &&
		strcmp(self, "1") == 0;
	if (walk->n_pids > 0 && !alone && procs_is_lxc(walk->fs))
		return 0;
	if (walk->n_pids == 0)
		return fault_set(fault, REASON_PERMISSION, "hidden-processes", -EACCES,
				 "/proc shows no process");
	if (read_namespace(walk->fs, namespace, sizeof(namespace)) &&
	    strcmp(namespace, INITIAL_NAMESPACE) != 0)
		return fault_set(fault, REASON_PERMISSION, "hidden-processes", -EACCES,
				 "/proc is of another PID namespace (%s) than the machine's",
				 namespace);
	return fault_set(fault, REASON_PERMISSION, "hidden-processes", -EACCES,
			 "/proc does not show the kernel's process 2: it is of another PID "
			 "namespace than the machine's, or hidepid hides others' processes");
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

bool walk_denied(const struct walk *walk, pid_t pid)
{
	return walk->n_denied > 0 &&
	       bsearch(&pid, walk->denied, walk->n_denied, sizeof(pid), compare_pids);
}

bool walk_is_cut(const struct walk *walk, pid_t pid)
{
	const pid_t *found =
		walk->n_cut > 0 ? bsearch(&pid, walk->pids, walk->n_pids, sizeof(pid), compare_pids)
				: NULL;

	return found && walk->processes[found - walk->pids].cut;
}

/*
 * Who has the right to look may list kthreadd's descriptors, and is denied a few at most, by
 * another security module or by the user namespace that they are in.
 */
int walk_refuse_denied(const struct walk *walk, struct fault *fault)
{
	bool rights =
		2 * walk->n_denied <= walk->n_pids && !(walk->whole && walk_denied(walk, KTHREADD));

	if (walk->n_denied == 0)
		return 0;
	return fault_set(fault, REASON_PERMISSION, "client-rights", rights ? 0 : -EACCES,
			 "descriptors of %zu of %zu processes may not be listed (the first is %d)",
			 walk->n_denied, walk->n_pids, (int)walk->denied[0]);
}

void walk_say_cut(const struct walk *walk, struct fault *fault)
{
	struct fault cut;
	size_t first = 0;

	if (walk->n_cut == 0)
		return;
	while (!walk->processes[first].cut)
		first++;
	fault_set(
		&cut, REASON_LIMIT, "limits", 0,
		"%zu processes have more descriptors than are scanned (the first is %d of user %u)",
		walk->n_cut, (int)walk->pids[first], walk->processes[first].uid);
	fault_add(fault, &cut);
}
