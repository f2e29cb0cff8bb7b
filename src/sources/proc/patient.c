// SPDX-License-Identifier: Apache-2.0
/*
 * One thread reads, and whoever is late keeps it: then another one is made. A user has at most one
 * of those that are late, so that who makes many such processes hides no process of others.
 */
#include "sources/proc/patient.h"

#include "base/sys.h"
#include "base/thread.h"
#include "sources/proc/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct reader {
	pthread_cond_t work;
	const struct fs *fs;
	char path[64], *buf;
	size_t size;
	int n;
	bool asked, done, late, over;
	uid_t uid; /* when it is late */
	struct reader *next;
};

static struct {
	pthread_mutex_t turn; /* of those who ask: one at a time */
	pthread_mutex_t lock;
	pthread_cond_t done;
	struct reader *free, *late;
	unsigned n_late;
} patient = { .turn = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER };

static void init_done(void)
{
	thread_cond_init(&patient.done);
}

static void reader_free(struct reader *r)
{
	pthread_cond_destroy(&r->work);
	free(r->buf);
	free(r);
}

static void forget_late_locked(const struct reader *r)
{
	struct reader **at = &patient.late;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	patient.n_late--;
}

static void *reader_main(void *data)
{
	struct reader *r = data;

	pthread_mutex_lock(&patient.lock);
	while (!r->late && !r->over) {
		if (!r->asked) {
			pthread_cond_wait(&r->work, &patient.lock);
			continue;
		}
		pthread_mutex_unlock(&patient.lock);
		r->n = fs_read(r->fs, r->buf, r->size, "%s", r->path);
		pthread_mutex_lock(&patient.lock);
		r->asked = false;
		r->done = true;
		pthread_cond_signal(&patient.done);
	}
	if (r->late)
		forget_late_locked(r);
	pthread_mutex_unlock(&patient.lock);
	reader_free(r);
	return NULL;
}

/* The thread that is there, or a new one. */
static struct reader *reader_new(size_t size)
{
	struct reader *r = patient.free ? patient.free : calloc(1, sizeof(*r));
	char *buf = r ? realloc(r->buf, size) : NULL;

	if (r && !buf && !patient.free)
		free(r);
	if (!buf)
		return NULL;
	r->buf = buf;
	r->size = size;
	if (patient.free)
		return r;
	pthread_cond_init(&r->work, NULL);
	if (thread_start(NULL, "reader", reader_main, r) < 0) {
		reader_free(r);
		return NULL;
	}
	patient.free = r;
	return r;
}

static bool is_late_locked(uid_t uid)
{
	for (const struct reader *r = patient.late; r; r = r->next)
		if (r->uid == uid)
			return true;
	return false;
}

static int ask(const struct fs *fs, pid_t pid, const char *file, char *buf, size_t size)
{
	uint64_t until = sys_monotonic_ns() + PATIENT_WAIT_NS;
	struct reader *r = reader_new(size);

	if (!r)
		return -ENOMEM;
	r->fs = fs;
	snprintf(r->path, sizeof(r->path), "proc/%d/%s", (int)pid, file);
	r->asked = true;
	r->done = false;
	pthread_cond_signal(&r->work);
	while (!r->done && sys_monotonic_ns() < until)
		thread_wait_until(&patient.done, &patient.lock, until);
	if (r->done) {
		if (r->n >= 0 || r->n == -EMSGSIZE)
			memcpy(buf, r->buf, r->n >= 0 ? (size_t)r->n + 1 : size);
		return r->n;
	}
	r->late = true;
	r->uid = (uid_t)-1;
	process_uid(fs, pid, &r->uid);
	r->next = patient.late;
	patient.late = r;
	patient.n_late++;
	patient.free = NULL;
	return -ETIMEDOUT;
}

int patient_read(const struct fs *fs, pid_t pid, const char *file, char *buf, size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uid_t uid = (uid_t)-1;
	int n;

	pthread_once(&once, init_done);
	pthread_mutex_lock(&patient.turn);
	pthread_mutex_lock(&patient.lock);
	/* Its owner in /proc is root if it forbids to be dumped, which anybody may do. */
	if (patient.n_late > 0)
		process_uid(fs, pid, &uid);
	n = patient.n_late == PATIENT_STUCK || (patient.n_late > 0 && is_late_locked(uid))
		    ? -ETIMEDOUT
		    : ask(fs, pid, file, buf, size);
	pthread_mutex_unlock(&patient.lock);
	pthread_mutex_unlock(&patient.turn);
	return n;
}

void patient_end(void)
{
	pthread_mutex_lock(&patient.lock);
	if (patient.free) {
		patient.free->over = true;
		pthread_cond_signal(&patient.free->work);
		patient.free = NULL;
	}
	pthread_mutex_unlock(&patient.lock);
}
