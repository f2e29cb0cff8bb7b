// SPDX-License-Identifier: Apache-2.0
/* The last answer, and the thread that asks for the next one. */
#include "sources/kubelet/assignments.h"

#include "base/array.h"
#include "base/ref.h"
#include "base/sys.h"
#include "base/thread.h"
#include "list_call.h"

#include <errno.h>
#include <string.h>

#define WAIT_NS	  100000000u   /* in a scrape */
#define AGAIN_NS  1000000000u  /* from one question to the next */
#define ANSWER_NS 2000000000u  /* for the kubelet */
#define OLD_NS	  60000000000u /* while it does not answer in time */

struct assignments {
	atomic_uint refs; /* one more for the thread */
	const struct fs *fs;
	const char *socket;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool running;
	uint64_t started, ended;    /* 0: never */
	int r;			    /* of the last question */
	struct pod_device *devices; /* of the last answer */
	size_t n;
	uint64_t answer; /* when that was asked for; 0: never */
};

/* What one question gathers. */
struct gathered {
	struct pod_device *devices;
	size_t n, size;
};

static void unref(struct assignments *a)
{
	if (!ref_drop(&a->refs))
		return;
	pthread_cond_destroy(&a->answered);
	pthread_mutex_destroy(&a->lock);
	free(a->devices);
	free(a);
}

struct assignments *assignments_new(const struct fs *fs, const char *socket)
{
	struct assignments *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->refs = 1;
	a->fs = fs;
	a->socket = socket ? socket : ASSIGNMENTS_SOCKET;
	pthread_mutex_init(&a->lock, NULL);
	thread_cond_init(&a->answered);
	return a;
}

const char *assignments_socket(const struct assignments *a)
{
	return a->socket;
}

void assignments_free(struct assignments *a)
{
	if (a)
		unref(a);
}

static int gather(void *data, const struct pod_device *device)
{
	struct gathered *g = data;

	if (g->n == ASSIGNMENTS_MAX)
		return -E2BIG;
	if (!array_reserve(g->devices, &g->size, g->n + 1))
		return -ENOMEM;
	g->devices[g->n++] = *device;
	return 0;
}

static int ask(const struct assignments *a, struct gathered *ret)
{
	_cleanup_close_ int socket = fs_connect(a->fs, "%s", a->socket);
	uint8_t *message;
	size_t len;
	int r;

	if (socket < 0)
		return socket;
	r = list_call(socket, sys_monotonic_ns() + ANSWER_NS, &message, &len);
	if (r < 0)
		return r;
	r = pod_resources_parse(message, len, gather, ret);
	free(message);
	return r;
}

static void *ask_main(void *data)
{
	struct assignments *a = data;
	struct gathered g = { 0 };
	struct pod_device *old;
	int r = ask(a, &g);

	pthread_mutex_lock(&a->lock);
	if (r == 0) {
		old = a->devices;
		a->devices = g.devices;
		a->n = g.n;
		a->answer = a->started;
	} else {
		old = g.devices;
	}
	a->r = r;
	a->running = false;
	a->ended = sys_monotonic_ns();
	pthread_cond_broadcast(&a->answered);
	pthread_mutex_unlock(&a->lock);
	free(old);
	unref(a);
	return NULL;
}

static int start_locked(struct assignments *a)
{
	int r;

	if (a->running || (a->ended && sys_monotonic_ns() - a->ended < AGAIN_NS))
		return 0;
	a->started = sys_monotonic_ns();
	ref_take(&a->refs);
	r = thread_start(NULL, "kubelet", ask_main, a);
	if (r < 0) {
		unref(a);
		return r;
	}
	a->running = true;
	return 0;
}

/* What is known, if it is not too old: a kubelet that is slow has not taken anything back. */
static int copy_locked(const struct assignments *a, struct pod_device **ret, size_t *ret_n)
{
	struct pod_device *devices;

	if (!a->running && a->r < 0 && a->r != -ETIMEDOUT)
		return a->r;
	if (!a->answer || sys_monotonic_ns() - a->answer > OLD_NS)
		return -ETIMEDOUT;
	devices = malloc((a->n ? a->n : 1) * sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	if (a->n)
		memcpy(devices, a->devices, a->n * sizeof(*devices));
	*ret = devices;
	*ret_n = a->n;
	return 0;
}

int assignments_get(struct assignments *a, struct pod_device **ret, size_t *ret_n)
{
	uint64_t inode;
	int r = fs_inode(a->fs, &inode, "%s", a->socket);

	/* Most machines are no nodes: no thread for them. */
	if (r < 0)
		return r;
	pthread_mutex_lock(&a->lock);
	r = start_locked(a);
	while (r == 0 && a->running && sys_monotonic_ns() < a->started + WAIT_NS)
		thread_wait_until(&a->answered, &a->lock, a->started + WAIT_NS);
	if (r == 0)
		r = copy_locked(a, ret, ret_n);
	pthread_mutex_unlock(&a->lock);
	return r;
}
