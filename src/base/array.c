// SPDX-License-Identifier: Apache-2.0
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>

#define LEAST 16 /* elements */

void *array_grow(void *array, size_t *size, size_t wanted, size_t element)
{
	size_t room = *size ? *size : LEAST;

	if (wanted <= *size)
		return array;
	if (wanted > SIZE_MAX / 2)
		return NULL;
	while (room < wanted)
		room *= 2;
	array = reallocarray(array, room, element);
	if (array)
		*size = room;
	return array;
}
