// SPDX-License-Identifier: Apache-2.0
/*
 * Read as ffmpeg reads it (ffmpeg's manual, "Description" and "Stream selection"): options belong
 * to the input or output that follows them, and each output has its own. An output without -map
 * takes a stream of each kind that its format has by default, from any input that has one which is
 * not blocked (-vn before its -i). What an option names counts only where its stream is taken.
 */
#include "sources/transcode/command.h"

#include "sources/transcode/ffmpeg_graph.h"
#include "sources/transcode/ffmpeg_words.h"

#include <ctype.h>
#include <string.h>

/* Real lines have hundreds of words at most: more is not read. */
#define WORDS_MAX  2048
#define INPUTS_MAX 64

static enum answer larger(enum answer a, enum answer b)
{
	return a > b ? a : b;
}

struct reader {
	const char *s, *end;
	size_t words;
};

struct item {
	enum { END, OPTION, INPUT, OUTPUT } kind;
	struct text_part name, stream,
		value;	/* of "-name:stream value"; the value alone is a file's */
	bool from_file; /* the value is where the real one stands: "-/vf file" */
};

static bool next_word(struct reader *r, struct text_part *ret)
{
	*ret = (struct text_part){ r->s, 0 };
	return r->words++ < WORDS_MAX && words_next(&r->s, r->end, ret);
}

static bool is_option(struct text_part word)
{
	return word.len > 1 && *word.s == '-';
}

/* "-name:stream" without its "-". */
static void split(struct text_part word, struct item *ret)
{
	ret->name = (struct text_part){ word.s + 1, word.len - 1 };
	ret->from_file = text_part_starts(ret->name, "/");
	if (ret->from_file)
		ret->name = (struct text_part){ word.s + 2, word.len - 2 };
	ret->stream = word_cut(&ret->name, ":");
}

static bool takes_value(const struct reader *r, struct text_part name)
{
	struct reader ahead = *r;
	struct text_part next;
	struct item item;

	switch (ffmpeg_option(name)) {
	case FFMPEG_FLAG:
		return false;
	case FFMPEG_SWITCH:
		return next_word(&ahead, &next) &&
		       (text_part_is(next, "0") || text_part_is(next, "1"));
	case FFMPEG_VALUE:
		return true;
	case FFMPEG_OTHER:
		break;
	}
	/* An unknown option is a flag if a known option comes next. */
	if (!next_word(&ahead, &next) || !is_option(next))
		return true;
	split(next, &item);
	return ffmpeg_option(item.name) == FFMPEG_OTHER;
}

static struct item next_item(struct reader *r)
{
	struct item item = { .kind = END };
	struct text_part word;

	if (!next_word(r, &word))
		return item;
	if (!is_option(word)) {
		item.kind = OUTPUT;
		item.value = word;
		return item;
	}
	if (text_part_is(word, "--")) {
		item.kind = next_word(r, &item.value) ? OUTPUT : END;
		return item;
	}
	split(word, &item);
	item.kind = text_part_is(item.name, "i") ? INPUT : OPTION;
	if (takes_value(r, item.name) && !next_word(r, &item.value))
		item.kind = END;
	return item;
}

static bool is_graph(const struct item *item)
{
	return text_part_is(item->name, "filter_complex") || text_part_is(item->name, "lavfi") ||
	       text_part_is(item->name, "filter_complex_script");
}

static void add_graph(struct ffmpeg_graphs *g, const struct item *item)
{
	enum answer video;

	if (item->from_file || text_part_is(item->name, "filter_complex_script")) {
		g->hidden = true;
		return;
	}
	video = ffmpeg_graph(item->value, g);
	g->video |= video == YES;
	g->sound |= video == NO;
	g->hidden |= video == MAYBE;
}

/* A file's suffix; of a URL without its query. */
static struct text_part suffix_of(struct text_part name)
{
	struct text_part suffix = name;

	if (word_contains(name, "://"))
		word_cut(&suffix, "?#");
	for (size_t i = suffix.len; i > 0; i--)
		if (suffix.s[i - 1] == '/')
			break;
		else if (suffix.s[i - 1] == '.')
			return (struct text_part){ suffix.s + i, suffix.len - i };
	return (struct text_part){ name.s, 0 };
}

struct input {
	struct text_part format;
	bool blocked, repeats;
};

struct inputs {
	enum answer video[INPUTS_MAX]; /* NO: blocked, or a picture, or of sound */
	bool blocked[INPUTS_MAX];
	size_t n;
	enum answer any;
};

static void input_option(struct input *in, const struct item *item)
{
	if (text_part_is(item->name, "f"))
		in->format = item->value;
	in->blocked |= text_part_is(item->name, "vn");
	in->repeats |= word_listed(item->name, "loop stream_loop pattern_type");
}

static enum answer input_video(const struct input *in, struct text_part name)
{
	struct text_part format = in->format;

