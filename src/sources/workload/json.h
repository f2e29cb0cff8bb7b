/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of others, by libjansson, within bounds. */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The whole text as one value (RFC 8259) without a key twice, or NULL. Numbers are reals. */
json_t *json_load_bounded(const char *text, size_t len);

bool json_is_this_string(const json_t *value, const char *string);

#endif
