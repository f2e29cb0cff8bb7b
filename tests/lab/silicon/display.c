// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As much display as i915 asks for when nothing is connected: wells have power and PLLs lock at
 * once, AUX channels time out, the GMBus has no answer. Without the setting "display" all pipes are
 * fused off, as in real GPUs without one, and hardly any of this is used.
 */
#include "regs.h"
#include "silicon.h"

/* Of four registers (BIOS, driver, KVMR, debug) any may ask for a well: bit 2n + 1; 2n says it is
 * on. */
static u32 power_wells(struct gpu *gpu, u32 addr)
{
	u32 first = addr & ~0xcu;
	u32 asked = *reg(gpu, first) | *reg(gpu, first + 4) | *reg(gpu, first + 8) |
		    *reg(gpu, first + 12);

	return (*reg(gpu, addr) & 0xaaaaaaaa) | (asked >> 1 & 0x55555555);
}

/* Display PLLs 1 to 3 are always locked, PLL 0 when it is enabled. */
static u32 dpll_status(struct gpu *gpu)
{
	return *reg(gpu, LCPLL1_CTL) & PLL_ENABLE ? 0x01010101 : 0x01010100;
}

static u32 request_state(u32 value, u32 request, u32 state)
{
	return value & request ? value | state : value & ~state;
}

static u32 aux_channel(u32 value)
{
	if (!(value & DP_AUX_CH_CTL_SEND_BUSY))
		return value;
	value &= ~(DP_AUX_CH_CTL_SEND_BUSY | DP_AUX_CH_CTL_RECEIVE_ERROR);
	return value | DP_AUX_CH_CTL_DONE | DP_AUX_CH_CTL_TIME_OUT_ERROR;
}

/* GEN8_DE_PIPE_IIR() to GEN11_GU_MISC_IIR, each after its ISR and IMR: no display interrupt ever
 * comes. */
static bool is_display_iir(u32 addr)
{
	return addr == SDEIIR || addr == EDP_PSR_IIR ||
	       (addr >= GEN8_DE_PIPE_IIR(0) && addr <= GEN11_GU_MISC_IIR && (addr & 15) == 8);
}

bool display_read(struct gpu *gpu, u32 addr, u32 *ret_value)
{
	if (addr == FPGA_DBG || is_display_iir(addr)) {
		*ret_value = 0;
		return true;
	}
	switch (addr) {
	case HSW_PWR_WELL_CTL1 ... HSW_PWR_WELL_CTL1 + 12:
	case ICL_PWR_WELL_CTL_AUX1 ... ICL_PWR_WELL_CTL_AUX1 + 12:
	case ICL_PWR_WELL_CTL_DDI1 ... ICL_PWR_WELL_CTL_DDI1 + 12:
		*ret_value = power_wells(gpu, addr);
		return true;
	case SKL_FUSE_STATUS: /* every fuse is distributed */
		*ret_value = UINT32_MAX;
		return true;
	case LCPLL1_CTL:
	case LCPLL2_CTL:
	case WRPLL_CTL1:
	case WRPLL_CTL2:
		*ret_value = request_state(*ret_value, PLL_ENABLE, PLL_LOCK);
		return true;
	case DPLL_STATUS:
		*ret_value = dpll_status(gpu);
		return true;
	case DBUF_CTL_S0:
	case DBUF_CTL_S1:
		*ret_value = request_state(*ret_value, DBUF_POWER_REQUEST, DBUF_POWER_STATE);
		return true;
	case DP_AUX_CH_CTL(0):
	case DP_AUX_CH_CTL(1):
	case DP_AUX_CH_CTL(2):
	case DP_AUX_CH_CTL(3):
	case DP_AUX_CH_CTL(4):
	case DP_AUX_CH_CTL(5):
		*ret_value = aux_channel(*ret_value);
		return true;
	case PCH_GMBUS2:
		*ret_value = (*ret_value & ~GMBUS_ACTIVE) | GMBUS_HW_RDY | GMBUS_SATOER;
		return true;
	}
	return false;
}

void display_init(struct gpu *gpu)
{
	if (!gpu->settings[SET_display])
		*reg(gpu, SKL_DFSM) = SKL_DFSM_PIPE_A_DISABLE | SKL_DFSM_PIPE_B_DISABLE |
				      SKL_DFSM_PIPE_C_DISABLE | TGL_DFSM_PIPE_D_DISABLE;
}
