/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off: bits are indented below their register */
/*
 * Registers by the names that i915 gives them, under the file of drivers/gpu/drm/i915 (Linux 6.1) that
 * has them. Intel describes them in the Programmer's Reference Manuals, "Command Reference: Registers".
 */
#ifndef SILICON_REGS_H
#define SILICON_REGS_H

/* gt/intel_engine_regs.h: offsets from an engine's base */
#define RING_TAIL		    0x30
#define RING_HEAD		    0x34
#define RING_START		    0x38
#define RING_CTL		    0x3c
#define   RING_WAIT_SEMAPHORE	    (1u << 10)
#define   RING_WAIT		    (1u << 11)
#define RING_PSMI_CTL		    0x50
#define RING_ACTHD_UDW		    0x5c
#define RING_IPEHR		    0x68
#define RING_INSTDONE		    0x6c
#define RING_ACTHD		    0x74
#define RING_HWS_PGA		    0x80
#define RING_NOPID		    0x94
#define RING_MI_MODE		    0x9c
#define   STOP_RING		    (1u << 8)
#define   MODE_IDLE		    (1u << 9)
#define RING_IMR		    0xa8
#define RING_EIR		    0xb0
#define RING_ESR		    0xb8
#define RING_INSTPM		    0xc0
#define RING_RESET_CTL		    0xd0
#define   RESET_CTL_REQUEST_RESET   (1u << 0)
#define   RESET_CTL_READY_TO_RESET  (1u << 1)
#define RING_ELSP		    0x230
#define RING_EXECLIST_STATUS_LO	    0x234
#define   EXECLIST_STATUS_ACTIVE    0x4010 /* PRM: "Execlist 0 Active", "Execlist 0 Valid" */
#define RING_EXECLIST_STATUS_HI	    0x238
#define RING_CONTEXT_CONTROL	    0x244
#define RING_MODE_GEN7		    0x29c
#define RING_TIMESTAMP		    0x358
#define RING_TIMESTAMP_UDW	    0x35c
#define RING_CONTEXT_STATUS_PTR	    0x3a0
#define RING_CTX_TIMESTAMP	    0x3a8
#define RING_EXECLIST_SQ_CONTENTS   0x510
#define RING_EXECLIST_CONTROL	    0x550
#define   EL_CTRL_LOAD		    (1u << 0)

/* gt/intel_gt_regs.h: forcewake */
#define FORCEWAKE_ACK_MEDIA_VDBOX_GEN11 0xd50
#define FORCEWAKE_ACK_MEDIA_VEBOX_GEN11 0xd70
#define FORCEWAKE_ACK_RENDER_GEN9	0xd84
#define FORCEWAKE_ACK_MEDIA_GEN9	0xd88
#define FORCEWAKE_GT_GEN9		0xa188
#define FORCEWAKE_MEDIA_GEN9		0xa270
#define FORCEWAKE_RENDER_GEN9		0xa278
#define FORCEWAKE_MEDIA_VDBOX_GEN11	0xa540
#define FORCEWAKE_MEDIA_VEBOX_GEN11	0xa560
#define FORCEWAKE_ACK_GT_GEN9		0x130044

/* gt/intel_gt_regs.h: caches and tables that are flushed; the bit reads 0 when it is done */
#define GEN12_CCS_AUX_INV	 0x4208
#define GEN12_VD0_AUX_INV	 0x4218
#define GEN12_VE0_AUX_INV	 0x4238
#define GEN12_BCS0_AUX_INV	 0x4248
#define GEN8_RTCR		 0x4260
#define GEN8_M1TCR		 0x4264
#define GEN8_M2TCR		 0x4268
#define GEN8_BTCR		 0x426c
#define GEN8_VTCR		 0x4270
#define GEN12_VD2_AUX_INV	 0x4298
#define GEN12_CCS0_AUX_INV	 0x42c8
#define GEN12_GFX_TLB_INV_CR	 0xced8
#define GEN12_VD_TLB_INV_CR	 0xcedc
#define GEN12_VE_TLB_INV_CR	 0xcee0
#define GEN12_BLT_TLB_INV_CR	 0xcee4

