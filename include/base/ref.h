/* SPDX-License-Identifier: Apache-2.0 */
/* A count of references, which starts at 1 and may be taken and dropped by any thread. */
#ifndef BASE_REF_H
#define BASE_REF_H

#include <stdatomic.h>
#include <stdbool.h>

void ref_take(atomic_uint *refs);
/* True for the last one: then the object is the caller's to free. */
bool ref_drop(atomic_uint *refs);

#endif
