/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes transcode video, by their names, and which of them only copy it. */
#ifndef SOURCES_TRANSCODE_MATCH_H
#define SOURCES_TRANSCODE_MATCH_H

#include <stdbool.h>
#include <stddef.h>

enum transcoder_kind {
	TRANSCODER_FFMPEG,    /* the options of ffmpeg */
	TRANSCODER_GSTREAMER, /* a pipeline of elements */
	TRANSCODER_OTHER,
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
 * Many servers bring an ffmpeg of their own, which has the name that they all have: it is told by
 * where its program is (the link exe; "" when it may not be read), or by its parent's name.
 */
void transcode_match_refine(struct transcoder *transcoder, const char *exe, const char *parent);

/*
 * Whether a command line (/proc/<pid>/cmdline: words that end with a NUL) says that no video is
 * coded. When it was cut off or is not understood it does not say so.
 */
bool transcode_match_copies(enum transcoder_kind kind, const char *cmdline, size_t len);

/* True when names is a list for transcode_match(): none is empty or longer than a name can be. */
bool transcode_match_names_valid(const char *names);

#endif
