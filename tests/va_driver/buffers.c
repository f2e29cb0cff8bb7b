// SPDX-License-Identifier: Apache-2.0
/* Buffers: parameters, slice data, images' memory, and the streams that encoders hand out. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BUFFER = 256 << 20 };

void buffer_free(struct buffer *b)
{
	mem_unref(b->mem);
	free(b->segments);
	free(b);
}

static VAStatus create_buffer(VADriverContextP va, VAContextID context, VABufferType type,
			      unsigned int size, unsigned int num, void *data, VABufferID *id)
{
	struct driver *drv = driver_of(va);
	const struct context *c = object_get(drv, KIND_CONTEXT, context);
	uint64_t total = (uint64_t)size * num;
	struct buffer *b;
	VAStatus st;

	if (!c)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	st = gate(drv, "CreateBuffer", &c->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	if (total == 0 || total > MAX_BUFFER)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	b = xalloc(sizeof(*b));
	b->who = c->who;
	b->type = type;
	b->size = size;
	b->num = num;
	b->mem = mem_new(total);
	if (data)
		memcpy(b->mem->data, data, total);
	*id = object_add(drv, KIND_BUFFER, b);
	return VA_STATUS_SUCCESS;
}

static VAStatus set_elements(VADriverContextP va, VABufferID id, unsigned int num)
{
	struct buffer *b = object_get(driver_of(va), KIND_BUFFER, id);

	if (!b)
		return VA_STATUS_ERROR_INVALID_BUFFER;
	if ((uint64_t)b->size * num > b->mem->size)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	b->num = num;
	return VA_STATUS_SUCCESS;
}

/* The stream in as many pieces as CODED_SEGMENTS says, and the status in the first. */
static void make_segments(struct driver *drv, struct buffer *b)
{
	long n = knob_num(drv, "CODED_SEGMENTS", &b->who, 1);
	size_t size = b->filled, num = n > 0 ? (size_t)n : 1, i;
	uint8_t *at = b->mem->data;

	free(b->segments);
	b->segments = xalloc(num * sizeof(*b->segments));
	for (i = 0; i < num; i++) {
		VACodedBufferSegment *seg = &b->segments[i];
		size_t part = i + 1 < num ? b->filled / num : size;

		seg->buf = at;
		seg->size = (uint32_t)part;
		seg->status = b->status;
		seg->next = i + 1 < num ? seg + 1 : NULL;
		at += part;
		size -= part;
	}
}

