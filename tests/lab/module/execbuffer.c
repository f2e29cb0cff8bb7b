// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work that is accepted and never done: EXECBUFFER2, and what waits for it.
 *
 * But for what a batch begins with: MI_NOOP with a number (../batch.h) charges
 * so many microseconds to its engine and its file, at once.
 */
#include <linux/dma-fence.h>
#include <linux/file.h>
#include <linux/iosys-map.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/sync_file.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <drm/drm_syncobj.h>
#include <uapi/drm/i915_drm.h>
#include "compat.h"
#include "lab.h"

static DECLARE_WAIT_QUEUE_HEAD(unblocked);

void lab_exec_block_changed(void)
{
	wake_up_all(&unblocked);
}

static bool blocks(enum lab_exec_block how)
{
	return READ_ONCE(lab_exec_block) == how;
}

/*
 * Stays while the parameter says so. A wait with a timeout ends with it, except
 * in state D, which stands for a driver that is stuck.
 */
static int pass(enum lab_exec_block deep, enum lab_exec_block light,
		s64 timeout_ns)
{
	long left;

	wait_event(unblocked, !blocks(deep));
	if (timeout_ns < 0)
		return wait_event_interruptible(unblocked, !blocks(light));
	left = wait_event_interruptible_timeout(unblocked, !blocks(light),
						nsecs_to_jiffies(timeout_ns));
	if (left < 0)
		return left;
	return left ? 0 : -ETIME;
}

static int pass_object(struct lab_object *obj, s64 timeout_ns)
{
	if (!READ_ONCE(obj->submitted))
		return 0;
	return pass(LAB_WAIT_BLOCKS_D, LAB_WAIT_BLOCKS_S, timeout_ns);
}

int lab_gem_wait(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_gem_wait *args = data;
	struct lab_object *obj;
	int ret;

	if (args->flags)
		return -EINVAL;
	obj = lab_gem_get(file, args->bo_handle);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = pass_object(obj, args->timeout_ns);
	lab_gem_put(obj);
	if (ret == -ETIME)
		args->timeout_ns = 0;
	return ret;
}

/* Access by the processor waits for the GPU. */
int lab_gem_set_domain(struct drm_device *drm, void *data,
		       struct drm_file *file)
{
	const struct drm_i915_gem_set_domain *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);
	int ret;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = pass_object(obj, -1);
	lab_gem_put(obj);
	return ret;
}

int lab_gem_sw_finish(struct drm_device *drm, void *data,
		      struct drm_file *file)
{
	const struct drm_i915_gem_sw_finish *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	lab_gem_put(obj);
	return 0;
}

/* The upper half is a mask of the classes that read. */
int lab_gem_busy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_gem_busy *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	args->busy = READ_ONCE(obj->submitted) &&
		     (blocks(LAB_WAIT_BLOCKS_D) || blocks(LAB_WAIT_BLOCKS_S)) ?
			     1u << (16 + LAB_VIDEO) : 0;
	lab_gem_put(obj);
	return 0;
}

int lab_gem_throttle(struct drm_device *drm, void *data, struct drm_file *file)
{
	return 0;
}

/* Handles that are not there fail, as on a GPU. */
static int mark_objects(struct drm_file *file,
			const struct drm_i915_gem_execbuffer2 *args)
{
	const struct drm_i915_gem_exec_object2 __user *user =
		u64_to_user_ptr(args->buffers_ptr);
	struct drm_i915_gem_exec_object2 entry;
	struct lab_object *obj;
	u32 i;

	if (!args->buffer_count)
		return -EINVAL;
	for (i = 0; i < args->buffer_count; i++) {
		if (copy_from_user(&entry, &user[i], sizeof(entry)))
			return -EFAULT;
		obj = lab_gem_get(file, entry.handle);
		if (IS_ERR(obj))
			return PTR_ERR(obj);
		WRITE_ONCE(obj->submitted, true);
		lab_gem_put(obj);
	}
	return 0;
}

