/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One way to read an attribute of a GPU in sysfs, a number: what it is called, what a read does and
 * how the text is written is a row of a table; the file stays open, and closes with the GPU.
 */
#ifndef COLLECTORS_ATTRIBUTE_H
#define COLLECTORS_ATTRIBUTE_H

#include "collectors/collector.h"

struct attribute {
	const char *name; /* NULL: there is none */
	bool wakes;	  /* the read takes a runtime-PM reference */
	bool constant;	  /* as long as the driver is bound: read once */
	/* 0, -ENODATA for a text that says nothing, -EINVAL; NULL: text_parse_u64() */
	int (*parse)(const char *text, size_t len, uint64_t *ret);
};

struct attribute_file {
	int fd;	    /* -1: not open */
	bool known; /* of a constant: */
	uint64_t value;
	uint64_t missing; /* it was not there when fs_changes() was this */
};

#define ATTRIBUTE_CLOSED                                                                           \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * Reads it below dir, which ends where the name begins. 1 and *ret; 0 when it is not there, or
 * would wake a GPU that is suspended; -errno with the collect's fault added to. Absent are missing,
 * empty and unsupported ones (-ENODEV, and -EINVAL of a device without such a register).
 */
int attribute_read(const struct collection *collection, const struct attribute *attribute,
		   struct attribute_file *file, const char *dir, bool suspended, uint64_t *ret);

void attributes_close(struct attribute_file *files, size_t n);

#endif
