// SPDX-License-Identifier: Apache-2.0
/* What several collectors share: attributes of sysfs, and tables of PMU events. */
#include "collectors/collector.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

int collector_read_u64(const struct context *context, struct fault *fault, uint64_t *ret,
		       const char *fmt, ...)
{
	struct fault unread;
	char path[PATH_MAX];
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	r = fs_read_u64(context->fs, ret, "%s", path);
	if (r == 0)
		return 1;
	if (r == -ENOENT || r == -ENODATA || r == -EOPNOTSUPP || r == -ENODEV)
		return 0;
	fault_errno(&unread, r, "%s", path);
	fault_add(fault, &unread);
	return r;
}

void collector_add_fault(const struct collection *c, int r, const char *fmt, ...)
{
	struct fault unread;
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fault_errno(&unread, r, "%s", path);
	fault_add(c->fault, &unread);
}

static void put_event(void *data, const struct pmu_event *event, uint64_t total)
{
	const struct collection *c = data;
	char gt[8];

	snprintf(gt, sizeof(gt), "%u", event->gt);
	for (size_t i = 0; i < c->collector->n_families; i++) {
		const struct family *family = &c->collector->families[i];
		const struct pmu_value *value = family->source;
		double number = (double)total * value->multiplier / value->divisor;

		if (value->kind != event->kind)
			continue;
		if (value->labels == LABELS_ENGINE)
			put(c->batch, family, number, c->gpu->pci, event->engine, event->class);
		else if (value->labels == LABELS_GT)
			put(c->batch, family, number, c->gpu->pci, gt);
		else
			put(c->batch, family, number, c->gpu->pci);
	}
}

static unsigned kinds_of(const struct collector *collector, bool with_opt_in)
{
	unsigned kinds = 0;

	if (!collector->of_pmu)
		return 0;
	for (size_t i = 0; i < collector->n_families; i++) {
		const struct pmu_value *value = collector->families[i].source;

		if (with_opt_in || !collector->families[i].opt_in)
			kinds |= value->kind;
	}
	return kinds;
}

unsigned collector_pmu_kinds(const struct collector *collector)
{
	return kinds_of(collector, false);
}

int collector_pmu_init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)context, (void)ret_state;
	/* xe's PMU has events of engines, but none of these kinds. */
	if (gpu->driver == GPU_XE)
		return -ENODEV;
	if (gpu->pmu || gpu->pmu_is_unclear)
		return 0;
	/* A copied tree's. */
	return *gpu->pmu_name ? -EOPNOTSUPP : -ENODEV;
}

int collector_pmu_collect(const struct collection *c)
{
	if (!c->gpu->pmu)
		return fault_set(c->fault, REASON_NOT_SUPPORTED, "pmu-unclear", -ENODEV,
				 "several integrated GPUs and one PMU named i915: nothing says "
				 "whose it is");
	return pmu_visit(c->gpu->pmu, c->round->number, kinds_of(c->collector, true), put_event,
			 (void *)c, c->fault);
}
