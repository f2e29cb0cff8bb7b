// SPDX-License-Identifier: GPL-2.0-only
/*
 * The names of the events, as the PMU's events folder shows them.
 */
#include <linux/device.h>
#include <linux/slab.h>
#include "lab.h"

struct lab_pmu_attr {
	struct device_attribute base;
	char name[40];
	char text[32];
};

/* Every event has a name and at most a unit. */
#define MAX_EVENTS (3 * LAB_CLASSES * LAB_MAX_INSTANCES + \
		    LAB_PMU_OTHERS * LAB_MAX_GTS)

static const char *const sample_name[] = { "busy", "wait", "sema" };

static const struct {
	const char *name, *unit;
	bool global;				/* one for all GTs */
} others[LAB_PMU_OTHERS] = {
	[LAB_PMU_ACT_FREQ] = { "actual-frequency", "M" },
	[LAB_PMU_REQ_FREQ] = { "requested-frequency", "M" },
	[LAB_PMU_INTERRUPTS] = { "interrupts", NULL, true },
	[LAB_PMU_RC6] = { "rc6-residency", "ns" },
	[LAB_PMU_AWAKE] = { "software-gt-awake-time", "ns" },
};

static ssize_t show_text(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct lab_pmu_attr *a = container_of(attr, struct lab_pmu_attr, base);

	return sysfs_emit(buf, "%s\n", a->text);
}

static ssize_t i915_eventid_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "config:0-20\n");
}
static DEVICE_ATTR_RO(i915_eventid);

static struct attribute *format_attrs[] = { &dev_attr_i915_eventid.attr, NULL };
const struct attribute_group lab_pmu_format_group = {
	.name = "format",
	.attrs = format_attrs,
};

static void add_attr(struct lab_pmu *pmu, unsigned int *n, const char *name,
		     const char *suffix, const char *text)
{
	struct lab_pmu_attr *a = &pmu->attrs[*n];

	snprintf(a->name, sizeof(a->name), "%s%s", name, suffix);
	strscpy(a->text, text, sizeof(a->text));
	sysfs_attr_init(&a->base.attr);
	a->base.attr.name = a->name;
	a->base.attr.mode = 0444;
	a->base.show = show_text;
	pmu->events_group.attrs[(*n)++] = &a->base.attr;
}

static void add_event(struct lab_pmu *pmu, unsigned int *n, const char *name,
		      u64 config, const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "config=0x%llx", config);
	add_attr(pmu, n, name, "", text);
	if (unit)
		add_attr(pmu, n, name, ".unit", unit);
}

static void add_engines(struct lab_gpu *gpu, unsigned int *n)
{
	unsigned int i, s;

	for (i = 0; i < gpu->n_engines; i++)
		for (s = 0; s < ARRAY_SIZE(sample_name); s++) {
			const struct lab_engine *e = &gpu->engine[i];
			char name[24];

			snprintf(name, sizeof(name), "%s-%s", e->name,
				 sample_name[s]);
			add_event(&gpu->pmu, n, name,
				  e->class << 12 | e->instance << 4 | s, "ns");
		}
}

/* Only a device with an extra GT has suffixes, and then on both. */
static void add_others(struct lab_gpu *gpu, unsigned int *n)
{
	unsigned int gt, i;

	for (gt = 0; gt < gpu->n_gts; gt++)
		for (i = 0; i < LAB_PMU_OTHERS; i++) {
			char name[32];

			if (others[i].global && gt)
				continue;
			snprintf(name, sizeof(name), "%s", others[i].name);
			if (gpu->n_gts > 1 && !others[i].global)
				snprintf(name, sizeof(name), "%s-gt%u",
					 others[i].name, gt);
			add_event(&gpu->pmu, n, name,
				  (LAB_PMU_OTHER + i) | (u64)gt << 60,
				  others[i].unit);
		}
}

int lab_pmu_make_events(struct lab_gpu *gpu)
{
	struct lab_pmu *pmu = &gpu->pmu;
	unsigned int n = 0;

	pmu->attrs = kcalloc(2 * MAX_EVENTS, sizeof(*pmu->attrs), GFP_KERNEL);
	pmu->events_group.name = "events";
	pmu->events_group.attrs = kcalloc(2 * MAX_EVENTS + 1,
					  sizeof(*pmu->events_group.attrs),
					  GFP_KERNEL);
	if (!pmu->attrs || !pmu->events_group.attrs) {
		lab_pmu_free_events(pmu);
		return -ENOMEM;
	}
	add_engines(gpu, &n);
	add_others(gpu, &n);
	return 0;
}

void lab_pmu_free_events(struct lab_pmu *pmu)
{
	kfree(pmu->events_group.attrs);
	kfree(pmu->attrs);
	pmu->events_group.attrs = NULL;
	pmu->attrs = NULL;
}
