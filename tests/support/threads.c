// SPDX-License-Identifier: Apache-2.0
#include "threads.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "" when it has ended. */
static void name_of(const char *task, char *buf, int size)
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task);
	file = fopen(path, "re");
	if (!file || !fgets(buf, size, file))
		*buf = '\0';
	if (file)
		fclose(file);
}

static bool any_named(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	char program[32], pid[16], name[32];
	bool any = !dir;

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	name_of(pid, program, sizeof(program));
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		name_of(entry->d_name, name, sizeof(name));
		any |= *name && strcmp(name, program) != 0;
	}
	if (dir)
		closedir(dir);
	return any;
}

bool threads_end(void)
{
	for (int i = 0; i < 3000 && any_named(); i++)
		usleep(10000);
	return !any_named();
}
