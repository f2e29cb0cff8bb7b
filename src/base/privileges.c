// SPDX-License-Identifier: Apache-2.0
/* Capabilities through capset(2): libcap would be one more library for one system call. */
#include "base/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int keep_only(const uint32_t keep[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].effective &= keep[i];
		data[i].permitted &= keep[i];
		data[i].inheritable = 0;
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static void add(uint32_t keep[2], int capability)
{
	keep[CAP_TO_INDEX(capability)] |= CAP_TO_MASK(capability);
}

int privileges_drop(bool keep_sys_admin, bool keep_processes)
{
	uint32_t keep[2] = { 0 };

	add(keep, CAP_PERFMON);
	/* Root's children that become nobody: without it neither our SIGKILL nor the kernel's at
	 * our own end reaches them (check_kill_permission() checks the parent there, too). */
	if (geteuid() == 0)
		add(keep, CAP_KILL);
	if (keep_sys_admin)
		add(keep, CAP_SYS_ADMIN);
	if (keep_processes) {
		add(keep, CAP_SYS_PTRACE);
		add(keep, CAP_DAC_READ_SEARCH);
	}
	return keep_only(keep);
}

void privileges_drop_for_checks(void)
{
	uint32_t keep[2] = { 0 };

	add(keep, CAP_DAC_READ_SEARCH);
	add(keep, CAP_SYS_PTRACE); /* init's environment */
	add(keep, CAP_SYSLOG);
	add(keep, CAP_SETUID);
	add(keep, CAP_SETGID);
	keep_only(keep);
}

void privileges_drop_all(void)
{
	keep_only((const uint32_t[2]){ 0 });
}

void privileges_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
