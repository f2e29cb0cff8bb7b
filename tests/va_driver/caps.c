// SPDX-License-Identifier: Apache-2.0
/* What does this driver offer? Profiles, entry points, configurations and their attributes. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_PROFILES = 16 };

/* What it codes itself; and what it can only answer with recordings or make up. */
static const char own[] = "H264ConstrainedBaseline:vld+slice+slice_lp,"
			  "H264Main:vld+slice+slice_lp,H264High:vld+slice+slice_lp,"
			  "JPEGBaseline:vld+picture,None:videoproc";
static const char others[] = "HEVCMain:vld+slice+slice_lp,HEVCMain10:vld+slice+slice_lp,"
			     "VP9Profile0:vld+slice_lp,AV1Profile0:vld+slice_lp";

static const VAEntrypoint entrypoints[] = { VAEntrypointVLD, VAEntrypointEncSlice,
					    VAEntrypointEncSliceLP, VAEntrypointEncPicture,
					    VAEntrypointVideoProc };

static bool on(struct driver *drv, const char *name, const struct who *who)
{
	return knob_num(drv, name, who, 0) != 0;
}

static bool switched_off(struct driver *drv, VAProfile profile, VAEntrypoint entrypoint)
{
	const struct who who = { .known = true, .profile = profile, .entrypoint = entrypoint };
	const char *lp = knob(drv, "LP", &who);

	if (is_encoder(entrypoint) && on(drv, "NOENC", &who))
		return true;
	if (entrypoint == VAEntrypointVLD && on(drv, "NODEC", &who))
		return true;
	if (entrypoint == VAEntrypointVideoProc && on(drv, "NOVPP", &who))
		return true;
	if (lp && strcmp(lp, "only") == 0 && entrypoint == VAEntrypointEncSlice)
		return true;
	return lp && strcmp(lp, "none") == 0 && entrypoint == VAEntrypointEncSliceLP;
}

/* Does "Profile:a+b" offer this entry point for this profile? */
static bool in_entry(const char *entry, VAProfile profile, VAEntrypoint entrypoint)
{
	char copy[256], *name, *part, *rest = copy;
	VAProfile p;

	snprintf(copy, sizeof(copy), "%s", entry);
	name = strsep(&rest, ":");
	if (!profile_by_name(name, &p) || p != profile)
		return false;
	while ((part = strsep(&rest, "+")))
		if (strcasecmp(part, entrypoint_name(entrypoint)) == 0)
			return true;
	return false;
}

static bool in_list(const char *list, VAProfile profile, VAEntrypoint entrypoint)
{
	char copy[2048], *part, *rest = copy;

	snprintf(copy, sizeof(copy), "%s", list);
	while ((part = strsep(&rest, ",")))
		if (in_entry(part, profile, entrypoint))
			return true;
	return false;
}

bool caps_has(struct driver *drv, VAProfile profile, VAEntrypoint entrypoint)
{
	const char *list = knob(drv, "PROFILES", NULL);
	bool all = list ? strcmp(list, "all") == 0 : knob(drv, "STREAMS", NULL) != NULL;

	if (switched_off(drv, profile, entrypoint))
		return false;
	if (list && !all)
		return in_list(list, profile, entrypoint);
	return in_list(own, profile, entrypoint) || (all && in_list(others, profile, entrypoint));
}

static int list_entrypoints(struct driver *drv, VAProfile profile, VAEntrypoint *ret)
{
	size_t i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(entrypoints); i++) {
		if (!caps_has(drv, profile, entrypoints[i]))
			continue;
		if (ret)
			ret[n] = entrypoints[i];
		n++;
	}
	return n;
}

