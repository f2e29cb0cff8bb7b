/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An emulated Intel GPU: what the files of this module share.
 */
#ifndef LAB_H
#define LAB_H

#include <linux/atomic.h>
#include <linux/idr.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/perf_event.h>
#include <linux/spinlock.h>
#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_ioctl.h>
#include <uapi/drm/i915_drm.h>

/* Engine classes, numbered as in the i915 interface. */
enum lab_engine_class {
	LAB_RENDER,
	LAB_COPY,
	LAB_VIDEO,
	LAB_VIDEO_ENHANCE,
	LAB_COMPUTE,
	LAB_CLASSES
};

#define LAB_MAX_GPUS 4
#define LAB_MAX_GTS 2
#define LAB_MAX_INSTANCES 4
#define LAB_VGPU_TYPES 4
#define LAB_MAX_SUBSLICES 8

/* What is the same on all of them: limits of the clock, how much more is requested; address space; fences. */
enum { LAB_RP0 = 1100, LAB_RP1 = 350, LAB_RPN = 350, LAB_REQ_MORE = 50 };
enum { LAB_GGTT_MB = 4096, LAB_FENCES = 32, LAB_IRQ_PER_SECOND = 1000 };

/* What happens by itself, as a rate that a parameter programs. */
enum lab_counter_id {
	LAB_BUSY,				/* one per engine class */
	LAB_RC6 = LAB_BUSY + LAB_CLASSES,	/* one per GT */
	LAB_AWAKE = LAB_RC6 + LAB_MAX_GTS,	/* one per GT */
	LAB_ACT_FREQ = LAB_AWAKE + LAB_MAX_GTS,
	LAB_REQ_FREQ = LAB_ACT_FREQ + LAB_MAX_GTS,
	LAB_IRQ = LAB_REQ_FREQ + LAB_MAX_GTS,
	LAB_COUNTERS
};

struct lab_counter {
	u64 sum;				/* rate x ns, up to lab_load.since */
	u32 rate;
	u32 divisor;				/* from rate x ns to the counter's unit */
};

struct lab_load {
	spinlock_t lock;
	ktime_t since;
	bool asleep;
	u32 scale;				/* percent of the programmed load */
	struct lab_counter counter[LAB_COUNTERS];
	u64 charged[LAB_CLASSES][LAB_MAX_INSTANCES];
	u64 at_restart[LAB_CLASSES][LAB_MAX_INSTANCES];
	u32 restarts;
};

struct lab_engine {
	char name[16];
	u32 class, instance;
};

struct lab_pmu {
	struct pmu base;
	char name[32];
	bool registered;
	bool closed;
	bool in_group_read;
	bool dipping;
	struct hlist_node cpuhp;
	unsigned int cpu;
	const struct attribute_group *groups[4];
	struct attribute_group events_group;
	struct lab_pmu_attr *attrs;
};

struct lab_freq {
	u32 min, max, boost;
};

struct lab_vgpu_type {
	struct mdev_type base;
	struct lab_gpu *gpu;
	char name[16];
	const struct lab_vgpu_size *size;
};

struct lab_gvt {
	struct mutex lock;
	struct ida ids;
	u32 used_low, used_high, used_fences;
	bool registered;
	struct mdev_parent parent;
	struct lab_vgpu_type type[LAB_VGPU_TYPES];
	struct mdev_type *types[LAB_VGPU_TYPES];
};

struct lab_gpu {
	struct drm_device drm;
	struct pci_dev *pdev;
	struct list_head link;			/* in lab_gpus */
	unsigned int index;
	unsigned int gen;
	bool discrete;
	unsigned int n_gts;
	unsigned int n_engines;
	struct lab_engine engine[LAB_CLASSES * LAB_MAX_INSTANCES];
	unsigned int n_class[LAB_CLASSES];
	struct lab_load load;
	struct lab_pmu pmu;
	struct lab_freq freq[LAB_MAX_GTS];
	struct list_head kobjects;
	struct lab_gvt gvt;
	atomic_t dips;
};

/* One open DRM file. */
struct lab_file {
	u64 client_id;
	atomic64_t charged[LAB_CLASSES];
	struct idr handles;			/* contexts and address spaces */
	struct mutex lock;
};

/* A buffer object. The helpers' part comes first: they free the whole. */
struct lab_object {
	struct drm_gem_shmem_object shmem;
	u32 tiling, caching;
	bool submitted;				/* was part of an EXECBUFFER2 */
};

struct lab_topology {
	unsigned int subslices, eus;		/* eus: per subslice */
};

/* What waits while the parameter exec_block says so, and in which state. */
enum lab_exec_block {
	LAB_NOTHING_BLOCKS,
	LAB_EXEC_BLOCKS_D,
	LAB_EXEC_BLOCKS_S,
	LAB_WAIT_BLOCKS_D,
	LAB_WAIT_BLOCKS_S,
};

static inline struct lab_gpu *to_lab_gpu(struct drm_device *drm)
{
	return container_of(drm, struct lab_gpu, drm);
}

static inline struct lab_object *to_lab_object(struct drm_gem_object *base)
{
	return container_of(base, struct lab_object, shmem.base);
}

/* main.c */
extern const char *const lab_class_name[LAB_CLASSES];
void lab_for_each_gpu(void (*fn)(struct lab_gpu *gpu));
const struct lab_engine *lab_find_engine(const struct lab_gpu *gpu, u32 class,
					 u32 instance);

