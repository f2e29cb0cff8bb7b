// SPDX-License-Identifier: Apache-2.0
/* The codecs that can be tested: a new one is its file and a line here. */
#include "probe.h"

#include <string.h>

#define CODECS(X) X(h264) X(hevc) X(vp9) X(av1) X(jpeg)

#define DECLARE(name) extern const struct codec name##_codec;
#define REFER(name)   &name##_codec,

CODECS(DECLARE)

const struct codec *const codecs[] = { CODECS(REFER) NULL };

const struct codec *codec_find(const char *name)
{
	for (size_t i = 0; name && codecs[i]; i++)
		if (strcmp(codecs[i]->name, name) == 0)
			return codecs[i];
	return NULL;
}
