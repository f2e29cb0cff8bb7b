// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test can set, at load or while the module runs, under
 * /sys/module/i915/parameters.
 */
#include <linux/module.h>
#include <linux/wait.h>
#include "lab.h"

/* ---- given at load ---- */

/* The real module has it, root-only; monitors read it. */
bool lab_enable_gvt = true;
module_param_named(enable_gvt, lab_enable_gvt, bool, 0400);
MODULE_PARM_DESC(enable_gvt, "vGPU types on devices that have GVT-g");

unsigned int lab_gts = 1;
module_param_named(gts, lab_gts, uint, 0444);
MODULE_PARM_DESC(gts, "GTs per GPU, 1 or 2; with 2 the PMU names are Meteor Lake's");

static int discrete[LAB_MAX_GPUS] = { -1, -1, -1, -1 };
module_param_array(discrete, int, NULL, 0444);
MODULE_PARM_DESC(discrete, "per GPU: -1 by device id, 0 integrated, 1 discrete");

static unsigned int engines[LAB_CLASSES][LAB_MAX_GPUS] = {
	{ 1 }, { 1 }, { 2 }, { 1 }, { 0 }
};
static unsigned int n_engines[LAB_CLASSES] = { 1, 1, 1, 1, 1 };
module_param_array_named(vcs, engines[LAB_VIDEO], uint, &n_engines[LAB_VIDEO], 0444);
module_param_array_named(ccs, engines[LAB_COMPUTE], uint, &n_engines[LAB_COMPUTE], 0444);
MODULE_PARM_DESC(vcs, "video engines per GPU (the last value repeats)");
MODULE_PARM_DESC(ccs, "compute engines");

unsigned int lab_param_engines(u32 class, unsigned int gpu)
{
	unsigned int i;

	if (!n_engines[class])
		return 0;
	i = min(gpu, n_engines[class] - 1);
	return min_t(unsigned int, engines[class][i], LAB_MAX_INSTANCES);
}

bool lab_param_discrete(unsigned int gpu, bool by_id)
{
	int given = gpu < LAB_MAX_GPUS ? discrete[gpu] : -1;

	return given < 0 ? by_id : given;
}

/* ---- rates: a change takes effect at once and is accounted exactly ---- */

unsigned int lab_load_permille[LAB_CLASSES] = { 250, 50, 400, 100, 150 };
unsigned int lab_rc6_permille[LAB_MAX_GTS] = { 300, 600 };
unsigned int lab_act_freq[LAB_MAX_GTS] = { 700, 500 };
/* Different by default: a reader that mixes up two GPUs shows. */
unsigned int lab_gpu_scale[LAB_MAX_GPUS] = { 100, 50, 25, 10 };

static int set_rate(const char *val, const struct kernel_param *kp,
		    unsigned int limit)
{
	unsigned int rate;
	int ret = kstrtouint(val, 0, &rate);

	if (ret)
		return ret;
	if (rate > limit)
		return -ERANGE;
	WRITE_ONCE(*(unsigned int *)kp->arg, rate);
	lab_for_each_gpu(lab_load_apply);
	return 0;
}

static int set_permille(const char *val, const struct kernel_param *kp)
{
	return set_rate(val, kp, 1000);
}

static int set_number(const char *val, const struct kernel_param *kp)
{
	return set_rate(val, kp, 1000000);
}

static const struct kernel_param_ops permille_ops = {
	.set = set_permille,
	.get = param_get_uint,
};

static const struct kernel_param_ops number_ops = {
	.set = set_number,
	.get = param_get_uint,
};

#define PERMILLE(name, var, text) \
	module_param_cb(name, &permille_ops, &(var), 0644); \
	MODULE_PARM_DESC(name, text)
#define NUMBER(name, var, text) \
	module_param_cb(name, &number_ops, &(var), 0644); \
	MODULE_PARM_DESC(name, text)

PERMILLE(load_render, lab_load_permille[LAB_RENDER], "busy per mille of every render engine");
PERMILLE(load_copy, lab_load_permille[LAB_COPY], "of every copy engine");
PERMILLE(load_video, lab_load_permille[LAB_VIDEO], "of every video engine");
PERMILLE(load_video_enhance, lab_load_permille[LAB_VIDEO_ENHANCE], "of every video enhancement engine");
PERMILLE(load_compute, lab_load_permille[LAB_COMPUTE], "of every compute engine");
PERMILLE(rc6_permille, lab_rc6_permille[0], "RC6 share of GT 0; it is awake for the rest");
NUMBER(act_freq_mhz, lab_act_freq[0], "actual clock of GT 0");
NUMBER(gpu1_scale, lab_gpu_scale[1], "percent of the programmed engine load, clocks and interrupts on GPU 1");
NUMBER(gpu3_scale, lab_gpu_scale[3], "percent of the programmed engine load, clocks and interrupts on GPU 3");

/* ---- plain values ---- */

unsigned int lab_throttle_mask;
module_param_named(throttle_mask, lab_throttle_mask, uint, 0644);
MODULE_PARM_DESC(throttle_mask, "active reasons: 1 pl1, 2 pl2, 4 pl4, 8 thermal, 16 prochot, 32 ratl, 64 vr_thermalert, 128 vr_tdc");

