// SPDX-License-Identifier: Apache-2.0
/*
 * Descriptors whose fdinfo stays open: a read of an open one costs a quarter of an open, a read and
 * a close. No more of them than a quarter of what the process may have open, which connections and
 * perf events need as well.
 */
#include "walk.h"

#include "base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define KEPT_MAX 4096u

struct memo {
	struct fdinfo info;
	size_t len;
	char text[];
};

static atomic_uint kept;

static unsigned most_kept(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	return limit.rlim_cur / 4 < KEPT_MAX ? (unsigned)(limit.rlim_cur / 4) : KEPT_MAX;
}

struct drm_file *drm_file_new(void)
{
	struct drm_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->refs = 1;
	file->fdinfo = -1;
	return file;
}

struct drm_file *drm_file_ref(struct drm_file *file)
{
	ref_take(&file->refs);
	return file;
}

void drm_file_unref(struct drm_file *file)
{
	if (!file || !ref_drop(&file->refs))
		return;
	if (file->fdinfo >= 0) {
		close(file->fdinfo);
		atomic_fetch_sub(&kept, 1);
	}
	free(atomic_load(&file->memo));
	free(file);
}

int drm_file_read(const struct walk *walk, const struct drm_fd *fd, char *buf, size_t size,
		  int *ret_opened)
{
	int open = atomic_load(&fd->file->fdinfo);

	*ret_opened = -1;
	if (open < 0)
		open = *ret_opened = fs_open(walk->fs, "proc/%d/fdinfo/%u", (int)fd->pid, fd->fd);
	return open < 0 ? open : fs_reread(open, buf, size);
}

void drm_file_keep(struct drm_file *file, int opened)
{
	int none = -1;

	if (atomic_fetch_add(&kept, 1) < most_kept() &&
	    atomic_compare_exchange_strong(&file->fdinfo, &none, opened))
		return;
	atomic_fetch_sub(&kept, 1);
	close(opened);
}

static struct memo *remember(struct memo *memo, const char *text, size_t len,
			     const struct fdinfo *info)
{
	if (!memo || memo->len != len) {
		free(memo);
		memo = malloc(sizeof(*memo) + len);
	}
	if (!memo)
		return NULL;
	memo->info = *info;
	memo->len = len;
	memcpy(memo->text, text, len);
	return memo;
}

int drm_file_parse(struct drm_file *file, const char *text, size_t len, struct fdinfo *ret)
{
	struct memo *memo = atomic_exchange(&file->memo, NULL);
	int r = 0;

	if (memo && memo->len == len && memcmp(memo->text, text, len) == 0) {
		*ret = memo->info;
	} else {
		r = fdinfo_parse(text, len, ret);
		if (r == 0 && atomic_load(&file->fdinfo) >= 0)
			memo = remember(memo, text, len, ret);
	}
	/* Another thread, of another walk, may have read the same descriptor meanwhile. */
	free(atomic_exchange(&file->memo, memo));
	return r;
}