static VAStatus query_profiles(VADriverContextP va, VAProfile *list, int *num)
{
	static const VAProfile order[] = { VAProfileNone,
					   VAProfileH264Main,
					   VAProfileH264High,
					   VAProfileJPEGBaseline,
					   VAProfileH264ConstrainedBaseline,
					   VAProfileHEVCMain,
					   VAProfileHEVCMain10,
					   VAProfileVP9Profile0,
					   VAProfileAV1Profile0 };
	struct driver *drv = driver_of(va);
	VAStatus st = gate(drv, "QueryConfigProfiles", NULL);
	size_t i;

	*num = 0;
	if (st != VA_STATUS_SUCCESS)
		return st;
	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (list_entrypoints(drv, order[i], NULL) > 0)
			list[(*num)++] = order[i];
	return VA_STATUS_SUCCESS;
}

static VAStatus query_entrypoints(VADriverContextP va, VAProfile profile, VAEntrypoint *list,
				  int *num)
{
	struct driver *drv = driver_of(va);
	const struct who who = { .known = true, .profile = profile };
	VAStatus st = gate(drv, "QueryConfigEntrypoints", &who);

	*num = 0;
	if (st != VA_STATUS_SUCCESS)
		return st;
	*num = list_entrypoints(drv, profile, list);
	return *num > 0 ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
}

uint32_t caps_rt_formats(VAProfile profile, VAEntrypoint entrypoint)
{
	if (entrypoint == VAEntrypointVideoProc)
		return VA_RT_FORMAT_YUV420 | VA_RT_FORMAT_YUV420_10;
	return profile == VAProfileHEVCMain10 ? VA_RT_FORMAT_YUV420_10 : VA_RT_FORMAT_YUV420;
}

/* Those that iHD reports. */
void caps_min_size(VAProfile profile, int *w, int *h)
{
	const char *codec = codec_name(profile, VAEntrypointVLD);

	*w = *h = 32;
	if (strcmp(codec, "hevc") == 0)
		*w = *h = 128;
	else if (strcmp(codec, "vp9") == 0)
		*w = 128, *h = 96;
	else if (strcmp(codec, "jpeg") == 0 || strcmp(codec, "vpp") == 0)
		*w = *h = 16;
}

static uint32_t jpeg_attribute(VAConfigAttribType type)
{
	VAConfigAttribValEncJPEG v = { .bits = { .non_interleaved_mode = 1,
						 .max_num_components = 3,
						 .max_num_scans = 1,
						 .max_num_huffman_tables = 2,
						 .max_num_quantization_tables = 2 } };

	if (type == VAConfigAttribEncJPEG)
		return v.value;
	return type == VAConfigAttribEncPackedHeaders ? VA_ENC_PACKED_HEADER_RAW_DATA
						      : VA_ATTRIB_NOT_SUPPORTED;
}

uint32_t caps_hevc(struct driver *drv, const struct who *who, VAConfigAttribType type)
{
	VAConfigAttribValEncHEVCFeatures f = { .bits = { .amp = 1,
							 .temporal_mvp = 1,
							 .cu_qp_delta = 1,
							 .deblocking_filter_disable = 1 } };
	VAConfigAttribValEncHEVCBlockSizes b = {
		.bits = { .log2_max_coding_tree_block_size_minus3 = 2,
			  .log2_min_coding_tree_block_size_minus3 = 2,
			  .log2_max_luma_transform_block_size_minus2 = 3,
			  .max_max_transform_hierarchy_depth_inter = 2,
			  .max_max_transform_hierarchy_depth_intra = 2 }
	};

	if (type == VAConfigAttribEncHEVCFeatures)
		return (uint32_t)knob_num(drv, "HEVC_FEATURES", who, (long)f.value);
	if (type == VAConfigAttribEncHEVCBlockSizes)
		return (uint32_t)knob_num(drv, "HEVC_BLOCKS", who, (long)b.value);
	return VA_ATTRIB_NOT_SUPPORTED;
}

