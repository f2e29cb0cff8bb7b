// SPDX-License-Identifier: Apache-2.0
/* A file in memory in place of a descriptor. */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int target = -1, saved = -1, file = -1;
static off_t taken;
static char text[65536];

void capture_begin(int fd)
{
	fflush(NULL);
	target = fd;
	saved = dup(fd);
	file = memfd_create("capture", MFD_CLOEXEC);
	taken = 0;
	if (saved < 0 || file < 0 || dup2(file, fd) < 0)
		abort();
}

const char *capture_take(void)
{
	ssize_t n;

	fflush(NULL);
	n = pread(file, text, sizeof(text) - 1, taken);
	if (n < 0)
		abort();
	text[n] = '\0';
	taken += n;
	return text;
}

const char *capture_end(void)
{
	capture_take();
	dup2(saved, target);
	close(saved);
	close(file);
	return text;
}

size_t count_of(const char *haystack, const char *needle)
{
	size_t n = 0;

	while ((haystack = strstr(haystack, needle))) {
		haystack += strlen(needle);
		n++;
	}
	return n;
}