/* gt/intel_gt_regs.h: the GT, its fuses, its clock and its sleep */
#define RPM_CONFIG0		      0xd00
#define   CTC_SHIFT(x)		      ((x) << 1)
#define   CRYSTAL_CLOCK_38_4_MHZ      (2u << 3)
#define GEN8_RC6_CTX_INFO	      0x8504
#define GEN8_FUSE2		      0x9120
#define   GEN8_F2_S_ENA(x)	      ((x) << 25)
#define   GEN9_F2_SS_DIS(x)	      ((x) << 20)
#define GEN11_GT_SLICE_ENABLE	      0x9138
#define GEN12_GT_GEOMETRY_DSS_ENABLE  0x913c
#define GEN6_GDRST		      0x941c
#define   GEN6_GRDOM_FULL	      (1u << 0)
#define   GEN6_GRDOM_RENDER	      (1u << 1) /* GEN11_GRDOM_RENDER, too */
#define   GEN6_GRDOM_MEDIA	      (1u << 2)
#define   GEN6_GRDOM_BLT	      (1u << 3)
#define   GEN6_GRDOM_VECS	      (1u << 4)
#define   GEN11_GRDOM_BLT	      (1u << 2)
#define   GEN11_GRDOM_MEDIA	      (1u << 5)
#define   GEN11_GRDOM_MEDIA3	      (1u << 7)
#define   GEN11_GRDOM_VECS	      (1u << 13)
#define GEN6_RPNSWREQ		      0xa008
#define GEN6_RPSTAT1		      0xa01c
#define   GEN9_FREQUENCY_SHIFT	      23 /* GEN9_FREQUENCY(), GEN9_CAGF_SHIFT: units of 50/3 MHz */
#define GEN6_RC_CONTROL		      0xa090
#define   GEN6_RC_CTL_RC6_ENABLE      (1u << 18)
#define CTC_MODE		      0xa26c
#define GEN6_GT_GFX_RC6		      0x138108

/* gt/intel_gt_regs.h and i915_reg.h: interrupts */
#define GEN8_MASTER_IRQ		       0x44200
#define   MASTER_IRQ_CONTROL	       (1u << 31)
#define GEN8_GT_IMR(bank)	       (0x44304 + 0x10 * (bank))
#define GEN8_GT_IIR(bank)	       (0x44308 + 0x10 * (bank))
#define GEN8_GT_IER(bank)	       (0x4430c + 0x10 * (bank))
#define GEN11_GFX_MSTR_IRQ	       0x190010
#define GEN11_GT_INTR_DW(bank)	       (0x190018 + 4 * (bank))
#define GEN11_RENDER_COPY_INTR_ENABLE  0x190030
#define GEN11_VCS_VECS_INTR_ENABLE     0x190034
#define GEN11_INTR_IDENTITY_REG(bank)  (0x190060 + 4 * (bank))
#define   GEN11_INTR_DATA_VALID	       (1u << 31)
#define   GEN11_INTR_ENGINE_CLASS(x)   ((u32)(x) << 16)
#define   GEN11_INTR_ENGINE_INSTANCE(x) ((x) << 20)
#define GEN11_IIR_REG_SELECTOR(bank)   (0x190070 + 4 * (bank))
#define GEN11_RCS0_RSVD_INTR_MASK      0x190090
#define GEN11_BCS_RSVD_INTR_MASK       0x1900a0
#define GEN11_VCS0_VCS1_INTR_MASK      0x1900a8
#define GEN11_VCS2_VCS3_INTR_MASK      0x1900ac
#define GEN11_VECS0_VECS1_INTR_MASK    0x1900d0

/* i915_reg.h: the mailbox of the power controller, and why it throttles */
#define GEN6_PCODE_MAILBOX		      0x138124
#define   GEN6_PCODE_READY		      (1u << 31)
#define   GEN6_PCODE_MB_COMMAND		      0xff
#define   GEN9_PCODE_READ_MEM_LATENCY	      0x06
#define   SKL_PCODE_CDCLK_CONTROL	      0x07
#define   ICL_PCODE_MEM_SUBSYSYSTEM_INFO      0x0d
#define   HSW_PCODE_DYNAMIC_DUTY_CYCLE_CONTROL 0x1a
#define   GEN9_PCODE_SAGV_CONTROL	      0x21
#define GEN6_PCODE_DATA			      0x138128
#define   SKL_CDCLK_READY_FOR_CHANGE	      0x1
#define GT0_PERF_LIMIT_REASONS		      0x1381a8

/* gt/intel_gt_regs.h, Linux 6.2 and later */
#define GEN12_RPSTAT1	   0x1381b4
#define   GEN12_CAGF_SHIFT 11 /* GEN12_CAGF_MASK */

/* intel_mchbar_regs.h */
#define MCHBAR_MIRROR_BASE_SNB 0x140000
#define GEN6_RP_STATE_CAP      (MCHBAR_MIRROR_BASE_SNB + 0x5998)
#define GEN10_FREQ_INFO_REC    (MCHBAR_MIRROR_BASE_SNB + 0x5ef0)

