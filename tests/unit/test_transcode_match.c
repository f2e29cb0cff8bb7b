// SPDX-License-Identifier: Apache-2.0
/* Command lines as servers write them: Jellyfin, Plex, Frigate, Immich, and people. */
#include "test.h"

#include "sources/transcode/match.h"

#include <string.h>

static void finds(void **state)
{
	static const struct {
		const char *comm, *exe, *parent, *application;
		enum transcoder_kind kind;
	} rows[] = {
		{ "ffmpeg", "", "", "ffmpeg", TRANSCODER_FFMPEG },
		{ "ffmpeg", "/usr/bin/ffmpeg", "bash", "ffmpeg", TRANSCODER_FFMPEG },
		{ "ffmpeg", "/usr/lib/jellyfin-ffmpeg/ffmpeg", "jellyfin", "jellyfin",
		  TRANSCODER_FFMPEG },
		{ "ffmpeg", "/usr/lib/jellyfin-ffmpeg/ffmpeg", "", "jellyfin", TRANSCODER_FFMPEG },
		{ "ffmpeg", "/usr/lib/jellyfin-ffmpeg/ffmpeg", "immich", "immich",
		  TRANSCODER_FFMPEG },
		{ "ffmpeg", "/opt/emby-server/bin/ffmpeg", "", "emby", TRANSCODER_FFMPEG },
		{ "ffmpeg", "", "EmbyServer", "emby", TRANSCODER_FFMPEG },
		{ "ffmpeg", "/usr/lib/ffmpeg/7.0/bin/ffmpeg", "python3", "frigate",
		  TRANSCODER_FFMPEG },
		{ "ffmpeg", "", "frigate.process", "frigate", TRANSCODER_FFMPEG },
		{ "jellyfin-ffmpeg", "", "", "jellyfin", TRANSCODER_FFMPEG },
		{ "Plex Transcoder", "/usr/lib/plexmediaserver/Plex Transcoder", "Plex Media Serv",
		  "plex", TRANSCODER_FFMPEG },
		{ "tdarr-ffmpeg", "/usr/lib/jellyfin-ffmpeg/ffmpeg", "", "tdarr",
		  TRANSCODER_FFMPEG },
		{ "ffmpeg", "/usr/lib/jellyfin-ffmpeg/ffmpeg", "unmanic", "unmanic",
		  TRANSCODER_FFMPEG },
		{ "HandBrakeCLI", "", "jellyfin", "handbrake", TRANSCODER_OTHER },
		{ "gst-launch-1.0", "", "", "gstreamer", TRANSCODER_GSTREAMER },
		{ "ffmpeg7", "", "", "ffmpeg7", TRANSCODER_FFMPEG },
		{ "my\xff", "", "", "my\\xff", TRANSCODER_OTHER },
		{ "ffmpegX", "", "", NULL, 0 },
		{ "ffprobe", "/usr/lib/jellyfin-ffmpeg/ffprobe", "jellyfin", NULL, 0 },
		{ "", "", "", NULL, 0 },
		{ "ffmpeg7,my\xff", "", "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transcoder t;
		bool found = transcode_match(rows[i].comm, "ffmpeg7,my\xff", &t);

		assert_row(found == (rows[i].application != NULL), rows[i].comm);
		if (!found)
			continue;
		transcode_match_refine(&t, rows[i].exe, rows[i].parent);
		assert_row(strcmp(t.application, rows[i].application) == 0, rows[i].exe);
		assert_row(t.kind == rows[i].kind, rows[i].comm);
		assert_row(!transcode_match("ffmpeg7", NULL, &t), "no more names");
	}
}

static void lists(void **state)
{
	(void)state;
	assert_true(transcode_match_names_valid("a"));
	assert_true(transcode_match_names_valid("a,123456789012345"));
	assert_false(transcode_match_names_valid(""));
	assert_false(transcode_match_names_valid("a,"));
	assert_false(transcode_match_names_valid(",a"));
	assert_false(transcode_match_names_valid("a,1234567890123456"));
}

/* Words are written with blanks between them; "~" is a blank within a word. */
static bool copies(enum transcoder_kind kind, const char *line, size_t cut)
{
	char text[1024];
	size_t len = strlen(line) + 1;

	memcpy(text, line, len);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(text[i] == ' ' ? '\0' : text[i] == '~' ? ' ' : text[i]);
	return transcode_match_copies(kind, text, len - cut);
}

static void ffmpeg(void **state)
{
	static const struct {
		bool copies;
		const char *line;
	} rows[] = {
		{ true, "ffmpeg -i in.mkv -c copy out.mp4" },
		{ true, "ffmpeg -re -i in.mkv -codec copy -f mpegts udp://x" },
		{ true, "ffmpeg -i in.mkv -c:v copy -c:a aac out.mp4" },
		{ true, "ffmpeg -i in.mkv -vcodec copy -acodec libmp3lame out.mp4" },
		{ true, "ffmpeg -i in.mkv -c:V:0 copy -af volume=2 out.mp4" },
		{ true, "ffmpeg -i in.mkv -vn -c:a libopus out.opus" },
		{ true,
		  "ffmpeg -analyzeduration 200M -i file:a.mkv -map_metadata -1 -threads 0 -map "
		  "0:0 -map 0:1 -codec:v:0 copy -bsf:v h264_mp4toannexb -codec:a:0 libfdk_aac "
		  "-ac 2 -f hls -hls_time 6 x.m3u8" },
		{ true, "Plex~Transcoder -codec:0 h264 -i a.mkv -filter_complex "
			"[0:1]~aresample=async=1:ocl='stereo' -map 0:0 -codec:0 copy -codec:1 aac "
			"-f dash dash" },
		{ true, "ffmpeg -hwaccel vaapi -c:v h264 -i rtsp://a -c copy -f segment x.mp4" },
		{ true, "ffmpeg -ss 0 -i a.flac -map 0:a:0 -b:a 192k -v 0 -f mp3 -" },
		{ true, "ffmpeg -i a.mkv -map 0:s:1 a.srt -map 0:a b.mka" },
		{ true, "ffmpeg -i a.mkv -map 0:a? -map -0:v -f mp3 -" },
		{ true, "ffmpeg -i a.mkv -map [a] -filter_complex [0:1]aresample=8000[a] b.wav" },
		{ false, "ffmpeg -i a.mkv -map 0:1 b.mka" },
		{ false, "ffmpeg -i a.mkv -map 0 b.mka" },
		{ false, "ffmpeg -i a.mkv -map 0:a -map 0:v b.mkv" },
		{ false, "ffmpeg -i a.mkv -map 0:a -map 0:ax b.mkv" },
		{ false, "ffmpeg -i a.mkv -map [v] -filter_complex [0:0]scale=2:2[v] b.mkv" },
		{ false, "ffmpeg -i a.mkv -map 0:a -map 0: b.mkv" },
		{ true, "ffmpeg -i a.mkv -map_metadata 0:s:a:0 -map 0:a:0 -f mp3 -" },
		{ false, "ffmpeg -i a.mkv -map_metadata 0:a b.mkv" },
		{ false, "ffmpeg -i a.mkv -map 0:a -map 0:m:language:eng b.mkv" },
		{ false, "ffmpeg -i a.mkv -map -0:a b.mkv" },
		{ false, "ffmpeg -i a.mkv -map 0:a -c:v libx264 b.mkv" },
		{ false, "ffmpeg -i a.mkv -map 0:a -c:a aac b.m4a -vf fps=1 c.png" },
		{ false, "ffmpeg -i in.mkv out.mp4" },
		{ false, "ffmpeg -i in.mkv -c:v libx264 -c:a copy out.mp4" },
		{ false, "ffmpeg -i in.mkv -c:a copy out.mp4" },
		{ false, "ffmpeg -i in.mkv -c copy -c:v libx264 out.mp4" },
		{ false, "ffmpeg -i in.mkv -c:v copy a.mp4 -c:v h264_vaapi b.mp4" },
		{ false, "ffmpeg -c copy -i in.mkv out.mp4" },
		{ false, "ffmpeg -vn -i in.mkv out.mp4" },
		{ false, "ffmpeg -i rtsp://a -c:v copy -f segment x.mp4 -r 5 -vf fps=5 -f rawvideo "
			 "-pix_fmt yuv420p pipe:" },
		{ false, "ffmpeg -i rtsp://a -c copy x.mp4 -f rawvideo pipe:" },
		{ false, "ffmpeg -i a -filter_complex [0:v]scale=2:2 -c:v:1 copy x.mp4" },
		{ false, "ffmpeg -i a -c copy x.mp4 -filter:v fps=1 y.mp4" },
		{ false, "Plex~Transcoder -i a.mkv -codec:0 libx264 -codec:1 copy -f dash dash" },
		{ false, "Plex~Transcoder -i a.mkv -codec:0 mpeg4 -codec:1 copy -f dash dash" },
		{ false, "ffmpeg -i in.mkv -metadata comment=-vn out.mp4" },
		{ false, "ffmpeg" },
		{ false, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_row(copies(TRANSCODER_FFMPEG, rows[i].line, 0) == rows[i].copies,
			   rows[i].line);
		assert_row(!copies(TRANSCODER_FFMPEG, rows[i].line, 1), rows[i].line);
		assert_row(!copies(TRANSCODER_OTHER, rows[i].line, 0), rows[i].line);
	}
}

static void gstreamer(void **state)
{
	static const struct {
		bool copies;
		const char *line;
	} rows[] = {
		{ true, "gst-launch-1.0 filesrc location=a.mp4 ! qtdemux ! h264parse ! mpegtsmux ! "
			"filesink location=/srv/dec/a.ts" },
		{ true,
		  "gst-launch-1.0 -e rtspsrc location=rtsp://a ! rtph264depay ! video/x-h264 ! "
		  "matroskamux ! fakesink" },
		{ false, "gst-launch-1.0 videotestsrc ! x264enc ! fakesink" },
		{ false, "gst-launch-1.0 filesrc location=a ! vah264dec ! fakesink" },
		{ false, "gst-launch-1.0 filesrc ! decodebin ! fakesink" },
		{ false, "gst-launch-1.0 playbin uri=x" },
		{ false, "gst-launch-1.0 filesrc~!~x264enc~!~fakesink" },
		{ false, "gst-launch-1.0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(copies(TRANSCODER_GSTREAMER, rows[i].line, 0) == rows[i].copies,
			   rows[i].line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(lists),
		cmocka_unit_test(ffmpeg),
		cmocka_unit_test(gstreamer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
