// SPDX-License-Identifier: Apache-2.0
/* The input is a name, a NUL, and a content. */
#include "fuzz.h"

#include "sources/gpu/pmu.h"

#include <errno.h>

static void check_event(const char *name, const char *content, size_t len)
{
	struct pmu_event event;
	int r;

	memset(&event, 0x55, sizeof(event));
	r = pmu_event_parse(name, content, len, &event);
	if (r < 0) {
		CHECK(r == -ENOENT || r == -EINVAL);
		CHECK(event.gt == 0x55555555);
		return;
	}
	/* Exactly one kind. */
	CHECK(event.kind > 0 && event.kind <= PMU_AWAKE && (event.kind & (event.kind - 1)) == 0);
	CHECK(memchr(event.engine, '\0', sizeof(event.engine)));
	CHECK(!!*event.engine == (event.kind <= PMU_SEMAPHORE));
	CHECK(!!event.class == !!*event.engine);
	CHECK(event.gt <= 15);
	if (event.class) {
		/* It becomes a label as it is. */
		CHECK(strspn(event.engine, "abcdefghijklmnopqrstuvwxyz0123456789") ==
		      strlen(event.engine));
		CHECK(engine_class(event.engine) == event.class);
		CHECK(strncmp(name, event.engine, strlen(event.engine)) == 0);
	}
}

static void check_cpumask(const char *text, size_t len)
{
	int cpu = -77;

	if (pmu_cpumask_parse(text, len, &cpu) < 0)
		CHECK(cpu == -77);
	else
		CHECK(cpu >= 0 && cpu <= 65535);
}

static void check_field(const char *text, size_t len)
{
	struct pmu_field field = { 77, 77 };
	uint64_t number = 77, config = 0;

	if (pmu_field_parse(text, len, &field) < 0) {
		CHECK(field.first == 77 && field.last == 77);
	} else {
		CHECK(field.first <= field.last && field.last <= 63);
		CHECK(pmu_field_put(&field, 1, &config) == 0);
		CHECK(config == UINT64_C(1) << field.first);
	}
	CHECK(pmu_event_number_parse(text, len, &number) == 0 || number == 77);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t name_len = end ? (size_t)(end - data) : size;
	size_t rest = end ? size - name_len - 1 : 0;
	char *name = terminated(data, name_len);
	char *content = exact(data + (size - rest), rest);
	char *mask = exact(data, size);

	check_event(name, content, rest);
	check_event("rcs0-busy", content, rest);
	check_event(name, "config=0x1\n", 11);
	check_cpumask(mask, size);
	check_field(mask, size);
	free(name);
	free(content);
	free(mask);
	return 0;
}
