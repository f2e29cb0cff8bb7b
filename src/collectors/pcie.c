// SPDX-License-Identifier: Apache-2.0
/*
 * How is a discrete card attached, and are there errors on the way? current_link_speed and
 * max_link_speed are read from the configuration space, which wakes a port that sleeps
 * (drivers/pci/ pci-sysfs.c, pci_config_pm_runtime_get()): while the GPU is awake its ports are.
 * The kernel counts errors in memory (drivers/pci/pcie/aer.c).
 */
#include "sources/gpu/pcie.h"
#include "base/text.h"
#include "collectors/collector.h"
#include "sources/gpu/counter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SPEED, WIDTH, MAX_SPEED, MAX_WIDTH, ERRORS };

static const struct family families[] = {
	[SPEED] = {
		.name = "intel_gpu_pcie_link_speed_transfers_per_second",
		.help = "Speed of a discrete card's link to the slot now (8e9 is PCIe 3, 16e9 "
			"PCIe 4), that of the switch on the card where it has one; absent while "
			"the card is suspended.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[WIDTH] = {
		.name = "intel_gpu_pcie_link_width",
		.help = "Lanes of a discrete card's link to the slot now; absent while the card is "
			"suspended.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[MAX_SPEED] = {
		.name = "intel_gpu_pcie_link_max_speed_transfers_per_second",
		.help = "Speed that the card is able to have on its link to the slot.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[MAX_WIDTH] = {
		.name = "intel_gpu_pcie_link_max_width",
		.help = "Lanes that the card is able to have on its link to the slot.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[ERRORS] = {
		.name = "intel_gpu_pcie_errors_total",
		.help = "Errors that the GPU and its card's port to the slot have reported since "
			"the machine has started, from AER; correctable ones cost speed only.",
		.type = COUNTER,
		.labels = { "pci", "severity" },
	},
};

enum { CORRECTABLE, NONFATAL, FATAL, SEVERITIES };

static const char *const severities[SEVERITIES] = { "correctable", "nonfatal", "fatal" };

struct device {
	char pci[24];
	int errors[SEVERITIES]; /* descriptors */
	struct counter counted[SEVERITIES];
};

struct state {
	struct device devices[2]; /* the GPU, and the port if that is another one */
	size_t n;
	const char *port;
	int speed, width; /* descriptors */
	uint64_t max_speed, max_width;
	bool max_known, stub;
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	for (size_t i = 0; i < state->n; i++)
		for (size_t j = 0; j < SEVERITIES; j++)
			close_fdp(&state->devices[i].errors[j]);
	close_fdp(&state->speed);
	close_fdp(&state->width);
	free(state);
}

static void add_device(struct state *state, const char *pci)
{
	struct device *device = &state->devices[state->n++];

	strcpy(device->pci, pci);
	for (size_t i = 0; i < SEVERITIES; i++)
		device->errors[i] = -1;
	state->port = device->pci;
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;
	char port[sizeof(state->devices[0].pci)];

	if ((gpu->driver != GPU_I915 && gpu->driver != GPU_XE) || gpu->vf || !gpu->discrete)
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->speed = state->width = -1;
	add_device(state, gpu->pci);
	pcie_find_port(context->fs, gpu, port, sizeof(port));
	if (strcmp(port, gpu->pci) != 0)
		add_device(state, port);
	*ret_state = state;
	return 0;
}

