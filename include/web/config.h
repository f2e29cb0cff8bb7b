/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of --web.config.file: TLS, passwords, headers and a limit of requests, in the format of
 * Prometheus' exporter-toolkit (docs/web-configuration.md there).
 */
#ifndef WEB_CONFIG_H
#define WEB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEB_CONFIG_ERROR 320

enum client_auth {
	CLIENT_NOT_ASKED,
	CLIENT_REQUEST,
	CLIENT_REQUIRE_ANY,
	CLIENT_VERIFY_IF_GIVEN,
	CLIENT_REQUIRE_AND_VERIFY,
};

/* A PEM text: of the file itself, or of another one that it names. */
struct web_pem {
	char *inline_text, *path; /* as the file has them; the path is absolute by then */
	char *text;		  /* read; may be the secret key */
	size_t len;
	unsigned line;
};

struct web_user {
	char *name, *hash; /* bcrypt's */
};

struct web_header {
	char *name, *value;
};

#define WEB_HEADERS_MAX 5
#define WEB_USERS_MAX	64
#define WEB_LIST_MAX	32

struct web_list {
	char *items[WEB_LIST_MAX];
	size_t n;
	unsigned line;
};

struct web_config {
	unsigned refs;
	bool has_tls; /* a section tls_server_config with a certificate */
	struct web_pem cert, key, client_ca;
	enum client_auth client_auth;
	struct web_list sans, ciphers, curves;
	unsigned min_version, max_version; /* 10 to 13: TLS 1.0 to 1.3 */
	bool server_ciphers;		   /* its order of ciphers counts, not the client's */
	struct web_header headers[WEB_HEADERS_MAX];
	size_t n_headers;
	struct web_user users[WEB_USERS_MAX];
	size_t n_users;
	uint64_t rate_interval_ns; /* a request each; 0: no limit */
	unsigned rate_burst;
	void *tls; /* struct tls, if has_tls */
};

/*
 * Reads the file and those that it names. 0 with a config for web_config_unref(), or -errno with
 * one line for a person in error: "FILE:LINE: KEY: what is wrong". Secrets are never in it.
 */
int web_config_read(const char *path, struct web_config **ret, char error[static WEB_CONFIG_ERROR]);

struct web_config *web_config_ref(struct web_config *config);
/* NULL is none. Secrets are wiped. */
void web_config_unref(struct web_config *config);

#endif
