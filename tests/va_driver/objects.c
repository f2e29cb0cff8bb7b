// SPDX-License-Identifier: Apache-2.0
/* Which object has this number? Numbers are not used twice: a stale one is always found out. */
#include "fake.h"

#include <stdlib.h>

enum { KIND_SHIFT = 24, NUMBERS = (1 << KIND_SHIFT) - 1 };

/* A test driver without memory has nothing to say that a crash does not. */
void *xalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *xgrow(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		abort();
	return p;
}

uint32_t object_add(struct driver *drv, enum kind kind, void *object)
{
	struct table *t = &drv->tables[kind];
	uint32_t id;

	pthread_mutex_lock(&drv->lock);
	if (t->num == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->slots = xgrow(t->slots, t->room * sizeof(*t->slots));
	}
	if (t->num >= NUMBERS)
		abort();
	t->slots[t->num] = object;
	t->live++;
	id = ((uint32_t)kind + 1) << KIND_SHIFT | t->num++;
	pthread_mutex_unlock(&drv->lock);
	return id;
}

static void *look_up(struct driver *drv, enum kind kind, uint32_t id, bool take)
{
	struct table *t = &drv->tables[kind];
	uint32_t number = id & NUMBERS;
	void *object = NULL;

	pthread_mutex_lock(&drv->lock);
	if (id >> KIND_SHIFT == (uint32_t)kind + 1 && number < t->num) {
		object = t->slots[number];
		if (take && object) {
			t->slots[number] = NULL;
			t->live--;
		}
	}
	pthread_mutex_unlock(&drv->lock);
	return object;
}

void *object_get(struct driver *drv, enum kind kind, uint32_t id)
{
	return look_up(drv, kind, id, false);
}

/* The caller frees it. */
void *object_del(struct driver *drv, enum kind kind, uint32_t id)
{
	return look_up(drv, kind, id, true);
}

struct mem *mem_new(size_t size)
{
	struct mem *mem = xalloc(sizeof(*mem));

	mem->refs = 1;
	mem->size = size;
	mem->data = xalloc(size);
	return mem;
}

struct mem *mem_ref(struct mem *mem)
{
	__atomic_add_fetch(&mem->refs, 1, __ATOMIC_RELAXED);
	return mem;
}

void mem_unref(struct mem *mem)
{
	if (!mem || __atomic_sub_fetch(&mem->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free(mem->data);
	free(mem);
}
