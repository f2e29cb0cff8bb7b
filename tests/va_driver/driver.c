// SPDX-License-Identifier: Apache-2.0
/* The driver's start and end, and the part of the vtable that only says no. */
#include "fake.h"

#include <errno.h>
#include <libdrm/i915_drm.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <va/va_drmcommon.h>

__attribute__((visibility("default"))) VAStatus __vaDriverInit_1_0(VADriverContextP va);

static void drop_all(struct driver *drv)
{
	uint32_t i;
	int k;

	for (k = 0; k < KINDS; k++) {
		struct table *t = &drv->tables[k];

		for (i = 0; i < t->num; i++) {
			if (!t->slots[i])
				continue;
			if (k == KIND_SURFACE)
				surface_free(drv, t->slots[i]);
			else if (k == KIND_CONTEXT)
				context_free(t->slots[i]);
			else if (k == KIND_BUFFER)
				buffer_free(t->slots[i]);
			else
				free(t->slots[i]);
		}
		free(t->slots);
	}
	recordings_free(drv);
}

/* The dump tells what the application forgot to destroy. */
static VAStatus terminate(VADriverContextP va)
{
	struct driver *drv = driver_of(va);
	VAStatus st = gate(drv, "Terminate", NULL);

	dump_line(drv, "left configs=%u surfaces=%u contexts=%u buffers=%u images=%u",
		  drv->tables[KIND_CONFIG].live, drv->tables[KIND_SURFACE].live,
		  drv->tables[KIND_CONTEXT].live, drv->tables[KIND_BUFFER].live,
		  drv->tables[KIND_IMAGE].live);
	drop_all(drv);
	dump_close(drv);
	knobs_free(drv);
	pthread_mutex_destroy(&drv->lock);
	free(drv);
	va->pDriverData = NULL;
	return st;
}

