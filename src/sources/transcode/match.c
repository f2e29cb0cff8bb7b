// SPDX-License-Identifier: Apache-2.0
/* Names: what a process is called, where its program is, and whose child it is. */
#include "sources/transcode/match.h"

#include "base/macros.h"
#include "base/text.h"

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
	{ "HandBrakeCLI", "handbrake", TRANSCODER_HANDBRAKE },
	{ "ghb", "handbrake", TRANSCODER_HANDBRAKE },
	{ "gst-launch-1.0", "gstreamer", TRANSCODER_GSTREAMER },
	{ "obs", "obs", TRANSCODER_APPLICATION },
	{ "sunshine", "sunshine", TRANSCODER_APPLICATION },
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
		/* Its options are not known: most such programs are builds of ffmpeg. */
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
		{ "jellyfin", "jellyfin" },
		{ "immich", "immich" },
		{ "EmbyServer", "emby" },
		{ "frigate", "frigate" },
		{ "Plex ", "plex" },
		{ "unmanic", "unmanic" },
		{ "Tdarr_", "tdarr" },
		{ "ErsatzTV", "ersatztv" },
		{ "dispatcharr", "dispatcharr" },
		{ "channels-dvr", "channels-dvr" },
	};
	/* In NixOS's store a directory has a hash before its name and a version behind it. */
	static const struct {
		const char *part, *application;
	} programs[] = {
		{ "jellyfin-ffmpeg", "jellyfin" },  { "/emby-server/", "emby" },
		{ "/btbn-ffmpeg/", "frigate" },	    { "/usr/lib/ffmpeg/", "frigate" },
		{ "/plexmediaserver/", "plex" },    { "/Tdarr", "tdarr" },
		{ "/unmanic/", "unmanic" },	    { "/ersatztv/", "ersatztv" },
		{ "/dispatcharr/", "dispatcharr" }, { "/channels-dvr/", "channels-dvr" },
		{ "/mediamtx/", "mediamtx" },
	};

	if (strcmp(t->application, "ffmpeg") != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (strncmp(parent, parents[i].parent, strlen(parents[i].parent)) == 0) {
			snprintf(t->application, sizeof(t->application), "%s",
				 parents[i].application);
			return;
		}
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (strstr(exe, programs[i].part)) {
			snprintf(t->application, sizeof(t->application), "%s",
				 programs[i].application);
			return;
		}
}

enum coding transcode_match_coding(enum transcoder_kind kind, const char *cmdline, size_t len)
{
	switch (kind) {
	case TRANSCODER_FFMPEG:
		return ffmpeg_coding(cmdline, len);
	case TRANSCODER_GSTREAMER:
		return gstreamer_coding(cmdline, len);
	case TRANSCODER_HANDBRAKE:
		return handbrake_coding(cmdline, len);
	case TRANSCODER_OTHER:
		return CODING_VIDEO;
	case TRANSCODER_APPLICATION:
		break;
	}
	return CODING_UNKNOWN;
}
