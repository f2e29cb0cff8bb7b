// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PMU of an xe, as of Linux 6.16: events by their format, functions of SR-IOV, clocks that are
 * added at each read. An open event keeps the GPU from sleep, and all but that of C6 the GT from C6
 * (drivers/gpu/drm/xe/xe_pmu.c).
 */
#include <linux/bitfield.h>
#include <drm/drm_drv.h>
#include "xe_lab.h"

#define OF_ID GENMASK_ULL(11, 0)
#define OF_INSTANCE GENMASK_ULL(19, 12)
#define OF_CLASS GENMASK_ULL(27, 20)
#define OF_FUNCTION GENMASK_ULL(59, 44)
#define OF_GT GENMASK_ULL(63, 60)

enum { C6 = 1, ACTIVE, TOTAL, ACT_FREQ, REQ_FREQ };

static struct xe_gpu *event_xe(const struct perf_event *event)
{
	struct xe_pmu *pmu = container_of(event->pmu, struct xe_pmu, base);

	return container_of(pmu, struct xe_gpu, pmu);
}

static bool is_engine(u64 config)
{
	return FIELD_GET(OF_ID, config) == ACTIVE || FIELD_GET(OF_ID, config) == TOTAL;
}

static bool is_clock(u64 config)
{
	return FIELD_GET(OF_ID, config) == ACT_FREQ || FIELD_GET(OF_ID, config) == REQ_FREQ;
}

static bool is_valid(const struct xe_gpu *xe, u64 config)
{
	u64 gt = FIELD_GET(OF_GT, config), event = FIELD_GET(OF_ID, config);
	u64 class = FIELD_GET(OF_CLASS, config), instance = FIELD_GET(OF_INSTANCE, config);

	if (gt >= xe->model->n_gts || event < C6 || event > REQ_FREQ)
		return false;
	if (!is_engine(config))
		return !class && !instance && !FIELD_GET(OF_FUNCTION, config);
	return class < XE_CLASSES && instance < xe->model->gt[gt].engines[class] &&
	       FIELD_GET(OF_FUNCTION, config) <= xe->total_vfs;
}

static void event_destroy(struct perf_event *event)
{
	struct xe_gpu *xe = event_xe(event);

	if (FIELD_GET(OF_ID, event->attr.config) != C6)
		xe_load_forcewake(xe, FIELD_GET(OF_GT, event->attr.config), -1);
	xe_power_put(xe);
	drm_dev_put(&xe->drm);
}

static int event_init(struct perf_event *event)
{
	struct xe_gpu *xe = event_xe(event);
	u64 config = event->attr.config;
	int ret;

	if (!xe->pmu.registered)
		return -ENODEV;
	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	if (event->attr.sample_period || event->cpu < 0)
		return -EINVAL;
	if (has_branch_stack(event))
		return -EOPNOTSUPP;
	if (!is_valid(xe, config))
		return -ENOENT;
	if (event->parent)
		return 0;
	ret = xe_power_get(xe);
	if (ret)
		return ret;
	drm_dev_get(&xe->drm);
	if (FIELD_GET(OF_ID, config) != C6)
		xe_load_forcewake(xe, FIELD_GET(OF_GT, config), 1);
	event->destroy = event_destroy;
	return 0;
}

static u64 raw_value(struct xe_gpu *xe, u64 config)
{
	unsigned int gt = FIELD_GET(OF_GT, config);

	switch (FIELD_GET(OF_ID, config)) {
	case C6:
		return xe_load_c6_ms(xe, gt);
	case ACTIVE:
		return xe_load_active(xe, FIELD_GET(OF_CLASS, config), FIELD_GET(OF_INSTANCE, config),
				      FIELD_GET(OF_FUNCTION, config));
	case TOTAL:
		return xe_load_total(xe, gt, FIELD_GET(OF_FUNCTION, config));
	case ACT_FREQ:
		return xe_act_freq[gt];
	default:
		return xe_act_freq[gt] + 50;
	}
}

static void event_update(struct perf_event *event)
{
	u64 config = event->attr.config, now = raw_value(event_xe(event), config);
	u64 before = local64_xchg(&event->hw.prev_count, now);

	local64_add(is_clock(config) ? now : now - before, &event->count);
}

