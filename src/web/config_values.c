// SPDX-License-Identifier: Apache-2.0
/* What each key of the web configuration may have for a value, and where that goes. */
#include "config_values.h"

#include "base/macros.h"
#include "base/text.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* bcrypt doubles its time with each: 14 takes 0.8 s. */
#define MAX_COST 14

int config_fail(struct reading *r, const struct yaml_entry *entry, const char *what)
{
	char value[64];

	text_clean(entry->value, strlen(entry->value), value, sizeof(value));
	if (entry->line)
		snprintf(r->what, r->what_size, "%u: %s: %s", entry->line, entry->path, what);
	else
		snprintf(r->what, r->what_size, "%s", what);
	return -EINVAL;
}

static int take_text(struct reading *r, const struct yaml_entry *entry, void *field)
{
	char **text = field;

	(void)r;
	*text = strdup(entry->value);
	return *text ? 0 : -ENOMEM;
}

static int take_pem(struct reading *r, const struct yaml_entry *entry, void *field)
{
	struct web_pem *pem = field;

	pem->line = entry->line;
	return take_text(r, entry, &pem->inline_text);
}

static int take_path(struct reading *r, const struct yaml_entry *entry, void *field)
{
	struct web_pem *pem = field;

	pem->line = entry->line;
	if (*entry->value == '/')
		return take_text(r, entry, &pem->path);
	return asprintf(&pem->path, "%s/%s", r->dir, entry->value) < 0 ? -ENOMEM : 0;
}

static int take_list(struct reading *r, const struct yaml_entry *entry, void *field)
{
	struct web_list *list = field;

	if (list->n == 0)
		list->line = entry->line;
	if (list->n == WEB_LIST_MAX)
		return config_fail(r, entry, "too many items");
	return take_text(r, entry, &list->items[list->n++]);
}

/* As YAML 1.1 has them, and Go's reader takes them. */
static int take_bool(struct reading *r, const struct yaml_entry *entry, void *field)
{
	static const char *const yes[] = { "true", "yes", "on", "y" }, *const no[] = { "false",
										       "no", "off",
										       "n" };

	for (size_t i = 0; entry->is_plain && i < ARRAY_SIZE(yes); i++) {
		bool is_yes = strcasecmp(entry->value, yes[i]) == 0;

		if (!is_yes && strcasecmp(entry->value, no[i]) != 0)
			continue;
		if (field)
			*(bool *)field = is_yes;
		return 0;
	}
	return config_fail(r, entry, "true or false is expected");
}

static int take_version(struct reading *r, const struct yaml_entry *entry, void *field)
{
	if (strlen(entry->value) == 5 && strncmp(entry->value, "TLS1", 4) == 0 &&
	    entry->value[4] >= '0' && entry->value[4] <= '3') {
		*(unsigned *)field = 10u + (unsigned)(entry->value[4] - '0');
		return 0;
	}
	return config_fail(r, entry, "one of TLS10, TLS11, TLS12, TLS13 is expected");
}