static uint32_t av1_attribute(struct driver *drv, const struct who *who, VAConfigAttribType type)
{
	VAConfigAttribValEncAV1 v = { .value = 0 };
	VAConfigAttribValEncAV1Ext1 e1 = { .bits = { .interpolation_filter = 0x1f } };
	/* What iHD 23.1.1 reports for an A770. */
	VAConfigAttribValEncAV1Ext2 e2 = { .bits = { .tile_size_bytes_minus1 = 3,
						     .obu_size_bytes_minus1 = 3,
						     .tx_mode_support = 2,
						     .max_tile_num_minus1 = 511 } };

	switch (type) {
	case VAConfigAttribEncAV1:
		return v.value;
	case VAConfigAttribEncAV1Ext1:
		return e1.value;
	case VAConfigAttribEncAV1Ext2:
		return (uint32_t)knob_num(drv, "AV1_EXT2", who, (long)e2.value);
	default:
		return VA_ATTRIB_NOT_SUPPORTED;
	}
}

static uint32_t encoder_attribute(struct driver *drv, const struct who *who,
				  VAConfigAttribType type)
{
	const char *codec = codec_name(who->profile, who->entrypoint);
	bool jpeg = strcmp(codec, "jpeg") == 0;
	uint32_t value = VA_ATTRIB_NOT_SUPPORTED;

	switch (type) {
	case VAConfigAttribRateControl:
		if (!jpeg)
			value = VA_RC_CQP | VA_RC_CBR | VA_RC_VBR;
		return (uint32_t)knob_num(drv, "RC", who, (long)value);
	case VAConfigAttribEncPackedHeaders:
		value = jpeg || strcmp(codec, "vp9") == 0 ? VA_ENC_PACKED_HEADER_RAW_DATA : 0x1f;
		return (uint32_t)knob_num(drv, "PACKED", who, (long)value);
	case VAConfigAttribEncMaxRefFrames:
		return jpeg ? VA_ATTRIB_NOT_SUPPORTED : 1 | 1 << 16;
	case VAConfigAttribEncMaxSlices:
		return strcmp(codec, "h264") == 0 ? 64 : 1;
	case VAConfigAttribEncSliceStructure:
		return strcmp(codec, "h264") == 0 ? VA_ENC_SLICE_STRUCTURE_ARBITRARY_ROWS
						  : VA_ATTRIB_NOT_SUPPORTED;
	case VAConfigAttribEncQualityRange:
		return jpeg ? VA_ATTRIB_NOT_SUPPORTED : 7;
	default:
		break;
	}
	if (jpeg)
		return jpeg_attribute(type);
	if (strcmp(codec, "hevc") == 0)
		return caps_hevc(drv, who, type);
	return strcmp(codec, "av1") == 0 ? av1_attribute(drv, who, type) : value;
}

static uint32_t attribute(struct driver *drv, const struct who *who, VAConfigAttribType type)
{
	switch (type) {
	case VAConfigAttribRTFormat:
		return caps_rt_formats(who->profile, who->entrypoint);
	case VAConfigAttribMaxPictureWidth:
	case VAConfigAttribMaxPictureHeight:
		return strcmp(codec_name(who->profile, who->entrypoint), "h264") == 0 ? 4096 : 8192;
	case VAConfigAttribDecSliceMode:
		return who->entrypoint == VAEntrypointVLD ? VA_DEC_SLICE_MODE_NORMAL
							  : VA_ATTRIB_NOT_SUPPORTED;
	default:
		return is_encoder(who->entrypoint) ? encoder_attribute(drv, who, type)
						   : VA_ATTRIB_NOT_SUPPORTED;
	}
}

static VAStatus find(struct driver *drv, VAProfile profile, VAEntrypoint entrypoint)
{
	if (caps_has(drv, profile, entrypoint))
		return VA_STATUS_SUCCESS;
	return list_entrypoints(drv, profile, NULL) > 0 ? VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT
							: VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
}

