/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML document as the list of its scalars, for small configurations that are parsed strictly. */
#ifndef WEB_YAML_ENTRIES_H
#define WEB_YAML_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

#define YAML_DEPTH   3
#define YAML_ENTRIES 512

struct yaml_entry {
	char *path;    /* keys with dots between them: "tls_server_config.cert_file" */
	char *key;     /* the last of them */
	char *value;   /* "" for an empty mapping or list, or null */
	bool is_list;  /* one item of a list */
	bool is_null;  /* nothing was given */
	bool is_plain; /* without quotes */
	unsigned line;
};

/*
 * The scalars of a document of mappings, in its order. 0 or -EINVAL with what is wrong, and its
 * line, in error. Refused are, besides what is no YAML: keys twice, anchors and aliases, tags,
 * several documents, more than three levels, lists of anything but scalars, and more than
 * YAML_ENTRIES scalars. Freed with yaml_entries_free().
 */
int yaml_entries_parse(const char *text, size_t len, struct yaml_entry **ret, size_t *ret_n,
		       char *error, size_t error_size);
void yaml_entries_free(struct yaml_entry *entries, size_t n);

#endif
