// SPDX-License-Identifier: Apache-2.0
/*
 * How is a discrete card attached, and are there errors on the way? current_link_speed and
 * max_link_speed are read from the configuration space, which wakes a port that sleeps
 * (drivers/pci/ pci-sysfs.c, pci_config_pm_runtime_get()): while the GPU is awake its ports are.
 * The kernel counts errors in memory (drivers/pci/pcie/aer.c).
 */
#include "sources/gpu/pcie.h"
#include "base/text.h"
#include "collectors/attribute.h"
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

static int parse_width(const char *text, size_t len, uint64_t *ret)
{
	int r = text_parse_u64(text, len, ret);

	/* All bits are 1 where the device does not answer: 63 lanes. */
	return r == 0 && (*ret == 0 || *ret > 32) ? -ENODATA : r;
}

/* In the order of the families. */
static const struct attribute links[] = {
	[SPEED] = { .name = "current_link_speed", .wakes = true, .parse = pcie_parse_speed },
	[WIDTH] = { .name = "current_link_width", .wakes = true, .parse = parse_width },
	[MAX_SPEED] = { .name = "max_link_speed",
			.wakes = true,
			.constant = true,
			.parse = pcie_parse_speed },
	[MAX_WIDTH] = { .name = "max_link_width",
			.wakes = true,
			.constant = true,
			.parse = parse_width },
};

static const struct attribute errors[SEVERITIES] = {
	[CORRECTABLE] = { .name = "aer_dev_correctable", .parse = pcie_parse_errors },
	[NONFATAL] = { .name = "aer_dev_nonfatal", .parse = pcie_parse_errors },
	[FATAL] = { .name = "aer_dev_fatal", .parse = pcie_parse_errors },
};

struct device {
	char dir[64];
	struct attribute_file errors[SEVERITIES];
	struct counter counted[SEVERITIES];
};

struct state {
	struct device devices[2]; /* the GPU, and the port if that is another one */
	size_t n;
	const char *port; /* its dir */
	struct attribute_file links[ARRAY_SIZE(links)];
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	for (size_t i = 0; i < state->n; i++)
		attributes_close(state->devices[i].errors, SEVERITIES);
	attributes_close(state->links, ARRAY_SIZE(links));
	free(state);
}

static void add_device(struct state *state, const char *pci)
{
	struct device *device = &state->devices[state->n++];

	snprintf(device->dir, sizeof(device->dir), "sys/bus/pci/devices/%s/", pci);
	for (size_t i = 0; i < SEVERITIES; i++)
		device->errors[i] = (struct attribute_file)ATTRIBUTE_CLOSED;
	state->port = device->dir;
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;
	char port[24];

	if ((gpu->driver != GPU_I915 && gpu->driver != GPU_XE) || gpu->vf || !gpu->discrete)
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		state->links[i] = (struct attribute_file)ATTRIBUTE_CLOSED;
	add_device(state, gpu->pci);
	pcie_find_port(context->fs, gpu, port, sizeof(port));
	if (strcmp(port, gpu->pci) != 0)
		add_device(state, port);
	*ret_state = state;
	return 0;
}

/*
 * In a VM the switch is missing, and what the GPU itself says is of a link within the chip. No slot
 * is so slow, so nothing is said then.
 */
static bool is_stub(const struct state *state, uint64_t max_speed, uint64_t max_width)
{
	return state->n == 1 && max_speed == 2500000000u && max_width == 1;
}

static int collect_link(const struct collection *c, struct state *state)
{
	uint64_t values[ARRAY_SIZE(links)];
	bool known[ARRAY_SIZE(links)];
	int ret = 0;

	for (size_t i = ARRAY_SIZE(links); i-- > 0;) {
		int r = attribute_read(c, &links[i], &state->links[i], state->port, false,
				       &values[i]);

		ret = r < 0 ? r : ret;
		known[i] = r > 0;
		/* What it is able to have comes first: without it the rest says nothing. */
		if (i == MAX_SPEED && (!known[MAX_SPEED] || !known[MAX_WIDTH] ||
				       is_stub(state, values[MAX_SPEED], values[MAX_WIDTH])))
			return ret;
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (known[i])
			put(c->batch, &families[i], (double)values[i], c->gpu->pci);
	return ret;
}

/*
 * The sum over both devices. One that cannot be read would look like a reset, and one whose file
 * has gone keeps what it had.
 */
static int collect_errors(const struct collection *c, struct state *state, size_t severity)
{
	uint64_t sum = 0, value;
	bool known = false;

	for (size_t i = 0; i < state->n; i++) {
		struct device *device = &state->devices[i];
		struct counter *counter = &device->counted[severity];
		int r = attribute_read(c, &errors[severity], &device->errors[severity], device->dir,
				       false, &value);

		if (r < 0)
			return r;
		sum += r > 0 ? counter_add(counter, value) : counter->total;
		known |= r > 0;
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