static VAStatus get_attributes(VADriverContextP va, VAProfile profile, VAEntrypoint entrypoint,
			       VAConfigAttrib *list, int num)
{
	struct driver *drv = driver_of(va);
	const struct who who = { .known = true, .profile = profile, .entrypoint = entrypoint };
	VAStatus st = gate(drv, "GetConfigAttributes", &who);
	int i;

	if (st == VA_STATUS_SUCCESS)
		st = find(drv, profile, entrypoint);
	if (st != VA_STATUS_SUCCESS)
		return st;
	for (i = 0; i < num; i++)
		list[i].value = attribute(drv, &who, list[i].type);
	return VA_STATUS_SUCCESS;
}

/* Strict, as some drivers are: an attribute that was not reported, or a bit of it, is an error. */
static VAStatus create_config(VADriverContextP va, VAProfile profile, VAEntrypoint entrypoint,
			      VAConfigAttrib *list, int num, VAConfigID *id)
{
	struct driver *drv = driver_of(va);
	const struct who who = { .known = true, .profile = profile, .entrypoint = entrypoint };
	struct config *config;
	uint32_t rt_format = caps_rt_formats(profile, entrypoint);
	VAStatus st = gate(drv, "CreateConfig", &who);
	int i;

	if (st == VA_STATUS_SUCCESS)
		st = find(drv, profile, entrypoint);
	if (st != VA_STATUS_SUCCESS)
		return st;
	for (i = 0; i < num; i++) {
		uint32_t offered = attribute(drv, &who, list[i].type);

		if (offered == VA_ATTRIB_NOT_SUPPORTED)
			return VA_STATUS_ERROR_ATTR_NOT_SUPPORTED;
		if (list[i].type == VAConfigAttribRTFormat) {
			rt_format = list[i].value & offered;
			if (rt_format == 0)
				return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
		} else if ((list[i].type == VAConfigAttribRateControl ||
			    list[i].type == VAConfigAttribEncPackedHeaders) &&
			   (list[i].value & ~offered)) {
			return VA_STATUS_ERROR_INVALID_VALUE;
		}
	}
	config = xalloc(sizeof(*config));
	*config = (struct config){ profile, entrypoint, rt_format };
	*id = object_add(drv, KIND_CONFIG, config);
	return VA_STATUS_SUCCESS;
}

static VAStatus destroy_config(VADriverContextP va, VAConfigID id)
{
	struct driver *drv = driver_of(va);
	VAStatus st = gate(drv, "DestroyConfig", NULL);
	struct config *config = object_del(drv, KIND_CONFIG, id);

	free(config);
	return st != VA_STATUS_SUCCESS || config ? st : VA_STATUS_ERROR_INVALID_CONFIG;
}

static VAStatus query_config(VADriverContextP va, VAConfigID id, VAProfile *profile,
			     VAEntrypoint *entrypoint, VAConfigAttrib *list, int *num)
{
	struct driver *drv = driver_of(va);
	VAStatus st = gate(drv, "QueryConfigAttributes", NULL);
	const struct config *config = object_get(drv, KIND_CONFIG, id);

	if (st != VA_STATUS_SUCCESS)
		return st;
	if (!config)
		return VA_STATUS_ERROR_INVALID_CONFIG;
	*profile = config->profile;
	*entrypoint = config->entrypoint;
	list[0].type = VAConfigAttribRTFormat;
	list[0].value = config->rt_format;
	*num = 1;
	return VA_STATUS_SUCCESS;
}

void caps_fill(VADriverContextP va)
{
	struct VADriverVTable *v = va->vtable;

	va->max_profiles = MAX_PROFILES;
	va->max_entrypoints = (int)ARRAY_SIZE(entrypoints);
	va->max_attributes = VAConfigAttribTypeMax;
	v->vaQueryConfigProfiles = query_profiles;
	v->vaQueryConfigEntrypoints = query_entrypoints;
	v->vaGetConfigAttributes = get_attributes;
	v->vaCreateConfig = create_config;
	v->vaDestroyConfig = destroy_config;
	v->vaQueryConfigAttributes = query_config;
}