static int take_client_auth(struct reading *r, const struct yaml_entry *entry, void *field)
{
	static const struct {
		const char *name;
		enum client_auth auth;
	} names[] = {
		{ "NoClientCert", CLIENT_NOT_ASKED },
		{ "RequestClientCert", CLIENT_REQUEST },
		{ "RequireAnyClientCert", CLIENT_REQUIRE_ANY },
		{ "RequireClientCert", CLIENT_REQUIRE_ANY },
		{ "VerifyClientCertIfGiven", CLIENT_VERIFY_IF_GIVEN },
		{ "RequireAndVerifyClientCert", CLIENT_REQUIRE_AND_VERIFY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(entry->value, names[i].name) == 0) {
			*(enum client_auth *)field = names[i].auth;
			return 0;
		}
	return config_fail(r, entry,
			   "one of NoClientCert, RequestClientCert, RequireAnyClientCert, "
			   "VerifyClientCertIfGiven, RequireAndVerifyClientCert is expected");
}

/* The names that exporter-toolkit has, and the values that some of them may have. */
static int take_header(struct reading *r, const struct yaml_entry *entry, void *field)
{
	static const struct {
		const char *name, *values[2];
	} known[WEB_HEADERS_MAX] = {
		{ "Content-Security-Policy", { NULL } },
		{ "Strict-Transport-Security", { NULL } },
		{ "X-Content-Type-Options", { "nosniff" } },
		{ "X-Frame-Options", { "deny", "sameorigin" } },
		{ "X-XSS-Protection", { NULL } },
	};
	struct web_config *config = field;
	struct web_header *header = &config->headers[config->n_headers];
	size_t i = 0;

	while (i < ARRAY_SIZE(known) && strcasecmp(entry->key, known[i].name) != 0)
		i++;
	if (i == ARRAY_SIZE(known))
		return config_fail(
			r, entry,
			"this header cannot be set: only Content-Security-Policy, "
			"Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options "
			"and X-XSS-Protection");
	if (known[i].values[0] && *entry->value &&
	    strcasecmp(entry->value, known[i].values[0]) != 0 &&
	    (!known[i].values[1] || strcasecmp(entry->value, known[i].values[1]) != 0))
		return config_fail(r, entry,
				   known[i].values[1] ? "deny or sameorigin is expected"
						      : "nosniff is expected");
	for (const char *s = entry->value; *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
			return config_fail(r, entry, "a header's value is one line of ASCII");
	for (size_t j = 0; j < config->n_headers; j++)
		if (strcasecmp(config->headers[j].name, known[i].name) == 0)
			return config_fail(r, entry, "this header is there twice");
	if (!*entry->value)
		return 0;
	header->name = strdup(known[i].name);
	header->value = strdup(entry->value);
	config->n_headers++;
	return header->name && header->value ? 0 : -ENOMEM;
}

/* "$2y$10$" and 53 characters of bcrypt's own base64. The cost, or -1. */
static int hash_cost(const char *hash)
{
	static const char base64[] =
		"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (strlen(hash) != 60 || strncmp(hash, "$2", 2) != 0 || !strchr("aby", hash[2]) ||
	    hash[3] != '$' || hash[6] != '$' || hash[4] < '0' || hash[4] > '3' || hash[5] < '0' ||
	    hash[5] > '9' || strspn(hash + 7, base64) != 53)
		return -1;
	return 10 * (hash[4] - '0') + (hash[5] - '0');
}

static int take_user(struct reading *r, const struct yaml_entry *entry, void *field)
{
	struct web_config *config = field;
	struct web_user *user = &config->users[config->n_users];
	int cost = hash_cost(entry->value);

	if (!*entry->key || strchr(entry->key, ':'))
		return config_fail(r, entry, "a user's name is not empty and has no colon");
	if (cost < 4)
		return config_fail(
			r, entry,
			"a bcrypt hash of the password is expected: htpasswd -nBC 10 \"\" "
			"makes one");
	if (cost > MAX_COST)
		return config_fail(
			r, entry,
			"the hash's cost is above 14: each wrong password would take seconds");
	if (config->n_users == WEB_USERS_MAX)
		return config_fail(r, entry, "too many users");
	user->name = strdup(entry->key);
	user->hash = strdup(entry->value);
	config->n_users++;
	return user->name && user->hash ? 0 : -ENOMEM;
}

static int take_interval(struct reading *r, const struct yaml_entry *entry, void *field)
{
	if (text_parse_duration(entry->value, field) < 0)
		return config_fail(r, entry, "a duration such as 100ms or 1s is expected");
	return 0;
}

static int take_burst(struct reading *r, const struct yaml_entry *entry, void *field)
{
	uint64_t n;

	if (text_parse_u64(entry->value, strlen(entry->value), &n) < 0 || n > 1000000)
		return config_fail(r, entry, "a number is expected");
	*(unsigned *)field = (unsigned)n;
	return 0;
}

/* What each key sets. A path that ends in a dot takes any key. */
static const struct row {
	const char *path;
	int (*take)(struct reading *r, const struct yaml_entry *entry, void *field);
	size_t offset;
	bool is_list;
} rows[] = {
#define TLS(key, take, field)                                                                      \
	{                                                                                          \
		"tls_server_config." key, take, offsetof(struct web_config, field), false          \
	}
#define TLS_LIST(key, field)                                                                       \
	{                                                                                          \
		"tls_server_config." key, take_list, offsetof(struct web_config, field), true      \
	}
	TLS("cert", take_pem, cert),
	TLS("cert_file", take_path, cert),
	TLS("key", take_pem, key),
	TLS("key_file", take_path, key),
	TLS("client_ca", take_pem, client_ca),
	TLS("client_ca_file", take_path, client_ca),
	TLS("client_auth_type", take_client_auth, client_auth),
	TLS_LIST("client_allowed_sans", sans),
	TLS("min_version", take_version, min_version),
	TLS("max_version", take_version, max_version),
	TLS_LIST("cipher_suites", ciphers),
	TLS_LIST("curve_preferences", curves),
	TLS("prefer_server_cipher_suites", take_bool, server_ciphers),
	/* Either way it is HTTP 1.1, which every client has. */
	{ "http_server_config.http2", take_bool, SIZE_MAX, false },
	{ "http_server_config.headers.", take_header, 0, false },
	{ "basic_auth_users.", take_user, 0, false },
	{ "rate_limit.interval", take_interval, offsetof(struct web_config, rate_interval_ns),
	  false },
	{ "rate_limit.burst", take_burst, offsetof(struct web_config, rate_burst), false },
};

/* A section that is there and empty. */
static bool is_section(const char *path)
{
	return strcmp(path, "tls_server_config") == 0 || strcmp(path, "http_server_config") == 0 ||
	       strcmp(path, "http_server_config.headers") == 0 ||
	       strcmp(path, "basic_auth_users") == 0 || strcmp(path, "rate_limit") == 0;
}

static bool row_is(const struct row *row, const struct yaml_entry *entry)
{
	size_t len = strlen(row->path);

	if (row->path[len - 1] != '.')
		return strcmp(row->path, entry->path) == 0;
	return strncmp(row->path, entry->path, len) == 0 &&
	       strcmp(entry->path + len, entry->key) == 0;
}

int config_take(struct reading *r, const struct yaml_entry *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *field =
			rows[i].offset == SIZE_MAX ? NULL : (char *)r->config + rows[i].offset;

		if (!row_is(&rows[i], entry))
			continue;
		if (entry->is_null)
			return 0;
		if (entry->is_list != rows[i].is_list)
			return config_fail(r, entry,
					   rows[i].is_list ? "a list is expected"
							   : "a single value is expected");
		return rows[i].take(r, entry, field);
	}
	if (is_section(entry->path))
		return entry->is_null ? 0 : config_fail(r, entry, "keys are expected below it");
	return config_fail(r, entry, "this key is not known");
}
