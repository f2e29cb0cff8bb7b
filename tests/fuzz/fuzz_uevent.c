// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "scrape/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact(data, size);
	const char *pmu = NULL;
	enum uevent_meaning meaning = uevent_parse(text, size, &pmu);

	if (meaning == UEVENT_PMU_REMOVE) {
		CHECK(pmu >= text && pmu < text + size);
		CHECK(memchr(pmu, '\0', (size_t)(text + size - pmu)));
		CHECK(!strchr(pmu, '/'));
	} else if (meaning == UEVENT_RESET) {
		CHECK(pmu >= text && pmu < text + size);
		CHECK(memchr(pmu, '/', (size_t)(text + size - pmu)));
	} else {
		CHECK(meaning == UEVENT_NOTHING || meaning == UEVENT_DEVICES);
		CHECK(!pmu);
	}
	free(text);
	return 0;
}
