/* SPDX-License-Identifier: Apache-2.0 */
/* From a PCI device id to the graphics platform: never from the CPU's model name. */
#ifndef SOURCES_GPU_PLATFORM_H
#define SOURCES_GPU_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

/* What silicon may be able to do: bits, in the order of capability_name(). */
enum capability {
	CAN_GVT = 1 << 0,
	CAN_SRIOV = 1 << 1,
	CAN_DECODE_H264 = 1 << 2,
	CAN_ENCODE_H264 = 1 << 3,
	CAN_DECODE_HEVC = 1 << 4,
	CAN_ENCODE_HEVC = 1 << 5,
	CAN_DECODE_HEVC_10BIT = 1 << 6,
	CAN_ENCODE_HEVC_10BIT = 1 << 7,
	CAN_DECODE_VP9 = 1 << 8,
	CAN_ENCODE_VP9 = 1 << 9,
	CAN_DECODE_VP9_10BIT = 1 << 10,
	CAN_DECODE_AV1 = 1 << 11,
	CAN_ENCODE_AV1 = 1 << 12,
	CAN_DECODE_JPEG = 1 << 13,
	CAN_ENCODE_JPEG = 1 << 14,
	CAN_ENCODE_LOW_POWER = 1 << 15,		 /* VDEnc */
	CAN_ENCODE_LOW_POWER_WITH_HUC = 1 << 16, /* a bit rate there needs the HuC firmware */
	CAN_ENCODE_WITH_SHADERS = 1 << 17,	 /* with media-driver's non-free kernels only */
	CAN_MAP_TONES = 1 << 18,		 /* HDR10 to SDR by VA-API */
	CAN_WHAT_IS_NOT_KNOWN = 1 << 30,	 /* too new: nothing is said of it */
};

struct platform {
	const char *name;	/* "Coffee Lake" */
	const char *generation; /* graphics generation: "9", "12.7", "xe2" */
	bool discrete;
	unsigned capabilities; /* of enum capability */
};

/* The name of a bit's number ("av1_encode"), or NULL after the last. */
const char *capability_name(unsigned bit);

/* The platform of an Intel display device (vendor 0x8086), or NULL for an id not in the table. */
const struct platform *platform_find(uint16_t device_id);

#endif
