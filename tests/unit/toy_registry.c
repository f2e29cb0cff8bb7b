// SPDX-License-Identifier: Apache-2.0
#include "toy_registry.h"

#include "base/sys.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct family families[] = {
	[TOY_BLOCKER] = { "toy_blocker", "Toy.", GAUGE, { NULL } },
	[TOY_BLOCKER2] = { "toy_blocker2", "Toy.", GAUGE, { NULL } },
	[TOY_QUICK] = { "toy_quick", "Toy.", GAUGE, { NULL } },
	[TOY_SLOW] = { "toy_slow", "Toy.", GAUGE, { NULL } },
	[TOY_FAILER] = { "toy_failer", "Toy.", GAUGE, { NULL } },
	[TOY_FAILER2] = { "toy_failer2", "Toy.", GAUGE, { NULL } },
	[TOY_ABSENT] = { "toy_absent", "Toy.", GAUGE, { NULL } },
	[TOY_BROKEN] = { "toy_broken", "Toy.", GAUGE, { NULL } },
	[TOY_GPU] = { "toy_gpu", "Toy.", GAUGE, { "pci" } },
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t released;
	bool blocked[TOYS];
	unsigned steps, compute;
	unsigned runs[TOYS], inside, states;
	uint64_t began[TOYS];
	pid_t threads[TOYS];
	int error, init_error[TOYS];
	char detail[64];
} toys = { .lock = PTHREAD_MUTEX_INITIALIZER, .released = PTHREAD_COND_INITIALIZER };

static int collect(const struct collection *c)
{
	static const struct timespec slow = { 0, 10000000 };
	enum toy toy = (enum toy)(c->collector->families - families);
	unsigned steps, compute;
	int error;

	pthread_mutex_lock(&toys.lock);
	steps = toys.steps;
	compute = toys.compute;
	toys.runs[toy]++;
	toys.inside++;
	toys.began[toy] = sys_monotonic_ns();
	toys.threads[toy] = gettid();
	if (c->gpu)
		put(c->batch, &families[toy], toys.runs[toy], c->gpu->pci);
	else
		put(c->batch, &families[toy], toys.runs[toy]);
	while (toys.blocked[toy])
		pthread_cond_wait(&toys.released, &toys.lock);
	error = toy == TOY_FAILER || toy == TOY_FAILER2 ? toys.error : 0;
	if (error)
		fault_errno(c->fault, error, "%s", toys.detail);
	toys.inside--;
	pthread_mutex_unlock(&toys.lock);
	if (toy == TOY_SLOW && compute) {
		uint64_t until = sys_monotonic_ns() + compute * UINT64_C(1000000);

		while (sys_monotonic_ns() < until)
			;
	} else if (toy == TOY_SLOW)
		for (unsigned i = 0; i <= steps; i++) {
			char text[8];

			nanosleep(&slow, NULL);
			if (i < steps)
				fs_read(c->context->fs, text, sizeof(text), "sys/nothing");
		}
	return error;
}

static int init_with(enum toy toy, void **ret_state)
{
	int error;

	pthread_mutex_lock(&toys.lock);
	error = toys.init_error[toy];
	if (error == 0) {
		*ret_state = malloc(1);
		toys.states++;
	}
	pthread_mutex_unlock(&toys.lock);
	return error;
}

static int init_absent(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)context, (void)gpu;
	return init_with(TOY_ABSENT, ret_state);
}

static int init_broken(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)context, (void)gpu;
	return init_with(TOY_BROKEN, ret_state);
}

static int init_gpu(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)context, (void)gpu;
	return init_with(TOY_GPU, ret_state);
}

static void destroy(void *state)
{
	free(state);
	pthread_mutex_lock(&toys.lock);
	toys.states--;
	pthread_mutex_unlock(&toys.lock);
}

#define TOY_COLLECTOR(toy_name, toy, ...)                                                          \
	static const struct collector toy_name##_collector = { .name = #toy_name,                  \
							       .help = "toy",                      \
							       .families = &families[toy],         \
							       .n_families = 1,                    \
							       .collect = collect,                 \
							       __VA_ARGS__ }

