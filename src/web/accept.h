/* SPDX-License-Identifier: Apache-2.0 */
/* Which format and encoding a client wants, by its headers Accept and Accept-Encoding. */
#ifndef WEB_ACCEPT_H
#define WEB_ACCEPT_H

#include "exposition/text.h"

#include <stdbool.h>

struct accept {
	enum text_format format;
	bool gzip;
	char content_type[96]; /* of the answer */
};

/*
 * Either header may be NULL. Of the ranges that name a format we have the first of those with the
 * highest weight counts (RFC 9110, 12.4.2); without any it is text 0.0.4, which every scraper
 * takes. The parameter escaping of Prometheus 3 (docs/instrumenting/content_negotiation.md) is
 * repeated in the answer: no name of ours has a character that any scheme would change.
 */
void accept_parse(const char *types, const char *encodings, struct accept *ret);

/*
 * Replaces a malloc'ed text by its gzip form where that pays: over a network from 4 kB on; on
 * loopback, where bytes cost less than compressing them, from 100 kB on. True if it was replaced;
 * also false when memory is out.
 */
bool accept_gzip(char **text, size_t *len, bool loopback);

#endif
