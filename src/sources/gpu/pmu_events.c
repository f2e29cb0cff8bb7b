// SPDX-License-Identifier: Apache-2.0
/*
 * The group of a PMU's perf events: perf_event_open(2). Lifetime as in kernel/events/core.c of
 * Linux 6.1 to 7.0.
 */
#include "pmu_state.h"

#include "base/sys.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

void pmu_events_close(struct pmu *pmu)
{
	/* Siblings first: closing the leader would turn each of them into a group of its own. */
	while (pmu->n > 0)
		sys_perf_close(pmu->fds[--pmu->n]);
	free(pmu->fds);
	pmu->fds = NULL;
	free(pmu->values);
	pmu->values = NULL;
	free(pmu->state);
	pmu->state = NULL;
	pmu->round = 0;
}

/*
 * An unbind removes the link first of all (drivers/base/dd.c, __device_release_driver()), and may
 * then wait for long, for whoever uses a vGPU, before it comes to the PMU.
 */
bool pmu_is_bound(const struct pmu *pmu)
{
	uint64_t inode;

	return fs_inode(pmu->set->fs, &inode, "sys/bus/pci/devices/%s/driver", pmu->pci) != -ENOENT;
}

int pmu_events_check(const struct pmu *pmu, struct fault *fault)
{
	if (atomic_load(&pmu->set->closers) == 0 && pmu_is_bound(pmu))
		return 0;
	return fault_set(fault, REASON_NO_DEVICE, "pmu-released", -ENODEV,
			 "PMU %s is closed for a while: its driver is about to be unbound",
			 pmu->name);
}

static int read_cpu(const struct pmu *pmu)
{
	char buf[256];
	int cpu = 0, n;

	n = fs_read(pmu->set->fs, buf, sizeof(buf), PMU_DIR "cpumask", pmu->name);
	/* Without the file, CPU 0: it is always there, and kernels that have a mask have the file.
	 */
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return n;
	n = pmu_cpumask_parse(buf, (size_t)n, &cpu);
	return n < 0 ? n : cpu;
}

/* "i915_0000_03_00.0" is a PMU of the driver i915. After a reload its directory is another one. */
static void watch_driver(const struct pmu *pmu)
{
	if (pmu->set->watch >= 0)
		fs_watch_dir(pmu->set->fs, pmu->set->watch, "sys/bus/pci/drivers/%s",
			     pmu->driver->name);
}

int pmu_events_prepare(struct pmu *pmu, struct fault *fault)
{
	const struct fs *fs = pmu->set->fs;
	uint64_t type;
	int r;

	watch_driver(pmu);
	r = pmu_events_check(pmu, fault);
	if (r < 0)
		return r;
	r = fs_read_u64(fs, &type, PMU_DIR "type", pmu->name);
	if (r == 0 && type > UINT32_MAX)
		r = -ERANGE;
	if (r < 0)
		return fault_errno(fault, r, "type of PMU %s", pmu->name);
	pmu->type = (uint32_t)type;
	pmu->cpu = read_cpu(pmu);
	if (pmu->cpu < 0)
		return fault_errno(fault, pmu->cpu, "cpumask of PMU %s", pmu->name);
	if (pmu->set->watch >= 0)
		pmu->set->move(pmu->set->watcher, pmu->cpu);
	pmu->fds = calloc(PMU_MAX_EVENTS, sizeof(*pmu->fds));
	return pmu->fds ? 0 : fault_errno(fault, -ENOMEM, "events of PMU %s", pmu->name);
}

static int denied(const struct pmu *pmu, int r, struct fault *fault)
{
	uint64_t level = 0;
	bool known = fs_read_u64(pmu->set->fs, &level, "proc/sys/kernel/perf_event_paranoid") == 0;
	char text[24] = "unreadable";

	if (r == -EPERM || r == -ENOSYS)
		return fault_set(fault, REASON_SECCOMP, "perf-seccomp", r,
				 "a seccomp filter forbids perf_event_open; give the container "
				 "CAP_PERFMON or allow the system call");
	if (known)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)level);
	return fault_set(fault, REASON_PERMISSION, "perf-paranoid", r,
			 "kernel.perf_event_paranoid is %s and the process has %s; set it to 2 "
			 "and give CAP_PERFMON",
			 text,
			 sys_has_capability(CAP_SYS_ADMIN) ? "CAP_SYS_ADMIN"
			 : sys_has_capability(CAP_PERFMON) ? "only CAP_PERFMON"
							   : "no CAP_PERFMON");
}

int pmu_events_open(struct pmu *pmu, uint64_t config, struct fault *fault)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = pmu->type,
		.config = config,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED,
		/*
		 * A driver that is being unbound refuses the event. Perf core then puts a pinned
		 * group into an error state, which reads as 0 bytes. For any other group it starts
		 * its timer for rotation, in memory that the end of the unbind frees with the timer
		 * still armed. Only a leader can be pinned.
		 */
		.pinned = pmu->n == 0,
	};
	int fd, r;

	if (pmu->n == PMU_MAX_EVENTS)
		return fault_set(fault, REASON_LIMIT, "limits", -E2BIG,
				 "PMU %s has more than %d events", pmu->name, PMU_MAX_EVENTS);
	fd = sys_perf_open(&attr, pmu->cpu, pmu->n > 0 ? pmu->fds[0] : -1);
	if (fd == -EACCES || fd == -EPERM || fd == -ENOSYS)
		return denied(pmu, fd, fault);
	if (fd < 0 && fd != -ENOENT && fd != -ENODEV && fd != -EINVAL && fd != -EOPNOTSUPP)
		return fault_errno(fault, fd, "perf_event_open of %s", pmu->name);
	if (fd >= 0)
		pmu->fds[pmu->n++] = fd;
	r = pmu_events_check(pmu, fault);
	return r < 0 ? r : fd >= 0;
}
