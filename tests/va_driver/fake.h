/* SPDX-License-Identifier: Apache-2.0 */
/* A VA-API driver for tests: what its files share. README.md describes it. */
#ifndef FAKE_H
#define FAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <va/va.h>
#include <va/va_backend.h>
#include <va/va_vpp.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Whom a call is for: what a knob's selectors are compared with. */
struct who {
	bool known;
	VAProfile profile;
	VAEntrypoint entrypoint;
	int width, height; /* 0 when not known */
};

/* Memory that outlives the object that names it: the buffers of a picture, derived images. */
struct mem {
	int refs;
	size_t size;
	uint8_t *data;
};

struct config {
	VAProfile profile;
	VAEntrypoint entrypoint;
	uint32_t rt_format;
};

/* NV12, or P010 with two bytes for each sample. */
struct surface {
	struct who who; /* of its latest use */
	uint32_t fourcc;
	int width, height; /* as asked for */
	int cols, rows;	   /* as allocated: whole macroblocks, or blocks of 64 */
	size_t pitch, uv;  /* bytes of a row; where the chroma starts */
	struct mem *mem;
};

struct buffer {
	struct who who;
	VABufferType type;
	unsigned int size, num;
	struct mem *mem;
	int mapped;
	size_t filled; /* coded buffers: bytes of the stream */
	uint32_t status;
	VACodedBufferSegment *segments;
};

struct image {
	VAImage va;
	struct who who;
};

/* One buffer given to vaRenderPicture. */
struct item {
	VABufferType type;
	unsigned int size, num;
	struct mem *mem;
};

struct context {
	struct who who;
	uint32_t rt_format;
	VASurfaceID target;
	bool begun;
	struct item *items;
	size_t num_items;
};

enum kind { KIND_CONFIG, KIND_SURFACE, KIND_CONTEXT, KIND_BUFFER, KIND_IMAGE, KINDS };

struct table {
	void **slots;
	uint32_t num, room, live;
};

struct knob {
	char *key, *value;
};

struct call_count {
	const char *call;
	unsigned long count;
};

/* A stream handed out and the picture that it stands for. */
struct recording {
	struct recording *next;
	size_t size;
	uint8_t *stream;
	struct surface picture;
};

struct driver {
	VADriverContextP va;
	pthread_mutex_t lock;
	struct table tables[KINDS];
	struct knob *knobs;
	size_t num_knobs;
	struct call_count counts[64];
	int drm_fd;
	FILE *dump;
	char vendor[256];
	struct recording *recordings;
};

struct bits {
	uint8_t *data;
	size_t size, room;
	unsigned int free; /* bits of the last byte that are not used yet */
};

struct reader {
	const uint8_t *data;
	size_t bits, pos;
	bool over; /* read beyond the end */
};

/* objects.c: which object has this number? */
void *xalloc(size_t size);
void *xgrow(void *old, size_t size);
uint32_t object_add(struct driver *drv, enum kind kind, void *object);
void *object_get(struct driver *drv, enum kind kind, uint32_t id);
void *object_del(struct driver *drv, enum kind kind, uint32_t id);
struct mem *mem_new(size_t size);
struct mem *mem_ref(struct mem *mem);
void mem_unref(struct mem *mem);

/* knobs.c: what was this driver told to do wrong? */
int knobs_load(struct driver *drv);
void knobs_free(struct driver *drv);
const char *knob(struct driver *drv, const char *name, const struct who *who);
long knob_num(struct driver *drv, const char *name, const struct who *who, long otherwise);
bool knob_size(struct driver *drv, const char *name, const struct who *who, int *w, int *h);
const char *codec_name(VAProfile profile, VAEntrypoint entrypoint);
const char *profile_name(VAProfile profile);
bool profile_by_name(const char *name, VAProfile *ret);
const char *entrypoint_name(VAEntrypoint entrypoint);
bool is_encoder(VAEntrypoint entrypoint);