bool lab_fdinfo_engines = true;
module_param_named(fdinfo_engines, lab_fdinfo_engines, bool, 0644);
MODULE_PARM_DESC(fdinfo_engines, "0: no engine times in fdinfo, as with GuC before 6.5");

int lab_huc = 1;
module_param_named(huc, lab_huc, int, 0644);
MODULE_PARM_DESC(huc, "HUC_STATUS: 1 runs, 0 does not, below 0 the errno of the question");

static int get_wakes(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&lab_wakes));
}

static int set_wakes(const char *val, const struct kernel_param *kp)
{
	int n, ret = kstrtoint(val, 0, &n);

	if (!ret)
		atomic_set(&lab_wakes, n);
	return ret;
}

atomic_t lab_wakes = ATOMIC_INIT(0);
static const struct kernel_param_ops wakes_ops = {
	.set = set_wakes,
	.get = get_wakes,
};
module_param_cb(wakes, &wakes_ops, NULL, 0644);
MODULE_PARM_DESC(wakes, "how often a suspended GPU was woken");

/* ---- faults ---- */

unsigned int lab_open_errno, lab_exec_errno;
module_param_named(open_errno, lab_open_errno, uint, 0644);
module_param_named(exec_errno, lab_exec_errno, uint, 0644);
MODULE_PARM_DESC(open_errno, "errno with which opening a render node fails");
MODULE_PARM_DESC(exec_errno, "errno with which EXECBUFFER2 fails");

enum lab_exec_block lab_exec_block;
static const char *const exec_blocks[] = {
	[LAB_NOTHING_BLOCKS] = "",
	[LAB_EXEC_BLOCKS_D] = "exec-d",
	[LAB_EXEC_BLOCKS_S] = "exec-s",
	[LAB_WAIT_BLOCKS_D] = "wait-d",
	[LAB_WAIT_BLOCKS_S] = "wait-s",
};

static int set_exec_block(const char *val, const struct kernel_param *kp)
{
	int which = sysfs_match_string(exec_blocks, val);

	if (which < 0)
		return which;
	WRITE_ONCE(lab_exec_block, which);
	lab_exec_block_changed();
	return 0;
}

static int get_exec_block(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", exec_blocks[lab_exec_block]);
}

static const struct kernel_param_ops exec_block_ops = {
	.set = set_exec_block,
	.get = get_exec_block,
};
module_param_cb(exec_block, &exec_block_ops, NULL, 0644);
MODULE_PARM_DESC(exec_block, "exec-d, exec-s, wait-d, wait-s: EXECBUFFER2 or the waits for its buffers stay in this state while it is set");

unsigned int lab_dip_ms = 500;
module_param_named(dip_ms, lab_dip_ms, uint, 0644);
MODULE_PARM_DESC(dip_ms, "how far a dipping busy counter falls, in ms");

static unsigned int dip_reads;

static void arm_dip(struct lab_gpu *gpu)
{
	atomic_set(&gpu->dips, dip_reads);
}

static int set_dip(const char *val, const struct kernel_param *kp)
{
	int ret = kstrtouint(val, 0, &dip_reads);

	if (!ret)
		lab_for_each_gpu(arm_dip);
	return ret;
}

static int set_restart(const char *val, const struct kernel_param *kp)
{
	lab_for_each_gpu(lab_load_restart);
	return 0;
}

static const struct kernel_param_ops dip_ops = {
	.set = set_dip,
	.get = param_get_uint,
};
static const struct kernel_param_ops restart_ops = { .set = set_restart };
module_param_cb(dip, &dip_ops, &dip_reads, 0644);
module_param_cb(restart, &restart_ops, NULL, 0200);
MODULE_PARM_DESC(dip, "the next N reads of each PMU show busy counters dip_ms lower than the read before");
MODULE_PARM_DESC(restart, "write: open busy counters start again from 0");

static char block[48];
static struct kparam_string block_string = { sizeof(block), block };
static DECLARE_WAIT_QUEUE_HEAD(passed);

/* The module loader takes no newline off, echo always adds one. */
static int set_name(const char *val, const struct kernel_param *kp)
{
	const struct kparam_string *s = kp->str;
	size_t len = strcspn(val, "\n");

	if (len >= s->maxlen)
		return -ENOSPC;
	memcpy(s->string, val, len);
	s->string[len] = '\0';
	wake_up_all(&passed);
	return 0;
}

static const struct kernel_param_ops name_ops = {
	.set = set_name,
	.get = param_get_string,
};
__module_param_call(MODULE_PARAM_PREFIX, block, &name_ops,
		    .str = &block_string, 0644, -1, 0);
MODULE_PARM_DESC(block, "name of a file whose reads hang, in state D, while this is set");

/*
 * Files of gt/ and fdinfo pass here before they are read. Whoever writes the
 * name wakes those who wait, who compare again.
 */
void lab_gate(const char *attribute)
{
	wait_event(passed, strncmp(attribute, block, sizeof(block)));
}
