/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work of a known length for an engine of an emulated GPU, by i915's own ioctls: a batch of MI_NOOP
 * with a number, which the lab takes for microseconds (silicon/command.c, module/execbuffer.c) and
 * which hardware ignores.
 */
#ifndef LAB_BATCH_H
#define LAB_BATCH_H

#include <stdint.h>

enum batch_engine { BATCH_RENDER, BATCH_COPY, BATCH_VIDEO, BATCH_VIDEO_ENHANCE, BATCH_ENGINES };
extern const char *const batch_engine_name[BATCH_ENGINES];

/* What the engine does meanwhile: it works, waits for an event or a semaphore, or hangs until a reset. */
enum batch_what { BATCH_BUSY, BATCH_EVENT, BATCH_SEMAPHORE, BATCH_HANG, BATCH_WHATS };
extern const char *const batch_what_name[BATCH_WHATS];

struct batch {
        enum batch_engine engine;
        uint32_t instance; /* of the video engines: 0 or 1 */
        enum batch_what what;
        uint64_t ns;     /* at most 1000 s; in whole microseconds, rounded up */
        uint32_t handle; /* of its buffer, once it is made */
};

/*
 * Of an open render node: makes the batch's buffer; gives it to its engine (context 0 is the file's
 * own); waits for its end; frees the buffer. 0, or -1 with errno.
 */
int batch_make(int fd, struct batch *batch);
int batch_submit(int fd, const struct batch *batch, uint32_t context);
int batch_wait(int fd, const struct batch *batch);
int batch_free(int fd, const struct batch *batch);

/* All of it. */
int batch_run(int fd, struct batch *batch);

#endif