/* gate.c: does this call fail, hang or crash? The first thing that every call asks. */
VAStatus gate(struct driver *drv, const char *call, const struct who *who);
bool gate_knows(const char *call);
void noise(struct driver *drv, const struct who *who);
void complain(struct driver *drv, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* caps.c: what does this driver offer? */
void caps_fill(VADriverContextP va);
bool caps_has(struct driver *drv, VAProfile profile, VAEntrypoint entrypoint);
uint32_t caps_rt_formats(VAProfile profile, VAEntrypoint entrypoint);
uint32_t caps_hevc(struct driver *drv, const struct who *who, VAConfigAttribType type);
void caps_min_size(VAProfile profile, int *w, int *h);

/* surfaces.c, images.c, buffers.c, picture.c, vpp.c: their part of the vtable. */
void surfaces_fill(VADriverContextP va);
void images_fill(VADriverContextP va);
void buffers_fill(VADriverContextP va);
void pictures_fill(VADriverContextP va);
void vpp_fill(VADriverContextP va);
void surface_init(struct surface *s, uint32_t fourcc, int width, int height);
void surface_free(struct driver *drv, struct surface *s);
void buffer_free(struct buffer *b);
void context_free(struct context *c);
void items_drop(struct context *c);

/* buffers.c: takes a stream as the result of an encode. */
VAStatus coded_store(struct driver *drv, const struct context *c, VABufferID id, struct bits *out,
		     uint32_t status);

/* frame.c: pictures as such. */
void frame_copy(struct surface *to, const struct surface *from);
void frame_damage(struct surface *s, const char *how);
struct surface frame_input(struct driver *drv, const struct context *c, const struct surface *s);
void frame_save(struct driver *drv, const struct context *c, const struct surface *s);
VAStatus frame_expect(struct driver *drv, const struct context *c, const struct surface *s);

/* bits.c: bits of a stream. */
void put_bits(struct bits *b, unsigned int n, uint32_t value);
void put_ue(struct bits *b, uint32_t value);
void put_se(struct bits *b, int32_t value);
void put_bytes(struct bits *b, const void *data, size_t size);
void put_align(struct bits *b);
void put_trailing(struct bits *b);
void put_nal(struct bits *out, const uint8_t *nal, size_t size);
void bits_free(struct bits *b);
uint32_t get_bits(struct reader *r, unsigned int n);
uint32_t get_ue(struct reader *r);
size_t unescape(uint8_t *to, const uint8_t *from, size_t size);
size_t start_code(const uint8_t *data, size_t size);

/* The codecs. Each is given a context whose items are complete. */
VAStatus h264_encode(struct driver *drv, struct context *c, struct surface *in);
VAStatus h264_decode(struct driver *drv, struct context *c, struct surface *out);
VAStatus jpeg_encode(struct driver *drv, struct context *c, struct surface *in);
VAStatus jpeg_decode(struct driver *drv, struct context *c, struct surface *out);
VAStatus recorded_encode(struct driver *drv, struct context *c, struct surface *in);
VAStatus recorded_decode(struct driver *drv, struct context *c, struct surface *out);
VAStatus vpp_process(struct driver *drv, struct context *c, struct surface *out);
void recordings_free(struct driver *drv);
void h264_headers(struct bits *out, VAProfile profile, const void *seq, const void *pic);

/* packed.c: headers that the application wrote. */
struct packed {
	bool any, pending; /* a parameter buffer came, its data did not yet */
	uint32_t type, bit_length;
	bool escaped;
};
bool packed_item(struct packed *p, const struct item *it);
void packed_emit(const struct packed *p, const struct item *it, struct bits *out);
void packed_slice(const struct packed *p, const struct item *it, struct bits *nal);
const void *item_find(const struct context *c, VABufferType type, size_t at_least);

/* check.c: are the parameter buffers what a real driver needs? */
VAStatus check_picture(struct driver *drv, const struct context *c);

/* dump.c: each parameter buffer as text. */
void dump_open(struct driver *drv);
void dump_close(struct driver *drv);
void dump_line(struct driver *drv, const char *format, ...) __attribute__((format(printf, 2, 3)));
void dump_item(struct driver *drv, const struct who *who, const struct item *it);
void dump_h264(FILE *f, const struct item *it);
void dump_jpeg(FILE *f, const struct item *it);
void dump_hevc(FILE *f, const struct item *it);
void dump_vp9(FILE *f, const struct item *it);
void dump_av1(FILE *f, const struct item *it);

/* engine.c: GPU time, where the kernel is the lab's. */
void engine_charge(struct driver *drv, const struct context *c);

static inline struct driver *driver_of(VADriverContextP va)
{
	return va->pDriverData;
}

#endif
