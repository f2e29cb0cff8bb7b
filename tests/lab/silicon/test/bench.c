// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bench for the GPU in place of QEMU, which Debian builds without its own (qtest): lines on
 * standard input read and write its BARs and the machine's memory, and move the clock. Used by
 * device_test.py; not part of silicon.so.
 */
#include "../silicon.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RAM_SIZE = 16 << 20, MAX_BARS = 6, MAX_TIMERS = 16 };

struct region {
	const MemoryRegionOps *ops;
	void *opaque;
	void *ram;
	struct region *parts[2];
	u64 offsets[2];
};

struct timer {
	void (*callback)(void *);
	void *opaque;
	s64 at; /* 0: not set */
};

static u8 ram[RAM_SIZE], config[256], wmask[256];
static struct region *bars[MAX_BARS];
static struct timer *timers[MAX_TIMERS];
static s64 clock_ns = 1;
static const char *type_name;
static void (*realize_device)(void *dev, void **errp);
static void (*init_class)(void *class, void *data);
static unsigned interrupts;

/* QEMU's functions. */

void *type_register_static(const TypeInfo *info)
{
	if (!strcmp(info->name, type_name))
		init_class = info->class_init;
	return NULL;
}

const char *object_get_typename(const void *object)
{
	return type_name;
}

void qemu_set_realize(void *class, void (*realize)(void *dev, void **errp))
{
	realize_device = realize;
}

u8 *qemu_pci_config(PCIDevice *dev)
{
	return config;
}

u8 *qemu_pci_wmask(PCIDevice *dev)
{
	return wmask;
}

void memory_region_init(MemoryRegion *region, void *owner, const char *name, u64 size)
{
	memset(region, 0, sizeof(*region));
}

void memory_region_init_io(MemoryRegion *region, void *owner, const MemoryRegionOps *ops,
			   void *opaque, const char *name, u64 size)
{
	*(struct region *)region = (struct region){ .ops = ops, .opaque = opaque };
}

void memory_region_init_ram(MemoryRegion *region, void *owner, const char *name, u64 size,
			    void **errp)
{
	*(struct region *)region = (struct region){ .ram = calloc(size, 1) };
}

void memory_region_add_subregion(MemoryRegion *region, u64 offset, MemoryRegion *sub)
{
	struct region *whole = (struct region *)region;
	unsigned i = whole->parts[0] ? 1 : 0;

	whole->parts[i] = (struct region *)sub;
	whole->offsets[i] = offset;
}

void *memory_region_get_ram_ptr(MemoryRegion *region)
{
	return ((struct region *)region)->ram;
}

void cpu_physical_memory_rw(u64 addr, void *buf, u64 len, bool write)
{
	if (addr + len > RAM_SIZE)
		abort();
	if (write)
		memcpy(ram + addr, buf, len);
	else
		memcpy(buf, ram + addr, len);
}

void pci_register_bar(PCIDevice *dev, int bar, u8 type, MemoryRegion *region)
{
	bars[bar] = (struct region *)region;
}

int pci_add_capability(PCIDevice *dev, u8 id, u8 offset, u8 size, void **errp)
{
	return offset;
}

int msi_init(PCIDevice *dev, u8 offset, unsigned vectors, bool is64, bool mask, void **errp)
{
	return 0;
}

bool msi_enabled(const PCIDevice *dev)
{
	return true;
}

void msi_notify(PCIDevice *dev, unsigned vector)
{
	interrupts++;
}

s64 qemu_clock_get_ns(int clock)
{
	return clock_ns;
}

void timer_init_full(QEMUTimer *timer, void *list, int clock, int scale, int attributes,
		     void (*callback)(void *), void *opaque)
{
	struct timer *t = (struct timer *)timer;
	unsigned i = 0;

	*t = (struct timer){ .callback = callback, .opaque = opaque };
	while (timers[i])
		i++;
	timers[i] = t;
}

void timer_mod_ns(QEMUTimer *timer, s64 at)
{
	((struct timer *)timer)->at = at;
}

void timer_del(QEMUTimer *timer)
{
	((struct timer *)timer)->at = 0;
}

/* The bench. */

static struct timer *next_timer(s64 until)
{
	struct timer *next = NULL;
	unsigned i;

	for (i = 0; i < MAX_TIMERS && timers[i]; i++) {
		if (timers[i]->at && timers[i]->at <= until && (!next || timers[i]->at < next->at))
			next = timers[i];
	}
	return next;
}

static void step(s64 ns)
{
	s64 until = clock_ns + ns;
	struct timer *timer;

	while ((timer = next_timer(until))) {
		clock_ns = timer->at > clock_ns ? timer->at : clock_ns;
		timer->at = 0;
		timer->callback(timer->opaque);
	}
	clock_ns = until;
}

static struct region *find_region(u64 bar, u64 *addr)
{
	struct region *region = bars[bar];
	unsigned i;

	for (i = 2; region->parts[0] && i-- > 0;) {
		if (*addr >= region->offsets[i]) {
			*addr -= region->offsets[i];
			return region->parts[i];
		}
	}
	return region;
}

static u64 bar_read(u64 bar, u64 addr)
{
	struct region *region = find_region(bar, &addr);

	return region->ram ? *(u32 *)((u8 *)region->ram + addr)
			   : region->ops->read(region->opaque, addr, 4);
}

static void bar_write(u64 bar, u64 addr, u64 value)
{
	struct region *region = find_region(bar, &addr);

	if (region->ram)
		*(u32 *)((u8 *)region->ram + addr) = (u32)value;
	else
		region->ops->write(region->opaque, addr, value, 4);
}

static u64 run_line(const char *command, u64 a, u64 b, u64 c)
{
	u32 value = (u32)b;

	if (!strcmp(command, "read"))
		return bar_read(a, b);
	if (!strcmp(command, "write"))
		bar_write(a, b, c);
	else if (!strcmp(command, "peek"))
		cpu_physical_memory_rw(a, &value, 4, false);
	else if (!strcmp(command, "poke"))
		cpu_physical_memory_rw(a, &value, 4, true);
	else if (!strcmp(command, "step"))
		step((s64)a);
	else if (!strcmp(command, "interrupts"))
		return interrupts;
	else
		abort();
	return value;
}

int main(int argc, char **argv)
{
	unsigned long long a, b, c;
	char line[128], command[16];
	struct gpu *gpu = calloc(1, sizeof(*gpu));

	type_name = argc > 1 ? argv[1] : "";
	if (qemu_plugin_install(0, NULL, argc - 2, argv + 2) || !init_class)
		return 1;
	init_class(NULL, NULL);
	realize_device(gpu, NULL);
	while (fgets(line, sizeof(line), stdin)) {
		a = b = c = 0;
		if (sscanf(line, "%15s %llu %llu %llu", command, &a, &b, &c) < 1)
			return 1;
		printf("%llu\n", (unsigned long long)run_line(command, a, b, c));
		fflush(stdout);
	}
	return 0;
}