/* params.c: given at load */
extern bool lab_enable_gvt;
extern unsigned int lab_gts;
bool lab_param_discrete(unsigned int gpu, bool by_id);
unsigned int lab_param_engines(u32 class, unsigned int gpu);
/* params.c: at run time */
extern unsigned int lab_load_permille[LAB_CLASSES];
extern unsigned int lab_rc6_permille[LAB_MAX_GTS];
extern unsigned int lab_act_freq[LAB_MAX_GTS];
extern unsigned int lab_gpu_scale[LAB_MAX_GPUS];
extern unsigned int lab_throttle_mask;
extern unsigned int lab_dip_ms;
extern unsigned int lab_open_errno, lab_exec_errno;
extern int lab_huc;
extern enum lab_exec_block lab_exec_block;
extern bool lab_fdinfo_engines;
extern atomic_t lab_wakes;
void lab_gate(const char *attribute);

/* load.c */
void lab_load_init(struct lab_gpu *gpu);
void lab_load_apply(struct lab_gpu *gpu);
void lab_load_sleep(struct lab_gpu *gpu, bool asleep);
u64 lab_load_read(struct lab_gpu *gpu, enum lab_counter_id id);
u64 lab_busy_read(struct lab_gpu *gpu, u32 class, u32 instance);
void lab_load_charge(struct lab_gpu *gpu, u32 class, u32 instance, u64 ns);
void lab_load_restart(struct lab_gpu *gpu);

/* power.c */
extern const struct dev_pm_ops lab_pm_ops;
void lab_power_init(struct lab_gpu *gpu);
void lab_power_fini(struct lab_gpu *gpu);
int lab_power_get(struct lab_gpu *gpu);
void lab_power_put(struct lab_gpu *gpu);
bool lab_power_awake(struct lab_gpu *gpu);

/* pmu.c */
int lab_pmu_module_init(void);
void lab_pmu_module_exit(void);
int lab_pmu_register(struct lab_gpu *gpu);
void lab_pmu_unregister(struct lab_gpu *gpu);

/* pmu_events.c */
#define LAB_PMU_OTHER 0x100000ULL
enum lab_pmu_other {
	LAB_PMU_ACT_FREQ,
	LAB_PMU_REQ_FREQ,
	LAB_PMU_INTERRUPTS,
	LAB_PMU_RC6,
	LAB_PMU_AWAKE,
	LAB_PMU_OTHERS
};
extern const struct attribute_group lab_pmu_format_group;
int lab_pmu_make_events(struct lab_gpu *gpu);
void lab_pmu_free_events(struct lab_pmu *pmu);

/* drm.c, ioctl.c */
extern const struct drm_driver lab_drm_driver;
enum { LAB_IOCTLS = DRM_I915_GEM_CREATE_EXT + 1 };
extern const struct drm_ioctl_desc lab_ioctls[LAB_IOCTLS];
typedef int lab_ioctl_fn(struct drm_device *drm, void *data,
			 struct drm_file *file);

/* gem.c */
struct drm_gem_object *lab_gem_alloc(struct drm_device *drm, size_t size);
struct lab_object *lab_gem_get(struct drm_file *file, u32 handle);
void lab_gem_put(struct lab_object *obj);
lab_ioctl_fn lab_gem_create, lab_gem_create_ext, lab_gem_mmap;
lab_ioctl_fn lab_gem_mmap_offset, lab_gem_pread, lab_gem_pwrite;
lab_ioctl_fn lab_gem_madvise, lab_gem_set_tiling, lab_gem_get_tiling;
lab_ioctl_fn lab_gem_set_caching, lab_gem_get_caching, lab_gem_get_aperture;

/* context.c */
bool lab_context_exists(struct lab_file *lf, u32 id);
lab_ioctl_fn lab_context_create, lab_context_destroy, lab_context_getparam;
lab_ioctl_fn lab_context_setparam, lab_reset_stats;
lab_ioctl_fn lab_vm_create, lab_vm_destroy;

/* getparam.c, query.c */
const struct lab_topology *lab_topology(const struct lab_gpu *gpu);
lab_ioctl_fn lab_getparam, lab_reg_read, lab_query;

/* execbuffer.c */
void lab_exec_block_changed(void);
lab_ioctl_fn lab_execbuffer2, lab_gem_wait, lab_gem_busy, lab_gem_throttle;
lab_ioctl_fn lab_gem_set_domain, lab_gem_sw_finish;

/* sysfs.c: what the files below a card have in common */
struct lab_kobject {
	struct kobject kobj;
	struct list_head link;
	struct lab_gpu *gpu;
	unsigned int id;			/* of the GT, or index of the engine */
};
struct lab_kobject *lab_kobject_add(struct lab_gpu *gpu, struct kobject *parent,
				    const char *name, unsigned int id);
int lab_sysfs_register(struct lab_gpu *gpu);
void lab_sysfs_unregister(struct lab_gpu *gpu);

/* sysfs_gt.c, sysfs_engine.c */
int lab_sysfs_gt_add(struct lab_gpu *gpu);
void lab_sysfs_gt_remove(struct lab_gpu *gpu);
int lab_sysfs_engine_add(struct lab_gpu *gpu);

/* gvt.c: the pool and its types */
struct lab_vgpu_size {
	const char *suffix;
	u32 low, high, fences, weight;		/* sizes in MB */
	const char *resolution;
};
unsigned int lab_gvt_available(const struct lab_vgpu_type *type);
int lab_gvt_take(struct lab_vgpu_type *type);
void lab_gvt_give(struct lab_vgpu_type *type, int id);
int lab_gvt_register(struct lab_gpu *gpu);
void lab_gvt_unregister(struct lab_gpu *gpu);

/* gvt_vfio.c: one vGPU */
extern struct mdev_driver lab_vgpu_driver;

#endif
