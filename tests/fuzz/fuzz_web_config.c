// SPDX-License-Identifier: Apache-2.0
/* A web configuration, but for the files that it names. */
#include "fuzz.h"

#include "config_values.h"

static void free_config(struct web_config *config)
{
	struct web_list *const lists[] = { &config->sans, &config->ciphers, &config->curves };
	struct web_pem *const pems[] = { &config->cert, &config->key, &config->client_ca };

	for (size_t i = 0; i < 3; i++) {
		CHECK(lists[i]->n <= WEB_LIST_MAX);
		for (size_t j = 0; j < lists[i]->n; j++)
			free(lists[i]->items[j]);
		free(pems[i]->inline_text);
		free(pems[i]->path);
	}
	CHECK(config->n_headers <= WEB_HEADERS_MAX && config->n_users <= WEB_USERS_MAX);
	for (size_t i = 0; i < config->n_headers; i++) {
		free(config->headers[i].name);
		free(config->headers[i].value);
	}
	for (size_t i = 0; i < config->n_users; i++) {
		CHECK(strlen(config->users[i].hash) == 60);
		free(config->users[i].name);
		free(config->users[i].hash);
	}
	free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char what[160] = "";
	struct web_config *config = calloc(1, sizeof(*config));
	struct reading reading = {
		.config = config, .dir = ".", .what = what, .what_size = sizeof(what)
	};
	struct yaml_entry *entries;
	size_t n;
	int r = yaml_entries_parse((const char *)data, size, &entries, &n, what, sizeof(what));

	CHECK(r == 0 || *what);
	if (r == 0) {
		CHECK(n <= YAML_ENTRIES);
		for (size_t i = 0; r == 0 && i < n; i++)
			r = config_take(&reading, &entries[i]);
		CHECK(r == 0 || *what);
		CHECK(memchr(what, '\0', sizeof(what)));
		yaml_entries_free(entries, n);
	}
	free_config(config);
	return 0;
}
