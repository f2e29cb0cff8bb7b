// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupts. Generation 9 has a register of pending bits for each pair of engines (i915's
 * gt/intel_gt_irq.c, gen8_gt_irq_handler); from generation 11 on a bit per engine, and a mailbox
 * that tells what the engine has (gen11_gt_irq_handler). Both end in one MSI.
 */
#include "regs.h"
#include "silicon.h"

static u32 gen9_master(struct gpu *gpu)
{
	/* GEN8_GT_{RCS,BCS}_IRQ, GEN8_GT_VCS{0,1}_IRQ, GEN8_GT_PM_IRQ, GEN8_GT_VECS_IRQ */
	static const u32 low[] = { 1 << 0, 1 << 2, 1 << 4, 1 << 6 };
	static const u32 high[] = { 1 << 1, 1 << 3, 1 << 4, 1 << 6 };
	u32 pending, master = 0;
	unsigned bank;

	for (bank = 0; bank < array_size(low); bank++) {
		pending = gpu->gt_iir[bank] & *reg(gpu, GEN8_GT_IER(bank));
		master |= pending & 0xffff ? low[bank] : 0;
		master |= pending >> 16 ? high[bank] : 0;
	}
	return master;
}

static bool gen11(const struct gpu *gpu)
{
	return gpu->model->gen >= 11;
}

static u32 master(struct gpu *gpu)
{
	if (!gen11(gpu))
		return gen9_master(gpu);
	return (gpu->intr_dw[0] ? 1 : 0) | (gpu->intr_dw[1] ? 2 : 0);
}

static void update(struct gpu *gpu)
{
	u32 control = *reg(gpu, gen11(gpu) ? GEN11_GFX_MSTR_IRQ : GEN8_MASTER_IRQ);
	bool level = (control & MASTER_IRQ_CONTROL) && master(gpu);

	if (level && !gpu->irq_level && !gpu->settings[SET_gone] && msi_enabled(&gpu->pci))
		msi_notify(&gpu->pci, 0);
	gpu->irq_level = level;
}

/* Masks have the engine of even number in their upper half; i915 writes both alike. */
static u32 gen11_mask(struct engine *e)
{
	switch (e->model->class) {
	case RENDER:
		return *reg(e->gpu, GEN11_RCS0_RSVD_INTR_MASK) >> 16;
	case COPY:
		return *reg(e->gpu, GEN11_BCS_RSVD_INTR_MASK) >> 16;
	case ENHANCE:
		return *reg(e->gpu, GEN11_VECS0_VECS1_INTR_MASK) >> 16;
	default:
		return *reg(e->gpu, e->model->instance < 2 ? GEN11_VCS0_VCS1_INTR_MASK
							   : GEN11_VCS2_VCS3_INTR_MASK) >>
		       16;
	}
}

void interrupt_raise(struct engine *e, u32 bits)
{
	struct gpu *gpu = e->gpu;
	unsigned bank = e->model->bank;
	u32 engine_mask = *reg(gpu, e->model->base + RING_IMR);

	if (gen11(gpu)) {
		bits &= ~engine_mask & ~gen11_mask(e);
		bits &= *reg(gpu,
			     bank ? GEN11_VCS_VECS_INTR_ENABLE : GEN11_RENDER_COPY_INTR_ENABLE);
		e->irq_pending |= bits;
		gpu->intr_dw[bank] |= bits ? 1u << e->model->bit : 0;
	} else {
		bits = bits << e->model->bit & ~engine_mask;
		gpu->gt_iir[bank] |= bits & ~*reg(gpu, GEN8_GT_IMR(bank));
	}
	update(gpu);
}

bool interrupt_read(struct gpu *gpu, u32 addr, u32 *ret_value)
{
	unsigned bank;

	if (addr == (gen11(gpu) ? GEN11_GFX_MSTR_IRQ : GEN8_MASTER_IRQ)) {
		*ret_value |= master(gpu);
		return true;
	}
	for (bank = 0; bank < 4 && !gen11(gpu); bank++) {
		if (addr == GEN8_GT_IIR(bank)) {
			*ret_value = gpu->gt_iir[bank];
			return true;
		}
	}
	for (bank = 0; bank < 2 && gen11(gpu); bank++) {
		if (addr == GEN11_GT_INTR_DW(bank)) {
			*ret_value = gpu->intr_dw[bank];
			return true;
		}
		if (addr == GEN11_INTR_IDENTITY_REG(bank)) {
			*ret_value = gpu->identity[bank];
			return true;
		}
	}
	return false;
}

/* Tells what the selected engine has; by that it has it no more. */
static void gen11_select(struct gpu *gpu, unsigned bank, u32 selected)
{
	struct engine *e;

	gpu->identity[bank] = GEN11_INTR_DATA_VALID;
	for (e = gpu->engines; e < gpu->engines + gpu->n_engines; e++) {
		if (e->model->bank != bank || !(selected >> e->model->bit & 1))
			continue;
		gpu->identity[bank] |= GEN11_INTR_ENGINE_CLASS(e->model->class) |
				       GEN11_INTR_ENGINE_INSTANCE(e->model->instance) |
				       e->irq_pending;
		e->irq_pending = 0;
		return;
	}
}

/* What came since the engine was asked stays. */
static void gen11_clear(struct gpu *gpu, unsigned bank, u32 bits)
{
	struct engine *e;

	gpu->intr_dw[bank] &= ~bits;
	for (e = gpu->engines; e < gpu->engines + gpu->n_engines; e++) {
		if (e->model->bank == bank && e->irq_pending)
			gpu->intr_dw[bank] |= 1u << e->model->bit;
	}
}

static bool gen11_write(struct gpu *gpu, u32 addr, u32 value)
{
	unsigned bank;

	for (bank = 0; bank < 2; bank++) {
		if (addr == GEN11_GT_INTR_DW(bank))
			gen11_clear(gpu, bank, value);
		else if (addr == GEN11_IIR_REG_SELECTOR(bank))
			gen11_select(gpu, bank, value);
		else if (addr == GEN11_INTR_IDENTITY_REG(bank))
			gpu->identity[bank] = 0;
		else
			continue;
		update(gpu);
		return true;
	}
	return false;
}

bool interrupt_write(struct gpu *gpu, u32 addr, u32 value)
{
	unsigned bank;

	if (addr == (gen11(gpu) ? GEN11_GFX_MSTR_IRQ : GEN8_MASTER_IRQ)) {
		*reg(gpu, addr) = value & MASTER_IRQ_CONTROL;
		update(gpu);
		return true;
	}
	if (gen11(gpu))
		return gen11_write(gpu, addr, value);
	for (bank = 0; bank < 4; bank++) {
		if (addr == GEN8_GT_IIR(bank)) {
			gpu->gt_iir[bank] &= ~value;
			update(gpu);
			return true;
		}
	}
	return false;
}