static VAStatus put_surface(VADriverContextP va, VASurfaceID surface, void *draw, short srcx,
			    short srcy, unsigned short srcw, unsigned short srch, short destx,
			    short desty, unsigned short destw, unsigned short desth,
			    VARectangle *clips, unsigned int num, unsigned int flags)
{
	(void)va, (void)surface, (void)draw, (void)srcx, (void)srcy, (void)srcw, (void)srch;
	(void)destx, (void)desty, (void)destw, (void)desth, (void)clips, (void)num, (void)flags;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus no_subpicture_formats(VADriverContextP va, VAImageFormat *list, unsigned int *flags,
				      unsigned int *num)
{
	(void)va, (void)list, (void)flags;
	*num = 0;
	return VA_STATUS_SUCCESS;
}

static VAStatus no_subpicture(VADriverContextP va, VAImageID image, VASubpictureID *id)
{
	(void)va, (void)image, (void)id;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus no_subpicture_destroy(VADriverContextP va, VASubpictureID id)
{
	(void)va, (void)id;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus no_subpicture_image(VADriverContextP va, VASubpictureID id, VAImageID image)
{
	(void)va, (void)id, (void)image;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus no_chromakey(VADriverContextP va, VASubpictureID id, unsigned int min,
			     unsigned int max, unsigned int mask)
{
	(void)va, (void)id, (void)min, (void)max, (void)mask;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus no_alpha(VADriverContextP va, VASubpictureID id, float alpha)
{
	(void)va, (void)id, (void)alpha;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus no_associate(VADriverContextP va, VASubpictureID id, VASurfaceID *list, int num,
			     short src_x, short src_y, unsigned short src_w, unsigned short src_h,
			     short dst_x, short dst_y, unsigned short dst_w, unsigned short dst_h,
			     unsigned int flags)
{
	(void)va, (void)id, (void)list, (void)num, (void)src_x, (void)src_y, (void)src_w;
	(void)src_h, (void)dst_x, (void)dst_y, (void)dst_w, (void)dst_h, (void)flags;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus no_deassociate(VADriverContextP va, VASubpictureID id, VASurfaceID *list, int num)
{
	(void)va, (void)id, (void)list, (void)num;
	return VA_STATUS_ERROR_INVALID_SUBPICTURE;
}

static VAStatus no_display_attributes(VADriverContextP va, VADisplayAttribute *list, int *num)
{
	(void)va, (void)list;
	*num = 0;
	return VA_STATUS_SUCCESS;
}

static VAStatus no_display_attribute(VADriverContextP va, VADisplayAttribute *list, int num)
{
	(void)va, (void)list, (void)num;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus no_lock(VADriverContextP va, VASurfaceID id, unsigned int *fourcc,
			unsigned int *luma_stride, unsigned int *u_stride, unsigned int *v_stride,
			unsigned int *luma_offset, unsigned int *u_offset, unsigned int *v_offset,
			unsigned int *name, void **buffer)
{
	(void)va, (void)id, (void)fourcc, (void)luma_stride, (void)u_stride, (void)v_stride;
	(void)luma_offset, (void)u_offset, (void)v_offset, (void)name, (void)buffer;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus no_unlock(VADriverContextP va, VASurfaceID id)
{
	(void)va, (void)id;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus no_export(VADriverContextP va, VASurfaceID id, uint32_t type, uint32_t flags,
			  void *descriptor)
{
	(void)va, (void)id, (void)type, (void)flags, (void)descriptor;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static void refusals_fill(VADriverContextP va)
{
	struct VADriverVTable *v = va->vtable;

	va->max_subpic_formats = 1;
	va->max_display_attributes = 1;
	v->vaTerminate = terminate;
	v->vaPutSurface = put_surface;
	v->vaQuerySubpictureFormats = no_subpicture_formats;
	v->vaCreateSubpicture = no_subpicture;
	v->vaDestroySubpicture = no_subpicture_destroy;
	v->vaSetSubpictureImage = no_subpicture_image;
	v->vaSetSubpictureChromakey = no_chromakey;
	v->vaSetSubpictureGlobalAlpha = no_alpha;
	v->vaAssociateSubpicture = no_associate;
	v->vaDeassociateSubpicture = no_deassociate;
	v->vaQueryDisplayAttributes = no_display_attributes;
	v->vaGetDisplayAttributes = no_display_attribute;
	v->vaSetDisplayAttributes = no_display_attribute;
	v->vaLockSurface = no_lock;
	v->vaUnlockSurface = no_unlock;
	v->vaExportSurfaceHandle = no_export;
}

static struct driver *driver_new(VADriverContextP va)
{
	const struct drm_state *drm = va->drm_state;
	struct driver *drv = xalloc(sizeof(*drv));

	drv->va = va;
	drv->drm_fd = drm ? drm->fd : -1;
	pthread_mutex_init(&drv->lock, NULL);
	return drv;
}

/* As drivers of hardware do, it begins with a context, which i915 refuses of a GPU that it has given up. */
static bool is_wedged(int fd)
{
	struct drm_i915_gem_context_create create = { 0 };

	return fd >= 0 && ioctl(fd, DRM_IOCTL_I915_GEM_CONTEXT_CREATE, &create) < 0 && errno == EIO;
}

VAStatus __vaDriverInit_1_0(VADriverContextP va)
{
	struct driver *drv = driver_new(va);
	VAStatus st = VA_STATUS_ERROR_INVALID_PARAMETER;
	const char *vendor;

	if (knobs_load(drv) == 0) {
		noise(drv, NULL);
		st = gate(drv, "Initialize", NULL);
	}
	if (st == VA_STATUS_SUCCESS && is_wedged(drv->drm_fd))
		st = VA_STATUS_ERROR_OPERATION_FAILED;
	if (st != VA_STATUS_SUCCESS) {
		knobs_free(drv);
		free(drv);
		return st;
	}
	vendor = knob(drv, "VENDOR", NULL);
	snprintf(drv->vendor, sizeof(drv->vendor), "%s",
		 vendor ? vendor : "Fake driver of intel-gpu-exporter's tests");
	va->pDriverData = drv;
	va->version_major = VA_MAJOR_VERSION;
	va->version_minor = 0;
	va->str_vendor = drv->vendor;
	dump_open(drv);
	refusals_fill(va);
	caps_fill(va);
	surfaces_fill(va);
	images_fill(va);
	buffers_fill(va);
	pictures_fill(va);
	vpp_fill(va);
	return VA_STATUS_SUCCESS;
}
