// SPDX-License-Identifier: Apache-2.0
#include "threads.h"

#include <dirent.h>
#include <unistd.h>

unsigned threads_count(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	unsigned n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

bool threads_end(unsigned wanted)
{
	for (int i = 0; i < 3000 && threads_count() > wanted; i++)
		usleep(10000);
	return threads_count() <= wanted;
}
