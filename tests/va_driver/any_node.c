// SPDX-License-Identifier: Apache-2.0
/*
 * For LD_PRELOAD on machines without a GPU: any file is a render node. What libva asks libdrm of a
 * node before it looks for a driver is answered here; everything else is libdrm's own.
 */
#include <xf86drm.h>

int drmGetNodeTypeFromFd(int fd)
{
	return fd < 0 ? -1 : DRM_NODE_RENDER;
}
