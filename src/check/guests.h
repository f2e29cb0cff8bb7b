/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of Proxmox VE's guests have in common. */
#ifndef CHECK_GUESTS_H
#define CHECK_GUESTS_H

#include "finding.h"

#define OF_GUESTS .area = "guests", .layers = ON_HOST

/* The line of a guest's configuration as evidence, and {guest} and {key} for the remedy. */
void guest_blame(struct finding *f, const struct guest_conf *g, const char *key, const char *value);

/* What of a GPU a VM's configuration gives it: "none", "whole", "vgpu", "function", "mapping". */
const char *guest_gpu(const struct machine *m, const struct guest_conf *g);

#endif
