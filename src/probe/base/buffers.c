// SPDX-License-Identifier: Apache-2.0
/* Parameter buffers, and the one sequence in which every picture is rendered. */
#include "common.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(struct va_outcome *outcome, enum va_result result, const char *fmt, ...)
{
	va_list ap;

	outcome->result = result;
	va_start(ap, fmt);
	vsnprintf(outcome->detail, sizeof(outcome->detail), fmt, ap);
	va_end(ap);
	return false;
}

bool check(struct va_outcome *outcome, enum va_result result, const char *call, VAStatus status)
{
	if (status == VA_STATUS_SUCCESS)
		return true;
	return fail(outcome, result, "%s: %s (%d)", call, vaErrorStr(status), status);
}

void buffers_add(struct buffers *b, VABufferType type, const void *data, size_t size)
{
	VABufferID id;
	VAStatus status;

	if (b->status != VA_STATUS_SUCCESS)
		return;
	if (b->n == (int)ARRAY_SIZE(b->ids)) {
		b->status = VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
		return;
	}
	status = vaCreateBuffer(b->device->display, b->context, type, (unsigned)size, 1,
				(void *)data, &id);
	if (status == VA_STATUS_SUCCESS)
		b->ids[b->n++] = id;
	else
		b->status = status;
}

void buffers_add_packed(struct buffers *b, VAEncPackedHeaderType type, const void *data,
			size_t bits)
{
	VAEncPackedHeaderParameterBuffer header = {
		.type = type,
		.bit_length = (uint32_t)bits,
		.has_emulation_bytes = 1,
	};

	buffers_add(b, VAEncPackedHeaderParameterBufferType, &header, sizeof(header));
	buffers_add(b, VAEncPackedHeaderDataBufferType, data, (bits + 7) / 8);
}

void buffers_destroy(struct buffers *b)
{
	while (b->n > 0)
		vaDestroyBuffer(b->device->display, b->ids[--b->n]);
}

bool buffers_render(struct buffers *b, VASurfaceID target, struct va_outcome *outcome)
{
	VADisplay display = b->device->display;
	bool ok = check(outcome, VA_SUBMIT, "vaCreateBuffer", b->status) &&
		  check(outcome, VA_SUBMIT, "vaBeginPicture",
			vaBeginPicture(display, b->context, target));

	if (ok) {
		VAStatus rendered = vaRenderPicture(display, b->context, b->ids, b->n);
		VAStatus ended = vaEndPicture(display, b->context);

		ok = check(outcome, VA_SUBMIT, "vaRenderPicture", rendered) &&
		     check(outcome, VA_SUBMIT, "vaEndPicture", ended);
	}
	buffers_destroy(b);
	return ok && check(outcome, VA_EXECUTE, "vaSyncSurface", vaSyncSurface(display, target));
}
