// SPDX-License-Identifier: Apache-2.0
/*
 * GStreamer: a pipeline of elements, whose names say what they do. The line may have it word by
 * word or as one. HandBrake: which encoder.
 */
#include "sources/transcode/command.h"

#include "sources/transcode/words.h"

#include <string.h>

/* Real pipelines have some hundred words. */
#define WORDS_MAX 4096

/* Elements of sound whose names look like those of video. */
static const char sound[] =
	"opusenc opusdec vorbisenc vorbisdec flacenc flacdec lamemp3enc twolamemp2enc mpg123audiodec "
	"fdkaacenc fdkaacdec voaacenc faac faad avenc_aac avenc_ac3 avenc_eac3 avenc_mp2 avenc_alac "
	"avenc_flac avdec_aac avdec_aac_fixed avdec_aac_latm avdec_ac3 avdec_eac3 avdec_dca avdec_mp3 "
	"avdec_mp2float avdec_truehd avdec_alac avdec_flac avdec_opus a52dec dtsdec mad wavenc wavpackenc "
	"wavpackdec speexenc speexdec mulawenc mulawdec alawenc alawdec adpcmenc adpcmdec amrnbenc "
	"amrnbdec amrwbdec sbcenc sbcdec ldacenc lc3enc lc3dec siddec gsmenc gsmdec voamrwbenc "
	"audioconvert audioresample";

/* Which streams these have depends on what they are given. */
static const char either[] = "decodebin decodebin3 uridecodebin uridecodebin3 playbin playbin3 "
			     "parsebin transcodebin uritranscodebin encodebin encodebin2";

static const char software[] =
	"x264enc x265enc x262enc svtav1enc svthevcenc svtvp9enc svtjpegxsenc av1enc rav1enc aom vp8enc "
	"vp9enc openh264enc theoraenc theoradec jpegenc pngenc webpenc gifenc mpeg2enc xvidenc schroenc "
	"avenc_mpeg1video avenc_mpeg2video avenc_mpeg4 avenc_mjpeg avenc_h263 avenc_h263p avenc_flv "
	"avenc_ffv1 avenc_huffyuv avenc_dnxhd avenc_prores avenc_prores_ks avenc_prores_aw avenc_wmv1 "
	"avenc_wmv2 avenc_msmpeg4 avenc_msmpeg4v2 avenc_dvvideo avenc_gif avenc_png avenc_cfhd "
	"avenc_snow avenc_svq1 avenc_ljpeg avenc_jpegls avenc_jpeg2000 openjpegenc vvenc kvazaarenc";

static const char *const hardware[] = {
	"va",  "vaapi",	 "qsv",	   "msdk", "nv",  "cuda", "amf", "v4l2",
	"omx", "vulkan", "vtenc_", "mpp",  "mfx", "d3d",  "imx", "rkmpp",
};

static bool is_hardware(struct text_part name)
{
	for (size_t i = 0; i < sizeof(hardware) / sizeof(*hardware); i++)
		if (text_part_starts(name, hardware[i]))
			return true;
	return false;
}

/* What one element says; false: nothing. */
static bool element(struct text_part name, enum coding *ret)
{
	bool encodes = word_ends(name, "enc") || text_part_starts(name, "avenc_") ||
		       text_part_starts(name, "vtenc_");
	bool decodes = word_ends(name, "dec") || text_part_starts(name, "avdec_") ||
		       text_part_starts(name, "vtdec");

	*ret = CODING_VIDEO;
	if (word_listed(name, sound))
		return false;
	if (word_listed(name, either))
		*ret = CODING_UNKNOWN;
	else if (word_listed(name, software))
		*ret = CODING_SOFTWARE;
	else if (encodes && is_hardware(name))
		*ret = CODING_HARDWARE;
	else if (text_part_starts(name, "avdec_"))
		*ret = CODING_VIDEO;
	else if (encodes || decodes)
		*ret = is_hardware(name) || text_part_starts(name, "vp") ||
				       text_part_starts(name, "jpeg") ||
				       text_part_starts(name, "png") ||
				       text_part_starts(name, "openh264") ||
				       text_part_starts(name, "libde265") ||
				       text_part_starts(name, "dav1d") ||
				       text_part_starts(name, "av1") ||
				       text_part_starts(name, "mpeg2")
			       ? CODING_VIDEO
			       : CODING_UNKNOWN;
	else
		return (text_part_starts(name, "video") && name.len > strlen("video")) ||
		       word_listed(name,
				   "vapostproc vacompositor vadeinterlace vaapipostproc "
				   "vaapisink msdkvpp qsvvpp compositor glvideomixer "
				   "timeoverlay clockoverlay textoverlay deinterlace ximagesrc "
				   "waylandsink xvimagesink ximagesink autovideosink");
	return true;
}

enum coding gstreamer_coding(const char *cmdline, size_t len)
{
	const char *s = cmdline, *end = cmdline + len;
	enum coding all = CODING_NONE, one;
	bool piped = false, unknown = false;
	struct text_part rest, word;
	size_t n = 0;

	if (!words_next(&s, end, &word))
		return CODING_UNKNOWN;
	while (words_next(&s, end, &rest))
		while (rest.len > 0) {
			word = rest;
			rest = word_cut(&word, " \t\n");
			if (n++ == WORDS_MAX)
				return all > CODING_NONE ? all : CODING_UNKNOWN;
			piped |= text_part_is(word, "!");
			/* Properties, caps and paths, pads. */
			if (word_contains(word, "=") || word_contains(word, "/") ||
			    word_contains(word, "."))
				continue;
			if (!element(word, &one))
				continue;
			unknown |= one == CODING_UNKNOWN;
			all = one > all ? one : all;
		}
	if (all > CODING_NONE)
		return all;
	return s < end || unknown || !piped ? CODING_UNKNOWN : CODING_NONE;
}

enum coding handbrake_coding(const char *cmdline, size_t len)
{
	const char *s = cmdline, *end = cmdline + len;
	bool named = false;
	struct text_part word;

	while (words_next(&s, end, &word)) {
		struct text_part name = word, value = word_cut(&name, "=");

		if (named)
			value = word;
		else if (!text_part_is(name, "--encoder"))
			value.len = 0;
		if (text_part_starts(value, "x26") || text_part_starts(value, "svt_") ||
		    word_listed(value, "mpeg4 mpeg2 vp8 vp9 vp9_10bit theora ffv1"))
			return CODING_SOFTWARE;
		named = text_part_is(word, "-e") || text_part_is(word, "--encoder");
	}
	return CODING_VIDEO;
}
