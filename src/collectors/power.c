// SPDX-License-Identifier: Apache-2.0
/*
 * What does a GPU use? A discrete card has sensors of its own (hwmon), an integrated GPU a counter
 * of the processor's (RAPL). Counters begin with the first value that is read, and stand still
 * while the card is suspended: it is not asked then.
 */
#include "base/sys.h"
#include "collectors/attribute.h"
#include "sources/gpu/energy.h"
#include "sources/gpu/hwmon.h"
#include "sources/gpu/rapl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ENERGY, PACKAGE, LIMIT };

static const struct family families[] = {
	[ENERGY] = {
		.name = "intel_gpu_energy_joules_total",
		.help = "Energy used since the exporter read the sensor first: of a discrete card "
			"its card and its package (pkg, a part of the card) from hwmon, standing "
			"still while it is suspended; of an integrated GPU (gpu) from RAPL.",
		.type = COUNTER,
		.labels = { "pci", "sensor" },
	},
	[PACKAGE] = {
		.name = "intel_gpu_package_energy_joules_total",
		.help = "Energy that the processor's package used, of which an integrated GPU is a "
			"part, since the exporter read RAPL first.",
		.type = COUNTER,
		.labels = { "pci" },
	},
	[LIMIT] = {
		.name = "intel_gpu_power_limit_watts",
		.help = "Power limit of a discrete card from hwmon, read when the driver has bound "
			"it and once an hour: max (sustained), cap (peak), crit (at once), "
			"rated_max; one that is off is absent.",
		.type = GAUGE,
		.labels = { "pci", "sensor", "limit" },
	},
};

static const struct attribute suspended_time = { .name = "power/runtime_suspended_time" };

struct state {
	struct hwmon *hwmon; /* NULL: not there (yet) */
	struct energy sensors[HWMON_MAX_FILES];
	char dir[64];
	struct attribute_file suspended_time;
	uint64_t suspended_ms;
	uint64_t slept_ns; /* of the machine, since its boot */
	bool has_gap;	   /* the last two are known */

	struct rapl *rapl; /* of an integrated GPU */
	struct energy domains[RAPL_DOMAINS];
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	hwmon_free(state->hwmon);
	rapl_free(state->rapl);
	attributes_close(&state->suspended_time, 1);
	free(state);
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;

	if ((gpu->driver != GPU_I915 && gpu->driver != GPU_XE) || gpu->vf || gpu->vgpu ||
	    (!gpu->discrete && !rapl_exists(context->fs)))
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	snprintf(state->dir, sizeof(state->dir), "sys/bus/pci/devices/%s/", gpu->pci);
	state->suspended_time = (struct attribute_file)ATTRIBUTE_CLOSED;
	if (!gpu->discrete) {
		state->rapl = rapl_new(context->fs);
		if (!state->rapl) {
			destroy(state);
			return -ENOMEM;
		}
	}
	*ret_state = state;
	return 0;
}

/* Has the machine slept since the last call, or the card? */
static enum energy_gap gap_of(const struct collection *c, struct state *state, uint64_t now)
{
	uint64_t slept = sys_boottime_ns() - now, suspended = state->suspended_ms;
	enum energy_gap gap = ENERGY_RAN;
	struct collection quiet = *c;
	struct fault ignored = { 0 };

	quiet.fault = &ignored; /* the gap is a guard: without it there are still values */
	if (c->gpu->discrete)
		attribute_read(&quiet, &suspended_time, &state->suspended_time, state->dir, false,
			       &suspended);
	/* The two clocks are not read at one instant. */
	if (state->has_gap && slept > state->slept_ns && slept - state->slept_ns > 1000000000u)
		gap = ENERGY_POWERED_OFF;
	else if (state->has_gap && suspended != state->suspended_ms)
		gap = ENERGY_SUSPENDED;
	state->slept_ns = slept;
	state->suspended_ms = suspended;
	state->has_gap = true;
	return gap;
}

