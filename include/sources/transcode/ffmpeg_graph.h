/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of ffmpeg's filters: are they of video, or of sound alone? */
#ifndef SOURCES_TRANSCODE_FFMPEG_GRAPH_H
#define SOURCES_TRANSCODE_FFMPEG_GRAPH_H

#include "sources/transcode/words.h"

enum answer { NO, MAYBE, YES };

#define FFMPEG_LABELS 64

/* What a command line's graphs are of, all together. */
struct ffmpeg_graphs {
	bool video, sound;
	bool video_unlabelled; /* which the first output takes */
	bool hidden;	       /* one is in a file */
	struct ffmpeg_label {
		struct text_part name;
		enum answer video;
	} labels[FFMPEG_LABELS];
	size_t n_labels;
};

/* Whether a graph is of video. What its outputs are of is added to graphs, which may be NULL. */
enum answer ffmpeg_graph(struct text_part graph, struct ffmpeg_graphs *graphs);

/* Whether the output of this label is. */
enum answer ffmpeg_graph_label(const struct ffmpeg_graphs *graphs, struct text_part label);

/* Takes "[label]" from the front; false when there is none. */
bool ffmpeg_graph_link(struct text_part *rest, struct text_part *ret);

#endif
