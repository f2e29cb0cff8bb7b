// SPDX-License-Identifier: Apache-2.0
/* GPU time for each picture, where the kernel is the lab's; elsewhere the ioctl fails, unseen. */
#include "fake.h"

#include <string.h>
#include <sys/ioctl.h>

#include "lab_ioctl.h"

/* ENGINE=off|video|render|video-enhance...; ENGINE_NS=N for each picture, else 2.5 a pixel. */
void engine_charge(struct driver *drv, const struct context *c)
{
	static const char *const names[LAB_CLASSES] = { "render", "copy", "video", "video-enhance",
							"compute" };
	const char *want = knob(drv, "ENGINE", &c->who);
	uint64_t pixels = (uint64_t)(c->who.width > 0 ? c->who.width : 256) *
			  (uint64_t)(c->who.height > 0 ? c->who.height : 256);
	struct lab_submit submit = {
		.engine_class =
			c->who.entrypoint == VAEntrypointVideoProc ? LAB_VIDEO_ENHANCE : LAB_VIDEO,
		.duration_ns =
			(uint64_t)knob_num(drv, "ENGINE_NS", &c->who, (long)(pixels * 5 / 2)),
	};
	unsigned int i;
	int r;

	if (want && strcmp(want, "off") == 0)
		return;
	for (i = 0; want && i < LAB_CLASSES; i++)
		if (strcmp(want, names[i]) == 0)
			submit.engine_class = i;
	r = drv->drm_fd < 0 ? -1 : ioctl(drv->drm_fd, LAB_IOCTL_SUBMIT, &submit);
	dump_line(drv, "engine class=%u ns=%llu charged=%d", submit.engine_class,
		  (unsigned long long)submit.duration_ns, r == 0);
}
