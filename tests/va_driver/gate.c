// SPDX-License-Identifier: Apache-2.0
/* Does this call fail, hang, crash, dawdle or chatter? Asked first by every call. */
#include "fake.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Initialize and Map{Coded,Image} are no calls of the vtable: the start, and MapBuffer by use. */
static const char *const calls[] = {
	"Initialize",
	"Terminate",
	"QueryConfigProfiles",
	"QueryConfigEntrypoints",
	"GetConfigAttributes",
	"CreateConfig",
	"DestroyConfig",
	"QueryConfigAttributes",
	"CreateSurfaces",
	"DestroySurfaces",
	"QuerySurfaceAttributes",
	"CreateContext",
	"DestroyContext",
	"CreateBuffer",
	"MapBuffer",
	"MapCoded",
	"MapImage",
	"UnmapBuffer",
	"DestroyBuffer",
	"BeginPicture",
	"RenderPicture",
	"EndPicture",
	"SyncSurface",
	"SyncSurface2",
	"SyncBuffer",
	"QuerySurfaceStatus",
	"QueryImageFormats",
	"CreateImage",
	"DeriveImage",
	"DestroyImage",
	"GetImage",
	"PutImage",
	"QueryVideoProcFilters",
	"QueryVideoProcFilterCaps",
	"QueryVideoProcPipelineCaps",
};

bool gate_knows(const char *call)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (strcmp(calls[i], call) == 0)
			return true;
	return false;
}

static unsigned long count(struct driver *drv, const char *call)
{
	size_t i;
	unsigned long n = 0;

	pthread_mutex_lock(&drv->lock);
	for (i = 0; i < ARRAY_SIZE(drv->counts); i++) {
		struct call_count *c = &drv->counts[i];

		if (!c->call)
			c->call = call;
		if (strcmp(c->call, call) == 0) {
			n = ++c->count;
			break;
		}
	}
	pthread_mutex_unlock(&drv->lock);
	return n;
}

/* Is the call on the list? Call[#n][:argument],... */
static bool listed(const char *list, const char *call, unsigned long nth, char *arg, size_t size)
{
	char copy[1024], *part, *rest = copy;

	snprintf(copy, sizeof(copy), "%s", list);
	while ((part = strsep(&rest, ","))) {
		char *value = strchr(part, ':'), *number;

		if (value)
			*value++ = '\0';
		number = strchr(part, '#');
		if (number)
			*number++ = '\0';
		if (strcmp(part, call) != 0 || (number && strtoul(number, NULL, 10) != nth))
			continue;
		snprintf(arg, size, "%s", value ? value : "");
		return true;
	}
	return false;
}

static void sleep_ms(long ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) != 0)
		;
}

/* For good, except to a signal: how says what can end it. */
static void hang(const char *how)
{
	volatile unsigned long turns = 0;
	sigset_t all;

	if (strcmp(how, "spin") == 0)
		for (;;)
			turns = turns + 1;
	if (strcmp(how, "block") == 0) {
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, NULL);
	}
	if (strncmp(how, "open=", 5) == 0) /* a FUSE file that never answers: state D */
		(void)!open(how + 5, O_RDONLY | O_CLOEXEC);
	for (;;)
		pause();
}

static void crash(const char *how)
{
	static const struct {
		const char *name;
		int signal;
	} ways[] = { { "segv", SIGSEGV }, { "bus", SIGBUS },   { "fpe", SIGFPE },
		     { "ill", SIGILL },	  { "kill", SIGKILL }, { "abort", SIGABRT } };
	size_t i;

	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "exit") == 0)
		_exit(0);
	if (*how == '\0')
		how = "segv";
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(ways[i].name, how) == 0) {
			signal(ways[i].signal, SIG_DFL); /* no sanitizer's handler */
			raise(ways[i].signal);
		}
	}
	fprintf(stderr, "fake_va: CRASH: no such way: %s\n", how);
	abort();
}

static void flood(int fd, long bytes)
{
	static const char line[] = "fake_va: noise from a driver that prints past the callbacks\n";

	while (bytes > 0) {
		size_t n = bytes < (long)sizeof(line) - 1 ? (size_t)bytes : sizeof(line) - 1;
		ssize_t written = write(fd, line, n);

		if (written <= 0)
			return;
		bytes -= written;
	}
}

/* NOISE=bytes[,stdout|stderr]: at the start and with each picture. */
void noise(struct driver *drv, const struct who *who)
{
	const char *value = knob(drv, "NOISE", who);
	const char *to = value ? strchr(value, ',') : NULL;

	if (!value)
		return;
	if (!to || strcmp(to, ",stdout") == 0)
		flood(STDOUT_FILENO, strtol(value, NULL, 0));
	if (!to || strcmp(to, ",stderr") == 0)
		flood(STDERR_FILENO, strtol(value, NULL, 0));
}

/* LOG=info|error[,bytes]: text without an end of line, through libva's callbacks. */
static void chatter(struct driver *drv, const char *call, const struct who *who)
{
	const char *value = knob(drv, "LOG", who);
	const char *comma = value ? strchr(value, ',') : NULL;
	size_t size = comma ? strtoul(comma + 1, NULL, 0) : 0;
	char *text;

	if (!value)
		return;
	if (size < strlen(call) + 16)
		size = strlen(call) + 16;
	text = xalloc(size + 1);
	memset(text, '.', size);
	memcpy(text, "fake_va: ", 9);
	memcpy(text + 9, call, strlen(call));
	if (strncmp(value, "error", 5) == 0)
		drv->va->error_callback(drv->va, text);
	else
		drv->va->info_callback(drv->va, text);
	free(text);
}

/* What was wrong with what the application gave. */
void complain(struct driver *drv, const char *format, ...)
{
	char text[256], line[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "fake_va: %s\n", text);
	drv->va->error_callback(drv->va, line);
	dump_line(drv, "error: %s", text);
}

VAStatus gate(struct driver *drv, const char *call, const struct who *who)
{
	unsigned long nth = count(drv, call);
	const char *list;
	char arg[256];

	chatter(drv, call, who);
	list = knob(drv, "SLOW", who);
	if (list && list[strspn(list, "0123456789")] == '\0' && strcmp(call, "EndPicture") == 0)
		sleep_ms(strtol(list, NULL, 10));
	else if (list && listed(list, call, nth, arg, sizeof(arg)))
		sleep_ms(strtol(arg, NULL, 10));
	list = knob(drv, "HANG", who);
	if (list && listed(list, call, nth, arg, sizeof(arg)))
		hang(arg);
	list = knob(drv, "CRASH", who);
	if (list && listed(list, call, nth, arg, sizeof(arg)))
		crash(arg);
	list = knob(drv, "FAIL", who);
	if (list && listed(list, call, nth, arg, sizeof(arg)))
		return *arg ? (VAStatus)strtoul(arg, NULL, 0) : VA_STATUS_ERROR_OPERATION_FAILED;
	return VA_STATUS_SUCCESS;
}
