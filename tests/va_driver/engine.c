// SPDX-License-Identifier: Apache-2.0
/* GPU time for each picture, where the kernel is the lab's; elsewhere a batch without effect, or none. */
#include "fake.h"

#include <string.h>

#include "batch.h"

/* ENGINE=off|video|render|video-enhance...; ENGINE_NS=N for each picture, else 2.5 a pixel. */
void engine_charge(struct driver *drv, const struct context *c)
{
	const char *want = knob(drv, "ENGINE", &c->who);
	uint64_t pixels = (uint64_t)(c->who.width > 0 ? c->who.width : 256) *
			  (uint64_t)(c->who.height > 0 ? c->who.height : 256);
	struct batch batch = {
		.engine = c->who.entrypoint == VAEntrypointVideoProc ? BATCH_VIDEO_ENHANCE :
								       BATCH_VIDEO,
		.ns = (uint64_t)knob_num(drv, "ENGINE_NS", &c->who, (long)(pixels * 5 / 2)),
	};
	unsigned int i;
	int r;

	if (want && strcmp(want, "off") == 0)
		return;
	for (i = 0; want && i < BATCH_ENGINES; i++)
		if (strcmp(want, batch_engine_name[i]) == 0)
			batch.engine = i;
	r = drv->drm_fd < 0 ? -1 : batch_run(drv->drm_fd, &batch);
	dump_line(drv, "engine class=%u ns=%llu charged=%d", batch.engine,
		  (unsigned long long)batch.ns, r == 0);
}
