// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes a setting of an emulated GPU while it runs, or prints it: a dword in its BAR 4.
 */
#include "../settings.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTING(name, preset) #name,
static const char *const names[] = { SETTINGS(SETTING) };
#undef SETTING

static int find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i], name))
			return (int)i;
	}
	return -1;
}

int main(int argc, char **argv)
{
	int fd, setting = argc >= 3 ? find(argv[2]) : -1;
	char path[128];
	uint32_t value;
	ssize_t n;

	if (setting < 0 || argc > 4) {
		fprintf(stderr, "usage: gpu_set PCI_ADDRESS SETTING [VALUE]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource4", argv[1]);
	fd = open(path, O_RDWR);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	if (argc == 4) {
		value = (uint32_t)strtoul(argv[3], NULL, 0);
		n = pwrite(fd, &value, sizeof(value), setting * 4);
	} else {
		n = pread(fd, &value, sizeof(value), setting * 4);
		printf("%" PRIu32 "\n", value);
	}
	if (n != sizeof(value)) {
		perror(path);
		return 1;
	}
	return 0;
}
