/* SPDX-License-Identifier: Apache-2.0 */
/* Values of flags. What is wrong ends the process with one line that names the flag. */
#ifndef OPTION_VALUES_H
#define OPTION_VALUES_H

#include "sources/gpu/pmu.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* --FLAG: "VALUE" is not WANTED */
void option_fail(struct argp_state *state, const char *flag, const char *value, const char *wanted);

struct option_duration {
	const char *flag;
	uint64_t min, max; /* ns */
	const char *wanted;
};

/* Says with which unit a number without one would be right. */
void option_duration(struct argp_state *state, const struct option_duration *duration,
		     const char *arg, uint64_t *ret_ns);

void option_telemetry_path(struct argp_state *state, const char *arg);

/* A text for the head of the page. */
const char *option_notice(struct argp_state *state, const char *arg);

unsigned option_number(struct argp_state *state, const char *flag, const char *arg, unsigned min,
		       unsigned max);

/* "on", "off", "auto" */
bool option_xe_mode(const char *text, enum pmu_xe_mode *ret);

/* A list of encoders as bits. */
bool option_codecs(const char *text, unsigned *ret);

#endif
