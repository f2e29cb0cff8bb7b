// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runtime power management: on by default, 1 s after the last use, as in xe_pm.c.
 */
#include <linux/pm_runtime.h>
#include "xe_lab.h"

#define AUTOSUSPEND_MS 1000

static int runtime_suspend(struct device *dev)
{
	xe_load_sleep(dev_get_drvdata(dev), true);
	return 0;
}

static int runtime_resume(struct device *dev)
{
	xe_load_sleep(dev_get_drvdata(dev), false);
	atomic_inc(&xe_wakes);
	return 0;
}

const struct dev_pm_ops xe_pm_ops = { RUNTIME_PM_OPS(runtime_suspend, runtime_resume, NULL) };

void xe_power_init(struct xe_gpu *xe)
{
	struct device *dev = &xe->pdev->dev;

	pm_runtime_set_autosuspend_delay(dev, AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_allow(dev);
	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
}

void xe_power_fini(struct xe_gpu *xe)
{
	struct device *dev = &xe->pdev->dev;

	pm_runtime_get_sync(dev);
	pm_runtime_forbid(dev);
	pm_runtime_dont_use_autosuspend(dev);
}

int xe_power_get(struct xe_gpu *xe)
{
	return pm_runtime_resume_and_get(&xe->pdev->dev);
}

void xe_power_put(struct xe_gpu *xe)
{
	pm_runtime_mark_last_busy(&xe->pdev->dev);
	pm_runtime_put_autosuspend(&xe->pdev->dev);
}
