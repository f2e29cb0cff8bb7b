// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test can set, under /sys/module/xe/parameters. A list is one value per function: the PF,
 * VF 1, VF 2 and so on.
 */
#include <linux/module.h>
#include "xe_lab.h"

/* ---- rates: a change takes effect at once and is accounted exactly ---- */

u32 xe_load_permille[XE_CLASSES][XE_FUNCTIONS] = { { 250 }, { 50 }, { 400 }, { 100 }, { 150 } };
u32 xe_c6_permille[XE_MAX_GTS] = { 300, 600 };
u32 xe_act_freq[XE_MAX_GTS] = { 2400, 900 };
u32 xe_power_mw[XE_CHANNELS] = { 120000, 90000 };

/* What is not given is 0. The functions together cannot use more of an engine than there is. */
static int set_load(const char *val, const struct kernel_param *kp)
{
	u32 *load = kp->arg, sum = 0, i;
	int given[XE_FUNCTIONS + 1];

	get_options(val, ARRAY_SIZE(given), given);
	for (i = 0; i < XE_FUNCTIONS; i++)
		sum += i < given[0] ? clamp(given[i + 1], 0, 1001) : 0;
	if (sum > 1000)
		return -ERANGE;
	for (i = 0; i < XE_FUNCTIONS; i++)
		WRITE_ONCE(load[i], i < given[0] ? given[i + 1] : 0);
	xe_for_each(xe_load_apply);
	return 0;
}

static int get_load(char *buf, const struct kernel_param *kp)
{
	const u32 *load = kp->arg;
	int n = 0, i;

	for (i = 0; i < XE_FUNCTIONS; i++)
		n += sysfs_emit_at(buf, n, "%s%u", i ? "," : "", load[i]);
	return n + sysfs_emit_at(buf, n, "\n");
}

static const struct kernel_param_ops load_ops = { .set = set_load, .get = get_load };

static int set_number(const char *val, const struct kernel_param *kp)
{
	int ret = kstrtou32(val, 0, kp->arg);

	if (!ret)
		xe_for_each(xe_load_apply);
	return ret;
}

static const struct kernel_param_ops number_ops = { .set = set_number, .get = param_get_uint };

#define LOAD(name, class, text) \
	module_param_cb(name, &load_ops, xe_load_permille[class], 0644); \
	MODULE_PARM_DESC(name, text)
#define NUMBER(name, var, text) \
	module_param_cb(name, &number_ops, &(var), 0644); \
	MODULE_PARM_DESC(name, text)

LOAD(load_render, XE_RCS, "busy per mille of the first engine of the class, by function; the second has half");
LOAD(load_copy, XE_BCS, "of copy engines");
LOAD(load_video, XE_VCS, "of video engines");
LOAD(load_video_enhance, XE_VECS, "of video enhancement engines");
LOAD(load_compute, XE_CCS, "of compute engines");
NUMBER(c6_permille, xe_c6_permille[0], "C6 share of GT 0, while no forcewake is held");
NUMBER(c6_gt1_permille, xe_c6_permille[1], "of GT 1");
NUMBER(act_freq_mhz, xe_act_freq[0], "clock of GT 0");
NUMBER(power_card_mw, xe_power_mw[0], "what the card uses");
NUMBER(power_pkg_mw, xe_power_mw[1], "what its package uses, a part of that");

/* ---- plain values ---- */

unsigned int xe_clock_hz = 19200000;
module_param_named(clock_hz, xe_clock_hz, uint, 0444);
MODULE_PARM_DESC(clock_hz, "of the firmware's ticks");

unsigned int xe_energy_start;
module_param_named(energy_start, xe_energy_start, uint, 0444);
MODULE_PARM_DESC(energy_start, "what the energy registers have at first, in 2^-14 J");

unsigned int xe_throttle_mask;
module_param_named(throttle_mask, xe_throttle_mask, uint, 0644);
MODULE_PARM_DESC(throttle_mask, "active reasons: 1 pl1, 2 pl2, 4 pl4, 8 thermal, 16 prochot, 32 ratl, 64 vr_thermalert, 128 vr_tdc");

int xe_temperature[5] = { 47000, 50000, 64000, 61000, 54000 };
module_param_array_named(temperature, xe_temperature, int, NULL, 0644);
MODULE_PARM_DESC(temperature, "pkg, vram, mctrl, pcie, each memory channel, in thousandths of a degree");

int xe_fan_rpm[3] = { 1260, 652, 0 };
module_param_array_named(fan_rpm, xe_fan_rpm, int, NULL, 0644);
MODULE_PARM_DESC(fan_rpm, "fans");

unsigned long xe_power_max = 190000000;
module_param_named(power_max, xe_power_max, ulong, 0644);
MODULE_PARM_DESC(power_max, "the power limit in uW; 0 is disabled, and a line in the kernel's log for each read");

char xe_huc[32] = "9.4.13";
module_param_string(huc, xe_huc, sizeof(xe_huc), 0644);
MODULE_PARM_DESC(huc, "version of the HuC that runs; anything else than one: none runs");

bool xe_wedged;
module_param_named(wedged, xe_wedged, bool, 0644);
MODULE_PARM_DESC(wedged, "the driver has given the GPU up");

bool xe_d3cold;
module_param_named(d3cold, xe_d3cold, bool, 0644);
MODULE_PARM_DESC(d3cold, "a sleeping card has no power: its registers start again from 0");

static int get_wakes(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&xe_wakes));
}

static int set_wakes(const char *val, const struct kernel_param *kp)
{
	int n, ret = kstrtoint(val, 0, &n);

	if (!ret)
		atomic_set(&xe_wakes, n);
	return ret;
}

atomic_t xe_wakes = ATOMIC_INIT(0);
static const struct kernel_param_ops wakes_ops = { .set = set_wakes, .get = get_wakes };
module_param_cb(wakes, &wakes_ops, NULL, 0644);
MODULE_PARM_DESC(wakes, "how often a suspended GPU was woken");

/* ---- what happens ---- */

static int set_restart(const char *val, const struct kernel_param *kp)
{
	xe_for_each(xe_load_restart);
	return 0;
}

static int set_near_wrap(const char *val, const struct kernel_param *kp)
{
	struct xe_gpu *xe;
	u32 units;
	int ret = kstrtou32(val, 0, &units);

	if (ret)
		return ret;
	xe = xe_first();
	if (xe)
		xe_load_near_wrap(xe, units);
	xe_unlock_first();
	return xe ? 0 : -ENODEV;
}

static int get_truth(char *buf, const struct kernel_param *kp)
{
	struct xe_gpu *xe = xe_first();
	int n = xe ? xe_load_truth(xe, buf) : -ENODEV;

	xe_unlock_first();
	return n;
}

static const struct kernel_param_ops restart_ops = { .set = set_restart };
static const struct kernel_param_ops near_wrap_ops = { .set = set_near_wrap };
static const struct kernel_param_ops truth_ops = { .get = get_truth };
module_param_cb(restart, &restart_ops, NULL, 0200);
module_param_cb(energy_near_wrap, &near_wrap_ops, NULL, 0200);
module_param_cb(truth, &truth_ops, NULL, 0444);
MODULE_PARM_DESC(restart, "write: the firmware's counts of engines start again from 0");
MODULE_PARM_DESC(energy_near_wrap, "write N: energy registers of the first GPU wrap after N more units");
MODULE_PARM_DESC(truth, "of the first GPU: ns of time, uJ by channel, ns of C6 by GT (and both at the last read of their file), ns by engine and function");
