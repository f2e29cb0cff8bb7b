/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a command line, and how they are compared: none ends with a NUL of its own. */
#ifndef SOURCES_TRANSCODE_WORDS_H
#define SOURCES_TRANSCODE_WORDS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The next word before end, as /proc/<pid>/cmdline has them: each ends with a NUL. False at the
 * end, and for a last one without its NUL, which was cut off.
 */
bool words_next(const char **s, const char *end, struct text_part *ret);

bool word_ends(struct text_part word, const char *text);
bool word_contains(struct text_part word, const char *text);

/* Whether a list of small names with a blank between them has this one, whatever its case. */
bool word_listed(struct text_part word, const char *names);

/* What is behind the first of these characters, empty without one; *word keeps what is before. */
struct text_part word_cut(struct text_part *word, const char *characters);

#endif
