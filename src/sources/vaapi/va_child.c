// SPDX-License-Identifier: Apache-2.0
/* A child's command line, its environment, and the result classes that only its parent sees. */
#include "sources/vaapi/va_child.h"

#include "base/macros.h"
#include "base/subprocess.h"
#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_BYTES 32768 /* a list of all profiles is about 3 KiB */

extern char **environ;

int va_program_find(struct va_program *program)
{
	return subprocess_beside("intel_gpu_probe", program->path, sizeof(program->path));
}

/* Variables that choose and find the driver; not LIBVA_TRACE*, which writes files. */
static bool is_passed_on(const char *variable)
{
	static const char *const names[] = { "LIBVA_DRIVER_NAME=", "LIBVA_DRIVERS_PATH=",
					     "LIBVA_MESSAGING_LEVEL=" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void make_environment(char *envp[8])
{
	size_t n = 0;

	for (char **variable = environ; *variable && n < 7; variable++)
		if (is_passed_on(*variable))
			envp[n++] = *variable;
	envp[n] = NULL;
}

static void add(char *argv[], size_t *n, const char *flag, const char *value)
{
	if (!*value)
		return;
	argv[(*n)++] = (char *)flag;
	argv[(*n)++] = (char *)value;
}

static enum va_result result_of(const struct subprocess *child)
{
	switch (child->end) {
	case SUBPROCESS_TIMED_OUT:
		return VA_TIMEOUT;
	case SUBPROCESS_STUCK:
		return VA_STUCK;
	default:
		return VA_CRASH;
	}
}

/* A complete result stands, also when the driver crashes while it is unloaded. */
static void judge(const struct subprocess *child, const char *buf, struct va_capabilities *ret,
		  struct va_run *run)
{
	int r = ret ? va_capabilities_parse(buf, child->len, ret, &run->outcome)
		    : va_outcome_parse(buf, child->len, &run->outcome);

	if (child->end == SUBPROCESS_STUCK)
		run->stuck = child->stuck;
	if (r == 0 && child->end != SUBPROCESS_STUCK)
		return;
	if (ret)
		memset(ret, 0, sizeof(*ret));
	run->outcome = (struct va_outcome){ .result = result_of(child) };
	if (child->end == SUBPROCESS_SIGNALED)
		snprintf(run->outcome.detail, sizeof(run->outcome.detail),
			 "the driver ended with signal %d (%s)", child->code,
			 strsignal(child->code));
	else if (child->end == SUBPROCESS_STUCK)
		snprintf(run->outcome.detail, sizeof(run->outcome.detail),
			 "process %d waits in the kernel and cannot be killed", (int)child->stuck);
	else if (child->end == SUBPROCESS_TIMED_OUT)
		snprintf(run->outcome.detail, sizeof(run->outcome.detail),
			 "killed at the deadline");
	else
		snprintf(run->outcome.detail, sizeof(run->outcome.detail),
			 "the probe said nothing of use and exited with %d", child->code);
}

int va_child_run(const struct va_program *program, const struct va_request *request,
		 struct va_capabilities *ret_capabilities, struct va_run *ret)
{
	_cleanup_free_ char *buf = malloc(OUTPUT_BYTES);
	char parent[16], *argv[20], *envp[8];
	uint64_t start = sys_monotonic_ns();
	struct subprocess child;
	size_t n = 0;
	int r;

	if (!buf)
		return -ENOMEM;
	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	argv[n++] = (char *)program->path;
	argv[n++] = (char *)"--porcelain";
	add(argv, &n, "--parent", parent);
	add(argv, &n, "--device", request->node);
	if (request->list)
		argv[n++] = (char *)"--list";
	add(argv, &n, "--operation", request->operation);
	add(argv, &n, "--profile", request->profile);
	add(argv, &n, "--entrypoint", request->entrypoint);
	add(argv, &n, "--size", request->size);
	argv[n] = NULL;
	make_environment(envp);
	r = subprocess_watch(argv, envp, buf, OUTPUT_BYTES, program->timeout_ns, &child);
	if (r < 0)
		return r;
	*ret = (struct va_run){ .ns = sys_monotonic_ns() - start };
	judge(&child, buf, ret_capabilities, ret);
	return 0;
}

static bool has_driver(const char *dir, size_t len, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%.*s/%s_drv_video.so", (int)len, dir, name);
	return access(path, R_OK) == 0;
}

bool va_driver_is_installed(void)
{
	const char *dirs = getenv("LIBVA_DRIVERS_PATH");
	const char *name = getenv("LIBVA_DRIVER_NAME");

	for (const char *p = dirs ? dirs : VA_DRIVERS_PATH; *p;) {
		size_t len = strcspn(p, ":");

		if (name ? has_driver(p, len, name)
			 : has_driver(p, len, "iHD") || has_driver(p, len, "i965"))
			return true;
		p += len + (p[len] == ':');
	}
	return false;
}
