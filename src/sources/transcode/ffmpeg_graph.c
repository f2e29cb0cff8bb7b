// SPDX-License-Identifier: Apache-2.0
/* ffmpeg-filters(1), "Filtergraph syntax": filters with "," between them, chains of them with ";".
 */
#include "sources/transcode/ffmpeg_graph.h"

#include "sources/transcode/ffmpeg_words.h"

#include <ctype.h>
#include <string.h>

#define FILTERS_MAX 1024

static void skip_blanks(struct text_part *rest)
{
	while (rest->len > 0 && isspace((unsigned char)*rest->s)) {
		rest->s++;
		rest->len--;
	}
}

bool ffmpeg_graph_link(struct text_part *rest, struct text_part *ret)
{
	skip_blanks(rest);
	if (rest->len == 0 || *rest->s != '[')
		return false;
	*ret = (struct text_part){ rest->s + 1, rest->len - 1 };
	*rest = word_cut(ret, "]");
	return true;
}

/* A filter's arguments: up to what ends them, which may be quoted. */
static struct text_part next_arguments(struct text_part *rest)
{
	struct text_part arguments = { rest->s, 0 };
	bool quoted = false;
	size_t n = 0;

	for (; n < rest->len; n++) {
		char c = rest->s[n];

		if (c == '\'')
			quoted = !quoted;
		else if (c == '\\' && !quoted)
			n++;
		else if (!quoted && c != '\0' && strchr("[,;", c))
			break;
	}
	if (n > rest->len)
		n = rest->len;
	arguments.len = n;
	rest->s += n;
	rest->len -= n;
	return arguments;
}

static void add_label(struct ffmpeg_graphs *g, struct text_part name, enum answer video)
{
	if (g->n_labels < FFMPEG_LABELS)
		g->labels[g->n_labels++] = (struct ffmpeg_label){ name, video };
}

enum answer ffmpeg_graph(struct text_part rest, struct ffmpeg_graphs *graphs)
{
	enum answer all = NO;

	for (size_t n = 0; rest.len > 0; n++) {
		struct text_part label, arguments, name;
		bool sound, labelled = false;

		if (n == FILTERS_MAX)
			return all > MAYBE ? all : MAYBE;
		while (ffmpeg_graph_link(&rest, &label))
			;
		name = next_arguments(&rest);
		arguments = word_cut(&name, "=@ \t\n");
		/* What precedes a graph is for the scalers that it may need. */
		sound = name.len == 0 || text_part_is(name, "sws_flags") ||
			ffmpeg_sound_filter(name, arguments);
		if (!sound)
			all = YES;
		while (ffmpeg_graph_link(&rest, &label)) {
			labelled = true;
			if (graphs)
				add_label(graphs, label, sound ? NO : YES);
		}
		if (rest.len > 0 && *rest.s == ',')
			labelled = true;
		if (graphs && !sound && !labelled)
			graphs->video_unlabelled = true;
		if (rest.len > 0 && strchr(",;", *rest.s)) {
			rest.s++;
			rest.len--;
		}
	}
	return all;
}

enum answer ffmpeg_graph_label(const struct ffmpeg_graphs *g, struct text_part name)
{
	for (size_t i = 0; i < g->n_labels; i++)
		if (g->labels[i].name.len == name.len &&
		    memcmp(g->labels[i].name.s, name.s, name.len) == 0)
			return g->labels[i].video;
	return MAYBE;
}
