// SPDX-License-Identifier: Apache-2.0
#include "scrape/checker.h"

#include "base/log.h"
#include "base/macros.h"
#include "base/subprocess.h"
#include "base/sys.h"
#include "base/thread.h"
#include "sources/doctor/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define TIMEOUT_NS   10000000000u /* of a machine that runs they end within 2 s */
#define OUTPUT_BYTES 131072	  /* eight GPUs have 30 kB, five hundred VMs 60 kB */
#define ARGUMENTS    7

struct checker {
	struct doctor_state *state;
	char *argv[ARGUMENTS + 1];
	pid_t stuck; /* a child that does not die, as it waits in the kernel; 0: none */
	int logged;
};

static bool add_flag(struct checker *c, const char *flag, const char *value)
{
	size_t n = 0;

	while (c->argv[n])
		n++;
	return !value || asprintf(&c->argv[n], "%s=%s", flag, value) >= 0;
}

static bool make_command(struct checker *c, const struct checker_options *options)
{
	/* This very program, also when its file has been replaced. */
	c->argv[0] = strdup("/proc/self/exe");
	c->argv[1] = c->argv[0] ? strdup("--check=rows") : NULL;
	return c->argv[1] && add_flag(c, "--path.rootfs", options->rootfs) &&
	       add_flag(c, "--path.sysfs", options->sysfs) &&
	       add_flag(c, "--path.procfs", options->procfs) &&
	       add_flag(c, "--check.user", options->user) &&
	       add_flag(c, "--check.ignore", options->ignore);
}

/* Rows that are whole stand, even when a read of theirs that hangs keeps the child from ending. */
static int run(struct checker *c, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *buf = malloc(OUTPUT_BYTES);
	struct subprocess child;
	int r;

	*ret = NULL;
	*ret_len = 0;
	if (!buf)
		return -ENOMEM;
	r = subprocess_watch(c->argv, NULL, buf, OUTPUT_BYTES, TIMEOUT_NS, &child);
	if (r < 0)
		return r;
	if (child.end == SUBPROCESS_STUCK)
		c->stuck = child.stuck;
	if (doctor_rows_check(buf, child.len) == 0) {
		*ret = malloc(child.len);
		if (*ret)
			memcpy(*ret, buf, child.len);
		*ret_len = child.len;
		return *ret ? 0 : -ENOMEM;
	}
	return child.end == SUBPROCESS_EXITED || child.end == SUBPROCESS_SIGNALED ? -EPROTO
	       : child.end == SUBPROCESS_OUTPUT_LIMIT				  ? -E2BIG
										  : -ETIMEDOUT;
}

static void log_change(struct checker *c, int r)
{
	if (r < 0 && r != c->logged)
		log_warn("the checks of --check could not be run", "err", strerror(-r), "remedy",
			 "checks-fail");
	else if (r == 0 && c->logged < 0)
		log_info("the checks of --check run again");
	c->logged = r;
}

static void *checker_main(void *data)
{
	struct checker *c = data;
	struct doctor_state *state = c->state;

	for (;;) {
		uint64_t due;
		size_t len = 0;
		char *rows;
		int r = 0;

		pthread_mutex_lock(&state->lock);
		while ((due = doctor_state_due(state)) > sys_monotonic_ns())
			thread_wait_until(&state->changed, &state->lock, due);
		pthread_mutex_unlock(&state->lock);
		/* Another one would hang beside it, and a minute later one more. */
		if (c->stuck > 0 && subprocess_is_gone(c->stuck))
			c->stuck = 0;
		rows = NULL;
		r = c->stuck > 0 ? -ETIMEDOUT : run(c, &rows, &len);
		log_change(c, r);
		doctor_state_put(state, rows, len, r, sys_monotonic_ns());
	}
	return NULL;
}

struct doctor_state *checker_start(const struct checker_options *options)
{
	struct checker *c = calloc(1, sizeof(*c));
	int r = -ENOMEM;

	if (c)
		c->state = doctor_state_new();
	if (c && c->state && make_command(c, options))
		r = thread_start(NULL, "checker", checker_main, c);
	if (r == 0)
		return c->state;
	log_warn("the checks of --check cannot run", "err", strerror(-r), "remedy", "checks-fail");
	return NULL;
}

void checker_wait(struct doctor_state *state)
{
	pthread_mutex_lock(&state->lock);
	state->wanted = true;
	pthread_cond_broadcast(&state->changed);
	while (state->runs == 0)
		pthread_cond_wait(&state->changed, &state->lock);
	pthread_mutex_unlock(&state->lock);
}