/* What would be signalled at the end of the work is signalled now. */
static int signal_syncobjs(struct drm_file *file, struct dma_fence *done,
			   const struct drm_i915_gem_execbuffer2 *args)
{
	const struct drm_i915_gem_exec_fence __user *user =
		u64_to_user_ptr(args->cliprects_ptr);
	struct drm_i915_gem_exec_fence entry;
	struct drm_syncobj *syncobj;
	u32 i;

	if (!(args->flags & I915_EXEC_FENCE_ARRAY))
		return 0;
	for (i = 0; i < args->num_cliprects; i++) {
		if (copy_from_user(&entry, &user[i], sizeof(entry)))
			return -EFAULT;
		syncobj = drm_syncobj_find(file, entry.handle);
		if (!syncobj)
			return -ENOENT;
		if (entry.flags & I915_EXEC_FENCE_SIGNAL)
			drm_syncobj_replace_fence(syncobj, done);
		drm_syncobj_put(syncobj);
	}
	return 0;
}

static int give_fence(struct dma_fence *done,
		      struct drm_i915_gem_execbuffer2 *args)
{
	struct sync_file *out;
	int fd;

	if (!(args->flags & I915_EXEC_FENCE_OUT))
		return 0;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	out = sync_file_create(done);
	if (!out) {
		put_unused_fd(fd);
		return -ENOMEM;
	}
	fd_install(fd, out->file);
	/* The lower half is the fence to wait for. */
	args->rsvd2 = lower_32_bits(args->rsvd2) | (u64)fd << 32;
	return 0;
}

static u64 batch_us(struct lab_object *batch)
{
	struct iosys_map map;
	const u32 *dw;
	u64 us = 0;
	u32 i;

	if (lab_gem_vmap(&batch->shmem.base, &map))
		return 0;
	dw = map.vaddr;
	for (i = 0; i < PAGE_SIZE / sizeof(*dw) && dw[i] >> 22 == 1; i++)
		us += dw[i] & 0xfffff;
	lab_gem_vunmap(&batch->shmem.base, &map);
	return us;
}

/* The batch is the last buffer. The way to name engines is the older one. */
static int charge(struct lab_gpu *gpu, struct drm_file *file,
		  const struct drm_i915_gem_execbuffer2 *args)
{
	static const u32 classes[] = { LAB_RENDER, LAB_RENDER, LAB_VIDEO,
				       LAB_COPY, LAB_VIDEO_ENHANCE };
	const struct drm_i915_gem_exec_object2 __user *user =
		u64_to_user_ptr(args->buffers_ptr);
	u32 ring = args->flags & I915_EXEC_RING_MASK, class, instance;
	struct lab_file *lf = file->driver_priv;
	struct drm_i915_gem_exec_object2 entry;
	struct lab_object *obj;
	u64 us;

	if (copy_from_user(&entry, &user[args->buffer_count - 1], sizeof(entry)))
		return -EFAULT;
	obj = lab_gem_get(file, entry.handle);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	us = batch_us(obj);
	lab_gem_put(obj);
	if (!us)
		return 0;
	class = ring < ARRAY_SIZE(classes) ? classes[ring] : LAB_CLASSES;
	instance = (args->flags & I915_EXEC_BSD_MASK) == I915_EXEC_BSD_RING2;
	if (!lab_find_engine(gpu, class, instance))
		return -EINVAL;
	lab_load_charge(gpu, class, instance, us * NSEC_PER_USEC);
	atomic64_add(us * NSEC_PER_USEC, &lf->charged[class]);
	return 0;
}

static int accept(struct lab_gpu *gpu, struct drm_file *file,
		  struct drm_i915_gem_execbuffer2 *args)
{
	struct dma_fence *done;
	int ret = mark_objects(file, args);

	if (!ret)
		ret = charge(gpu, file, args);
	if (ret)
		return ret;
	done = dma_fence_get_stub();
	ret = signal_syncobjs(file, done, args);
	if (!ret)
		ret = give_fence(done, args);
	dma_fence_put(done);
	return ret;
}

int lab_execbuffer2(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_gem_execbuffer2 *args = data;
	struct lab_gpu *gpu = to_lab_gpu(drm);
	int ret;

	if (!lab_context_exists(file->driver_priv, lower_32_bits(args->rsvd1)))
		return -ENOENT;
	ret = pass(LAB_EXEC_BLOCKS_D, LAB_EXEC_BLOCKS_S, -1);
	if (ret)
		return ret;
	if (READ_ONCE(lab_exec_errno))
		return -(int)READ_ONCE(lab_exec_errno);
	/* Work wakes a GPU that sleeps. */
	ret = lab_power_get(gpu);
	if (ret < 0)
		return ret;
	ret = accept(gpu, file, args);
	lab_power_put(gpu);
	return ret;
}
