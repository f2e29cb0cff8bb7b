// SPDX-License-Identifier: Apache-2.0
#include "web/config.h"

#include "base/macros.h"
#include "config_values.h"
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (64u << 10)
/* A regular file or what a link leads to; never a pipe that would be waited for. */
static int read_file(const char *path, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text;
	ssize_t n;
	size_t len = 0;

	if (fd < 0)
		return -errno;
	text = malloc(MAX_BYTES + 1);
	if (!text)
		return -ENOMEM;
	while ((n = read(fd, text + len, MAX_BYTES + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0 || len > MAX_BYTES) {
		int r = n < 0 ? -errno : -EFBIG;

		explicit_bzero(text, len);
		free(text);
		return r;
	}
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	return 0;
}

static int read_pem(struct reading *r, struct web_pem *pem, const char *name)
{
	struct yaml_entry entry = { .path = (char *)name, .value = "", .line = pem->line };
	char what[256];
	int err;

	if (pem->inline_text && pem->path)
		return config_fail(r, &entry, "it is given both here and as a file");
	if (pem->inline_text) {
		pem->len = strlen(pem->inline_text);
		pem->text = strdup(pem->inline_text);
		return pem->text ? 0 : -ENOMEM;
	}
	if (!pem->path)
		return 0;
	err = read_file(pem->path, &pem->text, &pem->len);
	if (err == 0)
		return 0;
	snprintf(what, sizeof(what), "cannot read %s: %s", pem->path, strerror(-err));
	return config_fail(r, &entry, what);
}

static int check_tls(struct reading *r, bool has_section)
{
	struct web_config *config = r->config;
	const struct yaml_entry section = { .path = "tls_server_config", .value = "", .line = 0 };
	int err = read_pem(r, &config->cert, "tls_server_config.cert_file");

	if (err == 0)
		err = read_pem(r, &config->key, "tls_server_config.key_file");
	if (err == 0)
		err = read_pem(r, &config->client_ca, "tls_server_config.client_ca_file");
	if (err < 0 || !has_section)
		return err;
	if (!config->cert.text || !config->key.text)
		return config_fail(r, &section,
				   !config->cert.text
					   ? "tls_server_config: cert_file (or cert) is missing"
					   : "tls_server_config: key_file (or key) is missing");
	if (config->client_ca.text && config->client_auth == CLIENT_NOT_ASKED)
		return config_fail(
			r, &section,
			"tls_server_config: client_ca_file is given, so client_auth_type must "
			"say how clients are checked");
	if (!config->client_ca.text && config->client_auth >= CLIENT_VERIFY_IF_GIVEN)
		return config_fail(
			r, &section,
			"tls_server_config: client_auth_type wants certificates verified, so "
			"client_ca_file is needed");
	if (config->sans.n > 0 && config->client_auth < CLIENT_VERIFY_IF_GIVEN)
		return config_fail(
			r, &section,
			"tls_server_config: client_allowed_sans are compared in verified "
			"certificates only: set client_auth_type");
	if (config->min_version > config->max_version)
		return config_fail(r, &section,
				   "tls_server_config: min_version is above max_version");
	config->has_tls = true;
	return 0;
}

static int apply(struct reading *r, const struct yaml_entry *entries, size_t n)
{
	bool has_section = false;
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i++) {
		err = config_take(r, &entries[i]);
		has_section |= strncmp(entries[i].path, "tls_server_config.", 18) == 0;
	}
	if (err == 0)
		err = check_tls(r, has_section);
	if (err == 0 && r->config->has_tls)
		err = tls_new(r->config, r->what, r->what_size);
	return err;
}

static int read_into(struct reading *r, const char *path)
{
	_cleanup_free_ char *text = NULL;
	struct yaml_entry *entries = NULL;
	size_t len, n = 0;
	int err = read_file(path, &text, &len);

	if (err < 0) {
		snprintf(r->what, r->what_size, "%s", strerror(-err));
		return err;
	}
	err = yaml_entries_parse(text, len, &entries, &n, r->what, r->what_size);
	explicit_bzero(text, len);
	if (err == 0)
		err = apply(r, entries, n);
	yaml_entries_free(entries, n);
	return err;
}

int web_config_read(const char *path, struct web_config **ret, char error[static WEB_CONFIG_ERROR])
{
	const char *slash = strrchr(path, '/');
	char what[WEB_CONFIG_ERROR / 2] = "";
	struct reading r = { .what = what, .what_size = sizeof(what) };
	int err = -ENOMEM;

	r.config = calloc(1, sizeof(*r.config));
	r.dir = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	if (r.config && r.dir) {
		r.config->refs = 1;
		r.config->min_version = 12;
		r.config->max_version = 13;
		r.config->server_ciphers = true;
		err = read_into(&r, path);
	}
	free(r.dir);
	if (err == 0) {
		*ret = r.config;
		return 0;
	}
	/* A line's number follows the name at once, as compilers have it. */
	snprintf(error, WEB_CONFIG_ERROR, "%s:%s%s", path, *what >= '0' && *what <= '9' ? "" : " ",
		 *what ? what : strerror(-err));
	web_config_unref(r.config);
	return err;
}

struct web_config *web_config_ref(struct web_config *config)
{
	if (config)
		config->refs++;
	return config;
}

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void free_pem(struct web_pem *pem)
{
	free_secret(pem->inline_text);
	free(pem->path);
	free_secret(pem->text);
}

static void free_list(struct web_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
}

void web_config_unref(struct web_config *config)
{
	if (!config || --config->refs > 0)
		return;
	tls_free(config);
	free_pem(&config->cert);
	free_pem(&config->key);
	free_pem(&config->client_ca);
	free_list(&config->sans);
	free_list(&config->ciphers);
	free_list(&config->curves);
	for (size_t i = 0; i < config->n_headers; i++) {
		free(config->headers[i].name);
		free(config->headers[i].value);
	}
	for (size_t i = 0; i < config->n_users; i++) {
		free(config->users[i].name);
		free_secret(config->users[i].hash);
	}
	free(config);
}
