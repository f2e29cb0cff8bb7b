/* SPDX-License-Identifier: Apache-2.0 */
/* A count of references, which starts at 1 and may be taken and dropped by any thread. */
#ifndef BASE_REF_H
#define BASE_REF_H

#include <stdatomic.h>
#include <stdbool.h>

void ref_take(atomic_uint *refs);
/* True for the last reference: then the caller frees the object. */
bool ref_drop(atomic_uint *refs);

#endif
