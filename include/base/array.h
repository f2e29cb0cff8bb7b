/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow by doubling: a pointer, how many elements it has room for, how many there are.
 */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

/*
 * Gives array room for so many elements, and size what it then has room for. True; false when
 * memory is out: then both are as they were.
 */
#define array_reserve(array, size, wanted)                                                         \
	({                                                                                         \
		void *array_grown_ = array_grow(array, size, wanted, sizeof(*(array)));            \
                                                                                                   \
		if (array_grown_)                                                                  \
			(array) = array_grown_;                                                    \
		array_grown_ != NULL;                                                              \
	})

/* For array_reserve(): the array, moved where it had to grow, or NULL. wanted is not 0. */
void *array_grow(void *array, size_t *size, size_t wanted, size_t element);

#endif
