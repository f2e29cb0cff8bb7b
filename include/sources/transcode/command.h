/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transcoder's command line (/proc/<pid>/cmdline: words that end with a NUL) says of the
 * video that it codes. It may be anything: another process wrote it.
 */
#ifndef SOURCES_TRANSCODE_COMMAND_H
#define SOURCES_TRANSCODE_COMMAND_H

#include <stddef.h>

/* In the order of their evidence, the weakest first. */
enum coding {
	CODING_UNKNOWN,	 /* no evidence, or the line was cut off */
	CODING_NONE,	 /* video is copied or left out: remuxing, sound, subtitles, pictures */
	CODING_HARDWARE, /* encoders of a GPU, whoever's, and none else */
	CODING_VIDEO,	 /* video is decoded, filtered or encoded; it does not say by whom */
	CODING_SOFTWARE, /* an encoder of video that there is for the CPU only */
};

enum coding ffmpeg_coding(const char *cmdline, size_t len);
enum coding gstreamer_coding(const char *cmdline, size_t len);
/* HandBrake does nothing else. */
enum coding handbrake_coding(const char *cmdline, size_t len);

#endif
