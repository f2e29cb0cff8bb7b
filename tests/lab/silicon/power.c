// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Power and clocks: limits and fuses, the clock that is reached, RC6, throttling, and the mailbox
 * of the power controller ("pcode", i915's intel_pcode.c).
 */
#include "regs.h"
#include "silicon.h"

#define RC6_UNIT_NS 1280 /* i915's gt/intel_rc6.c, intel_rc6_residency_ns() */

/* Clocks are in units of 50 MHz in the limits, of 50/3 MHz elsewhere. */
static u32 limit_units(s64 mhz)
{
	return (u32)(mhz / 50);
}

static u32 clock_units(s64 mhz)
{
	return (u32)(mhz * 3 / 50);
}

u64 timestamp(struct gpu *gpu, s64 ns)
{
	return (u64)((__int128)ns * gpu->timestamp_hz / 1000000000);
}

static bool awake(struct gpu *gpu)
{
	unsigned i;

	for (i = 0; i < gpu->n_engines; i++) {
		if (gpu->engines[i].loaded)
			return true;
	}
	return !(*reg(gpu, GEN6_RC_CONTROL) & GEN6_RC_CTL_RC6_ENABLE);
}

/* After whatever wakes it or lets it sleep: counts the time since, by what was until now. */
void power_update(struct gpu *gpu)
{
	s64 at = now();

	if (gpu->rc6)
		gpu->rc6_ns += at - gpu->rc6_since;
	gpu->rc6_since = at;
	gpu->rc6 = !awake(gpu);
}

/* In units of 50/3 MHz. */
static u32 actual_clock(struct gpu *gpu)
{
	if (!awake(gpu))
		return 0;
	if (gpu->settings[SET_act_mhz])
		return clock_units(gpu->settings[SET_act_mhz]);
	return *reg(gpu, GEN6_RPNSWREQ) >> GEN9_FREQUENCY_SHIFT;
}

bool power_read(struct gpu *gpu, u32 addr, u32 *ret_value)
{
	switch (addr) {
	case GEN6_RPSTAT1:
		*ret_value = actual_clock(gpu) << GEN9_FREQUENCY_SHIFT;
		return true;
	case GEN12_RPSTAT1:
		*ret_value = actual_clock(gpu) << GEN12_CAGF_SHIFT;
		return true;
	case GEN6_GT_GFX_RC6:
		power_update(gpu);
		*ret_value = (u32)(gpu->rc6_ns / RC6_UNIT_NS);
		return true;
	case GT0_PERF_LIMIT_REASONS:
		*ret_value = (u32)gpu->settings[SET_throttle];
		return true;
	}
	return false;
}

/* Every command succeeds at once; only some have an answer. */
static void pcode(struct gpu *gpu, u32 mailbox)
{
	u32 *data = reg(gpu, GEN6_PCODE_DATA);

	switch (mailbox & GEN6_PCODE_MB_COMMAND) {
	case HSW_PCODE_DYNAMIC_DUTY_CYCLE_CONTROL: /* the efficient clock, in bits 15:8 */
		*data = limit_units(gpu->settings[SET_rp1_mhz]) << 8;
		break;
	case GEN9_PCODE_READ_MEM_LATENCY:
	case ICL_PCODE_MEM_SUBSYSYSTEM_INFO:
		*data = 0;
		break;
	case SKL_PCODE_CDCLK_CONTROL:
	case GEN9_PCODE_SAGV_CONTROL: /* GEN9_SAGV_IS_DISABLED */
		*data = SKL_CDCLK_READY_FOR_CHANGE;
		break;
	}
	*reg(gpu, GEN6_PCODE_MAILBOX) = mailbox & ~GEN6_PCODE_READY & ~GEN6_PCODE_MB_COMMAND;
}

bool power_write(struct gpu *gpu, u32 addr, u32 value)
{
	switch (addr) {
	case GEN6_PCODE_MAILBOX:
		pcode(gpu, value);
		return true;
	case GEN6_RC_CONTROL:
		power_update(gpu);
		return true;
	}
	return false;
}

static void init_gen9(struct gpu *gpu)
{
	*reg(gpu, GEN8_FUSE2) =
		GEN8_F2_S_ENA(1u) | GEN9_F2_SS_DIS(8u); /* a slice of three subslices */
	*reg(gpu, CTC_MODE) = CTC_SHIFT(2u);
	gpu->timestamp_hz = 12000000; /* a crystal of 24 MHz: gt/intel_gt_clock_utils.c */
}

static void init_gen12(struct gpu *gpu)
{
	*reg(gpu, GEN11_GT_SLICE_ENABLE) = 1;
	*reg(gpu, GEN12_GT_GEOMETRY_DSS_ENABLE) = 0x3f;
	*reg(gpu, RPM_CONFIG0) = CRYSTAL_CLOCK_38_4_MHZ | CTC_SHIFT(2u);
	gpu->timestamp_hz = 19200000;
	*reg(gpu, GEN10_FREQ_INFO_REC) = limit_units(gpu->settings[SET_rp1_mhz]) << 8;
}

void power_init(struct gpu *gpu)
{
	*reg(gpu, GEN6_RP_STATE_CAP) = limit_units(gpu->settings[SET_rp0_mhz]) |
				       limit_units(gpu->settings[SET_rp1_mhz]) << 8 |
				       limit_units(gpu->settings[SET_rpn_mhz]) << 16;
	*reg(gpu, GEN8_RC6_CTX_INFO) = 1; /* the firmware has prepared RC6 */
	if (gpu->model->gen >= 11)
		init_gen12(gpu);
	else
		init_gen9(gpu);
}