static double joules(const struct energy *energy)
{
	return (double)energy->total / 1e6;
}

static int collect_energy(const struct collection *c, struct state *state, size_t i, uint64_t now,
			  enum energy_gap gap)
{
	struct hwmon_file *file = &state->hwmon->files[i];
	int64_t value;
	int r = hwmon_read(c->context->fs, state->hwmon, file, &value);

	if (r < 0)
		return r;
	if (r > 0 && value >= 0 && state->hwmon->state == HWMON_AWAKE)
		energy_add(&state->sensors[i], (uint64_t)value, now, gap);
	if (state->sensors[i].known && (r > 0 || state->hwmon->state == HWMON_SUSPENDED))
		put(c->batch, &families[ENERGY], joules(&state->sensors[i]), c->gpu->pci,
		    file->sensor);
	return 0;
}

static int collect_limit(const struct collection *c, struct state *state, size_t i, uint64_t now)
{
	struct hwmon_file *file = &state->hwmon->files[i];
	int64_t value;
	int r = hwmon_read_limit(c->context->fs, state->hwmon, file, now, &value);

	if (r > 0 && value > 0)
		put(c->batch, &families[LIMIT], (double)value / 1e6, c->gpu->pci, file->sensor,
		    file->attribute);
	return r;
}

static int collect_card(const struct collection *c, struct state *state, uint64_t now)
{
	bool suspended = true;
	enum energy_gap gap = ENERGY_RAN;
	int ret = 0, r = gpu_is_suspended(c->context->fs, c->gpu, &suspended);

	if (r < 0 && r != -ENOENT && r != -ENODATA)
		return fault_errno(c->fault, r, "power/runtime_status");
	if (!state->hwmon && hwmon_find(c->context->fs, c->gpu,
					1 << HWMON_ENERGY | 1 << HWMON_POWER, &state->hwmon) < 0)
		return fault_set(c->fault, REASON_NOT_SUPPORTED, NULL, -ENODEV,
				 "%s has registered no hwmon chip", c->gpu->driver_name);
	hwmon_begin(c->context->fs, c->gpu, state->hwmon, suspended, now);
	/* A gap is one between two values that were read. */
	if (state->hwmon->state == HWMON_AWAKE)
		gap = gap_of(c, state, now);
	for (size_t i = 0; i < state->hwmon->n; i++) {
		r = state->hwmon->files[i].kind == HWMON_ENERGY
			    ? collect_energy(c, state, i, now, gap)
			    : collect_limit(c, state, i, now);
		if (r < 0) {
			collector_add_fault(c, r, "%s/%s", state->hwmon->dir,
					    state->hwmon->files[i].name);
			ret = COLLECT_PARTIAL;
		}
	}
	return ret;
}

/* A counter that does not move belongs to a processor that does not count its GPU: absent, not 0.
 */
static int collect_processor(const struct collection *c, struct state *state, uint64_t now)
{
	struct rapl_value values[RAPL_DOMAINS];
	enum energy_gap gap = gap_of(c, state, now);
	int r = rapl_read(state->rapl, values, c->fault);

	if (r < 0)
		return r;
	for (size_t i = 0; i < RAPL_DOMAINS; i++) {
		struct energy *energy = &state->domains[i];

		if (!values[i].known)
			continue;
		energy_add_wrapping(energy, values[i].uj, values[i].range, now, gap);
		if (energy->total == 0)
			continue;
		if (i == RAPL_GPU)
			put(c->batch, &families[ENERGY], joules(energy), c->gpu->pci, "gpu");
		else
			put(c->batch, &families[PACKAGE], joules(energy), c->gpu->pci);
	}
	return 0;
}

static int collect(const struct collection *c)
{
	uint64_t now = sys_monotonic_ns();

	return c->gpu->discrete ? collect_card(c, c->state, now)
				: collect_processor(c, c->state, now);
}

const struct collector power_collector = {
	.name = "power",
	.help = "energy of each GPU and power limits, from hwmon or RAPL",
	.needs_baseline = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
