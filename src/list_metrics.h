/* SPDX-License-Identifier: Apache-2.0 */
/* --list-metrics: what the exporter can export, as a Markdown table. */
#ifndef LIST_METRICS_H
#define LIST_METRICS_H

void list_metrics(void);

#endif
