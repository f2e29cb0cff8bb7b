// SPDX-License-Identifier: Apache-2.0
/*
 * rights PID NODE...: what a container may do, a line for each, "0" or the error's name: a perf
 * event on all processes; a link of that process; opening each node.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void say(const char *what, int failed)
{
	printf("%s=%s\n", what, failed ? strerrorname_np(errno) : "0");
}

int main(int argc, char **argv)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_CPU_CLOCK };
	char path[64], link[256];

	say("perf", syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0) < 0);
	/* As the links of its descriptors: proc_fd_access_allowed() in fs/proc/base.c. */
	snprintf(path, sizeof(path), "/proc/%s/exe", argc > 1 ? argv[1] : "self");
	say("process", readlink(path, link, sizeof(link)) < 0);
	say("write", open("/written", O_CREAT | O_WRONLY, 0600) < 0);
	for (int i = 2; i < argc; i++)
		say(argv[i], open(argv[i], O_RDWR) < 0);
	printf("uid=%d\nend\n", (int)getuid());
	fflush(stdout);
	return 0;
}
