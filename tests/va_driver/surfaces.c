// SPDX-License-Identifier: Apache-2.0
/* Surfaces: NV12 and P010 in ordinary memory. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST = 16384, BLOCK = 64 };

/* A pitch that is not the width, so that nobody can mistake one for the other. */
void surface_init(struct surface *s, uint32_t fourcc, int width, int height)
{
	size_t sample = fourcc == VA_FOURCC_P010 ? 2 : 1;

	memset(s, 0, sizeof(*s));
	s->fourcc = fourcc;
	s->width = width;
	s->height = height;
	s->cols = (width + BLOCK - 1) / BLOCK * BLOCK;
	s->rows = (height + BLOCK - 1) / BLOCK * BLOCK;
	s->pitch = (size_t)s->cols * sample + BLOCK;
	s->uv = s->pitch * (size_t)s->rows;
	s->mem = mem_new(s->uv + s->uv / 2);
}

void surface_free(struct driver *drv, struct surface *s)
{
	(void)drv;
	mem_unref(s->mem);
	free(s);
}

static uint32_t wanted_fourcc(unsigned int format, const VASurfaceAttrib *list, unsigned int num,
			      VAStatus *st)
{
	uint32_t fourcc = format == VA_RT_FORMAT_YUV420_10 ? VA_FOURCC_P010 : VA_FOURCC_NV12;
	unsigned int i;

	*st = VA_STATUS_SUCCESS;
	for (i = 0; i < num; i++) {
		if (!(list[i].flags & VA_SURFACE_ATTRIB_SETTABLE))
			continue;
		if (list[i].type == VASurfaceAttribPixelFormat)
			fourcc = (uint32_t)list[i].value.value.i;
		else if (list[i].type == VASurfaceAttribMemoryType &&
			 list[i].value.value.i != VA_SURFACE_ATTRIB_MEM_TYPE_VA)
			*st = VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE;
	}
	if (format != VA_RT_FORMAT_YUV420 && format != VA_RT_FORMAT_YUV420_10)
		*st = VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
	else if (fourcc != (format == VA_RT_FORMAT_YUV420 ? VA_FOURCC_NV12 : VA_FOURCC_P010))
		*st = VA_STATUS_ERROR_INVALID_IMAGE_FORMAT;
	return fourcc;
}

static VAStatus create_surfaces2(VADriverContextP va, unsigned int format, unsigned int width,
				 unsigned int height, VASurfaceID *ids, unsigned int num,
				 VASurfaceAttrib *list, unsigned int num_attribs)
{
	struct driver *drv = driver_of(va);
	VAStatus st = gate(drv, "CreateSurfaces", NULL);
	uint32_t fourcc;
	unsigned int i;

	if (st != VA_STATUS_SUCCESS)
		return st;
	if (width == 0 || height == 0 || width > LARGEST || height > LARGEST)
		return VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED;
	fourcc = wanted_fourcc(format, list, num_attribs, &st);
	if (st != VA_STATUS_SUCCESS)
		return st;
	for (i = 0; i < num; i++) {
		struct surface *s = xalloc(sizeof(*s));

		surface_init(s, fourcc, (int)width, (int)height);
		ids[i] = object_add(drv, KIND_SURFACE, s);
	}
	return VA_STATUS_SUCCESS;
}

static VAStatus create_surfaces(VADriverContextP va, int width, int height, int format, int num,
				VASurfaceID *ids)
{
	return create_surfaces2(va, (unsigned int)format, (unsigned int)width, (unsigned int)height,
				ids, (unsigned int)num, NULL, 0);
}

static VAStatus destroy_surfaces(VADriverContextP va, VASurfaceID *ids, int num)
{
	struct driver *drv = driver_of(va);
	VAStatus st = gate(drv, "DestroySurfaces", NULL);
	int i;

	for (i = 0; i < num; i++) {
		struct surface *s = object_del(drv, KIND_SURFACE, ids[i]);

		if (s)
			surface_free(drv, s);
		else if (st == VA_STATUS_SUCCESS)
			st = VA_STATUS_ERROR_INVALID_SURFACE;
	}
	return st;
}

