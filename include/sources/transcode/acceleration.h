/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a transcoder use the GPU or the CPU? A judgement over at least 10 s of wall time, whatever
 * the times of the scans.
 */
#ifndef SOURCES_TRANSCODE_ACCELERATION_H
#define SOURCES_TRANSCODE_ACCELERATION_H

#include "sources/transcode/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum acceleration {
	ACCELERATION_HARDWARE, /* video engine time, and at most half a core */
	ACCELERATION_MIXED,    /* GPU time, and an encoder of the CPU or more than half a core */
	ACCELERATION_SOFTWARE, /* CPU time without GPU time, and evidence that it codes video */
	ACCELERATION_IDLE,     /* neither, or a copy */
	ACCELERATION_UNKNOWN,
	ACCELERATIONS,
};

/* The label `acceleration`. */
const char *acceleration_name(enum acceleration acceleration);

/* Totals of a process at a time. */
struct acceleration_sample {
	uint64_t at; /* monotonic */
	uint64_t cpu_ns;
	uint64_t video_ns; /* of the classes video and video-enhance */
	uint64_t other_ns; /* of the others */
	bool gpu_known;	   /* the GPU's times were there to be read */
};

/* At one sample a second they reach back 10 s, and more where scans are rarer. */
#define ACCELERATION_SAMPLES 12

struct acceleration_history {
	struct acceleration_sample samples[ACCELERATION_SAMPLES]; /* oldest first */
	size_t n;
};

/* Takes a sample that is no less than a second after the last one; else it is not needed. */
void acceleration_add(struct acceleration_history *history,
		      const struct acceleration_sample *sample);

/*
 * Judges what has been between now and the youngest sample that is at least 10 s older. coding:
 * what the process's command line is evidence of. False when no sample is old enough.
 */
bool acceleration_judge(const struct acceleration_history *history,
			const struct acceleration_sample *now, enum coding coding,
			enum acceleration *ret);

#endif
