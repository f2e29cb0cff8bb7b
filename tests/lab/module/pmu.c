// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PMU of one GPU, with the behaviour of i915 up to 6.12: counts start at
 * the opening of an event, one CPU serves all events, and an unbind leaves
 * open events frozen, with all that this does to perf core.
 */
#include <linux/cpuhotplug.h>
#include <drm/drm_drv.h>
#include "lab.h"

enum { SAMPLE_BUSY, SAMPLE_WAIT, SAMPLE_SEMA };

static int cpuhp_slot;

static struct lab_gpu *event_gpu(const struct perf_event *event)
{
	struct lab_pmu *pmu = container_of(event->pmu, struct lab_pmu, base);

	return container_of(pmu, struct lab_gpu, pmu);
}

static bool is_engine(u64 config)
{
	return config < LAB_PMU_OTHER;
}

static u32 config_class(u64 config)
{
	return config >> 12 & 0xff;
}

static u32 config_instance(u64 config)
{
	return config >> 4 & 0xff;
}

static unsigned int config_gt(u64 config)
{
	return config >> 60;
}

static u64 config_other(u64 config)
{
	return (config & ~(0xfULL << 60)) - LAB_PMU_OTHER;
}

static int check_engine(const struct lab_gpu *gpu, u64 config)
{
	if ((config & 0xf) > SAMPLE_SEMA)
		return -ENOENT;
	if (!lab_find_engine(gpu, config_class(config), config_instance(config)))
		return -ENODEV;
	return 0;
}

static int check_other(const struct lab_gpu *gpu, u64 config)
{
	u64 other = config_other(config);

	if (config_gt(config) >= gpu->n_gts || other >= LAB_PMU_OTHERS)
		return -ENOENT;
	if (other == LAB_PMU_INTERRUPTS && config_gt(config))
		return -ENOENT;
	return 0;
}

static void event_destroy(struct perf_event *event)
{
	drm_dev_put(&event_gpu(event)->drm);
}

static int event_init(struct perf_event *event)
{
	struct lab_gpu *gpu = event_gpu(event);
	u64 config = event->attr.config;
	int ret;

	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	if (gpu->pmu.closed)
		return -ENODEV;
	if (event->attr.sample_period || event->cpu < 0)
		return -EINVAL;
	if (has_branch_stack(event))
		return -EOPNOTSUPP;
	if (event->cpu != gpu->pmu.cpu)
		return -EINVAL;

	ret = is_engine(config) ? check_engine(gpu, config) :
				  check_other(gpu, config);
	if (ret)
		return ret;
	if (!event->parent) {
		drm_dev_get(&gpu->drm);
		event->destroy = event_destroy;
	}
	return 0;
}

static u64 raw_value(struct lab_gpu *gpu, u64 config)
{
	unsigned int gt = config_gt(config);

	if (is_engine(config)) {
		switch (config & 0xf) {
		case SAMPLE_WAIT:
		case SAMPLE_SEMA:
			return 0;
		default:
			return lab_busy_read(gpu, config_class(config),
					     config_instance(config));
		}
	}
	switch (config_other(config)) {
	case LAB_PMU_ACT_FREQ:
		return lab_load_read(gpu, LAB_ACT_FREQ + gt);
	case LAB_PMU_REQ_FREQ:
		return lab_load_read(gpu, LAB_REQ_FREQ + gt);
	case LAB_PMU_INTERRUPTS:
		return lab_load_read(gpu, LAB_IRQ);
	case LAB_PMU_RC6:
		return lab_load_read(gpu, LAB_RC6 + gt);
	case LAB_PMU_AWAKE:
		/* i915 reads the root GT here, whatever the GT asked for. */
		return lab_load_read(gpu, LAB_AWAKE);
	}
	return 0;
}

static bool is_busy(u64 config)
{
	return is_engine(config) && (config & 0xf) == SAMPLE_BUSY;
}

