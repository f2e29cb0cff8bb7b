// SPDX-License-Identifier: Apache-2.0
#include "sources/workload/remainder.h"

void remainder_add(struct remainder *r, uint64_t whole, uint64_t parts)
{
	uint64_t taken;

	if (!r->known || whole < r->whole || parts < r->parts) {
		r->whole_base = whole;
		r->parts_base = parts;
		r->base = r->total;
		r->known = true;
	}
	r->whole = whole;
	r->parts = parts;
	whole -= r->whole_base;
	taken = parts - r->parts_base;
	if (whole > taken && r->base + (whole - taken) > r->total)
		r->total = r->base + (whole - taken);
}

void remainder_pause(struct remainder *r)
{
	r->known = false;
}
