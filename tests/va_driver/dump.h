/* SPDX-License-Identifier: Apache-2.0 */
/* How a field of a parameter buffer is written: its name as in libva's header, and its value. */
#ifndef DUMP_H
#define DUMP_H

#include "fake.h"

#define SHOW(f, p, field) fprintf(f, "\t%s=%lld\n", #field, (long long)(p)->field)

#define SHOW_ARRAY(f, p, field)                                                                    \
	do {                                                                                       \
		size_t i_;                                                                         \
                                                                                                   \
		fprintf(f, "\t%s=", #field);                                                       \
		for (i_ = 0; i_ < ARRAY_SIZE((p)->field); i_++)                                    \
			fprintf(f, "%s%lld", i_ ? " " : "", (long long)(p)->field[i_]);            \
		fputc('\n', f);                                                                    \
	} while (0)

#define SHOW_PICTURE(f, p, field)                                                                  \
	fprintf(f, "\t%s.valid=%d\n\t%s.flags=%lld\n", #field,                                     \
		(p)->field.picture_id != VA_INVALID_SURFACE, #field, (long long)(p)->field.flags)

/* How many of the references are surfaces, and the flags of the first. */
#define SHOW_PICTURES(f, p, field)                                                                 \
	do {                                                                                       \
		size_t i_, n_ = 0;                                                                 \
                                                                                                   \
		for (i_ = 0; i_ < ARRAY_SIZE((p)->field); i_++)                                    \
			n_ += (p)->field[i_].picture_id != VA_INVALID_SURFACE;                     \
		fprintf(f, "\t%s.valid=%zu\n\t%s[0].flags=%lld\n", #field, n_, #field,             \
			(long long)(p)->field[0].flags);                                           \
	} while (0)

#endif