/* hw.event_base is free for a driver: the restarts this event has seen. */
static void follow_restart(struct perf_event *event)
{
	struct lab_load *load = &event_gpu(event)->load;
	u64 config = event->attr.config;

	if (event->hw.event_base == load->restarts)
		return;
	event->hw.event_base = load->restarts;
	local64_set(&event->hw.prev_count,
		    load->at_restart[config_class(config)][config_instance(config)]);
	local64_set(&event->count, 0);
}

static bool consume_dip(struct lab_gpu *gpu)
{
	return atomic_add_unless(&gpu->dips, -1, 0);
}

static void event_update(struct perf_event *event, bool dip)
{
	struct lab_gpu *gpu = event_gpu(event);
	u64 config = event->attr.config;
	u64 before = local64_read(&event->hw.prev_count);
	u64 now = raw_value(gpu, config);

	if (is_busy(config)) {
		follow_restart(event);
		before = local64_read(&event->hw.prev_count);
		if (dip)
			now = before - min_t(u64, local64_read(&event->count),
					     lab_dip_ms * NSEC_PER_MSEC);
	}
	local64_set(&event->hw.prev_count, now);
	local64_add(now - before, &event->count);
}

static void event_read(struct perf_event *event)
{
	struct lab_gpu *gpu = event_gpu(event);
	struct lab_pmu *pmu = &gpu->pmu;
	bool dip;

	if (pmu->closed) {
		event->hw.state = PERF_HES_STOPPED;
		return;
	}
	dip = pmu->in_group_read ? pmu->dipping :
	      is_busy(event->attr.config) && consume_dip(gpu);
	event_update(event, dip);
}

static void event_start(struct perf_event *event, int flags)
{
	struct lab_gpu *gpu = event_gpu(event);

	if (gpu->pmu.closed)
		return;
	event->hw.event_base = gpu->load.restarts;
	local64_set(&event->hw.prev_count, raw_value(gpu, event->attr.config));
	event->hw.state = 0;
}

static void event_stop(struct perf_event *event, int flags)
{
	if (!event_gpu(event)->pmu.closed && flags & PERF_EF_UPDATE &&
	    !(event->hw.state & PERF_HES_STOPPED))
		event_update(event, false);
	event->hw.state = PERF_HES_STOPPED;
}

static int event_add(struct perf_event *event, int flags)
{
	if (event_gpu(event)->pmu.closed)
		return -ENODEV;
	if (flags & PERF_EF_START)
		event_start(event, flags);
	return 0;
}

static void event_del(struct perf_event *event, int flags)
{
	event_stop(event, PERF_EF_UPDATE);
}

static int event_idx(struct perf_event *event)
{
	return 0;
}

/* perf core brackets the reads of a group: all of it dips, or nothing. */
static void start_txn(struct pmu *base, unsigned int flags)
{
	struct lab_pmu *pmu = container_of(base, struct lab_pmu, base);
	struct lab_gpu *gpu = container_of(pmu, struct lab_gpu, pmu);

	if (!(flags & PERF_PMU_TXN_READ) || pmu->closed)
		return;
	pmu->in_group_read = true;
	pmu->dipping = consume_dip(gpu);
}

static void cancel_txn(struct pmu *base)
{
	struct lab_pmu *pmu = container_of(base, struct lab_pmu, base);

	pmu->in_group_read = false;
	pmu->dipping = false;
}

static int commit_txn(struct pmu *base)
{
	cancel_txn(base);
	return 0;
}

static ssize_t cpumask_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct pmu *base = dev_get_drvdata(dev);
	struct lab_pmu *pmu = container_of(base, struct lab_pmu, base);

	return sysfs_emit(buf, "%u\n", pmu->cpu);
}
static DEVICE_ATTR_RO(cpumask);

static struct attribute *cpumask_attrs[] = { &dev_attr_cpumask.attr, NULL };
static const struct attribute_group cpumask_group = { .attrs = cpumask_attrs };

