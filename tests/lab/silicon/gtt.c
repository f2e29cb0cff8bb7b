// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables: the global one (BAR 0, second half) and those of contexts in the guest's memory.
 * Bits as in i915's gt/intel_gtt.h (GEN8_PAGE_PRESENT, GEN8_PDE_PS_2M), "Memory Views" in the PRMs.
 */
#include "silicon.h"

#define PRESENT	     (1ull << 0)
#define LARGE	     (1ull << 7)
#define PTE_ADDRESS  0x0000fffffffff000ull
#define GGTT_ADDRESS 0x0000007ffffff000ull

static void guest_memory(u64 addr, void *buf, unsigned size, bool write)
{
	cpu_physical_memory_rw(addr, buf, size, write);
}

/* The entry of a table for an address whose index starts at this bit. */
static u64 table_entry(u64 table, u64 addr, unsigned shift)
{
	u64 entry = 0;

	guest_memory((table & PTE_ADDRESS) + ((addr >> shift) & 511) * 8, &entry, sizeof(entry),
		     false);
	return entry;
}

static bool walk_ggtt(struct gpu *gpu, u64 addr, u64 *ret_addr)
{
	u64 entry;

	if (addr >> 12 >= GTT_SIZE / sizeof(entry))
		return false;
	entry = gpu->gtt[addr >> 12];
	*ret_addr = (entry & GGTT_ADDRESS) | (addr & 0xfff);
	return entry & PRESENT;
}

static bool walk_ppgtt(struct engine *e, u64 addr, u64 *ret_addr)
{
	u64 entry;

	if (e->four_level) {
		entry = table_entry(e->pdp[0], addr, 39);
		if (!(entry & PRESENT))
			return false;
		entry = table_entry(entry, addr, 30);
		if (!(entry & PRESENT))
			return false;
	} else {
		entry = e->pdp[(addr >> 30) & 3];
	}
	entry = table_entry(entry, addr, 21);
	if (!(entry & PRESENT))
		return false;
	if (entry & LARGE) {
		*ret_addr = (entry & PTE_ADDRESS & ~0x1fffffull) | (addr & 0x1fffff);
		return true;
	}
	entry = table_entry(entry, addr, 12);
	*ret_addr = (entry & PTE_ADDRESS) | (addr & 0xfff);
	return entry & PRESENT;
}

static bool walk(struct engine *e, u64 addr, bool ggtt, u64 *ret_addr)
{
	if (ggtt ? walk_ggtt(e->gpu, addr, ret_addr) : walk_ppgtt(e, addr, ret_addr))
		return true;
	trace(e->gpu, TRACE_SUBMISSIONS, "%s: fault at %llx of the %s table", e->model->name,
	      (unsigned long long)addr, ggtt ? "global" : "context's");
	return false;
}

u32 memory_read(struct engine *e, u64 addr, bool ggtt)
{
	u32 value = 0;
	u64 at;

	if (walk(e, addr, ggtt, &at))
		guest_memory(at, &value, sizeof(value), false);
	return value;
}

void memory_write(struct engine *e, u64 addr, bool ggtt, u32 value)
{
	u64 at;

	if (walk(e, addr, ggtt, &at))
		guest_memory(at, &value, sizeof(value), true);
}

/* The aperture, BAR 2, shows what the global table maps. */
static u64 aperture_read(void *opaque, u64 addr, unsigned size)
{
	u64 at, value = 0;

	if (walk_ggtt(opaque, addr, &at))
		guest_memory(at, &value, size, false);
	return value;
}

static void aperture_write(void *opaque, u64 addr, u64 value, unsigned size)
{
	u64 at;

	if (walk_ggtt(opaque, addr, &at))
		guest_memory(at, &value, size, true);
}

static const MemoryRegionOps aperture_ops = {
	.read = aperture_read,
	.write = aperture_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min = 1, .max = 8 },
	.impl = { .min = 1, .max = 8 },
};

/* The table is plain memory: the driver fills it entry by entry, a million of them. */
void gtt_init(struct gpu *gpu, void **errp)
{
	memory_region_init_ram(&gpu->gtt_region, gpu, "silicon-gtt", GTT_SIZE, errp);
	gpu->gtt = memory_region_get_ram_ptr(&gpu->gtt_region);
	memory_region_init_io(&gpu->aperture_region, gpu, &aperture_ops, gpu, "silicon-aperture",
			      (u64)gpu->settings[SET_aperture_mb] << 20);
	pci_register_bar(&gpu->pci, 2, PCI_BAR_64 | PCI_BAR_PREFETCH, &gpu->aperture_region);
}
