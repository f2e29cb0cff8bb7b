// SPDX-License-Identifier: Apache-2.0
#include "base/ref.h"

void ref_take(atomic_uint *refs)
{
	atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

bool ref_drop(atomic_uint *refs)
{
	/* The thread that frees must see what others wrote before they dropped their references. */
	return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}