TOY_COLLECTOR(blocker, TOY_BLOCKER, .scope = HOST);
TOY_COLLECTOR(blocker2, TOY_BLOCKER2, .scope = HOST);
TOY_COLLECTOR(quick, TOY_QUICK, .scope = HOST);
TOY_COLLECTOR(slow, TOY_SLOW, .scope = HOST);
TOY_COLLECTOR(failer, TOY_FAILER, .scope = HOST);
TOY_COLLECTOR(failer2, TOY_FAILER2, .scope = HOST);
TOY_COLLECTOR(absent, TOY_ABSENT, .scope = HOST, .init = init_absent, .destroy = destroy);
TOY_COLLECTOR(broken, TOY_BROKEN, .scope = HOST, .init = init_broken, .destroy = destroy);
TOY_COLLECTOR(gpu, TOY_GPU, .scope = PER_GPU, .init = init_gpu, .destroy = destroy);

const struct collector *const collectors_all[] = {
	[TOY_BLOCKER] = &blocker_collector, [TOY_BLOCKER2] = &blocker2_collector,
	[TOY_QUICK] = &quick_collector,	    [TOY_SLOW] = &slow_collector,
	[TOY_FAILER] = &failer_collector,   [TOY_FAILER2] = &failer2_collector,
	[TOY_ABSENT] = &absent_collector,   [TOY_BROKEN] = &broken_collector,
	[TOY_GPU] = &gpu_collector,
};
const size_t collectors_count = TOYS;

int collector_find(const char *name)
{
	for (size_t i = 0; i < collectors_count; i++)
		if (strcmp(collectors_all[i]->name, name) == 0)
			return (int)i;
	return -1;
}

collector_set collectors_default(void)
{
	return ALL_TOYS;
}

void toys_reset(void)
{
	toys_release();
	pthread_mutex_lock(&toys.lock);
	memset(toys.runs, 0, sizeof(toys.runs));
	memset(toys.began, 0, sizeof(toys.began));
	memset(toys.init_error, 0, sizeof(toys.init_error));
	toys.init_error[TOY_ABSENT] = -ENODEV;
	toys.init_error[TOY_BROKEN] = -EIO;
	toys.error = 0;
	toys.steps = toys.compute = 0;
	pthread_mutex_unlock(&toys.lock);
}

void toys_block(enum toy toy)
{
	pthread_mutex_lock(&toys.lock);
	toys.blocked[toy] = true;
	pthread_mutex_unlock(&toys.lock);
}

void toys_release(void)
{
	pthread_mutex_lock(&toys.lock);
	memset(toys.blocked, 0, sizeof(toys.blocked));
	pthread_cond_broadcast(&toys.released);
	pthread_mutex_unlock(&toys.lock);
}

void toys_walk(unsigned steps)
{
	pthread_mutex_lock(&toys.lock);
	toys.steps = steps;
	pthread_mutex_unlock(&toys.lock);
}

void toys_compute(unsigned ms)
{
	pthread_mutex_lock(&toys.lock);
	toys.compute = ms;
	pthread_mutex_unlock(&toys.lock);
}

void toys_fail(int error, const char *detail)
{
	pthread_mutex_lock(&toys.lock);
	toys.error = error;
	strcpy(toys.detail, detail);
	pthread_mutex_unlock(&toys.lock);
}

void toys_init_error(enum toy toy, int error)
{
	pthread_mutex_lock(&toys.lock);
	toys.init_error[toy] = error;
	pthread_mutex_unlock(&toys.lock);
}

#define READ_LOCKED(type, name, parameter, expression)                                             \
	type name(parameter)                                                                       \
	{                                                                                          \
		type value;                                                                        \
                                                                                                   \
		pthread_mutex_lock(&toys.lock);                                                    \
		value = expression;                                                                \
		pthread_mutex_unlock(&toys.lock);                                                  \
		return value;                                                                      \
	}

READ_LOCKED(unsigned, toys_runs, enum toy toy, toys.runs[toy])
READ_LOCKED(unsigned, toys_inside, void, toys.inside)
READ_LOCKED(uint64_t, toys_began, enum toy toy, toys.began[toy])
READ_LOCKED(pid_t, toys_thread, enum toy toy, toys.threads[toy])
READ_LOCKED(unsigned, toys_states, void, toys.states)
