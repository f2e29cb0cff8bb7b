/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An emulated xe, of Linux 6.16 and later: what the files of xe.ko share.
 */
#ifndef XE_LAB_H
#define XE_LAB_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/perf_event.h>
#include <linux/spinlock.h>
#include <drm/drm_device.h>

/* As in the driver's interface. */
enum xe_class { XE_RCS, XE_BCS, XE_VCS, XE_VECS, XE_CCS, XE_CLASSES };

enum {
	XE_MAX_GTS = 2,
	XE_MAX_INSTANCES = 2,
	XE_MAX_VFS = 7,
	XE_FUNCTIONS = XE_MAX_VFS + 1,
	XE_CHANNELS = 2,		/* of hwmon: the card, its package */
};

struct xe_gt_model {
	u8 tile;
	u8 engines[XE_CLASSES];
	u16 rp0, rpe, rpn;
};

struct xe_model {
	u16 mask, id;
	bool discrete;
	bool mailbox;			/* limits of power and temperature as Battlemage has them */
	u8 n_gts;
	struct xe_gt_model gt[XE_MAX_GTS];
};

/* A rate integrated over time, as in load.c. */
struct xe_counter {
	u64 sum;
	u32 rate;
};

/* A register of 32 bits and what the driver makes of it, which grows at its reads alone. */
struct xe_extended {
	u64 origin;			/* of the counter, where the register was 0 */
	u32 last;
	u64 value;
	u64 at_read;			/* the counter, in the truth's unit */
};

/* Time that the firmware's scheduler grants a function: grows at reads, by the grant of that moment. */
struct xe_grant {
	ktime_t at;
	u64 ns, remainder;
};

struct xe_engine_load {
	struct xe_counter whole;
	struct xe_counter function[XE_FUNCTIONS];
	u64 whole_from, function_from[XE_FUNCTIONS];	/* where the counts restarted */
};

struct xe_load {
	spinlock_t lock;
	ktime_t since;
	bool asleep;
	u32 forcewakes[XE_MAX_GTS];
	struct xe_engine_load engine[XE_CLASSES][XE_MAX_INSTANCES];
	struct xe_counter c6[XE_MAX_GTS];		/* per mille of ns */
	struct xe_extended c6_register[XE_MAX_GTS];	/* 1.28 us */
	struct xe_counter energy[XE_CHANNELS];		/* mW x ns */
	struct xe_extended energy_register[XE_CHANNELS];	/* 2^-14 J */
	struct xe_grant grant[XE_MAX_GTS][XE_FUNCTIONS];
};

struct xe_pmu {
	struct pmu base;
	char name[32];
	bool registered;
};

struct xe_vf_profile {
	u32 exec_quantum_ms, preempt_timeout_us;
};

struct xe_kobject {
	struct kobject kobj;
	struct list_head link;
	struct xe_gpu *xe;
	unsigned int id;		/* of the GT, or the function */
};

struct xe_gpu {
	struct drm_device drm;
	struct pci_dev *pdev;
	struct list_head link;
	const struct xe_model *model;
	struct xe_load load;
	struct xe_pmu pmu;
	struct list_head kobjects;
	unsigned int total_vfs, vfs;
	struct xe_vf_profile profile[XE_FUNCTIONS];
	struct xe_kobject *function[XE_FUNCTIONS];	/* sriov_admin/pf, vfN */
	struct mutex lock;		/* of VFs */
};

static inline struct xe_gpu *to_xe(struct drm_device *drm)
{
	return container_of(drm, struct xe_gpu, drm);
}

/* xe_main.c */
extern const char *const xe_class_name[XE_CLASSES];
void xe_for_each(void (*fn)(struct xe_gpu *xe));
struct xe_gpu *xe_first(void);
void xe_unlock_first(void);

/* xe_params.c */
extern u32 xe_load_permille[XE_CLASSES][XE_FUNCTIONS];
extern u32 xe_c6_permille[XE_MAX_GTS];
extern u32 xe_act_freq[XE_MAX_GTS];
extern u32 xe_power_mw[XE_CHANNELS];
extern unsigned int xe_clock_hz;
extern unsigned int xe_throttle_mask;
extern unsigned int xe_energy_start;
extern int xe_temperature[5], xe_fan_rpm[3];
extern unsigned long xe_power_max;
extern char xe_huc[32];
extern bool xe_wedged;
extern bool xe_d3cold;
extern atomic_t xe_wakes;

/* xe_load.c */
void xe_load_init(struct xe_gpu *xe);
void xe_load_apply(struct xe_gpu *xe);
void xe_load_sleep(struct xe_gpu *xe, bool asleep);
void xe_load_restart(struct xe_gpu *xe);
void xe_load_forcewake(struct xe_gpu *xe, unsigned int gt, int by);
void xe_load_near_wrap(struct xe_gpu *xe, u32 units);
u64 xe_load_active(struct xe_gpu *xe, u32 class, u32 instance, u32 function);
u64 xe_load_total(struct xe_gpu *xe, unsigned int gt, u32 function);
u64 xe_load_c6_ms(struct xe_gpu *xe, unsigned int gt);
u64 xe_load_energy_uj(struct xe_gpu *xe, unsigned int channel);
ssize_t xe_load_truth(struct xe_gpu *xe, char *buf);

/* xe_power.c */
extern const struct dev_pm_ops xe_pm_ops;
void xe_power_init(struct xe_gpu *xe);
void xe_power_fini(struct xe_gpu *xe);
int xe_power_get(struct xe_gpu *xe);
void xe_power_put(struct xe_gpu *xe);

/* xe_pmu.c */
int xe_pmu_register(struct xe_gpu *xe);
void xe_pmu_unregister(struct xe_gpu *xe);

/* xe_sysfs.c, xe_sriov.c, xe_hwmon.c */
struct xe_kobject *xe_kobject_add(struct xe_gpu *xe, struct kobject *parent, const char *name,
				  unsigned int id);
int xe_sysfs_register(struct xe_gpu *xe);
void xe_sysfs_unregister(struct xe_gpu *xe);
int xe_sriov_register(struct xe_gpu *xe);
int xe_sriov_configure(struct pci_dev *pdev, int vfs);
u32 xe_sriov_grant(const struct xe_gpu *xe, u32 function);
int xe_hwmon_register(struct xe_gpu *xe);

/* xe_drm.c */
extern const struct drm_driver xe_drm_driver;

#endif