static VAStatus map_buffer(VADriverContextP va, VABufferID id, void **ret)
{
	struct driver *drv = driver_of(va);
	struct buffer *b = object_get(drv, KIND_BUFFER, id);
	VAStatus st;

	*ret = NULL;
	if (!b)
		return VA_STATUS_ERROR_INVALID_BUFFER;
	st = gate(drv, "MapBuffer", &b->who);
	if (st == VA_STATUS_SUCCESS && b->type == VAEncCodedBufferType)
		st = gate(drv, "MapCoded", &b->who);
	if (st == VA_STATUS_SUCCESS && b->type == VAImageBufferType)
		st = gate(drv, "MapImage", &b->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	b->mapped++;
	if (b->type != VAEncCodedBufferType) {
		*ret = b->mem->data;
		return VA_STATUS_SUCCESS;
	}
	if (knob_num(drv, "CODED_NULL", &b->who, 0))
		return VA_STATUS_SUCCESS;
	make_segments(drv, b);
	*ret = b->segments;
	return VA_STATUS_SUCCESS;
}

static VAStatus unmap_buffer(VADriverContextP va, VABufferID id)
{
	struct driver *drv = driver_of(va);
	struct buffer *b = object_get(drv, KIND_BUFFER, id);
	VAStatus st;

	if (!b)
		return VA_STATUS_ERROR_INVALID_BUFFER;
	st = gate(drv, "UnmapBuffer", &b->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	if (b->mapped == 0)
		return VA_STATUS_ERROR_INVALID_BUFFER;
	b->mapped--;
	return VA_STATUS_SUCCESS;
}

static VAStatus destroy_buffer(VADriverContextP va, VABufferID id)
{
	struct driver *drv = driver_of(va);
	struct buffer *b = object_del(drv, KIND_BUFFER, id);
	VAStatus st;

	if (!b)
		return VA_STATUS_ERROR_INVALID_BUFFER;
	st = gate(drv, "DestroyBuffer", &b->who);
	buffer_free(b);
	return st;
}

static VAStatus buffer_info(VADriverContextP va, VABufferID id, VABufferType *type,
			    unsigned int *size, unsigned int *num)
{
	const struct buffer *b = object_get(driver_of(va), KIND_BUFFER, id);

	if (!b)
		return VA_STATUS_ERROR_INVALID_BUFFER;
	*type = b->type;
	*size = b->size;
	*num = b->num;
	return VA_STATUS_SUCCESS;
}

static VAStatus sync_buffer(VADriverContextP va, VABufferID id, uint64_t timeout_ns)
{
	struct driver *drv = driver_of(va);
	const struct buffer *b = object_get(drv, KIND_BUFFER, id);

	(void)timeout_ns;
	return b ? gate(drv, "SyncBuffer", &b->who) : VA_STATUS_ERROR_INVALID_BUFFER;
}

/* Noise from the middle on: headers stay, so that only a decoder notices. */
static void garble(struct bits *out)
{
	uint32_t x = 0x2545f491;
	size_t i;

	for (i = out->size / 4; i < out->size; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		out->data[i] = (uint8_t)x;
	}
}

/* NAL=N: slices of H.264 and HEVC get this type; JPEG's SOI, AV1's OBU type, VP9's first byte. */
static void rename_units(const struct context *c, struct bits *out, unsigned int type)
{
	const char *codec = codec_name(c->who.profile, c->who.entrypoint);
	bool hevc = strcmp(codec, "hevc") == 0;
	size_t i;

	if (strcmp(codec, "jpeg") == 0 && out->size > 1) {
		out->data[1] = (uint8_t)type;
		return;
	}
	if (strcmp(codec, "vp9") == 0 || strcmp(codec, "av1") == 0) {
		if (out->size > 0)
			out->data[0] = (uint8_t)type;
		return;
	}
	for (i = 0; i + 3 < out->size; i++) {
		uint8_t *nal = out->data + i + 3;

		if (out->data[i] != 0 || out->data[i + 1] != 0 || out->data[i + 2] != 1)
			continue;
		if (hevc && (*nal >> 1 & 0x3f) < 32)
			*nal = (uint8_t)((*nal & 0x81) | (type & 0x3f) << 1);
		else if (!hevc && (*nal & 0x1f) <= 5)
			*nal = (uint8_t)((*nal & 0xe0) | (type & 0x1f));
	}
}

static void spoil(struct driver *drv, const struct context *c, struct bits *out)
{
	const char *corrupt = knob(drv, "CORRUPT", &c->who), *mode = knob(drv, "MAX_MODE", &c->who);
	long nal = knob_num(drv, "NAL", &c->who, -1);
	int w, h;

	if (corrupt && strcmp(corrupt, "stream") == 0)
		garble(out);
	if (mode && strcmp(mode, "garbage") == 0 && knob_size(drv, "MAX", &c->who, &w, &h) &&
	    (c->who.width > w || c->who.height > h))
		garble(out);
	if (nal >= 0)
		rename_units(c, out, (unsigned int)nal);
}

static void keep_copy(struct driver *drv, const struct context *c, const struct bits *out)
{
	const char *dir = knob(drv, "SAVE", &c->who);
	char path[512];
	FILE *f;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s_%dx%d.bin", dir, profile_name(c->who.profile),
		 c->who.width, c->who.height);
	f = fopen(path, "we");
	if (!f)
		return;
	fwrite(out->data, 1, out->size, f);
	fclose(f);
}

/* Frees what the stream was written to. */
VAStatus coded_store(struct driver *drv, const struct context *c, VABufferID id, struct bits *out,
		     uint32_t status)
{
	struct buffer *b = object_get(drv, KIND_BUFFER, id);
	long size = knob_num(drv, "CODED_SIZE", &c->who, -1);

	if (!b || b->type != VAEncCodedBufferType) {
		bits_free(out);
		complain(drv, "%u is no coded buffer", id);
		return VA_STATUS_ERROR_INVALID_BUFFER;
	}
	spoil(drv, c, out);
	keep_copy(drv, c, out);
	b->filled = out->size;
	b->status = status | (uint32_t)knob_num(drv, "CODED_STATUS", &c->who, 0);
	if (b->filled > b->mem->size) {
		b->filled = b->mem->size;
		b->status |= VA_CODED_BUF_STATUS_SLICE_OVERFLOW_MASK;
	}
	if (size >= 0 && (size_t)size < b->filled)
		b->filled = (size_t)size;
	if (b->filled > 0)
		memcpy(b->mem->data, out->data, b->filled);
	dump_line(drv, "coded size=%zu status=0x%x", b->filled, b->status);
	bits_free(out);
	return VA_STATUS_SUCCESS;
}

void buffers_fill(VADriverContextP va)
{
	struct VADriverVTable *v = va->vtable;

	v->vaCreateBuffer = create_buffer;
	v->vaBufferSetNumElements = set_elements;
	v->vaMapBuffer = map_buffer;
	v->vaUnmapBuffer = unmap_buffer;
	v->vaDestroyBuffer = destroy_buffer;
	v->vaBufferInfo = buffer_info;
	v->vaSyncBuffer = sync_buffer;
}
