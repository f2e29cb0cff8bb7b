// SPDX-License-Identifier: Apache-2.0
/* What the watch of a driver's directory receives. */
#include "fuzz.h"

#include "scrape/unbind.h"

#include <sys/inotify.h>

/* Whether an open of "unbind" may be in it: the name is there. */
static bool has_name(const char *text, size_t size)
{
	return size >= 6 && memmem(text, size, "unbind", 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *events = exact(data, size);
	enum unbind_state state = unbind_parse(events, size);

	CHECK(state <= UNBIND_UNCLEAR);
	CHECK(size >= sizeof(struct inotify_event) || state == UNBIND_NOTHING);
	CHECK(has_name(events, size) || state == UNBIND_NOTHING || state == UNBIND_UNCLEAR);
	free(events);
	return 0;
}