/* gt/uc/intel_guc_reg.h */
#define GUC_STATUS	    0xc000
#define   GS_MIA_IN_RESET   (1u << 0)

/* i915_reg.h: display */
#define SKL_FUSE_STATUS		  0x42000
#define FPGA_DBG		  0x42300
#define GEN8_DE_PIPE_IIR(pipe)	  (0x44408 + 0x10 * (pipe))
#define GEN11_GU_MISC_IIR	  0x444f8
#define DBUF_CTL_S1		  0x44fe8
#define DBUF_CTL_S0		  0x45008
#define   DBUF_POWER_REQUEST	  (1u << 31)
#define   DBUF_POWER_STATE	  (1u << 30)
#define HSW_PWR_WELL_CTL1	  0x45400
#define ICL_PWR_WELL_CTL_AUX1	  0x45440
#define ICL_PWR_WELL_CTL_DDI1	  0x45450
#define LCPLL1_CTL		  0x46010
#define LCPLL2_CTL		  0x46014
#define WRPLL_CTL1		  0x46040
#define WRPLL_CTL2		  0x46060
#define   PLL_ENABLE		  (1u << 31)
#define   PLL_LOCK		  (1u << 30)
#define SKL_DFSM		  0x51000
#define   SKL_DFSM_PIPE_A_DISABLE (1u << 30)
#define   SKL_DFSM_PIPE_B_DISABLE (1u << 21)
#define   SKL_DFSM_PIPE_C_DISABLE (1u << 28)
#define   TGL_DFSM_PIPE_D_DISABLE (1u << 22)
#define DP_AUX_CH_CTL(port)	  (0x64010 + 0x100 * (port))
#define   DP_AUX_CH_CTL_SEND_BUSY (1u << 31)
#define   DP_AUX_CH_CTL_DONE	  (1u << 30)
#define   DP_AUX_CH_CTL_TIME_OUT_ERROR (1u << 28)
#define   DP_AUX_CH_CTL_RECEIVE_ERROR  (1u << 25)
#define EDP_PSR_IIR		  0x64838
#define DPLL_STATUS		  0x6c060
#define SDEIIR			  0xc4008
#define PCH_GMBUS2		  0xc5108 /* display/intel_gmbus_regs.h */
#define   GMBUS_HW_RDY		  (1u << 11)
#define   GMBUS_SATOER		  (1u << 10)
#define   GMBUS_ACTIVE		  (1u << 9)

/* gt/intel_gt_regs.h: registers for workarounds, whose upper half says which bits are written */
#define MASKED_REGISTERS                                                                           \
	0x2088, /* FF_SLICE_CHICKEN */                                                             \
	0x20d4, /* GEN9_CSFE_CHICKEN1_RCS */                                                       \
	0x20d8, /* (PRM: CS_DEBUG_MODE2) */                                                        \
	0x20e0, /* GEN7_FF_SLICE_CS_CHICKEN1 */                                                    \
	0x20e4, /* FF_SLICE_CS_CHICKEN2 */                                                         \
	0x20ec, /* GEN9_CS_DEBUG_MODE1 */                                                          \
	0x2580, /* GEN8_CS_CHICKEN1 */                                                             \
	0x6604, /* FF_MODE2 */                                                                     \
	0x7000, /* CACHE_MODE_0_GEN7 */                                                            \
	0x7004, /* CACHE_MODE_1 */                                                                 \
	0x7010, /* GEN7_COMMON_SLICE_CHICKEN1 */                                                   \
	0x7014, /* COMMON_SLICE_CHICKEN2 */                                                        \
	0x7018, /* HIZ_CHICKEN */                                                                  \
	0x7300, /* HDC_CHICKEN0 */                                                                 \
	0x7304, /* GEN8_HDC_CHICKEN1, GEN11_COMMON_SLICE_CHICKEN3 */                               \
	0x731c, /* SLICE_COMMON_ECO_CHICKEN1 */                                                    \
	0xe100, /* GEN7_HALF_SLICE_CHICKEN1 */                                                     \
	0xe180, /* HALF_SLICE_CHICKEN2 */                                                          \
	0xe184, /* HALF_SLICE_CHICKEN3 */                                                          \
	0xe188, /* GEN9_HALF_SLICE_CHICKEN5 */                                                     \
	0xe18c, /* GEN10_SAMPLER_MODE */                                                           \
	0xe194, /* GEN9_HALF_SLICE_CHICKEN7 */                                                     \
	0xe420, /* GEN10_CACHE_MODE_SS */                                                          \
	0xe4f0, /* GEN8_ROW_CHICKEN */                                                             \
	0xe4f4, /* GEN7_ROW_CHICKEN2 */

#endif
