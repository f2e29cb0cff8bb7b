/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the web configuration and their values. */
#ifndef WEB_CONFIG_VALUES_H
#define WEB_CONFIG_VALUES_H

#include "web/config.h"
#include "yaml_entries.h"

struct reading {
	struct web_config *config;
	char *dir;  /* of the file: what it names is relative to it */
	char *what; /* is wrong */
	size_t what_size;
};

/* -EINVAL, with the line and the key before what is wrong if the entry has a line. */
int config_fail(struct reading *r, const struct yaml_entry *entry, const char *what);

/* Sets what an entry says. 0 or -errno. */
int config_take(struct reading *r, const struct yaml_entry *entry);

#endif
