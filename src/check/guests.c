// SPDX-License-Identifier: Apache-2.0
#include "guests.h"

#include <stdio.h>

void guest_blame(struct finding *f, const struct guest_conf *g, const char *key, const char *value)
{
	char source[96];

	snprintf(source, sizeof(source), "/etc/pve/%s/%s.conf", g->lxc ? "lxc" : "qemu-server",
		 g->id);
	finding_evidence(f, source, "%s: %s", key, value);
	finding_value(f, "guest", "%s", g->id);
	finding_value(f, "key", "%s", key);
}
