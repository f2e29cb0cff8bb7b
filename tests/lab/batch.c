// SPDX-License-Identifier: Apache-2.0
#include "batch.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <drm.h>
#include <i915_drm.h>

enum { SIZE = 4096, MAX_DWORDS = 1000, MAX_US = 0xfffff };

#define MI_NOOP_WRITE_ID    (1u << 22)
#define MI_BATCH_BUFFER_END (0x0au << 23)
#define WAIT_NS             60000000000ll

const char *const batch_engine_name[BATCH_ENGINES] = {"render", "copy", "video", "video-enhance"};
const char *const batch_what_name[BATCH_WHATS] = {"busy", "event", "semaphore", "hang"};

static int call(int fd, unsigned long request, void *arg)
{
        int r;

        do
                r = ioctl(fd, request, arg);
        while (r < 0 && (errno == EINTR || errno == EAGAIN));
        return r;
}

static void fill(uint32_t *dwords, const struct batch *batch)
{
        uint64_t left = (batch->ns + 999) / 1000;
        int n = 0;

        while (left > 0 && n < MAX_DWORDS) {
                uint32_t part = left < MAX_US ? (uint32_t)left : MAX_US;

                dwords[n++] = MI_NOOP_WRITE_ID | (uint32_t)batch->what << 20 | part;
                left -= part;
        }
        dwords[n] = MI_BATCH_BUFFER_END;
}

/* By a mapping: after Tiger Lake the driver refuses GEM_PWRITE. */
int batch_make(int fd, struct batch *batch)
{
        struct drm_i915_gem_create create = {.size = SIZE};
        struct drm_i915_gem_mmap_offset map = {.flags = I915_MMAP_OFFSET_WB};
        uint32_t *dwords;

        if (call(fd, DRM_IOCTL_I915_GEM_CREATE, &create) < 0)
                return -1;
        batch->handle = map.handle = create.handle;
        if (call(fd, DRM_IOCTL_I915_GEM_MMAP_OFFSET, &map) < 0)
                return -1;
        dwords = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)map.offset);
        if (dwords == MAP_FAILED)
                return -1;
        fill(dwords, batch);
        return munmap(dwords, SIZE);
}

int batch_submit(int fd, const struct batch *batch, uint32_t context)
{
        static const uint64_t flags[BATCH_ENGINES] = {I915_EXEC_RENDER, I915_EXEC_BLT, I915_EXEC_BSD,
                                                      I915_EXEC_VEBOX};
        struct drm_i915_gem_exec_object2 object = {.handle = batch->handle};
        struct drm_i915_gem_execbuffer2 exec = {
            .buffers_ptr = (uintptr_t)&object,
            .buffer_count = 1,
            .batch_len = SIZE,
            .flags = flags[batch->engine] | I915_EXEC_NO_RELOC,
            .rsvd1 = context,
        };

        if (batch->engine == BATCH_VIDEO)
                exec.flags |= batch->instance ? I915_EXEC_BSD_RING2 : I915_EXEC_BSD_RING1;
        return call(fd, DRM_IOCTL_I915_GEM_EXECBUFFER2, &exec);
}

int batch_wait(int fd, const struct batch *batch)
{
        struct drm_i915_gem_wait wait = {.bo_handle = batch->handle, .timeout_ns = WAIT_NS};

        return call(fd, DRM_IOCTL_I915_GEM_WAIT, &wait);
}

int batch_free(int fd, const struct batch *batch)
{
        struct drm_gem_close close = {.handle = batch->handle};

        return call(fd, DRM_IOCTL_GEM_CLOSE, &close);
}

int batch_run(int fd, struct batch *batch)
{
        int r;

        if (batch_make(fd, batch) < 0)
                return -1;
        r = batch_submit(fd, batch, 0);
        if (r == 0)
                r = batch_wait(fd, batch);
        batch_free(fd, batch);
        return r;
}
