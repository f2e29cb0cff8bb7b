// SPDX-License-Identifier: Apache-2.0
/* Profiles and entry points by name, as va.h of libva 2.17 knows them and vainfo prints them. */
#include "common.h"

#include <stddef.h>
#include <string.h>

#define YUV8  VA_RT_FORMAT_YUV420, VA_FOURCC_NV12
#define YUV10 VA_RT_FORMAT_YUV420_10, VA_FOURCC_P010
#define P(name, codec, format)                                                                     \
	{                                                                                          \
		VAProfile##name, #name, codec, format                                              \
	}

static const struct profile profiles[] = {
	P(H264ConstrainedBaseline, "h264", YUV8),
	P(H264Main, "h264", YUV8),
	P(H264High, "h264", YUV8),
	P(JPEGBaseline, "jpeg", YUV8),
	P(None, NULL, YUV8),
	P(MPEG2Simple, NULL, YUV8),
	P(MPEG2Main, NULL, YUV8),
	P(MPEG4Simple, NULL, YUV8),
	P(MPEG4AdvancedSimple, NULL, YUV8),
	P(MPEG4Main, NULL, YUV8),
	P(H264MultiviewHigh, NULL, YUV8),
	P(H264StereoHigh, NULL, YUV8),
	P(VC1Simple, NULL, YUV8),
	P(VC1Main, NULL, YUV8),
	P(VC1Advanced, NULL, YUV8),
	P(H263Baseline, NULL, YUV8),
	P(VP8Version0_3, NULL, YUV8),
	P(HEVCMain, "hevc", YUV8),
	P(HEVCMain10, "hevc", YUV10),
	P(HEVCMain12, NULL, YUV8),
	P(HEVCMain422_10, NULL, YUV8),
	P(HEVCMain422_12, NULL, YUV8),
	P(HEVCMain444, NULL, YUV8),
	P(HEVCMain444_10, NULL, YUV8),
	P(HEVCMain444_12, NULL, YUV8),
	P(HEVCSccMain, NULL, YUV8),
	P(HEVCSccMain10, NULL, YUV8),
	P(HEVCSccMain444, NULL, YUV8),
	P(HEVCSccMain444_10, NULL, YUV8),
	P(VP9Profile0, "vp9", YUV8),
	P(VP9Profile1, NULL, YUV8),
	P(VP9Profile2, NULL, YUV10),
	P(VP9Profile3, NULL, YUV8),
	P(AV1Profile0, "av1", YUV8),
	P(AV1Profile1, NULL, YUV8),
	P(Protected, NULL, YUV8),
};

static const struct {
	VAEntrypoint entrypoint;
	const char *name;
	bool encodes;
} entrypoints[] = {
	{ VAEntrypointVLD, "VLD", false },
	{ VAEntrypointIZZ, "IZZ", false },
	{ VAEntrypointIDCT, "IDCT", false },
	{ VAEntrypointMoComp, "MoComp", false },
	{ VAEntrypointDeblocking, "Deblocking", false },
	{ VAEntrypointEncSlice, "EncSlice", true },
	{ VAEntrypointEncPicture, "EncPicture", true },
	{ VAEntrypointEncSliceLP, "EncSliceLP", true },
	{ VAEntrypointVideoProc, "VideoProc", false },
	{ VAEntrypointFEI, "FEI", false },
	{ VAEntrypointStats, "Stats", false },
	{ VAEntrypointProtectedTEEComm, "ProtectedTEEComm", false },
	{ VAEntrypointProtectedContent, "ProtectedContent", false },
};

const struct profile *profile_find(VAProfile profile)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (profiles[i].profile == profile)
			return &profiles[i];
	return NULL;
}

const struct profile *profile_find_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

const char *entrypoint_name(VAEntrypoint entrypoint)
{
	for (size_t i = 0; i < ARRAY_SIZE(entrypoints); i++)
		if (entrypoints[i].entrypoint == entrypoint)
			return entrypoints[i].name;
	return NULL;
}

bool entrypoint_find(const char *name, VAEntrypoint *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(entrypoints); i++) {
		if (strcmp(entrypoints[i].name, name) == 0) {
			*ret = entrypoints[i].entrypoint;
			return true;
		}
	}
	return false;
}

bool entrypoint_encodes(VAEntrypoint entrypoint)
{
	for (size_t i = 0; i < ARRAY_SIZE(entrypoints); i++)
		if (entrypoints[i].entrypoint == entrypoint)
			return entrypoints[i].encodes;
	return false;
}
