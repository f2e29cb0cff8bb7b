/* SPDX-License-Identifier: Apache-2.0 */
/* Writes families and their batches in Prometheus' text format 0.0.4 or in OpenMetrics 1.0. */
#ifndef EXPOSITION_TEXT_H
#define EXPOSITION_TEXT_H

#include "exposition/metrics.h"

enum text_format { TEXT_PROMETHEUS, TEXT_OPENMETRICS };

#define TEXT_MAX_BYTES	(16u << 20)
#define TEXT_MAX_GROUPS 80

/*
 * The names of counters end in _total. Families without samples are left out. Tables of families
 * must live as long as the process. *ret is malloc'ed and belongs to the caller. 0, -ENOMEM, or
 * -E2BIG when the body, with the heads of all families, would be larger than TEXT_MAX_BYTES.
 */
int text_render(const struct batch_group *groups, size_t n_groups, enum text_format format,
		char **ret, size_t *ret_len);

#endif
