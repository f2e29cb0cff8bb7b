// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tiles and GTs below the PCI device: clocks, throttling, C6, classes of engines. Whose read wakes a
 * suspended GPU is as in Linux 7.0 (xe_gt_freq.c, xe_gt_throttle.c, xe_gt_idle.c).
 */
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "xe_lab.h"

static void kobject_free(struct kobject *kobj)
{
	kfree(container_of(kobj, struct xe_kobject, kobj));
}

static const struct kobj_type ktype = { .release = kobject_free, .sysfs_ops = &kobj_sysfs_ops };

struct xe_kobject *xe_kobject_add(struct xe_gpu *xe, struct kobject *parent, const char *name,
				  unsigned int id)
{
	struct xe_kobject *k = kzalloc(sizeof(*k), GFP_KERNEL);
	int ret;

	if (!k)
		return ERR_PTR(-ENOMEM);
	k->xe = xe;
	k->id = id;
	ret = kobject_init_and_add(&k->kobj, &ktype, parent, "%s", name);
	if (ret) {
		kobject_put(&k->kobj);
		return ERR_PTR(ret);
	}
	/* Children before parents when they are removed. */
	list_add(&k->link, &xe->kobjects);
	return k;
}

enum gt_value {
	/* do not wake */
	RP0, RPN, JOB_TIMEOUT, TIMESLICE, PREEMPT, POWER_PROFILE,
	/* wake */
	ACT, CUR, RPE, RPA, MIN, MAX, IDLE_NAME, IDLE_STATUS, IDLE_MS,
	REASONS, STATUS, REASON	/* and 7 more: one per bit */
};

static const char *const reason_name[] = {
	"pl1", "pl2", "pl4", "thermal", "prochot", "ratl", "vr_thermalert", "vr_tdc"
};

static ssize_t show_reasons(char *buf)
{
	unsigned int mask = xe_throttle_mask, i;
	ssize_t n = 0;

	for (i = 0; i < ARRAY_SIZE(reason_name); i++)
		if (mask >> i & 1)
			n += sysfs_emit_at(buf, n, "%s%s", n ? " " : "", reason_name[i]);
	return n + sysfs_emit_at(buf, n, "%s\n", n ? "" : "none");
}

static bool in_c6(struct xe_gpu *xe, unsigned int gt)
{
	return !xe->load.forcewakes[gt] && xe_c6_permille[gt] >= 500;
}

static ssize_t show_value(struct xe_gpu *xe, unsigned int gt, enum gt_value what, char *buf)
{
	const struct xe_gt_model *model = &xe->model->gt[gt];

	switch (what) {
	case RP0:
	case MAX:
		return sysfs_emit(buf, "%u\n", model->rp0);
	case RPN:
	case MIN:
		return sysfs_emit(buf, "%u\n", model->rpn);
	case RPE:
	case RPA:
		return sysfs_emit(buf, "%u\n", model->rpe);
	case ACT:
		return sysfs_emit(buf, "%u\n", in_c6(xe, gt) ? 0 : xe_act_freq[gt]);
	case CUR:
		return sysfs_emit(buf, "%u\n", xe_act_freq[gt] + 50);
	case JOB_TIMEOUT:
		return sysfs_emit(buf, "5000\n");
	case TIMESLICE:
		return sysfs_emit(buf, "1000\n");
	case PREEMPT:
		return sysfs_emit(buf, "640000\n");
	case POWER_PROFILE:
		return sysfs_emit(buf, "[base]    power_saving\n");
	case IDLE_NAME:
		return sysfs_emit(buf, "gt%u-%s\n", gt, model->engines[XE_RCS] || model->engines[XE_CCS] ?
				  "rc" : "mc");
	case IDLE_STATUS:
		return sysfs_emit(buf, in_c6(xe, gt) ? "gt-c6\n" : "gt-c0\n");
	case IDLE_MS:
		return sysfs_emit(buf, "%llu\n", xe_load_c6_ms(xe, gt));
	case REASONS:
		return show_reasons(buf);
	case STATUS:
		return sysfs_emit(buf, "%u\n", xe_throttle_mask != 0);
	default:
		return sysfs_emit(buf, "%u\n", xe_throttle_mask >> (what - REASON) & 1);
	}
}

struct gt_attr {
	struct kobj_attribute base;
	enum gt_value what;
};

static ssize_t gt_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct xe_kobject *k = container_of(kobj, struct xe_kobject, kobj);
	enum gt_value what = container_of(attr, struct gt_attr, base)->what;
	ssize_t ret;

	if (what < ACT)
		return show_value(k->xe, k->id, what, buf);
	ret = xe_power_get(k->xe);
	if (ret)
		return ret;
	ret = show_value(k->xe, k->id, what, buf);
	xe_power_put(k->xe);
	return ret;
}

#define FILE(_name, _what) \
	static struct gt_attr _name##_attr = { __ATTR(_name, 0444, gt_show, NULL), _what }
