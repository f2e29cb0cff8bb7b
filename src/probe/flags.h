/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe's command line says. */
#ifndef PROBE_FLAGS_H
#define PROBE_FLAGS_H

#include "probe.h"

struct flags {
	const char *path, *codec;      /* NULL: every codec */
	const char *operation;	       /* the only test, or NULL */
	const struct profile *profile; /* NULL: every profile */
	VAEntrypoint entrypoint;
	bool has_entrypoint, list, porcelain;
	unsigned width, height;
	int parent; /* process that must still be there, 0 = any */
};

/* Is it said which encoders are tested? */
bool flags_select_encoders(const struct flags *flags);
/* Parses argv, or prints help, the version or one clear error and exits. */
void flags_parse(struct flags *flags, int argc, char **argv);

/* product.c: prints the name of an Intel device by its id (hexadecimal). Returns an exit status. */
int product_print_name(const char *device_id);

#endif