/* 1, 0 when it is not there or unknown, or -errno with the fault added. fd NULL: read once. */
static int read_link(const struct collection *c, int *fd, const char *name, bool is_speed,
		     uint64_t *ret)
{
	const struct state *state = c->state;
	char path[80], text[64];
	int once = -1, n;

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", state->port, name);
	n = fs_read_kept(c->context->fs, fd ? fd : &once, text, sizeof(text), "%s", path);
	close_fdp(&once);
	/* EINVAL: the device has no such register. */
	if (n == -ENOENT || n == -ENODEV || n == -EINVAL)
		return 0;
	if (n >= 0)
		n = is_speed ? pcie_parse_speed(text, (size_t)n, ret)
			     : text_parse_u64(text, (size_t)n, ret);
	if (n == -ENODATA)
		return 0;
	/* All bits are 1 where the device does not answer: 63 lanes. */
	if (n == 0 && !is_speed && (*ret == 0 || *ret > 32))
		return 0;
	if (n < 0)
		collector_add_fault(c, n, "%s", path);
	return n < 0 ? n : 1;
}

/*
 * In a VM the switch is missing, and what the GPU itself says is of a link within the chip. No slot
 * is so slow, so nothing is said then.
 */
static int read_max(const struct collection *c, struct state *state)
{
	int speed = read_link(c, NULL, "max_link_speed", true, &state->max_speed);
	int width = read_link(c, NULL, "max_link_width", false, &state->max_width);

	if (speed < 0 || width < 0)
		return speed < 0 ? speed : width;
	state->max_known = speed > 0 && width > 0;
	state->stub = state->max_known && state->n == 1 && state->max_speed == 2500000000u &&
		      state->max_width == 1;
	return 0;
}

static int collect_link(const struct collection *c, struct state *state)
{
	const char *pci = c->gpu->pci;
	uint64_t value;
	int r = state->max_known ? 0 : read_max(c, state);

	if (r < 0 || !state->max_known || state->stub)
		return r;
	r = read_link(c, &state->speed, "current_link_speed", true, &value);
	if (r > 0)
		put(c->batch, &families[SPEED], (double)value, pci);
	if (r >= 0)
		r = read_link(c, &state->width, "current_link_width", false, &value);
	if (r > 0)
		put(c->batch, &families[WIDTH], (double)value, pci);
	put(c->batch, &families[MAX_SPEED], (double)state->max_speed, pci);
	put(c->batch, &families[MAX_WIDTH], (double)state->max_width, pci);
	return r < 0 ? r : 0;
}

/*
 * The sum over both devices. One that cannot be read would look like a reset, and one whose file
 * has gone keeps what it had.
 */
static int collect_errors(const struct collection *c, struct state *state, size_t severity)
{
	uint64_t sum = 0;
	bool known = false;

	for (size_t i = 0; i < state->n; i++) {
		struct device *device = &state->devices[i];
		char path[80], text[2048];
		uint64_t errors;
		int n;

		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/aer_dev_%s", device->pci,
			 severities[severity]);
		n = fs_read_kept(c->context->fs, &device->errors[severity], text, sizeof(text),
				 "%s", path);
		if (n == -ENOENT || n == -ENODEV) {
			sum += device->counted[severity].total;
			continue;
		}
		if (n >= 0)
			n = pcie_parse_errors(text, (size_t)n, &errors);
		if (n < 0) {
			collector_add_fault(c, n, "%s", path);
			return n;
		}
		sum += counter_add(&device->counted[severity], errors);
		known = true;
	}
	if (known)
		put(c->batch, &families[ERRORS], (double)sum, c->gpu->pci, severities[severity]);
	return 0;
}

static int collect(const struct collection *c)
{
	struct state *state = c->state;
	bool suspended = true;
	int ret = 0, r = gpu_is_suspended(c->context->fs, c->gpu, &suspended);

	if (r < 0 && r != -ENOENT && r != -ENODATA) {
		collector_add_fault(c, r, "power/runtime_status");
		ret = COLLECT_PARTIAL;
	}
	if (!suspended && collect_link(c, state) < 0)
		ret = COLLECT_PARTIAL;
	for (size_t i = 0; i < SEVERITIES; i++)
		if (collect_errors(c, state, i) < 0)
			ret = COLLECT_PARTIAL;
	return ret;
}

const struct collector pcie_collector = {
	.name = "pcie",
	.help = "link and errors of discrete cards on the PCIe bus",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
