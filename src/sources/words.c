// SPDX-License-Identifier: Apache-2.0
#include "sources/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool words_next(const char **s, const char *end, struct word *ret)
{
	const char *nul = *s < end ? memchr(*s, '\0', (size_t)(end - *s)) : NULL;

	if (!nul)
		return false;
	*ret = (struct word){ *s, (size_t)(nul - *s) };
	*s = nul + 1;
	return true;
}

bool word_is(struct word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.s, text, word.len) == 0;
}

bool word_starts(struct word word, const char *text)
{
	return word.len >= strlen(text) && memcmp(word.s, text, strlen(text)) == 0;
}

bool word_ends(struct word word, const char *text)
{
	size_t len = strlen(text);

	return word.len >= len && memcmp(word.s + word.len - len, text, len) == 0;
}

bool word_contains(struct word word, const char *text)
{
	return memmem(word.s, word.len, text, strlen(text)) != NULL;
}

bool word_listed(struct word word, const char *names)
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

struct word word_cut(struct word *word, const char *characters)
{
	struct word behind = { word->s + word->len, 0 };

	for (size_t i = 0; i < word->len; i++)
		if (word->s[i] != '\0' && strchr(characters, word->s[i])) {
			behind = (struct word){ word->s + i + 1, word->len - i - 1 };
			word->len = i;
			break;
		}
	return behind;
}
