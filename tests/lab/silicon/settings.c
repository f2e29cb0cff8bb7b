// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings: presets from the arguments of -plugin, then a dword each in BAR 4. Hardware has I/O
 * ports there, too, which i915 does not use.
 */
#include "silicon.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTING(name, preset) { #name, preset },
static struct {
	const char *name;
	s64 value;
} presets[] = { SETTINGS(SETTING) };
#undef SETTING

static int set(const char *argument)
{
	const char *value = strchr(argument, '=');
	size_t i;

	for (i = 0; value && i < N_SETTINGS; i++) {
		size_t len = strlen(presets[i].name);

		if (len == (size_t)(value - argument) && !strncmp(argument, presets[i].name, len)) {
			presets[i].value = strtoll(value + 1, NULL, 0);
			return 0;
		}
	}
	fprintf(stderr, "silicon: there is no setting %s\n", argument);
	return -1;
}

int settings_parse(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (set(argv[i]))
			return -1;
	}
	return 0;
}

static u64 setting_read(void *opaque, u64 addr, unsigned size)
{
	struct gpu *gpu = opaque;

	return addr / 4 < N_SETTINGS ? (u32)gpu->settings[addr / 4] : 0;
}

static void setting_write(void *opaque, u64 addr, u64 value, unsigned size)
{
	struct gpu *gpu = opaque;
	unsigned i;

	if (addr / 4 >= N_SETTINGS)
		return;
	gpu->settings[addr / 4] = (u32)value;
	trace(gpu, TRACE_SUBMISSIONS, "%s is %lld", presets[addr / 4].name, (long long)value);
	for (i = 0; i < gpu->n_engines; i++)
		engine_run(&gpu->engines[i]);
}

static const MemoryRegionOps setting_ops = {
	.read = setting_read,
	.write = setting_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min = 4, .max = 4 },
	.impl = { .min = 4, .max = 4 },
};

void settings_init(struct gpu *gpu)
{
	size_t i;

	for (i = 0; i < N_SETTINGS; i++)
		gpu->settings[i] = presets[i].value;
	memory_region_init_io(&gpu->settings_region, gpu, &setting_ops, gpu, "silicon-settings",
			      64);
	pci_register_bar(&gpu->pci, 4, PCI_BAR_IO, &gpu->settings_region);
}

void trace(struct gpu *gpu, int what, const char *format, ...)
{
	va_list args;

	if (!(gpu->settings[SET_trace] & what))
		return;
	fprintf(stderr, "silicon %04x %lld us ", gpu->model->id, (long long)now() / 1000);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
