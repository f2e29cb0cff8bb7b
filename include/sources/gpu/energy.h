/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joules that a sensor has counted since it was read first, from raw values that wrap, jump by a
 * whole wrap, or fail as 0.
 *
 * i915's and xe's hwmon extend a register of 32 bits by what it has grown at each read
 * (hwm_energy() in drivers/gpu/drm/i915/i915_hwmon.c, xe_hwmon_energy_get() in
 * drivers/gpu/drm/xe/xe_hwmon.c). A register that restarts, because the card was in D3cold or the
 * machine in S3, is taken for one that has wrapped: up to 262144 J that nobody has used. What was
 * added since the driver was loaded is the register's value modulo the wrap, so such a jump is
 * seen: it passes a multiple of the wrap, and the card was suspended in between.
 */
#ifndef SOURCES_GPU_ENERGY_H
#define SOURCES_GPU_ENERGY_H

#include <stdbool.h>
#include <stdint.h>

/* 2^32 units of 2^-14 J, in uJ. */
#define ENERGY_HWMON_WRAP UINT64_C(262144000000)

/* Zeroed before the first value. */
struct energy {
	uint64_t raw;	/* uJ, the last accepted value */
	uint64_t at;	/* of that value, monotonic ns */
	uint64_t total; /* uJ since the first value */
	bool known;	/* there was one */
	bool held;	/* the last value was below raw */
};

/* What happened since the last value. */
enum energy_gap {
	ENERGY_RAN,
	ENERGY_SUSPENDED,   /* the device slept, maybe in D3cold */
	ENERGY_POWERED_OFF, /* the machine slept: every register has restarted */
};

/*
 * One more value of hwmon. 0 is what a read of the card's telemetry that failed gives, and what a
 * sensor that does not work gives always: it is no value.
 */
void energy_add(struct energy *energy, uint64_t uj, uint64_t at, enum energy_gap gap);

/* One more value of a counter that restarts at 0 after range (powercap's max_energy_range_uj). */
void energy_add_wrapping(struct energy *energy, uint64_t uj, uint64_t range, uint64_t at,
			 enum energy_gap gap);

#endif
