// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registers, BAR 0: what no part claims is memory. Forcewake is acknowledged at once.
 */
#include "regs.h"
#include "silicon.h"
#include <stdlib.h>

static const u32 masked_registers[] = { MASKED_REGISTERS };

static bool is_masked(struct engine *e, u32 addr)
{
	size_t i;

	for (i = 0; i < array_size(masked_registers); i++) {
		if (masked_registers[i] == addr)
			return true;
	}
	switch (e ? addr - e->model->base : 0) {
	case RING_PSMI_CTL:
	case RING_MI_MODE:
	case RING_INSTPM:
	case RING_CONTEXT_CONTROL:
	case RING_MODE_GEN7:
		return true;
	}
	return false;
}

static struct engine *engine_at(struct gpu *gpu, u32 addr)
{
	unsigned i;

	for (i = 0; i < gpu->n_engines; i++) {
		if (addr - gpu->engines[i].model->base < 0x800)
			return &gpu->engines[i];
	}
	return NULL;
}

/* The register in which a request to stay awake is acknowledged; 0: it is none. */
static u32 forcewake_ack(u32 addr)
{
	switch (addr) {
	case FORCEWAKE_RENDER_GEN9:
		return FORCEWAKE_ACK_RENDER_GEN9;
	case FORCEWAKE_MEDIA_GEN9:
		return FORCEWAKE_ACK_MEDIA_GEN9;
	case FORCEWAKE_GT_GEN9:
		return FORCEWAKE_ACK_GT_GEN9;
	case FORCEWAKE_MEDIA_VDBOX_GEN11 ... FORCEWAKE_MEDIA_VDBOX_GEN11 + 4 * 7:
		return FORCEWAKE_ACK_MEDIA_VDBOX_GEN11 + addr - FORCEWAKE_MEDIA_VDBOX_GEN11;
	case FORCEWAKE_MEDIA_VEBOX_GEN11 ... FORCEWAKE_MEDIA_VEBOX_GEN11 + 4 * 3:
		return FORCEWAKE_ACK_MEDIA_VEBOX_GEN11 + addr - FORCEWAKE_MEDIA_VEBOX_GEN11;
	}
	return 0;
}

static bool reads_zero(u32 addr)
{
	switch (addr) {
	case GEN12_CCS_AUX_INV:
	case GEN12_VD0_AUX_INV:
	case GEN12_VE0_AUX_INV:
	case GEN12_BCS0_AUX_INV:
	case GEN12_VD2_AUX_INV:
	case GEN12_CCS0_AUX_INV:
	case GEN8_RTCR ... GEN8_VTCR:
	case GEN12_GFX_TLB_INV_CR ... GEN12_BLT_TLB_INV_CR:
		return true;
	}
	return false;
}

u32 reg_read(struct gpu *gpu, u32 addr)
{
	struct engine *e = engine_at(gpu, addr);
	u32 value = *reg(gpu, addr);

	if (e && engine_read(e, addr - e->model->base, &value))
		return value;
	if (interrupt_read(gpu, addr, &value) || power_read(gpu, addr, &value) ||
	    display_read(gpu, addr, &value))
		return value;
	if (addr == GUC_STATUS)
		return GS_MIA_IN_RESET;
	if (addr == GEN6_GDRST)
		return gpu->settings[SET_no_reset] ? value : 0;
	return reads_zero(addr) ? 0 : value;
}

static void reset_engines(struct gpu *gpu, u32 which)
{
	unsigned i;

	if (gpu->settings[SET_no_reset])
		return;
	for (i = 0; i < gpu->n_engines; i++) {
		if (which & (GEN6_GRDOM_FULL | gpu->engines[i].model->reset))
			engine_reset(&gpu->engines[i]);
	}
}

void reg_write(struct gpu *gpu, u32 addr, u32 value)
{
	struct engine *e = engine_at(gpu, addr);
	u32 ack = forcewake_ack(addr);

	if (is_masked(e, addr))
		value = masked_write(*reg(gpu, addr), value);
	*reg(gpu, addr) = value;
	if (ack)
		*reg(gpu, ack) = masked_write(*reg(gpu, ack), value);
	else if (addr == GEN6_GDRST)
		reset_engines(gpu, value);
	else if (!(e && engine_write(e, addr - e->model->base, value)) &&
		 !interrupt_write(gpu, addr, value))
		power_write(gpu, addr, value);
}

static u64 mmio_read(void *opaque, u64 addr, unsigned size)
{
	struct gpu *gpu = opaque;
	u64 value = gpu->settings[SET_gone] ? UINT32_MAX
					    : reg_read(gpu, addr & ~3ull) >> 8 * (addr & 3);

	trace(gpu, TRACE_REGISTERS, "%05llx is %08llx", (unsigned long long)addr,
	      (unsigned long long)value);
	return value & ((1ull << 8 * size) - 1);
}

static void mmio_write(void *opaque, u64 addr, u64 value, unsigned size)
{
	struct gpu *gpu = opaque;
	unsigned shift = 8 * (addr & 3);
	u32 mask = ((1ull << 8 * size) - 1) << shift;

	trace(gpu, TRACE_REGISTERS, "%05llx = %08llx", (unsigned long long)addr,
	      (unsigned long long)value);
	addr &= ~3ull;
	reg_write(gpu, addr, (*reg(gpu, addr) & ~mask) | (u32)(value << shift & mask));
}

static const MemoryRegionOps mmio_ops = {
	.read = mmio_read,
	.write = mmio_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min = 1, .max = 8 },
	.impl = { .min = 1, .max = 4 },
};

void regs_init(struct gpu *gpu, void **errp)
{
	gpu->regs = calloc(REGS_SIZE, 1);
	memory_region_init(&gpu->bar0, gpu, "silicon", REGS_SIZE + GTT_SIZE);
	memory_region_init_io(&gpu->regs_region, gpu, &mmio_ops, gpu, "silicon-registers",
			      REGS_SIZE);
	gtt_init(gpu, errp);
	memory_region_add_subregion(&gpu->bar0, 0, &gpu->regs_region);
	memory_region_add_subregion(&gpu->bar0, REGS_SIZE, &gpu->gtt_region);
	pci_register_bar(&gpu->pci, 0, PCI_BAR_64, &gpu->bar0);
}
