/* SPDX-License-Identifier: Apache-2.0 */
/* Writes families and their batches in Prometheus' text format 0.0.4. */
#ifndef EXPOSITION_TEXT_H
#define EXPOSITION_TEXT_H

#include "exposition/metrics.h"

#define TEXT_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define TEXT_MAX_BYTES	  (16u << 20)

/*
 * Families without samples are left out. *ret is malloc'ed and belongs to the caller. 0, -ENOMEM,
 * or -E2BIG when the body would be larger than TEXT_MAX_BYTES.
 */
int text_render(const struct batch_group *groups, size_t n_groups, char **ret, size_t *ret_len);

#endif
