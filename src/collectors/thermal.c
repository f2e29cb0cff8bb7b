// SPDX-License-Identifier: Apache-2.0
/*
 * How hot is a discrete card, how fast do its fans turn? From hwmon, whose reads would wake a card
 * that sleeps. An integrated GPU has no sensors of its own.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/gpu/hwmon.h"

#include <errno.h>
#include <string.h>

enum { TEMPERATURE, TEMPERATURE_LIMIT, FAN, VOLTAGE };

static const struct family families[] = {
	[TEMPERATURE] = {
		.name = "intel_gpu_temperature_celsius",
		.help = "Temperature of a discrete card's sensor (pkg, vram, mctrl, pcie), from "
			"hwmon; absent while the card is suspended.",
		.type = GAUGE,
		.labels = { "pci", "sensor" },
	},
	[TEMPERATURE_LIMIT] = {
		.name = "intel_gpu_temperature_limit_celsius",
		.help = "Temperature at which a card slows down (max, crit) or shuts down "
			"(emergency), from hwmon of xe (Linux 7.0), read when the driver has bound "
			"it and once an hour.",
		.type = GAUGE,
		.labels = { "pci", "sensor", "limit" },
	},
	[FAN] = {
		.name = "intel_gpu_fan_speed_rpm",
		.help = "Revolutions a minute of a card's fan since somebody read it last, from "
			"hwmon; cards with one fan may have a second that reads 0. Absent while "
			"the card is suspended.",
		.type = GAUGE,
		.labels = { "pci", "fan" },
	},
	[VOLTAGE] = {
		.name = "intel_gpu_voltage_volts",
		.help = "Voltage of a card's package, from hwmon where the driver has it; absent "
			"while the card is suspended.",
		.type = GAUGE,
		.labels = { "pci", "sensor" },
	},
};

struct state {
	struct hwmon *hwmon; /* NULL: not there (yet) */
};

/* hwmon's units, and what no sensor ever has. */
static const struct {
	const struct family *family;
	double divisor;
	int64_t min, max;
} units[] = {
	[HWMON_TEMP] = { &families[TEMPERATURE], 1e3, -273150, 1000000 },
	[HWMON_FAN] = { &families[FAN], 1, 0, 100000 },
	[HWMON_IN] = { &families[VOLTAGE], 1e3, 0, 100000 },
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	hwmon_free(state->hwmon);
	free(state);
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;

	(void)context;
	if ((gpu->driver != GPU_I915 && gpu->driver != GPU_XE) || gpu->vf || !gpu->discrete)
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	*ret_state = state;
	return 0;
}

static int collect_file(const struct collection *c, struct state *state, struct hwmon_file *file,
			uint64_t now)
{
	bool limit = strcmp(file->attribute, "input") != 0;
	int64_t value;
	int r;

	if (limit)
		r = hwmon_read_limit(c->context->fs, state->hwmon, file, now, &value);
	else
		r = hwmon_read(c->context->fs, state->hwmon, file, &value);
	if (r <= 0)
		return r;
	if (value < units[file->kind].min || value > units[file->kind].max)
		return -ERANGE;
	if (limit)
		put(c->batch, &families[TEMPERATURE_LIMIT],
		    (double)value / units[file->kind].divisor, c->gpu->pci, file->sensor,
		    file->attribute);
	else
		put(c->batch, units[file->kind].family, (double)value / units[file->kind].divisor,
		    c->gpu->pci, file->sensor);
	return 0;
}

static int collect(const struct collection *c)
{
	struct state *state = c->state;
	uint64_t now = sys_monotonic_ns();
	bool suspended = true;
	int ret = 0, r = gpu_is_suspended(c->context->fs, c->gpu, &suspended);

	if (r < 0 && r != -ENOENT && r != -ENODATA)
		return fault_errno(c->fault, r, "power/runtime_status");
	if (!state->hwmon &&
	    hwmon_find(c->context->fs, c->gpu, 1 << HWMON_TEMP | 1 << HWMON_FAN | 1 << HWMON_IN,
		       &state->hwmon) < 0)
		return fault_set(c->fault, REASON_NOT_SUPPORTED, NULL, -ENODEV,
				 "%s has registered no hwmon chip", c->gpu->driver_name);
	hwmon_begin(c->context->fs, c->gpu, state->hwmon, suspended, now);
	for (size_t i = 0; i < state->hwmon->n; i++) {
		r = collect_file(c, state, &state->hwmon->files[i], now);
		if (r < 0) {
			collector_add_fault(c, r, "%s/%s", state->hwmon->dir,
					    state->hwmon->files[i].name);
			ret = COLLECT_PARTIAL;
		}
	}
	return ret;
}

const struct collector thermal_collector = {
	.name = "thermal",
	.help = "temperatures, fans and voltage of discrete cards, from hwmon",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
