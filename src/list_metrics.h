/* SPDX-License-Identifier: Apache-2.0 */
/* --list-metrics: what the exporter can export, as a Markdown table. */
#ifndef LIST_METRICS_H
#define LIST_METRICS_H

/* Returns the exit status. */
int list_metrics(void);

#endif
