/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be set: SETTING(name, default). Before the guest starts by an argument of -plugin, for
 * all GPUs; while it runs by gpu_set, for one. The order is that of the dwords in BAR 4. The first
 * five are used at the start only.
 */
#ifndef SILICON_SETTINGS_H
#define SILICON_SETTINGS_H

#define SETTINGS(SETTING)                                                                          \
	SETTING(aperture_mb, 512)                                                                  \
	SETTING(display, 0)    /* 1: pipes, with nothing connected; GVT-g needs them */            \
	SETTING(rp0_mhz, 1150) /* the limits of the clock */                                       \
	SETTING(rp1_mhz, 350)                                                                      \
	SETTING(rpn_mhz, 350)                                                                      \
	SETTING(act_mhz, 0)   /* the clock that is reached; 0: as requested */                     \
	SETTING(batch_us, 20) /* what every batch takes at least */                                \
	SETTING(throttle, 0)  /* GT0_PERF_LIMIT_REASONS */                                         \
	SETTING(dead, 0)      /* mask of engines, in order, that execute nothing */                \
	SETTING(no_reset, 0)  /* 1: resets are not acknowledged, and i915 wedges the GPU */        \
	SETTING(gone, 0)      /* 1: all registers read ones, as of a device off the bus */         \
	SETTING(trace, 0)     /* to QEMU's standard error: 1 submissions, 2 commands, 4 registers */

#endif