static int pmu_cpu_online(unsigned int cpu, struct hlist_node *node)
{
	struct lab_pmu *pmu = hlist_entry(node, struct lab_pmu, cpuhp);

	if (pmu->cpu >= nr_cpu_ids)
		pmu->cpu = cpu;
	return 0;
}

static int pmu_cpu_offline(unsigned int cpu, struct hlist_node *node)
{
	struct lab_pmu *pmu = hlist_entry(node, struct lab_pmu, cpuhp);
	unsigned int target = cpumask_any_but(cpu_online_mask, cpu);

	/*
	 * Removing the instance calls this for each processor. A migration would
	 * fail to add the events again and leave perf core's timer for rotation
	 * armed in memory that is about to be freed; i915 does not migrate either.
	 */
	if (pmu->closed)
		return 0;
	if (pmu->cpu == cpu && target < nr_cpu_ids) {
		pmu->cpu = target;
		perf_pmu_migrate_context(&pmu->base, cpu, target);
	}
	return 0;
}

int lab_pmu_module_init(void)
{
	cpuhp_slot = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN,
					     "perf/x86/intel/i915:online",
					     pmu_cpu_online, pmu_cpu_offline);
	return min(cpuhp_slot, 0);
}

void lab_pmu_module_exit(void)
{
	cpuhp_remove_multi_state(cpuhp_slot);
}

static void choose_name(struct lab_gpu *gpu)
{
	struct lab_pmu *pmu = &gpu->pmu;
	char *c;

	if (!strcmp(dev_name(&gpu->pdev->dev), "0000:00:02.0")) {
		strscpy(pmu->name, "i915", sizeof(pmu->name));
		return;
	}
	snprintf(pmu->name, sizeof(pmu->name), "i915_%s",
		 dev_name(&gpu->pdev->dev));
	for (c = pmu->name; *c; c++)
		if (*c == ':')
			*c = '_';
}

int lab_pmu_register(struct lab_gpu *gpu)
{
	struct lab_pmu *pmu = &gpu->pmu;
	int ret;

	choose_name(gpu);
	ret = lab_pmu_make_events(gpu);
	if (ret)
		return ret;
	pmu->groups[0] = &lab_pmu_format_group;
	pmu->groups[1] = &pmu->events_group;
	pmu->groups[2] = &cpumask_group;
	pmu->cpu = nr_cpu_ids;

	pmu->base = (struct pmu) {
		.module = THIS_MODULE,
		.task_ctx_nr = perf_invalid_context,
		.attr_groups = pmu->groups,
		.event_init = event_init,
		.add = event_add,
		.del = event_del,
		.start = event_start,
		.stop = event_stop,
		.read = event_read,
		.event_idx = event_idx,
		.start_txn = start_txn,
		.commit_txn = commit_txn,
		.cancel_txn = cancel_txn,
	};
	ret = cpuhp_state_add_instance(cpuhp_slot, &pmu->cpuhp);
	if (ret)
		goto out_events;
	ret = perf_pmu_register(&pmu->base, pmu->name, -1);
	if (ret)
		goto out_cpuhp;
	pmu->registered = true;
	return 0;

out_cpuhp:
	cpuhp_state_remove_instance(cpuhp_slot, &pmu->cpuhp);
out_events:
	lab_pmu_free_events(pmu);
	return ret;
}

/*
 * Open events are left to perf core, whose kernels before 6.16 are not ready
 * for them. That is what the real driver does, and what a monitor must survive.
 */
void lab_pmu_unregister(struct lab_gpu *gpu)
{
	struct lab_pmu *pmu = &gpu->pmu;

	if (!pmu->registered)
		return;
	pmu->closed = true;
	synchronize_rcu();
	cpuhp_state_remove_instance(cpuhp_slot, &pmu->cpuhp);
	perf_pmu_unregister(&pmu->base);
	pmu->registered = false;
	lab_pmu_free_events(pmu);
}
