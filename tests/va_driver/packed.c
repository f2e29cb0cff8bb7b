// SPDX-License-Identifier: Apache-2.0
/* Headers that the application wrote itself: a parameter buffer, then the bits. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

/* Is this item half of a packed header? p->pending is false again with its data. */
bool packed_item(struct packed *p, const struct item *it)
{
	const VAEncPackedHeaderParameterBuffer *par;

	if (it->type == VAEncPackedHeaderParameterBufferType && it->mem->size >= sizeof(*par)) {
		par = (const void *)it->mem->data;
		*p = (struct packed){ true, true, par->type, par->bit_length,
				      par->has_emulation_bytes != 0 };
		return true;
	}
	if (it->type != VAEncPackedHeaderDataBufferType)
		return false;
	p->pending = false;
	return true;
}

static size_t bytes_of(const struct packed *p, const struct item *it)
{
	size_t size = ((size_t)p->bit_length + 7) / 8;

	return size < it->mem->size ? size : it->mem->size;
}

/* A header as it is; escaped first if the application left that to the driver. */
void packed_emit(const struct packed *p, const struct item *it, struct bits *out)
{
	size_t size = bytes_of(p, it), start = start_code(it->mem->data, size);

	if (p->escaped || start == 0)
		put_bytes(out, it->mem->data, size);
	else
		put_nal(out, it->mem->data + start, size - start);
}

/* A slice header without its start code and without emulation bytes, to be continued. */
void packed_slice(const struct packed *p, const struct item *it, struct bits *nal)
{
	size_t size = bytes_of(p, it), start = start_code(it->mem->data, size);
	unsigned int spare = (unsigned int)(8 - p->bit_length % 8) % 8;

	put_bytes(nal, it->mem->data + start, size - start);
	if (p->escaped)
		nal->size = unescape(nal->data, nal->data, nal->size);
	if (nal->size == 0 || spare == 0)
		return;
	nal->data[nal->size - 1] &= (uint8_t)(0xff << spare);
	nal->free = spare;
}
