// SPDX-License-Identifier: Apache-2.0
/*
 * Remuxing is told from transcoding by the command line. CPU time alone does not tell: a copy of
 * a file at full speed takes most of a core, and the encoding of a small picture a tenth of one.
 *
 * ffmpeg, Plex's fork of it included: video is copied or left out (-c copy, -codec:v:0 copy, -vn),
 * and nothing in the line says that some is coded as well (another encoder, a filter, raw output,
 * which is what Frigate's detection adds to a copied recording); or only sound and subtitles are
 * mapped, as music servers do. GStreamer: no element of the pipeline codes. Not told: an output
 * that follows a copied one without a word about its codec, because where an output ends is known
 * to ffmpeg alone; then CPU time of more than a core and a half says it (acceleration.c).
 */
#include "sources/transcode/match.h"

#include "base/macros.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *comm, *application;
	enum transcoder_kind kind;
} known[] = {
	{ "ffmpeg", "ffmpeg", TRANSCODER_FFMPEG },
	{ "jellyfin-ffmpeg", "jellyfin", TRANSCODER_FFMPEG },
	{ "tdarr-ffmpeg", "tdarr", TRANSCODER_FFMPEG },
	{ "Plex Transcoder", "plex", TRANSCODER_FFMPEG },
	{ "HandBrakeCLI", "handbrake", TRANSCODER_OTHER },
	{ "gst-launch-1.0", "gstreamer", TRANSCODER_GSTREAMER },
};

/* The next part of a list; false at its end. */
static bool next_part(const char **list, char separator, struct text_part *ret)
{
	if (!*list)
		return false;
	ret->s = *list;
	ret->len = strcspn(*list, (const char[]){ separator, '\0' });
	*list = (*list)[ret->len] ? *list + ret->len + 1 : NULL;
	return true;
}

bool transcode_match_names_valid(const char *names)
{
	struct text_part name;

	while (next_part(&names, ',', &name))
		if (name.len == 0 || name.len >= TRANSCODER_COMM_BYTES)
			return false;
	return true;
}

bool transcode_match(const char *comm, const char *more, struct transcoder *ret)
{
	struct text_part name;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(comm, known[i].comm) != 0)
			continue;
		ret->kind = known[i].kind;
		snprintf(ret->application, sizeof(ret->application), "%s", known[i].application);
		return true;
	}
	while (next_part(&more, ',', &name)) {
		if (name.len == 0 || !text_part_is(name, comm))
			continue;
		/* It is not known whose options it has: most are builds of ffmpeg. */
		ret->kind = strstr(comm, "ffmpeg") ? TRANSCODER_FFMPEG : TRANSCODER_OTHER;
		text_clean(name.s, name.len, ret->application, sizeof(ret->application));
		return true;
	}
	return false;
}