#define A(_name) (&_name##_attr.base.attr)

FILE(act_freq, ACT);
FILE(cur_freq, CUR);
FILE(rp0_freq, RP0);
FILE(rpe_freq, RPE);
FILE(rpa_freq, RPA);
FILE(rpn_freq, RPN);
FILE(min_freq, MIN);
FILE(max_freq, MAX);
FILE(power_profile, POWER_PROFILE);
static const struct attribute *const freq_attrs[] = {
	A(act_freq), A(cur_freq), A(rp0_freq), A(rpe_freq), A(rpa_freq), A(rpn_freq), A(min_freq),
	A(max_freq), A(power_profile), NULL
};

FILE(status, STATUS);
FILE(reasons, REASONS);
FILE(reason_pl1, REASON);
FILE(reason_pl2, REASON + 1);
FILE(reason_pl4, REASON + 2);
FILE(reason_thermal, REASON + 3);
FILE(reason_prochot, REASON + 4);
FILE(reason_ratl, REASON + 5);
FILE(reason_vr_thermalert, REASON + 6);
FILE(reason_vr_tdc, REASON + 7);
static const struct attribute *const throttle_attrs[] = {
	A(status), A(reasons), A(reason_pl1), A(reason_pl2), A(reason_pl4), A(reason_thermal),
	A(reason_prochot), A(reason_ratl), A(reason_vr_thermalert), A(reason_vr_tdc), NULL
};

FILE(name, IDLE_NAME);
FILE(idle_status, IDLE_STATUS);
FILE(idle_residency_ms, IDLE_MS);
static const struct attribute *const idle_attrs[] = {
	A(name), A(idle_status), A(idle_residency_ms), NULL
};

FILE(job_timeout_ms, JOB_TIMEOUT);
FILE(timeslice_duration_us, TIMESLICE);
FILE(preempt_timeout_us, PREEMPT);
static const struct attribute *const engine_attrs[] = {
	A(job_timeout_ms), A(timeslice_duration_us), A(preempt_timeout_us), NULL
};

static struct xe_kobject *add(struct xe_gpu *xe, struct kobject *parent, const char *name,
			      unsigned int id, const struct attribute *const *files)
{
	struct xe_kobject *k = xe_kobject_add(xe, parent, name, id);
	int ret;

	if (IS_ERR(k) || !files)
		return k;
	ret = sysfs_create_files(&k->kobj, files);
	return ret ? ERR_PTR(ret) : k;
}

static int add_engines(struct xe_gpu *xe, struct kobject *parent, unsigned int gt)
{
	struct xe_kobject *engines = xe_kobject_add(xe, parent, "engines", gt), *k;
	u32 class;

	if (IS_ERR(engines))
		return PTR_ERR(engines);
	for (class = 0; class < XE_CLASSES; class++) {
		if (!xe->model->gt[gt].engines[class])
			continue;
		k = add(xe, &engines->kobj, xe_class_name[class], gt, engine_attrs);
		if (IS_ERR(k))
			return PTR_ERR(k);
	}
	return 0;
}

static int add_gt(struct xe_gpu *xe, struct kobject *tile, unsigned int id)
{
	struct xe_kobject *gt, *k;
	char name[16];

	snprintf(name, sizeof(name), "gt%u", id);
	gt = xe_kobject_add(xe, tile, name, id);
	if (IS_ERR(gt))
		return PTR_ERR(gt);
	k = add(xe, &gt->kobj, "freq0", id, freq_attrs);
	if (!IS_ERR(k))
		k = add(xe, &k->kobj, "throttle", id, throttle_attrs);
	if (!IS_ERR(k))
		k = add(xe, &gt->kobj, "gtidle", id, idle_attrs);
	return IS_ERR(k) ? PTR_ERR(k) : add_engines(xe, &gt->kobj, id);
}

int xe_sysfs_register(struct xe_gpu *xe)
{
	struct xe_kobject *tile = NULL;
	unsigned int gt;
	char name[16];
	int ret = 0;

	for (gt = 0; !ret && gt < xe->model->n_gts; gt++) {
		if (!gt || xe->model->gt[gt].tile != xe->model->gt[gt - 1].tile) {
			snprintf(name, sizeof(name), "tile%u", xe->model->gt[gt].tile);
			tile = xe_kobject_add(xe, &xe->pdev->dev.kobj, name, gt);
		}
		ret = IS_ERR(tile) ? PTR_ERR(tile) : add_gt(xe, &tile->kobj, gt);
	}
	if (!ret && xe->total_vfs)
		ret = xe_sriov_register(xe);
	if (ret)
		xe_sysfs_unregister(xe);
	return ret;
}

void xe_sysfs_unregister(struct xe_gpu *xe)
{
	struct xe_kobject *k, *next;

	list_for_each_entry_safe(k, next, &xe->kobjects, link) {
		list_del(&k->link);
		kobject_del(&k->kobj);
		kobject_put(&k->kobj);
	}
}
