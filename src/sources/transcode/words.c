// SPDX-License-Identifier: Apache-2.0
#include "sources/transcode/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool words_next(const char **s, const char *end, struct text_part *ret)
{
	const char *nul = *s < end ? memchr(*s, '\0', (size_t)(end - *s)) : NULL;

	if (!nul)
		return false;
	*ret = (struct text_part){ *s, (size_t)(nul - *s) };
	*s = nul + 1;
	return true;
}

bool word_ends(struct text_part word, const char *text)
{
	size_t len = strlen(text);

	return word.len >= len && memcmp(word.s + word.len - len, text, len) == 0;
}

bool word_contains(struct text_part word, const char *text)
{
	return memmem(word.s, word.len, text, strlen(text)) != NULL;
}

bool word_listed(struct text_part word, const char *names)
{
	if (word.len == 0)
		return false;
	while (names) {
		if (tolower((unsigned char)*word.s) == *names &&
		    strncasecmp(names, word.s, word.len) == 0 &&
		    (names[word.len] == ' ' || names[word.len] == '\0'))
			return true;
		names = strchr(names, ' ');
		if (names)
			names++;
	}
	return false;
}

struct text_part word_cut(struct text_part *word, const char *characters)
{
	struct text_part behind = { word->s + word->len, 0 };

	for (size_t i = 0; i < word->len; i++)
		if (word->s[i] != '\0' && strchr(characters, word->s[i])) {
			behind = (struct text_part){ word->s + i + 1, word->len - i - 1 };
			word->len = i;
			break;
		}
	return behind;
}