void transcode_match_refine(struct transcoder *t, const char *exe, const char *parent)
{
	/* Immich and Unmanic use Jellyfin's build: whose child it is comes before whose program. */
	static const struct {
		const char *parent, *application;
	} parents[] = {
		{ "jellyfin", "jellyfin" }, { "immich", "immich" }, { "EmbyServer", "emby" },
		{ "frigate", "frigate" },   { "Plex ", "plex" },    { "unmanic", "unmanic" },
	};
	static const struct {
		const char *folder, *application;
	} folders[] = {
		{ "/jellyfin-ffmpeg/", "jellyfin" }, { "/emby-server/", "emby" },
		{ "/btbn-ffmpeg/", "frigate" },	     { "/usr/lib/ffmpeg/", "frigate" },
		{ "/plexmediaserver/", "plex" },
	};

	if (strcmp(t->application, "ffmpeg") != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (strncmp(parent, parents[i].parent, strlen(parents[i].parent)) == 0) {
			snprintf(t->application, sizeof(t->application), "%s",
				 parents[i].application);
			return;
		}
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (strstr(exe, folders[i].folder)) {
			snprintf(t->application, sizeof(t->application), "%s",
				 folders[i].application);
			return;
		}
}

/* The next word of a command line; false at its end. */
static bool next_word(const char **s, const char *end, struct text_part *ret)
{
	const char *nul;

	if (*s >= end)
		return false;
	nul = memchr(*s, '\0', (size_t)(end - *s));
	ret->s = *s;
	ret->len = (size_t)((nul ? nul : end) - *s);
	*s += ret->len + 1;
	return true;
}

enum streams { NO_VIDEO, MAYBE_VIDEO, VIDEO };

/* "-c", "-codec:v:0", "-vcodec": of which streams it names the codec. */
static bool is_codec_option(struct text_part p, enum streams *ret)
{
	char kind;

	*ret = VIDEO;
	if (text_part_is(p, "-vcodec") || text_part_is(p, "-c") || text_part_is(p, "-codec"))
		return true;
	if (text_part_starts(p, "-c:"))
		kind = p.len > 3 ? p.s[3] : '\0';
	else if (text_part_starts(p, "-codec:"))
		kind = p.len > 7 ? p.s[7] : '\0';
	else
		return false;
	if (strchr("asdt", kind) && kind)
		*ret = NO_VIDEO;
	else if (kind != 'v' && kind != 'V')
		*ret = MAYBE_VIDEO;
	return true;
}

/* An encoder of sound or subtitles, where only a stream's number says what it is for. */
static bool is_no_video_codec(struct text_part p)
{
	static const char *const names[] = {
		"aac",	      "libfdk_aac", "aac_lc", "ac3",	 "eac3",   "dca",	"mp2",
		"libmp3lame", "mp3",	    "opus",   "libopus", "vorbis", "libvorbis", "flac",
		"alac",	      "truehd",	    "ass",    "ssa",	 "srt",	   "subrip",	"webvtt",
		"mov_text",   "text",	    "dvdsub", "dvbsub",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_part_is(p, names[i]))
			return true;
	return text_part_starts(p, "pcm_");
}

static bool contains(struct text_part p, const char *text)
{
	return memmem(p.s, p.len, text, strlen(text)) != NULL;
}

/* Plex resamples sound in a graph, also where it copies the video. */
static bool is_sound_graph(struct text_part graph)
{
	static const char *const sound[] = { "aresample", "amix", "amerge", "aformat", "loudnorm" };
	static const char *const video[] = { "scale", "overlay", "hw",	  "fps",  "tonemap",
					     "yadif", "bwdif",	 "vaapi", "nv12", "yuv" };
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(video); i++)
		if (contains(graph, video[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(sound); i++)
		found |= contains(graph, sound[i]);
	return found;
}

/* Options whose use means that pictures are coded, at least as raw ones. */
static bool is_coding_option(struct text_part p, struct text_part value)
{
	static const char *const options[] = { "-vf", "-lavfi", "-pix_fmt", "-s" };
	static const char *const formats[] = { "rawvideo", "yuv4mpegpipe", "image2", "image2pipe",
					       "mjpeg",	   "null",	   "sdl",    "mpjpeg" };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (text_part_is(p, options[i]))
			return true;
	if (text_part_starts(p, "-filter_complex"))
		return !is_sound_graph(value);
	if (text_part_is(p, "-filter") ||
	    (text_part_starts(p, "-filter:") && !text_part_starts(p, "-filter:a")))
		return true;
	for (size_t i = 0; text_part_is(p, "-f") && i < ARRAY_SIZE(formats); i++)
		if (text_part_is(value, formats[i]))
			return true;
	return false;
}

/* The words behind the last input: those before it are of inputs, their decoders and devices. */
static const char *outputs_of(const char *s, const char *end)
{
	const char *outputs = s;
	struct text_part word, before = { "", 0 };

	for (; next_word(&s, end, &word); before = word)
		if (text_part_is(before, "-i"))
			outputs = s < end ? s : end;
	return outputs;
}

/*
 * "0:a:0", "1:s?": of which streams a mapping is. What comes out of a graph is sound, because a
 * graph of anything else is coding.
 */
static enum streams mapped(struct text_part p)
{
	const char *colon = memchr(p.s, ':', p.len);
	size_t rest = colon ? (size_t)(p.s + p.len - colon) - 1 : 0;

	if (p.len > 0 && *p.s == '[')
		return NO_VIDEO;
	if (rest == 0 || !memchr("asdt", colon[1], 4))
		return MAYBE_VIDEO;
	return rest == 1 || colon[2] == ':' || colon[2] == '?' ? NO_VIDEO : MAYBE_VIDEO;
}

/* What ffmpeg's words say of the video of all outputs: copied or left out, and never coded. */
static bool ffmpeg_copies(const char *s, const char *end)
{
	struct text_part word, before = { "", 0 };
	enum streams streams;
	bool copies = false, maps_sound = false, maps_video = false;

	s = outputs_of(s, end);
	for (; next_word(&s, end, &word); before = word) {
		copies |= text_part_is(word, "-vn");
		if (is_codec_option(before, &streams) && streams != NO_VIDEO) {
			if (text_part_is(word, "copy"))
				copies |= true;
			else if (streams == VIDEO || !is_no_video_codec(word))
				return false;
		}
		if (is_coding_option(before, word))
			return false;
		/* "-map -0:v" takes away. */
		if (text_part_is(before, "-map") && !text_part_starts(word, "-")) {
			maps_sound |= mapped(word) == NO_VIDEO;
			maps_video |= mapped(word) != NO_VIDEO;
		}
	}
	return copies || (maps_sound && !maps_video);
}

/* Elements are words without "=", which properties have, or "/", which caps and paths have. */
static bool gstreamer_copies(const char *s, const char *end)
{
	struct text_part word;
	bool piped = false;

	while (next_word(&s, end, &word)) {
		piped |= text_part_is(word, "!");
		if (memchr(word.s, '=', word.len) || memchr(word.s, '/', word.len))
			continue;
		/* One word with the whole pipeline in it is not taken apart. */
		if (memchr(word.s, ' ', word.len) || contains(word, "enc") ||
		    contains(word, "dec") || contains(word, "transcod") ||
		    contains(word, "playbin") || contains(word, "videoconvert"))
			return false;
	}
	return piped;
}

bool transcode_match_copies(enum transcoder_kind kind, const char *cmdline, size_t len)
{
	const char *s = cmdline, *end = cmdline + len;
	struct text_part program;

	/* Without the last NUL it was cut off, and what is missing may be another output. */
	if (len == 0 || end[-1] != '\0' || !next_word(&s, end, &program))
		return false;
	if (kind == TRANSCODER_FFMPEG)
		return ffmpeg_copies(s, end);
	return kind == TRANSCODER_GSTREAMER && gstreamer_copies(s, end);
}
