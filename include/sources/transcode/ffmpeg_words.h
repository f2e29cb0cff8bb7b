/* SPDX-License-Identifier: Apache-2.0 */
/* What ffmpeg's names stand for: of formats, encoders, filters and options. Tables only. */
#ifndef SOURCES_TRANSCODE_FFMPEG_WORDS_H
#define SOURCES_TRANSCODE_FFMPEG_WORDS_H

#include "sources/transcode/command.h"
#include "sources/transcode/words.h"

/* Which stream an output of this format takes when nobody says which. */
enum ffmpeg_format {
	FFMPEG_UNKNOWN,
	FFMPEG_NO_VIDEO,    /* sound, subtitles, metadata; a cover at most */
	FFMPEG_SOUND_FIRST, /* known for sound, but video is taken too: m4a, ogg, wma */
	FFMPEG_IMAGE,	    /* pictures, one a file */
	FFMPEG_RAW,	    /* video that is decoded, and not encoded */
	FFMPEG_VIDEO,
	FFMPEG_BY_SUFFIX, /* cuts what the suffix says into pieces */
};

/* The name of a muxer or demuxer, or a file name's suffix: they hardly differ. */
enum ffmpeg_format ffmpeg_format(struct text_part name);

/* A codec's or encoder's name. False for one of sound or subtitles, and for one not known. */
bool ffmpeg_video_encoder(struct text_part name, enum coding *ret);
bool ffmpeg_other_encoder(struct text_part name); /* of sound or subtitles */

/* A filter of sound; any other is one of video. */
bool ffmpeg_sound_filter(struct text_part name, struct text_part arguments);

/* Without its "-", and without ":v" behind it. */
enum ffmpeg_option {
	FFMPEG_FLAG,   /* takes no value */
	FFMPEG_SWITCH, /* a flag that took 0 or 1 in some versions */
	FFMPEG_VALUE,
	FFMPEG_OTHER, /* a codec's or format's: takes a value, unless a fork has made a flag of it
		       */
};
enum ffmpeg_option ffmpeg_option(struct text_part name);

#endif
