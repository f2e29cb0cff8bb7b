// SPDX-License-Identifier: Apache-2.0
/*
 * Does the GPU sleep? Several collectors ask in each scrape, before they read what would wake it.
 * So the answer serves for a moment, and its two files stay open.
 */
#include "base/sys.h"
#include "sources/gpu/gpu.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/%s"
/* A GPU that falls asleep meanwhile is woken once. xe's sleeps after a second without use. */
#define SERVES_NS 2000000u

struct gpu_files {
	pthread_mutex_t lock; /* of who reads: never waited for, the kernel may keep him for ever */
	int status, control;  /* descriptors */
	uint64_t read_at;     /* the status, monotonic ns; 0: never */
	uint64_t round;	      /* as fs_round() was then */
	int r;		      /* what has come of it: */
	bool suspended;
};

struct gpu_files *gpu_files_new(void)
{
	struct gpu_files *files = calloc(1, sizeof(*files));

	if (!files)
		return NULL;
	pthread_mutex_init(&files->lock, NULL);
	files->status = files->control = -1;
	return files;
}

void gpu_files_free(struct gpu_files *files)
{
	if (!files)
		return;
	close_fdp(&files->status);
	close_fdp(&files->control);
	pthread_mutex_destroy(&files->lock);
	free(files);
}

int gpu_runtime_status_parse(const char *text, size_t len, bool *ret_suspended)
{
	static const struct {
		const char *text;
		bool suspended;
	} states[] = {
		{ "active", false },   { "suspended", true },	 { "suspending", false },
		{ "resuming", false }, { "unsupported", false }, /* no runtime PM: always on */
	};

	if (len > 0 && text[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (len == strlen(states[i].text) && memcmp(text, states[i].text, len) == 0) {
			*ret_suspended = states[i].suspended;
			return 0;
		}
	}
	return len == 0 || (len == 5 && memcmp(text, "error", 5) == 0) ? -ENODATA : -EINVAL;
}

static int read_status(const struct fs *fs, const struct gpu *gpu, int *fd, bool *ret)
{
	char buf[32];
	int n = fs_read_kept(fs, fd, buf, sizeof(buf), PCI "/power/runtime_status", gpu->pci);

	return n < 0 ? n : gpu_runtime_status_parse(buf, (size_t)n, ret);
}

static int status_locked(const struct fs *fs, const struct gpu *gpu, bool *ret)
{
	struct gpu_files *files = gpu->files;
	uint64_t now = sys_monotonic_ns(), round = fs_round(fs);

	/* Without rounds, as in tests, each question is a read. */
	if (round == 0 || round != files->round || now - files->read_at >= SERVES_NS) {
		files->r = read_status(fs, gpu, &files->status, &files->suspended);
		files->read_at = now;
		files->round = round;
	}
	*ret = files->suspended;
	return files->r;
}

int gpu_is_suspended(const struct fs *fs, const struct gpu *gpu, bool *ret)
{
	bool suspended = false;
	int r;

	if (gpu->files && pthread_mutex_trylock(&gpu->files->lock) == 0) {
		r = status_locked(fs, gpu, &suspended);
		pthread_mutex_unlock(&gpu->files->lock);
	} else {
		_cleanup_close_ int once = -1;

		r = read_status(fs, gpu, &once, &suspended);
	}
	if (r == 0)
		*ret = suspended;
	return r;
}

static bool is_always_on(const struct fs *fs, const struct gpu *gpu, int *fd)
{
	char buf[32];
	int n = fs_read_kept(fs, fd, buf, sizeof(buf), PCI "/power/control", gpu->pci);

	return n > 0 && strncmp(buf, "on", 2) == 0;
}

int gpu_power(const struct fs *fs, const struct gpu *gpu, enum gpu_power *ret)
{
	bool suspended, on;
	int r = gpu_is_suspended(fs, gpu, &suspended);

	if (r < 0)
		return r;
	if (suspended) {
		*ret = GPU_SUSPENDED;
		return 0;
	}
	if (gpu->files && pthread_mutex_trylock(&gpu->files->lock) == 0) {
		on = is_always_on(fs, gpu, &gpu->files->control);
		pthread_mutex_unlock(&gpu->files->lock);
	} else {
		_cleanup_close_ int once = -1;

		on = is_always_on(fs, gpu, &once);
	}
	*ret = on ? GPU_AWAKE : GPU_MAY_SLEEP;
	return 0;
}
