// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensors of a discrete card, as Linux 7.0 shows them of Battlemage and, fewer, of Alchemist
 * (drivers/gpu/drm/xe/xe_hwmon.c). Every read wakes the card, but that of a label.
 */
#include <linux/hwmon.h>
#include <linux/hwmon-sysfs.h>
#include "xe_lab.h"

enum { ENERGY = 1, POWER_MAX, POWER_CAP, POWER_CRIT, VOLTAGE, TEMPERATURE, LIMIT, FAN };

/* A disabled limit is 0, and each read of it a line in the kernel's log. */
static ssize_t show_limit(struct xe_gpu *xe, unsigned int channel, char *buf)
{
	if (!READ_ONCE(xe_power_max))
		dev_info(&xe->pdev->dev, "PL1 disabled for channel %u, val 0x0\n", channel);
	return sysfs_emit(buf, "%lu\n", READ_ONCE(xe_power_max));
}

static ssize_t show_value(struct xe_gpu *xe, unsigned int what, unsigned int i, char *buf)
{
	switch (what) {
	case ENERGY:
		return sysfs_emit(buf, "%llu\n", xe_load_energy_uj(xe, i));
	case POWER_MAX:
		return show_limit(xe, i, buf);
	case POWER_CAP:
		return sysfs_emit(buf, "300000000\n");
	case POWER_CRIT:
		return sysfs_emit(buf, "400000000\n");
	case VOLTAGE:
		return sysfs_emit(buf, "758\n");
	case TEMPERATURE:
		return sysfs_emit(buf, "%d\n", xe_temperature[min(i, 4u)]);
	case FAN:
		return sysfs_emit(buf, "%d\n", xe_fan_rpm[i]);
	}
	return -EINVAL;
}

static ssize_t value_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct xe_gpu *xe = dev_get_drvdata(dev);
	struct sensor_device_attribute_2 *a = to_sensor_dev_attr_2(attr);
	ssize_t ret = xe_power_get(xe);

	if (ret)
		return ret;
	ret = show_value(xe, a->nr, a->index, buf);
	xe_power_put(xe);
	return ret;
}

static const char *const label[] = { "card", "pkg", "vram", "mctrl", "pcie", "vram_ch_0", "vram_ch_1" };
static const int limit[] = { 105000, 110000, 115000 };

static ssize_t label_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", label[to_sensor_dev_attr(attr)->index]);
}

static ssize_t limit_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", limit[to_sensor_dev_attr(attr)->index]);
}

#define VALUE(_name, _what, _i) static SENSOR_DEVICE_ATTR_2_RO(_name, value, _what, _i)
#define A(_name) (&sensor_dev_attr_##_name.dev_attr.attr)

VALUE(energy1_input, ENERGY, 0);
VALUE(energy2_input, ENERGY, 1);
static SENSOR_DEVICE_ATTR_RO(energy1_label, label, 0);
static SENSOR_DEVICE_ATTR_RO(energy2_label, label, 1);
VALUE(power1_max, POWER_MAX, 0);
VALUE(power1_cap, POWER_CAP, 0);
VALUE(power1_crit, POWER_CRIT, 0);
VALUE(power2_max, POWER_MAX, 1);
VALUE(power2_cap, POWER_CAP, 1);
static SENSOR_DEVICE_ATTR_RO(power1_label, label, 0);
static SENSOR_DEVICE_ATTR_RO(power2_label, label, 1);
VALUE(in1_input, VOLTAGE, 0);
static SENSOR_DEVICE_ATTR_RO(in1_label, label, 1);
VALUE(temp2_input, TEMPERATURE, 0);
VALUE(temp3_input, TEMPERATURE, 1);
VALUE(temp4_input, TEMPERATURE, 2);
VALUE(temp5_input, TEMPERATURE, 3);
VALUE(temp6_input, TEMPERATURE, 4);
VALUE(temp7_input, TEMPERATURE, 4);
static SENSOR_DEVICE_ATTR_RO(temp2_label, label, 1);
static SENSOR_DEVICE_ATTR_RO(temp3_label, label, 2);
static SENSOR_DEVICE_ATTR_RO(temp4_label, label, 3);
static SENSOR_DEVICE_ATTR_RO(temp5_label, label, 4);
static SENSOR_DEVICE_ATTR_RO(temp6_label, label, 5);
static SENSOR_DEVICE_ATTR_RO(temp7_label, label, 6);
static SENSOR_DEVICE_ATTR_RO(temp2_max, limit, 0);
static SENSOR_DEVICE_ATTR_RO(temp2_crit, limit, 1);
static SENSOR_DEVICE_ATTR_RO(temp2_emergency, limit, 2);
static SENSOR_DEVICE_ATTR_RO(temp3_crit, limit, 1);
static SENSOR_DEVICE_ATTR_RO(temp3_emergency, limit, 2);
VALUE(fan1_input, FAN, 0);
VALUE(fan2_input, FAN, 1);
VALUE(fan3_input, FAN, 2);

static struct attribute *pkg_attrs[] = {
	A(energy2_input), A(energy2_label), A(power2_max), A(power2_label), A(temp2_input), A(temp2_label),
	A(temp3_input), A(temp3_label), A(fan1_input), A(fan2_input), NULL
};
static const struct attribute_group pkg_group = { .attrs = pkg_attrs };

static struct attribute *in_attrs[] = { A(in1_input), A(in1_label), NULL };
static struct attribute *card_attrs[] = {
	A(energy1_input), A(energy1_label), A(power1_max), A(power1_cap), A(power1_crit), A(power1_label),
	A(power2_cap), A(temp2_max), A(temp2_crit), A(temp2_emergency), A(temp3_crit), A(temp3_emergency),
	A(temp4_input), A(temp4_label), A(temp5_input), A(temp5_label), A(temp6_input), A(temp6_label),
	A(temp7_input), A(temp7_label), A(fan3_input), NULL
};
static const struct attribute_group in_group = { .attrs = in_attrs };
static const struct attribute_group card_group = { .attrs = card_attrs };
static const struct attribute_group *alchemist_groups[] = { &pkg_group, &in_group, NULL };
static const struct attribute_group *battlemage_groups[] = { &pkg_group, &card_group, NULL };

int xe_hwmon_register(struct xe_gpu *xe)
{
	if (!xe->model->discrete)
		return 0;
	return PTR_ERR_OR_ZERO(devm_hwmon_device_register_with_groups(
		&xe->pdev->dev, "xe", xe, xe->model->mailbox ? battlemage_groups : alchemist_groups));
}
