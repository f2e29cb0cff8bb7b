// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks, RC6 and throttle reasons: cardN/gt/gtM, and the older files at the
 * card itself. Which of them wake a suspended GPU is as in the real driver.
 */
#include <drm/drm_file.h>
#include <linux/sysfs.h>
#include "lab.h"

enum gt_value {
	GT_ID, GT_ACT, GT_CUR, GT_PUNIT, GT_BOOST, GT_MAX, GT_MIN,
	GT_RP0, GT_RP1, GT_RPN, GT_RC6_ENABLE, GT_RC6_MS,
	GT_THROTTLE_STATUS,
	GT_THROTTLE_REASON,			/* and 7 more: one per bit */
};

static u32 scaled_freq(struct lab_gpu *gpu, unsigned int mhz)
{
	return lab_power_awake(gpu) ?
	       mhz * (u64)lab_gpu_scale[gpu->index] / 100 : 0;
}

static u32 gt_value(struct lab_gpu *gpu, unsigned int gt, enum gt_value what)
{
	switch (what) {
	case GT_ID:
		return gt;
	case GT_ACT:
		return scaled_freq(gpu, lab_act_freq[gt]);
	case GT_CUR:
	case GT_PUNIT:
		return scaled_freq(gpu, lab_act_freq[gt] + LAB_REQ_MORE);
	case GT_BOOST:
		return gpu->freq[gt].boost;
	case GT_MAX:
		return gpu->freq[gt].max;
	case GT_MIN:
		return gpu->freq[gt].min;
	case GT_RP0:
		return LAB_RP0;
	case GT_RP1:
		return LAB_RP1;
	case GT_RPN:
		return LAB_RPN;
	case GT_RC6_ENABLE:
		return 1;
	case GT_RC6_MS:
		return lab_load_read(gpu, LAB_RC6 + gt) / NSEC_PER_MSEC;
	case GT_THROTTLE_STATUS:
		return lab_throttle_mask != 0;
	default:
		return lab_throttle_mask >> (what - GT_THROTTLE_REASON) & 1;
	}
}

static ssize_t show_value(struct lab_gpu *gpu, unsigned int gt,
			  const char *name, enum gt_value what, char *buf)
{
	bool wakes = what >= GT_RC6_MS;
	u32 value;
	int ret = 0;

	lab_gate(name);
	if (wakes)
		ret = lab_power_get(gpu);
	if (ret)
		return ret;
	value = gt_value(gpu, gt, what);
	if (wakes)
		lab_power_put(gpu);
	return sysfs_emit(buf, what == GT_RC6_ENABLE ? "%x\n" : "%u\n", value);
}

static ssize_t store_limit(struct lab_freq *freq, enum gt_value what,
			   const char *buf, size_t count)
{
	u32 mhz;
	int ret = kstrtou32(buf, 0, &mhz);

	if (ret)
		return ret;
	if (mhz < LAB_RPN || mhz > LAB_RP0)
		return -EINVAL;
	if (what == GT_MAX)
		freq->max = mhz;
	else if (what == GT_MIN)
		freq->min = mhz;
	else
		freq->boost = mhz;
	return count;
}

struct gt_attr {
	struct kobj_attribute base;
	enum gt_value what;
};

static ssize_t gt_show(struct kobject *kobj, struct kobj_attribute *attr,
		       char *buf)
{
	struct lab_kobject *k = container_of(kobj, struct lab_kobject, kobj);
	struct gt_attr *a = container_of(attr, struct gt_attr, base);

	return show_value(k->gpu, k->id, attr->attr.name, a->what, buf);
}

static ssize_t gt_store(struct kobject *kobj, struct kobj_attribute *attr,
			const char *buf, size_t count)
{
	struct lab_kobject *k = container_of(kobj, struct lab_kobject, kobj);
	struct gt_attr *a = container_of(attr, struct gt_attr, base);

	return store_limit(&k->gpu->freq[k->id], a->what, buf, count);
}

#define GT_RO(_name, _what) \
	static struct gt_attr gt_##_name = { \
		__ATTR(_name, 0444, gt_show, NULL), _what }
#define GT_RW(_name, _what) \
	static struct gt_attr gt_##_name = { \
		__ATTR(_name, 0644, gt_show, gt_store), _what }

GT_RO(id, GT_ID);
GT_RO(rps_act_freq_mhz, GT_ACT);
GT_RO(rps_cur_freq_mhz, GT_CUR);
GT_RO(punit_req_freq_mhz, GT_PUNIT);
GT_RW(rps_boost_freq_mhz, GT_BOOST);
GT_RW(rps_max_freq_mhz, GT_MAX);
GT_RW(rps_min_freq_mhz, GT_MIN);
GT_RO(rps_RP0_freq_mhz, GT_RP0);
GT_RO(rps_RP1_freq_mhz, GT_RP1);
GT_RO(rps_RPn_freq_mhz, GT_RPN);
GT_RO(rc6_enable, GT_RC6_ENABLE);
GT_RO(rc6_residency_ms, GT_RC6_MS);
GT_RO(throttle_reason_status, GT_THROTTLE_STATUS);
GT_RO(throttle_reason_pl1, GT_THROTTLE_REASON);
GT_RO(throttle_reason_pl2, GT_THROTTLE_REASON + 1);
GT_RO(throttle_reason_pl4, GT_THROTTLE_REASON + 2);
GT_RO(throttle_reason_thermal, GT_THROTTLE_REASON + 3);
GT_RO(throttle_reason_prochot, GT_THROTTLE_REASON + 4);
GT_RO(throttle_reason_ratl, GT_THROTTLE_REASON + 5);
GT_RO(throttle_reason_vr_thermalert, GT_THROTTLE_REASON + 6);
GT_RO(throttle_reason_vr_tdc, GT_THROTTLE_REASON + 7);