	if (text_part_is(format, "lavfi"))
		return ffmpeg_graph(name, NULL);
	if (text_part_is(format, "image2") || text_part_is(format, "image2pipe"))
		return YES;
	if (format.len > 0)
		word_cut(&format, ",");
	else
		format = suffix_of(name);
	switch (ffmpeg_format(format)) {
	case FFMPEG_NO_VIDEO:
	case FFMPEG_SOUND_FIRST:
		return NO;
	case FFMPEG_IMAGE:
		return in->repeats || word_contains(name, "%") || word_contains(name, "*") ? YES
											   : NO;
	case FFMPEG_RAW:
	case FFMPEG_VIDEO:
		return YES;
	case FFMPEG_UNKNOWN:
	case FFMPEG_BY_SUFFIX:
		break;
	}
	return MAYBE;
}

static void add_input(struct inputs *all, const struct input *in, struct text_part name)
{
	enum answer video = in->blocked ? NO : input_video(in, name);

	all->any = larger(all->any, video);
	if (all->n == INPUTS_MAX)
		return;
	all->blocked[all->n] = in->blocked;
	all->video[all->n++] = video;
}

struct output {
	struct text_part format;
	bool blocked, maps, copies, unsure, sound_filter;
	enum answer filters;		 /* -vf */
	enum answer labels;		 /* of what is mapped from graphs */
	enum answer mapped[INPUTS_MAX];	 /* of inputs */
	enum coding encoder, of_streams; /* for all of its video, and for streams by number */
};

/* -c, -codec:v:0, -vcodec. */
static void codec_option(struct output *o, const struct item *item)
{
	struct text_part stream = item->stream, name = item->value;
	bool for_video = text_part_is(item->name, "vcodec"), for_all = for_video || stream.len == 0;
	enum coding encoder = CODING_NONE;

	if (stream.len > 0 && !for_video) {
		if (memchr("asdt", *stream.s, 4))
			return;
		for_video = *stream.s == 'v' || *stream.s == 'V';
		for_all = for_video && stream.len == 1;
	}
	if (!text_part_is(name, "copy") && !ffmpeg_video_encoder(name, &encoder)) {
		if (!for_video && ffmpeg_other_encoder(name))
			return;
		if (!for_video) {
			o->unsure = true;
			return;
		}
		encoder = CODING_VIDEO;
	}
	if (for_all) {
		/* The last one that fits a stream counts. */
		o->encoder = encoder;
		o->copies = encoder == CODING_NONE;
		o->of_streams = CODING_UNKNOWN;
	} else if (encoder == CODING_NONE) {
		o->copies = true;
	} else if (encoder > o->of_streams) {
		o->of_streams = encoder;
	}
}

/* "0:v:0" has the index 0 and the kind "v:0". */
static size_t map_index(struct text_part *value)
{
	size_t index = 0;

	for (; value->len > 0 && isdigit((unsigned char)*value->s); value->s++, value->len--)
		if (index < INPUTS_MAX)
			index = 10 * index + (size_t)(*value->s - '0');
	if (value->len > 0 && *value->s == ':') {
		value->s++;
		value->len--;
	}
	return index;
}

/* Whether "v", "v:0", "a?" or nothing at all is of video; a number alone does not say. */
static enum answer stream_video(struct text_part stream)
{
	bool whole = stream.len <= 1 || stream.s[1] == ':' || stream.s[1] == '?';

	if (stream.len == 0 || *stream.s == '?')
		return YES;
	if (whole && memchr("asdt", *stream.s, 4))
		return NO;
	return whole && (*stream.s == 'v' || *stream.s == 'V') ? YES : MAYBE;
}

static void map_option(struct output *o, const struct inputs *inputs,
		       const struct ffmpeg_graphs *graphs, struct text_part value)
{
	bool minus = text_part_starts(value, "-"), by_kind;
	enum answer *mapped, video;
	struct text_part label;
	size_t index;

	o->maps |= !minus;
	if (ffmpeg_graph_link(&value, &label)) {
		o->labels = larger(o->labels, ffmpeg_graph_label(graphs, label));
		return;
	}
	value.s += minus;
	value.len -= minus;
	index = map_index(&value);
	if (index >= inputs->n) {
		if (!minus)
			o->labels = larger(o->labels, MAYBE);
		return;
	}
	mapped = &o->mapped[index];
	video = stream_video(value);
	if (minus) {
		if (video == YES && !memchr(value.s, ':', value.len))
			*mapped = NO;
		else if (video != NO && *mapped == YES)
			*mapped = MAYBE;
		return;
	}
	/* A stream that is mapped as video is video, whatever the file is called. */
	by_kind = value.len > 0 && (*value.s == 'v' || *value.s == 'V');
	if (inputs->blocked[index] || (inputs->video[index] == NO && !by_kind))
		return;
	*mapped = larger(*mapped, video);
}

