// SPDX-License-Identifier: Apache-2.0
#include "base/ref.h"
#include "base/sys.h"
#include "base/thread.h"
#include "test.h"

#include <errno.h>
#include <string.h>

#define MS 1000000ull

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond;
static bool go, done;
static char name[16];

static void *named_main(void *data)
{
	pthread_mutex_lock(&lock);
	pthread_getname_np(pthread_self(), name, sizeof(name));
	while (!go)
		pthread_cond_wait(&cond, &lock);
	done = true;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
	return data;
}

static void joined_thread(void **state)
{
	pthread_t thread;
	void *result;

	go = done = false;
	*name = '\0';
	assert_int_equal(thread_start(&thread, "fifteen letters", named_main, state), 0);
	pthread_mutex_lock(&lock);
	go = true;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_string_equal(name, "fifteen letters");
	assert_ptr_equal(result, state);
	assert_true(done);
}

/* A deadline that is over does not wait, none at all waits for the signal. */
static void detached_thread_and_deadlines(void **state)
{
	uint64_t start = sys_monotonic_ns();
	unsigned waits = 0;

	(void)state;
	go = done = false;
	*name = '\0';
	pthread_mutex_lock(&lock);
	thread_wait_until(&cond, &lock, 0);
	thread_wait_until(&cond, &lock, start + 20 * MS);
	for (; sys_monotonic_ns() < start + 20 * MS; waits++)
		thread_wait_until(&cond, &lock, start + 20 * MS);
	assert_compare(waits, <, 20); /* it may wake for nothing, but it does not spin */
	assert_int_equal(thread_start(NULL, "detached", named_main, NULL), 0);
	go = true;
	pthread_cond_signal(&cond);
	while (!done)
		thread_wait_until(&cond, &lock, UINT64_MAX);
	pthread_mutex_unlock(&lock);
}

static void references(void **state)
{
	atomic_uint refs = 1;

	(void)state;
	ref_take(&refs);
	ref_take(&refs);
	assert_false(ref_drop(&refs));
	assert_false(ref_drop(&refs));
	assert_true(ref_drop(&refs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joined_thread),
		cmocka_unit_test(detached_thread_and_deadlines),
		cmocka_unit_test(references),
	};

	thread_cond_init(&cond);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
