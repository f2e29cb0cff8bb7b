// SPDX-License-Identifier: Apache-2.0
/* Whose transcoders they are. What their command lines say is test_command.c. */
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
		{ "ffmpeg", "/nix/store/0a1b2c3d-jellyfin-ffmpeg-7.1.1-bin/bin/ffmpeg", "",
		  "jellyfin", TRANSCODER_FFMPEG },
		{ "ffmpeg", "", "Tdarr_Node", "tdarr", TRANSCODER_FFMPEG },
		{ "ffmpeg", "/app/Tdarr_Node/node_modules/ffmpeg-static/ffmpeg", "", "tdarr",
		  TRANSCODER_FFMPEG },
		{ "ffmpeg", "/usr/bin/ffmpeg", "ErsatzTV", "ersatztv", TRANSCODER_FFMPEG },
		{ "ffmpeg", "", "dispatcharr", "dispatcharr", TRANSCODER_FFMPEG },
		{ "ffmpeg", "/srv/channels-dvr/2025.01.01/ffmpeg", "", "channels-dvr",
		  TRANSCODER_FFMPEG },
		{ "ffmpeg", "", "channels-dvr", "channels-dvr", TRANSCODER_FFMPEG },
		{ "ffmpeg", "/opt/mediamtx/ffmpeg", "", "mediamtx", TRANSCODER_FFMPEG },
		/* MediaMTX runs what its configuration says: that need not be its own ffmpeg. */
		{ "ffmpeg", "/usr/bin/ffmpeg", "mediamtx", "ffmpeg", TRANSCODER_FFMPEG },
		{ "ffmpeg", "", "obsidian", "ffmpeg", TRANSCODER_FFMPEG },
		{ "HandBrakeCLI", "", "jellyfin", "handbrake", TRANSCODER_HANDBRAKE },
		{ "ghb", "", "", "handbrake", TRANSCODER_HANDBRAKE },
		{ "obs", "", "", "obs", TRANSCODER_APPLICATION },
		{ "sunshine", "", "", "sunshine", TRANSCODER_APPLICATION },
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

/* Each kind has its own words; of those without, the kind says it. */
static void coding(void **state)
{
	static const char encode[] = "ffmpeg\0-i\0a.mkv\0-c:v\0libx265\0b.mkv";
	static const char launch[] = "gst-launch-1.0\0a\0!\0x264enc";
	static const char brake[] = "HandBrakeCLI\0-e\0x265";

	(void)state;
	assert_int_equal(transcode_match_coding(TRANSCODER_FFMPEG, encode, sizeof(encode)),
			 CODING_SOFTWARE);
	assert_int_equal(transcode_match_coding(TRANSCODER_GSTREAMER, launch, sizeof(launch)),
			 CODING_SOFTWARE);
	assert_int_equal(transcode_match_coding(TRANSCODER_HANDBRAKE, brake, sizeof(brake)),
			 CODING_SOFTWARE);
	assert_int_equal(transcode_match_coding(TRANSCODER_OTHER, brake, sizeof(brake)),
			 CODING_VIDEO);
	assert_int_equal(transcode_match_coding(TRANSCODER_APPLICATION, encode, sizeof(encode)),
			 CODING_UNKNOWN);
	assert_int_equal(transcode_match_coding(TRANSCODER_FFMPEG, encode, 0), CODING_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(lists),
		cmocka_unit_test(coding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
