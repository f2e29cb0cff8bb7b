// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runtime power management. The PCI core forbids it at first (power/control is
 * "on"); with "auto" the GPU suspends as soon as nothing uses it.
 */
#include <linux/pm_runtime.h>
#include "lab.h"

/* Short, so that two reads a moment apart are two wake-ups. */
#define AUTOSUSPEND_MS 20

static int lab_runtime_suspend(struct device *dev)
{
	lab_load_sleep(dev_get_drvdata(dev), true);
	return 0;
}

static int lab_runtime_resume(struct device *dev)
{
	lab_load_sleep(dev_get_drvdata(dev), false);
	atomic_inc(&lab_wakes);
	return 0;
}

const struct dev_pm_ops lab_pm_ops = {
	RUNTIME_PM_OPS(lab_runtime_suspend, lab_runtime_resume, NULL)
};

/* The PCI core took a reference for the probe and takes it back at the end. */
void lab_power_init(struct lab_gpu *gpu)
{
	struct device *dev = &gpu->pdev->dev;

	pm_runtime_set_autosuspend_delay(dev, AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
}

void lab_power_fini(struct lab_gpu *gpu)
{
	struct device *dev = &gpu->pdev->dev;

	pm_runtime_get_sync(dev);
	pm_runtime_dont_use_autosuspend(dev);
}

int lab_power_get(struct lab_gpu *gpu)
{
	return pm_runtime_resume_and_get(&gpu->pdev->dev);
}

void lab_power_put(struct lab_gpu *gpu)
{
	pm_runtime_mark_last_busy(&gpu->pdev->dev);
	pm_runtime_put_autosuspend(&gpu->pdev->dev);
}

bool lab_power_awake(struct lab_gpu *gpu)
{
	return !READ_ONCE(gpu->load.asleep);
}
