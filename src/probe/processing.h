/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations of video processing share. The result is always NV12. */
#ifndef PROBE_PROCESSING_H
#define PROBE_PROCESSING_H

#include "probe.h"

#include <va/va_vpp.h>

#define PROCESSING_SIZE 256 /* of the input, each way */

struct processing {
	const struct device *device;
	VAContextID context;
	struct buffers filters;
	VAProcPipelineParameterBuffer pipeline;
};

struct operation {
	const char *name;
	unsigned rt_format; /* of the input */
	uint32_t fourcc;
	unsigned size; /* of the result, each way */
	void (*draw)(struct picture *input);
	/* Filters and colours of the pipeline. False where the driver does not offer them. */
	bool (*prepare)(struct processing *p, struct va_outcome *outcome);
	bool (*judge)(const struct picture *input, const struct picture *result,
		      struct va_outcome *outcome);
};
extern const struct operation tonemap_operation;

#endif
