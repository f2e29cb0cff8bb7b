// SPDX-License-Identifier: Apache-2.0
/* DUMP: what the application gave, as text. "-" is stderr; a file is appended to. */
#include "dump.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A probe may be forbidden to write files: then there is no dump, and no death of it either. */
void dump_open(struct driver *drv)
{
	const char *path = knob(drv, "DUMP", NULL);

	if (path || knob(drv, "SAVE", NULL))
		signal(SIGXFSZ, SIG_IGN);
	if (!path)
		return;
	drv->dump = strcmp(path, "-") == 0 ? stderr : fopen(path, "ae");
	if (!drv->dump)
		return;
	setvbuf(drv->dump, NULL, _IOLBF, 0);
	dump_line(drv, "start");
}

void dump_close(struct driver *drv)
{
	if (drv->dump && drv->dump != stderr)
		fclose(drv->dump);
	drv->dump = NULL;
}

void dump_line(struct driver *drv, const char *format, ...)
{
	va_list args;

	if (!drv->dump)
		return;
	va_start(args, format);
	vfprintf(drv->dump, format, args);
	va_end(args);
	fputc('\n', drv->dump);
}

static const char *type_name(VABufferType type)
{
	switch (type) {
	case VAEncSequenceParameterBufferType:
		return "sequence";
	case VAPictureParameterBufferType:
	case VAEncPictureParameterBufferType:
		return "picture";
	case VASliceParameterBufferType:
	case VAEncSliceParameterBufferType:
		return "slice";
	case VASliceDataBufferType:
		return "data";
	case VAIQMatrixBufferType:
	case VAQMatrixBufferType:
		return "matrix";
	case VAHuffmanTableBufferType:
		return "huffman";
	case VAEncMiscParameterBufferType:
		return "misc";
	case VAEncPackedHeaderParameterBufferType:
		return "packed";
	case VAEncPackedHeaderDataBufferType:
		return "packed_data";
	case VAProcPipelineParameterBufferType:
		return "pipeline";
	default:
		return "other";
	}
}

static void hex(FILE *f, const struct item *it, size_t most)
{
	size_t i;

	fputs("\thex=", f);
	for (i = 0; i < it->mem->size && i < most; i++)
		fprintf(f, "%02x", it->mem->data[i]);
	fputc('\n', f);
}

static void show_packed(FILE *f, const struct item *it)
{
	const VAEncPackedHeaderParameterBuffer *p = (const void *)it->mem->data;

	if (it->mem->size < sizeof(*p))
		return;
	SHOW(f, p, type);
	SHOW(f, p, bit_length);
	SHOW(f, p, has_emulation_bytes);
}

static void show_misc(FILE *f, const struct item *it)
{
	const VAEncMiscParameterBuffer *p = (const void *)it->mem->data;

	if (it->mem->size >= sizeof(*p))
		SHOW(f, p, type);
	hex(f, it, 128);
}

static void show_codec(FILE *f, const char *codec, const struct item *it)
{
	static const struct {
		const char *codec;
		void (*show)(FILE *f, const struct item *it);
	} codecs[] = { { "h264", dump_h264 },
		       { "hevc", dump_hevc },
		       { "vp9", dump_vp9 },
		       { "av1", dump_av1 },
		       { "jpeg", dump_jpeg } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (strcmp(codecs[i].codec, codec) == 0)
			codecs[i].show(f, it);
}

void dump_item(struct driver *drv, const struct who *who, const struct item *it)
{
	const char *codec = codec_name(who->profile, who->entrypoint);

	if (!drv->dump)
		return;
	dump_line(drv, "buffer %s %s %s size=%u num=%u", codec, entrypoint_name(who->entrypoint),
		  type_name(it->type), it->size, it->num);
	switch (it->type) {
	case VAEncPackedHeaderParameterBufferType:
		show_packed(drv->dump, it);
		break;
	case VAEncPackedHeaderDataBufferType:
		hex(drv->dump, it, 4096);
		break;
	case VAEncMiscParameterBufferType:
		show_misc(drv->dump, it);
		break;
	case VASliceDataBufferType:
		hex(drv->dump, it, 32);
		break;
	case VAProcPipelineParameterBufferType:
		break;
	default:
		show_codec(drv->dump, codec, it);
		break;
	}
}