static void output_option(struct output *o, const struct inputs *inputs,
			  const struct ffmpeg_graphs *graphs, const struct item *item)
{
	bool sound = item->stream.len > 0 && *item->stream.s == 'a';
	struct text_part name = item->name;

	if (text_part_is(name, "f") || text_part_is(name, "target"))
		o->format = item->value;
	if (text_part_is(name, "target") && word_contains(o->format, "-"))
		o->format = word_cut(&o->format, "-");
	o->blocked |= text_part_is(name, "vn");
	if (word_listed(name, "c codec vcodec"))
		codec_option(o, item);
	if (text_part_is(name, "map"))
		map_option(o, inputs, graphs, item->value);
	if (text_part_is(name, "af") || (text_part_is(name, "filter") && sound))
		o->sound_filter = true;
	else if (word_listed(name, "vf filter_script"))
		o->filters = sound ? o->filters : YES;
	else if (text_part_is(name, "filter"))
		o->filters = larger(o->filters, ffmpeg_graph(item->value, NULL));
}

/* Which streams of video an output takes. */
static enum answer takes_video(const struct output *o, enum ffmpeg_format format,
			       const struct inputs *inputs)
{
	enum answer any = o->labels;

	if (o->blocked || format == FFMPEG_NO_VIDEO)
		return NO;
	if (o->maps) {
		for (size_t i = 0; i < inputs->n; i++)
			any = larger(any, o->mapped[i]);
		return any;
	}
	if (inputs->any == NO)
		return NO;
	if (format == FFMPEG_SOUND_FIRST)
		return inputs->any;
	return format == FFMPEG_UNKNOWN || format == FFMPEG_BY_SUFFIX ? MAYBE : YES;
}

static enum coding output_coding(const struct output *o, struct text_part name,
				 const struct inputs *inputs, bool from_graph)
{
	enum ffmpeg_format format = ffmpeg_format(o->format);
	enum coding encoder = o->encoder > o->of_streams ? o->encoder : o->of_streams;
	enum answer video;

	if (o->format.len == 0 || format == FFMPEG_BY_SUFFIX)
		format = ffmpeg_format(suffix_of(name));
	video = takes_video(o, format, inputs);
	if (from_graph && !o->blocked && format != FFMPEG_NO_VIDEO)
		video = YES;
	if (video == NO)
		return CODING_NONE;
	if (encoder > CODING_NONE)
		return encoder;
	from_graph |= o->labels == YES || o->filters == YES;
	if (!from_graph && o->copies)
		return CODING_NONE;
	if (!from_graph && (video == MAYBE || o->unsure))
		return CODING_UNKNOWN;
	/* Measuring sound: the video of films is decoded as well, covers of music are not seen. */
	if (!from_graph && !o->maps && o->sound_filter && format == FFMPEG_RAW)
		return CODING_UNKNOWN;
	/* Formats' default encoders are the CPU's. */
	return format == FFMPEG_VIDEO || format == FFMPEG_IMAGE || format == FFMPEG_SOUND_FIRST
		       ? CODING_SOFTWARE
		       : CODING_VIDEO;
}

/* Inputs and graphs count for all outputs, wherever they stand. */
static bool read_sources(struct reader r, struct inputs *inputs, struct ffmpeg_graphs *graphs)
{
	struct input in = { 0 };
	struct item item;

	for (item = next_item(&r); item.kind != END; item = next_item(&r)) {
		if (item.kind == OPTION && is_graph(&item)) {
			add_graph(graphs, &item);
		} else if (item.kind == OPTION) {
			input_option(&in, &item);
		} else {
			if (item.kind == INPUT)
				add_input(inputs, &in, item.value);
			in = (struct input){ 0 };
		}
	}
	return r.s == r.end;
}

enum coding ffmpeg_coding(const char *cmdline, size_t len)
{
	struct reader r = { .s = cmdline, .end = cmdline + len };
	struct ffmpeg_graphs graphs = { 0 };
	struct inputs inputs = { 0 };
	struct output o = { 0 };
	enum coding all = CODING_NONE, one;
	bool unknown, first = true;
	struct text_part program;
	struct item item;

	if (!next_word(&r, &program))
		return CODING_UNKNOWN;
	unknown = !read_sources(r, &inputs, &graphs) || graphs.hidden;
	for (item = next_item(&r); item.kind != END; item = next_item(&r)) {
		if (item.kind == OPTION) {
			output_option(&o, &inputs, &graphs, &item);
			continue;
		}
		if (item.kind == OUTPUT) {
			o.sound_filter |= graphs.sound;
			one = output_coding(&o, item.value, &inputs,
					    first && graphs.video_unlabelled);
			unknown |= one == CODING_UNKNOWN;
			all = one > all ? one : all;
			first = false;
		}
		o = (struct output){ 0 };
	}
	if (all < CODING_HARDWARE && graphs.video)
		all = CODING_VIDEO;
	return all < CODING_HARDWARE && (unknown || first) ? CODING_UNKNOWN : all;
}
