/* SPDX-License-Identifier: Apache-2.0 */
/* --health: whether an exporter with the same addresses answers. */
#ifndef HEALTH_H
#define HEALTH_H

#include "options.h"

/*
 * Asks /-/healthy on each address that these flags listen on, from this machine, as a container's
 * HEALTHCHECK or a kubelet's exec probe does, in 3 s at most. Prints one line: that it answers, or
 * why not. Returns the exit status, 0 or 1.
 */
int health(const struct options *options);

#endif