#define ATTR(_name) (&gt_##_name.base.attr)
static const struct attribute *const gt_attrs[] = {
	ATTR(id), ATTR(rps_act_freq_mhz), ATTR(rps_cur_freq_mhz),
	ATTR(punit_req_freq_mhz), ATTR(rps_boost_freq_mhz),
	ATTR(rps_max_freq_mhz), ATTR(rps_min_freq_mhz),
	ATTR(rps_RP0_freq_mhz), ATTR(rps_RP1_freq_mhz), ATTR(rps_RPn_freq_mhz),
	ATTR(rc6_enable), ATTR(rc6_residency_ms), NULL
};

static const struct attribute *const throttle_attrs[] = {
	ATTR(throttle_reason_status), ATTR(throttle_reason_pl1),
	ATTR(throttle_reason_pl2), ATTR(throttle_reason_pl4),
	ATTR(throttle_reason_thermal), ATTR(throttle_reason_prochot),
	ATTR(throttle_reason_ratl), ATTR(throttle_reason_vr_thermalert),
	ATTR(throttle_reason_vr_tdc), NULL
};

static const struct attribute *const defaults_attrs[] = {
	ATTR(rps_max_freq_mhz), ATTR(rps_min_freq_mhz), NULL
};

/* ---- at the card ---- */

struct card_attr {
	struct device_attribute base;
	enum gt_value what;
};

/* The real driver takes the largest over all GTs; GT 0 has it here. */
static ssize_t card_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct drm_minor *minor = dev_get_drvdata(dev);
	struct card_attr *a = container_of(attr, struct card_attr, base);

	return show_value(to_lab_gpu(minor->dev), 0, attr->attr.name, a->what,
			  buf);
}

static ssize_t card_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct drm_minor *minor = dev_get_drvdata(dev);
	struct card_attr *a = container_of(attr, struct card_attr, base);
	struct lab_gpu *gpu = to_lab_gpu(minor->dev);
	ssize_t ret = 0;
	unsigned int gt;

	for (gt = 0; ret >= 0 && gt < gpu->n_gts; gt++)
		ret = store_limit(&gpu->freq[gt], a->what, buf, count);
	return ret;
}

#define CARD_RO(_name, _what) \
	static struct card_attr card_##_name = { \
		__ATTR(_name, 0444, card_show, NULL), _what }
#define CARD_RW(_name, _what) \
	static struct card_attr card_##_name = { \
		__ATTR(_name, 0644, card_show, card_store), _what }

CARD_RO(gt_act_freq_mhz, GT_ACT);
CARD_RO(gt_cur_freq_mhz, GT_CUR);
CARD_RW(gt_boost_freq_mhz, GT_BOOST);
CARD_RW(gt_max_freq_mhz, GT_MAX);
CARD_RW(gt_min_freq_mhz, GT_MIN);
CARD_RO(gt_RP0_freq_mhz, GT_RP0);
CARD_RO(gt_RP1_freq_mhz, GT_RP1);
CARD_RO(gt_RPn_freq_mhz, GT_RPN);
CARD_RO(rc6_enable, GT_RC6_ENABLE);
CARD_RO(rc6_residency_ms, GT_RC6_MS);

#define CARD(_name) (&card_##_name.base.attr)
static const struct attribute *const card_attrs[] = {
	CARD(gt_act_freq_mhz), CARD(gt_cur_freq_mhz), CARD(gt_boost_freq_mhz),
	CARD(gt_max_freq_mhz), CARD(gt_min_freq_mhz), CARD(gt_RP0_freq_mhz),
	CARD(gt_RP1_freq_mhz), CARD(gt_RPn_freq_mhz), NULL
};

static struct attribute *power_attrs[] = {
	CARD(rc6_enable), CARD(rc6_residency_ms), NULL
};

/* Added to the folder that the driver core makes for every device. */
static const struct attribute_group power_group = {
	.name = power_group_name,
	.attrs = power_attrs,
};

static int add_gt(struct lab_gpu *gpu, struct kobject *root, unsigned int id)
{
	struct lab_kobject *gt, *defaults;
	char name[16];
	int ret;

	snprintf(name, sizeof(name), "gt%u", id);
	gt = lab_kobject_add(gpu, root, name, id);
	if (IS_ERR(gt))
		return PTR_ERR(gt);
	ret = sysfs_create_files(&gt->kobj, gt_attrs);
	if (!ret && gpu->gen >= 11)
		ret = sysfs_create_files(&gt->kobj, throttle_attrs);
	if (ret)
		return ret;
	defaults = lab_kobject_add(gpu, &gt->kobj, ".defaults", id);
	if (IS_ERR(defaults))
		return PTR_ERR(defaults);
	return sysfs_create_files(&defaults->kobj, defaults_attrs);
}

int lab_sysfs_gt_add(struct lab_gpu *gpu)
{
	struct kobject *card = &gpu->drm.primary->kdev->kobj;
	struct lab_kobject *root;
	unsigned int i;
	int ret;

	ret = sysfs_create_files(card, card_attrs);
	if (!ret)
		ret = sysfs_merge_group(card, &power_group);
	if (ret)
		return ret;

	root = lab_kobject_add(gpu, card, "gt", 0);
	if (IS_ERR(root))
		return PTR_ERR(root);
	for (i = 0; !ret && i < gpu->n_gts; i++)
		ret = add_gt(gpu, &root->kobj, i);
	return ret;
}

void lab_sysfs_gt_remove(struct lab_gpu *gpu)
{
	struct kobject *card = &gpu->drm.primary->kdev->kobj;

	sysfs_unmerge_group(card, &power_group);
	sysfs_remove_files(card, card_attrs);
}