static void event_read(struct perf_event *event)
{
	if (!event_xe(event)->pmu.registered)
		event->hw.state = PERF_HES_STOPPED;
	else
		event_update(event);
}

static void event_start(struct perf_event *event, int flags)
{
	struct xe_gpu *xe = event_xe(event);

	if (!xe->pmu.registered)
		return;
	local64_set(&event->hw.prev_count, raw_value(xe, event->attr.config));
	event->hw.state = 0;
}

static void event_stop(struct perf_event *event, int flags)
{
	if (event_xe(event)->pmu.registered && flags & PERF_EF_UPDATE)
		event_update(event);
	event->hw.state = PERF_HES_STOPPED;
}

static int event_add(struct perf_event *event, int flags)
{
	if (!event_xe(event)->pmu.registered)
		return -ENODEV;
	if (flags & PERF_EF_START)
		event_start(event, flags);
	return 0;
}

static void event_del(struct perf_event *event, int flags)
{
	event_stop(event, PERF_EF_UPDATE);
}

PMU_FORMAT_ATTR(event, "config:0-11");
PMU_FORMAT_ATTR(engine_instance, "config:12-19");
PMU_FORMAT_ATTR(engine_class, "config:20-27");
PMU_FORMAT_ATTR(function, "config:44-59");
PMU_FORMAT_ATTR(gt, "config:60-63");

static struct attribute *format_attrs[] = {
	&format_attr_event.attr, &format_attr_engine_instance.attr, &format_attr_engine_class.attr,
	&format_attr_function.attr, &format_attr_gt.attr, NULL
};
static const struct attribute_group format_group = { .name = "format", .attrs = format_attrs };

#define TEXT(_var, _name, _text) \
	static ssize_t _var##_show(struct device *dev, struct device_attribute *attr, char *buf) \
	{ return sysfs_emit(buf, _text "\n"); } \
	static struct device_attribute _var = { \
		.attr = { .name = _name, .mode = 0444 }, .show = _var##_show }

TEXT(c6_event, "gt-c6-residency", "event=0x01");
TEXT(c6_unit, "gt-c6-residency.unit", "ms");
TEXT(active_event, "engine-active-ticks", "event=0x02");
TEXT(total_event, "engine-total-ticks", "event=0x03");
TEXT(act_event, "gt-actual-frequency", "event=0x04");
TEXT(act_unit, "gt-actual-frequency.unit", "MHz");
TEXT(req_event, "gt-requested-frequency", "event=0x05");
TEXT(req_unit, "gt-requested-frequency.unit", "MHz");

static struct attribute *events_attrs[] = {
	&c6_event.attr, &c6_unit.attr, &active_event.attr, &total_event.attr, &act_event.attr,
	&act_unit.attr, &req_event.attr, &req_unit.attr, NULL
};
static const struct attribute_group events_group = { .name = "events", .attrs = events_attrs };
static const struct attribute_group *groups[] = { &format_group, &events_group, NULL };

int xe_pmu_register(struct xe_gpu *xe)
{
	struct xe_pmu *pmu = &xe->pmu;
	int ret;

	snprintf(pmu->name, sizeof(pmu->name), "xe_%s", dev_name(&xe->pdev->dev));
	strreplace(pmu->name, ':', '_');
	pmu->base = (struct pmu) {
		.module = THIS_MODULE,
		.attr_groups = groups,
		.scope = PERF_PMU_SCOPE_SYS_WIDE,
		.task_ctx_nr = perf_invalid_context,
		.event_init = event_init,
		.add = event_add,
		.del = event_del,
		.start = event_start,
		.stop = event_stop,
		.read = event_read,
	};
	ret = perf_pmu_register(&pmu->base, pmu->name, -1);
	pmu->registered = !ret;
	return ret;
}

void xe_pmu_unregister(struct xe_gpu *xe)
{
	if (!xe->pmu.registered)
		return;
	xe->pmu.registered = false;
	perf_pmu_unregister(&xe->pmu.base);
}
