/* SPDX-License-Identifier: Apache-2.0 */
/* The tests that the probe runs, and what it says of them; what they are made of is in base/. */
#ifndef PROBE_H
#define PROBE_H

#include "probe/base/common.h"

/* codecs.c */
extern const struct codec *const codecs[];
const struct codec *codec_find(const char *name);

/* encode.c: one encode test, with the decode back. */
void encode_test(const struct device *device, const struct test *test, struct va_outcome *outcome);

/* processing.c: one operation of video processing, always on a picture of 256x256. */
const char *operation_name(size_t i); /* NULL behind the last */
void processing_test(const struct device *device, const char *operation,
		     struct va_outcome *outcome);

/* sandbox.c: gives up everything that a test does not need, before libva is touched. */
bool sandbox_enter(const char *device, int parent, struct va_outcome *outcome);

/* report.c: to people, or to the exporter. */
void report_list(const struct device *device, bool porcelain, FILE *out);
void report_outcome(const struct va_outcome *outcome, const char *what, bool porcelain, FILE *out);

#endif
