// SPDX-License-Identifier: GPL-2.0-only
/*
 * cardN/engine/NAME: what an engine is. Busy times are not here, but in the
 * PMU.
 */
#include <linux/sysfs.h>
#include "lab.h"

enum engine_value {
	E_NAME, E_CLASS, E_INSTANCE, E_MMIO, E_CAPABILITIES, E_KNOWN, E_NUMBER
};

struct engine_attr {
	struct kobj_attribute base;
	enum engine_value what;
	unsigned int number;
};

static ssize_t emit(char *buf, const struct lab_engine *e,
		    const struct engine_attr *a)
{
	static const u32 base[LAB_CLASSES] = {
		0x2000, 0x22000, 0x12000, 0x1a000, 0x1a0000
	};
	bool video = e->class == LAB_VIDEO;

	switch (a->what) {
	case E_NAME:
		return sysfs_emit(buf, "%s\n", e->name);
	case E_CLASS:
		return sysfs_emit(buf, "%u\n", e->class);
	case E_INSTANCE:
		return sysfs_emit(buf, "%u\n", e->instance);
	case E_MMIO:
		return sysfs_emit(buf, "0x%x\n",
				  base[e->class] + 0x10000 * e->instance);
	case E_CAPABILITIES:
		return sysfs_emit(buf, "%s\n", !video ? "" :
				  e->instance ? "sfc" : "hevc sfc");
	case E_KNOWN:
		return sysfs_emit(buf, "%s\n", video ? "hevc sfc" : "");
	default:
		return sysfs_emit(buf, "%u\n", a->number);
	}
}

static ssize_t engine_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	struct lab_kobject *k = container_of(kobj, struct lab_kobject, kobj);
	struct engine_attr *a = container_of(attr, struct engine_attr, base);

	return emit(buf, &k->gpu->engine[k->id], a);
}

#define ENGINE(_name, _what, _number) \
	static struct engine_attr engine_##_name = { \
		__ATTR(_name, 0444, engine_show, NULL), _what, _number }

ENGINE(name, E_NAME, 0);
ENGINE(class, E_CLASS, 0);
ENGINE(instance, E_INSTANCE, 0);
ENGINE(mmio_base, E_MMIO, 0);
ENGINE(capabilities, E_CAPABILITIES, 0);
ENGINE(known_capabilities, E_KNOWN, 0);
ENGINE(max_busywait_duration_ns, E_NUMBER, 8000);
ENGINE(stop_timeout_ms, E_NUMBER, 100);
ENGINE(heartbeat_interval_ms, E_NUMBER, 2500);
ENGINE(timeslice_duration_ms, E_NUMBER, 1);
ENGINE(preempt_timeout_ms, E_NUMBER, 640);

#define ATTR(_name) (&engine_##_name.base.attr)
static const struct attribute *const settings[] = {
	ATTR(max_busywait_duration_ns), ATTR(stop_timeout_ms),
	ATTR(heartbeat_interval_ms), ATTR(timeslice_duration_ms),
	ATTR(preempt_timeout_ms), NULL
};

static const struct attribute *const identity[] = {
	ATTR(name), ATTR(class), ATTR(instance), ATTR(mmio_base),
	ATTR(capabilities), ATTR(known_capabilities), NULL
};

static int add_engine(struct lab_gpu *gpu, struct kobject *root, unsigned int i)
{
	struct lab_kobject *engine, *defaults;
	int ret;

	engine = lab_kobject_add(gpu, root, gpu->engine[i].name, i);
	if (IS_ERR(engine))
		return PTR_ERR(engine);
	ret = sysfs_create_files(&engine->kobj, identity);
	if (!ret)
		ret = sysfs_create_files(&engine->kobj, settings);
	if (ret)
		return ret;
	defaults = lab_kobject_add(gpu, &engine->kobj, ".defaults", i);
	if (IS_ERR(defaults))
		return PTR_ERR(defaults);
	return sysfs_create_files(&defaults->kobj, settings);
}

int lab_sysfs_engine_add(struct lab_gpu *gpu)
{
	struct lab_kobject *root;
	unsigned int i;
	int ret = 0;

	root = lab_kobject_add(gpu, &gpu->drm.primary->kdev->kobj, "engine", 0);
	if (IS_ERR(root))
		return PTR_ERR(root);
	for (i = 0; !ret && i < gpu->n_engines; i++)
		ret = add_engine(gpu, &root->kobj, i);
	return ret;
}
