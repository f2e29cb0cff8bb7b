/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One child of intel_gpu_probe: its request and its result. VA drivers were seen to
 * crash, abort and block, so whatever a child does is a result, and never an error of ours.
 */
#ifndef SOURCES_VAAPI_VA_CHILD_H
#define SOURCES_VAAPI_VA_CHILD_H

#include "sources/vaapi/va_result.h"

#include <stdint.h>
#include <sys/types.h>

struct va_program {
	char path[512]; /* of intel_gpu_probe */
	uint64_t timeout_ns;
};

/* intel_gpu_probe beside the running program. 0 or -errno. */
int va_program_find(struct va_program *program);

/* What to do; empty fields are left out. */
struct va_request {
	char node[64];	    /* "/dev/dri/renderD128" */
	bool list;	    /* the driver's capabilities */
	char operation[16]; /* a test of video processing: "scale", "tonemap" */
	char profile[VA_NAME_MAX], entrypoint[VA_NAME_MAX], size[16]; /* a test of an encoder */
};

struct va_run {
	struct va_outcome outcome;
	uint64_t ns; /* 0: the outcome was known without a child */
	pid_t stuck; /* a child that does not die, or 0: subprocess_is_gone() reaps it */
};

/*
 * Runs one child and waits for it, at most for the program's timeout and a second. capabilities
 * may be NULL. 0, or -errno when the program cannot be started at all.
 */
int va_child_run(const struct va_program *program, const struct va_request *request,
		 struct va_capabilities *ret_capabilities, struct va_run *ret);

/*
 * Is a VA driver for Intel GPUs installed where libva searches? An exporter for a host without
 * one should not say that encoding is broken.
 */
bool va_driver_is_installed(void);

#endif
