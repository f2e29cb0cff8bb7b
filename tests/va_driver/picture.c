// SPDX-License-Identifier: Apache-2.0
/* Contexts and pictures: collects what vaRenderPicture is given, works in vaEndPicture. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

void items_drop(struct context *c)
{
	size_t i;

	for (i = 0; i < c->num_items; i++)
		mem_unref(c->items[i].mem);
	free(c->items);
	c->items = NULL;
	c->num_items = 0;
}

void context_free(struct context *c)
{
	items_drop(c);
	free(c);
}

/* Above MAX, unless it is to be garbage then. */
static bool too_large(struct driver *drv, const struct who *who)
{
	const char *mode = knob(drv, "MAX_MODE", who);
	int w, h;

	return knob_size(drv, "MAX", who, &w, &h) && (who->width > w || who->height > h) &&
	       !(mode && strcmp(mode, "garbage") == 0);
}

static VAStatus create_context(VADriverContextP va, VAConfigID id, int width, int height, int flag,
			       VASurfaceID *targets, int num, VAContextID *ret)
{
	struct driver *drv = driver_of(va);
	const struct config *config = object_get(drv, KIND_CONFIG, id);
	struct context *c;
	struct who who;
	VAStatus st;
	int i;

	(void)flag;
	if (!config)
		return VA_STATUS_ERROR_INVALID_CONFIG;
	who = (struct who){ true, config->profile, config->entrypoint, width, height };
	st = gate(drv, "CreateContext", &who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	if (too_large(drv, &who)) /* as in a GVT-g guest */
		return VA_STATUS_ERROR_OPERATION_FAILED;
	if (config->entrypoint != VAEntrypointVideoProc && (width <= 0 || height <= 0))
		return VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED;
	for (i = 0; i < num; i++) {
		struct surface *s = object_get(drv, KIND_SURFACE, targets[i]);

		if (!s)
			return VA_STATUS_ERROR_INVALID_SURFACE;
		s->who = who;
	}
	c = xalloc(sizeof(*c));
	c->who = who;
	c->rt_format = config->rt_format;
	*ret = object_add(drv, KIND_CONTEXT, c);
	return VA_STATUS_SUCCESS;
}

static VAStatus destroy_context(VADriverContextP va, VAContextID id)
{
	struct driver *drv = driver_of(va);
	struct context *c = object_del(drv, KIND_CONTEXT, id);
	VAStatus st;

	if (!c)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	st = gate(drv, "DestroyContext", &c->who);
	context_free(c);
	return st;
}

static VAStatus begin_picture(VADriverContextP va, VAContextID id, VASurfaceID target)
{
	struct driver *drv = driver_of(va);
	struct context *c = object_get(drv, KIND_CONTEXT, id);
	struct surface *s = object_get(drv, KIND_SURFACE, target);
	VAStatus st;

	if (!c)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	if (!s)
		return VA_STATUS_ERROR_INVALID_SURFACE;
	st = gate(drv, "BeginPicture", &c->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	if (c->begun)
		return VA_STATUS_ERROR_OPERATION_FAILED;
	items_drop(c);
	s->who = c->who;
	c->target = target;
	c->begun = true;
	return VA_STATUS_SUCCESS;
}

static VAStatus render_picture(VADriverContextP va, VAContextID id, VABufferID *ids, int num)
{
	struct driver *drv = driver_of(va);
	struct context *c = object_get(drv, KIND_CONTEXT, id);
	VAStatus st;
	int i;

	if (!c)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	st = gate(drv, "RenderPicture", &c->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	if (!c->begun)
		return VA_STATUS_ERROR_OPERATION_FAILED;
	for (i = 0; i < num; i++) {
		const struct buffer *b = object_get(drv, KIND_BUFFER, ids[i]);

		if (!b)
			return VA_STATUS_ERROR_INVALID_BUFFER;
		c->items = xgrow(c->items, (c->num_items + 1) * sizeof(*c->items));
		c->items[c->num_items++] =
			(struct item){ b->type, b->size, b->num, mem_ref(b->mem) };
		dump_item(drv, &c->who, &c->items[c->num_items - 1]);
	}
	return VA_STATUS_SUCCESS;
}

const void *item_find(const struct context *c, VABufferType type, size_t at_least)
{
	size_t i;

	for (i = 0; i < c->num_items; i++)
		if (c->items[i].type == type && c->items[i].mem->size >= at_least)
			return c->items[i].mem->data;
	return NULL;
}

static VAStatus work(struct driver *drv, struct context *c, struct surface *s)
{
	const char *codec = codec_name(c->who.profile, c->who.entrypoint);
	bool encode = is_encoder(c->who.entrypoint);
	VAStatus st;

	if (c->who.entrypoint == VAEntrypointVideoProc)
		return vpp_process(drv, c, s);
	if (encode) {
		frame_save(drv, c, s);
		st = frame_expect(drv, c, s);
		if (st == VA_STATUS_SUCCESS)
			st = check_picture(drv, c);
		if (st != VA_STATUS_SUCCESS)
			return st;
	}
	if (strcmp(codec, "h264") == 0)
		return encode ? h264_encode(drv, c, s) : h264_decode(drv, c, s);
	if (strcmp(codec, "jpeg") == 0)
		return encode ? jpeg_encode(drv, c, s) : jpeg_decode(drv, c, s);
	return encode ? recorded_encode(drv, c, s) : recorded_decode(drv, c, s);
}

static VAStatus end_picture(VADriverContextP va, VAContextID id)
{
	struct driver *drv = driver_of(va);
	struct context *c = object_get(drv, KIND_CONTEXT, id);
	struct surface *s;
	VAStatus st;

	if (!c)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	noise(drv, &c->who);
	st = gate(drv, "EndPicture", &c->who);
	if (st != VA_STATUS_SUCCESS) {
		c->begun = false;
		return st;
	}
	s = object_get(drv, KIND_SURFACE, c->target);
	if (!c->begun || !s)
		return VA_STATUS_ERROR_OPERATION_FAILED;
	c->begun = false;
	st = work(drv, c, s);
	items_drop(c);
	if (st == VA_STATUS_SUCCESS)
		engine_charge(drv, c);
	if (c->who.entrypoint == VAEntrypointVLD) {
		const char *how = knob(drv, "CORRUPT_DEC", &c->who);

		if (how)
			frame_damage(s, how);
	}
	dump_line(drv, "end %s %s %dx%d status=%d", profile_name(c->who.profile),
		  entrypoint_name(c->who.entrypoint), c->who.width, c->who.height, st);
	return st;
}

void pictures_fill(VADriverContextP va)
{
	struct VADriverVTable *v = va->vtable;

	v->vaCreateContext = create_context;
	v->vaDestroyContext = destroy_context;
	v->vaBeginPicture = begin_picture;
	v->vaRenderPicture = render_picture;
	v->vaEndPicture = end_picture;
}
