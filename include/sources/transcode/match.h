/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes transcode video, by their names. */
#ifndef SOURCES_TRANSCODE_MATCH_H
#define SOURCES_TRANSCODE_MATCH_H

#include "sources/transcode/command.h"

#include <stdbool.h>
#include <stddef.h>

enum transcoder_kind {
	TRANSCODER_FFMPEG,    /* the options of ffmpeg */
	TRANSCODER_GSTREAMER, /* a pipeline of elements */
	TRANSCODER_HANDBRAKE,
	TRANSCODER_OTHER,	/* named by the administrator, who says that it does nothing else */
	TRANSCODER_APPLICATION, /* codes video beside other work; no sign of when */
};

/* As the kernel keeps a process's name: what is longer is cut off. */
#define TRANSCODER_COMM_BYTES 16

struct transcoder {
	enum transcoder_kind kind;
	char application[64]; /* the label; clean */
};

/*
 * Whether a process of this name (/proc/<pid>/comm, without its newline) is a transcoder. more are
 * names with commas between them, which become applications of their own; may be NULL.
 */
bool transcode_match(const char *comm, const char *more, struct transcoder *ret);

/*
 * Many servers bring an ffmpeg of their own, which has the name that they all have: it is known by
 * where its program is (the link exe; "" when it may not be read), or by its parent's name.
 */
void transcode_match_refine(struct transcoder *transcoder, const char *exe, const char *parent);

/* What its command line is evidence of; of those of other kinds the kind itself. */
enum coding transcode_match_coding(enum transcoder_kind kind, const char *cmdline, size_t len);

/* True when names is a list for transcode_match(): none is empty or longer than a name can be. */
bool transcode_match_names_valid(const char *names);

#endif