static void add_attribute(VASurfaceAttrib *list, unsigned int *n, VASurfaceAttribType type,
			  int value)
{
	bool settable = type == VASurfaceAttribPixelFormat || type == VASurfaceAttribMemoryType;

	list[(*n)++] = (VASurfaceAttrib){
		.type = type,
		.flags = VA_SURFACE_ATTRIB_GETTABLE | (settable ? VA_SURFACE_ATTRIB_SETTABLE : 0),
		.value = { .type = VAGenericValueTypeInteger, .value = { .i = value } },
	};
}

static VAStatus query_attributes(VADriverContextP va, VAConfigID id, VASurfaceAttrib *list,
				 unsigned int *num)
{
	struct driver *drv = driver_of(va);
	const struct config *config = object_get(drv, KIND_CONFIG, id);
	struct who who = { 0 };
	VASurfaceAttrib all[8];
	unsigned int n = 0;
	VAStatus st;
	int w, h;

	if (!config)
		return VA_STATUS_ERROR_INVALID_CONFIG;
	who = (struct who){ true, config->profile, config->entrypoint, 0, 0 };
	st = gate(drv, "QuerySurfaceAttributes", &who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	if (config->rt_format & VA_RT_FORMAT_YUV420)
		add_attribute(all, &n, VASurfaceAttribPixelFormat, (int)VA_FOURCC_NV12);
	if (config->rt_format & VA_RT_FORMAT_YUV420_10)
		add_attribute(all, &n, VASurfaceAttribPixelFormat, (int)VA_FOURCC_P010);
	caps_min_size(config->profile, &w, &h);
	add_attribute(all, &n, VASurfaceAttribMinWidth, w);
	add_attribute(all, &n, VASurfaceAttribMinHeight, h);
	add_attribute(all, &n, VASurfaceAttribMaxWidth, LARGEST);
	add_attribute(all, &n, VASurfaceAttribMaxHeight, LARGEST);
	add_attribute(all, &n, VASurfaceAttribMemoryType, VA_SURFACE_ATTRIB_MEM_TYPE_VA);
	if (!list) {
		*num = n;
		return VA_STATUS_SUCCESS;
	}
	st = *num < n ? VA_STATUS_ERROR_MAX_NUM_EXCEEDED : VA_STATUS_SUCCESS;
	if (st == VA_STATUS_SUCCESS)
		memcpy(list, all, n * sizeof(*list));
	*num = n;
	return st;
}

static VAStatus no_attributes(VADriverContextP va, VAConfigID id, VASurfaceAttrib *list,
			      unsigned int num)
{
	(void)va;
	(void)id;
	(void)list;
	(void)num;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus sync_it(struct driver *drv, const char *call, VASurfaceID id)
{
	const struct surface *s = object_get(drv, KIND_SURFACE, id);

	return s ? gate(drv, call, &s->who) : VA_STATUS_ERROR_INVALID_SURFACE;
}

static VAStatus sync_surface(VADriverContextP va, VASurfaceID id)
{
	return sync_it(driver_of(va), "SyncSurface", id);
}

static VAStatus sync_surface2(VADriverContextP va, VASurfaceID id, uint64_t timeout_ns)
{
	(void)timeout_ns;
	return sync_it(driver_of(va), "SyncSurface2", id);
}

static VAStatus query_status(VADriverContextP va, VASurfaceID id, VASurfaceStatus *status)
{
	*status = VASurfaceReady;
	return sync_it(driver_of(va), "QuerySurfaceStatus", id);
}

static VAStatus query_error(VADriverContextP va, VASurfaceID id, VAStatus error, void **info)
{
	(void)va;
	(void)id;
	(void)error;
	*info = NULL;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

void surfaces_fill(VADriverContextP va)
{
	struct VADriverVTable *v = va->vtable;

	v->vaCreateSurfaces = create_surfaces;
	v->vaCreateSurfaces2 = create_surfaces2;
	v->vaDestroySurfaces = destroy_surfaces;
	v->vaQuerySurfaceAttributes = query_attributes;
	v->vaGetSurfaceAttributes = no_attributes;
	v->vaSyncSurface = sync_surface;
	v->vaSyncSurface2 = sync_surface2;
	v->vaQuerySurfaceStatus = query_status;
	v->vaQuerySurfaceError = query_error;
}
