// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Work of a known length for an engine of an emulated GPU, by the driver's own ioctls: batches of
 * MI_NOOP with a number, which the engine takes for microseconds (../command.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libdrm/i915_drm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BATCH_SIZE = 4096, MAX_DWORDS = 1000, MAX_US = 0xfffff };

#define MI_NOOP_WRITE_ID    (1u << 22)
#define MI_BATCH_BUFFER_END (0x0au << 23)
#define WAIT_NS		    60000000000ll

static const char usage[] =
	"usage: gpu_work [options] NODE ENGINE MICROSECONDS\n"
	"ENGINE: render, copy, video, video1 (the second one), enhance\n"
	"  --repeat N     batches, one after the other (1)\n"
	"  --gap US       between them (0)\n"
	"  --what WHAT    busy, event, semaphore: what the engine waits for; hang: until a reset (busy)\n"
	"  --contexts     a context of its own for every batch, destroyed after it\n"
	"  --hold MS      keep the file open afterwards\n"
	"Prints \"done\" when the last batch is, and exits 1 with the errno of what fails.\n";

static const struct {
	const char *name;
	uint64_t flags;
} engines[] = {
	{ "render", I915_EXEC_RENDER },
	{ "copy", I915_EXEC_BLT },
	{ "video", I915_EXEC_BSD | I915_EXEC_BSD_RING1 },
	{ "video1", I915_EXEC_BSD | I915_EXEC_BSD_RING2 },
	{ "enhance", I915_EXEC_VEBOX },
};

static const char *const whats[] = { "busy", "event", "semaphore", "hang" };

struct work {
	const char *node;
	uint64_t engine;
	long us, repeat, gap_us, hold_ms;
	unsigned what;
	int contexts;
};

static void check(const char *name, int fd, unsigned long request, void *arg)
{
	int rc;

	do {
		rc = ioctl(fd, request, arg);
	} while (rc < 0 && (errno == EINTR || errno == EAGAIN));
	if (rc < 0) {
		fprintf(stderr, "gpu_work: %s: %s\n", name, strerror(errno));
		exit(1);
	}
}

#define CHECK(fd, request, arg) check(#request, fd, request, arg)

/* By a mapping: after Tiger Lake the driver refuses GEM_PWRITE. */
static uint32_t *map_buffer(int fd, uint32_t handle)
{
	struct drm_i915_gem_mmap_offset map = { .handle = handle, .flags = I915_MMAP_OFFSET_WB };
	void *mapped;

	CHECK(fd, DRM_IOCTL_I915_GEM_MMAP_OFFSET, &map);
	mapped = mmap(NULL, BATCH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)map.offset);
	if (mapped == MAP_FAILED) {
		fprintf(stderr, "gpu_work: mmap: %s\n", strerror(errno));
		exit(1);
	}
	return mapped;
}

static uint32_t make_batch(int fd, const struct work *work)
{
	struct drm_i915_gem_create create = { .size = BATCH_SIZE };
	uint32_t *dwords;
	long left, part;
	int n = 0;

	CHECK(fd, DRM_IOCTL_I915_GEM_CREATE, &create);
	dwords = map_buffer(fd, create.handle);
	for (left = work->us; left > 0 && n < MAX_DWORDS; left -= part) {
		part = left < MAX_US ? left : MAX_US;
		dwords[n++] = MI_NOOP_WRITE_ID | work->what << 20 | (uint32_t)part;
	}
	dwords[n] = MI_BATCH_BUFFER_END;
	munmap(dwords, BATCH_SIZE);
	return create.handle;
}

static void run_batch(int fd, const struct work *work, uint32_t handle)
{
	struct drm_i915_gem_exec_object2 object = { .handle = handle };
	struct drm_i915_gem_execbuffer2 exec = {
		.buffers_ptr = (uintptr_t)&object,
		.buffer_count = 1,
		.batch_len = BATCH_SIZE,
		.flags = work->engine | I915_EXEC_NO_RELOC,
	};
	struct drm_i915_gem_wait wait = { .bo_handle = handle, .timeout_ns = WAIT_NS };
	struct drm_i915_gem_context_create create = { 0 };
	struct drm_i915_gem_context_destroy destroy = { 0 };

	if (work->contexts) {
		CHECK(fd, DRM_IOCTL_I915_GEM_CONTEXT_CREATE, &create);
		i915_execbuffer2_set_context_id(exec, create.ctx_id);
	}
	CHECK(fd, DRM_IOCTL_I915_GEM_EXECBUFFER2, &exec);
	CHECK(fd, DRM_IOCTL_I915_GEM_WAIT, &wait);
	if (work->contexts) {
		destroy.ctx_id = create.ctx_id;
		CHECK(fd, DRM_IOCTL_I915_GEM_CONTEXT_DESTROY, &destroy);
	}
}

static void bad_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

static void parse_names(struct work *work, const char *engine, const char *what)
{
	size_t i;

	for (i = 0; i < sizeof(engines) / sizeof(engines[0]) && strcmp(engines[i].name, engine);
	     i++)
		;
	if (i == sizeof(engines) / sizeof(engines[0]))
		bad_usage();
	work->engine = engines[i].flags;
	for (i = 0; i < sizeof(whats) / sizeof(whats[0]) && strcmp(whats[i], what); i++)
		;
	if (i == sizeof(whats) / sizeof(whats[0]))
		bad_usage();
	work->what = (unsigned)i;
}

static struct work parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "repeat", 1, NULL, 'r' },   { "gap", 1, NULL, 'g' },	{ "what", 1, NULL, 'w' },
		{ "contexts", 0, NULL, 'c' }, { "hold", 1, NULL, 'h' }, { 0 },
	};
	struct work work = { .repeat = 1 };
	const char *what = "busy";
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			work.repeat = atol(optarg);
			break;
		case 'g':
			work.gap_us = atol(optarg);
			break;
		case 'w':
			what = optarg;
			break;
		case 'c':
			work.contexts = 1;
			break;
		case 'h':
			work.hold_ms = atol(optarg);
			break;
		default:
			bad_usage();
		}
	}
	if (argc - optind != 3)
		bad_usage();
	work.node = argv[optind];
	parse_names(&work, argv[optind + 1], what);
	work.us = atol(argv[optind + 2]);
	return work;
}

int main(int argc, char **argv)
{
	struct work work = parse(argc, argv);
	int fd = open(work.node, O_RDWR | O_CLOEXEC);
	uint32_t handle;
	long i;

	if (fd < 0) {
		fprintf(stderr, "gpu_work: %s: %s\n", work.node, strerror(errno));
		return 1;
	}
	handle = make_batch(fd, &work);
	for (i = 0; i < work.repeat; i++) {
		run_batch(fd, &work, handle);
		usleep((useconds_t)work.gap_us);
	}
	puts("done");
	fflush(stdout);
	usleep((useconds_t)work.hold_ms * 1000);
	return 0;
}
