// SPDX-License-Identifier: Apache-2.0
/*
 * libmicrohttpd has one certificate and one set of priorities for a daemon's whole life, and asks
 * clients for certificates without minding the answer. Each session gets ours instead, before its
 * handshake: what is replaced counts from the next connection, and GnuTLS refuses clients itself.
 */
#include "tls.h"

#include "base/macros.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct tls {
	const struct web_config *config;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	LIST_ENTRY(tls) link;
};

/* A session knows its credentials and nothing else of ours. Of the loop's thread. */
static LIST_HEAD(, tls) all = LIST_HEAD_INITIALIZER(all);

/* Go's names, which the format has, of the suites before TLS 1.3, by GnuTLS's three parts. */
static const struct suite {
	const char *name, *kx, *cipher, *mac;
} suites[] = {
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA", "AES-128-GCM", "AEAD" },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA", "AES-256-GCM", "AEAD" },
	{ "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA", "CHACHA20-POLY1305",
	  "AEAD" },
	{ "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA", "AES-128-GCM", "AEAD" },
	{ "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA", "AES-256-GCM", "AEAD" },
	{ "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA", "CHACHA20-POLY1305", "AEAD" },
	{ "TLS_RSA_WITH_AES_128_GCM_SHA256", "RSA", "AES-128-GCM", "AEAD" },
	{ "TLS_RSA_WITH_AES_256_GCM_SHA384", "RSA", "AES-256-GCM", "AEAD" },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA", "AES-128-CBC", "SHA1" },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA", "AES-256-CBC", "SHA1" },
	{ "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA", "AES-128-CBC", "SHA1" },
	{ "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA", "AES-256-CBC", "SHA1" },
	{ "TLS_RSA_WITH_AES_128_CBC_SHA", "RSA", "AES-128-CBC", "SHA1" },
	{ "TLS_RSA_WITH_AES_256_CBC_SHA", "RSA", "AES-256-CBC", "SHA1" },
};

static const struct {
	const char *name, *group;
} curves[] = {
	{ "CurveP256", "SECP256R1" },
	{ "CurveP384", "SECP384R1" },
	{ "CurveP521", "SECP521R1" },
	{ "X25519", "X25519" },
};

static int find_suite(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++)
		if (strcmp(suites[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool has(const struct web_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], name) == 0)
			return true;
	return false;
}

/*
 * GnuTLS has a list of key exchanges and one of ciphers, and takes every combination. A list that
 * would let in more than it names is refused. NULL, or the suite that is missing in the list.
 */
static const char *unlisted(const struct web_list *list)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		bool kx = false, cipher = false;

		for (size_t j = 0; j < list->n; j++) {
			const struct suite *listed = &suites[find_suite(list->items[j])];

			kx |= strcmp(listed->kx, suites[i].kx) == 0;
			cipher |= strcmp(listed->cipher, suites[i].cipher) == 0;
		}
		if (kx && cipher && !has(list, suites[i].name))
			return suites[i].name;
	}
	return NULL;
}

static int check_lists(const struct web_config *config, char *error, size_t size)
{
	const char *missing;

	for (size_t i = 0; i < config->ciphers.n; i++)
		if (find_suite(config->ciphers.items[i]) < 0) {
			snprintf(error, size,
				 "%u: tls_server_config.cipher_suites: a name that is "
				 "not known",
				 config->ciphers.line);
			return -EINVAL;
		}
	missing = unlisted(&config->ciphers);
	if (missing) {
		snprintf(error, size,
			 "%u: tls_server_config.cipher_suites: GnuTLS would allow %s with these, "
			 "too: list it, or leave some out",
			 config->ciphers.line, missing);
		return -EINVAL;
	}
	for (size_t i = 0; i < config->curves.n; i++) {
		size_t j = 0;

		while (j < ARRAY_SIZE(curves) &&
		       strcmp(curves[j].name, config->curves.items[i]) != 0)
			j++;
		if (j == ARRAY_SIZE(curves)) {
			snprintf(error, size,
				 "%u: tls_server_config.curve_preferences: of CurveP256, "
				 "CurveP384, CurveP521, X25519",
				 config->curves.line);
			return -EINVAL;
		}
	}
	return 0;
}

static void print_priorities(const struct web_config *config, FILE *out)
{
	fputs("NORMAL:-VERS-ALL", out);
	for (unsigned v = config->max_version; v >= config->min_version; v--)
		fprintf(out, ":+VERS-TLS1.%u", v - 10);
	if (config->server_ciphers)
		fputs(":%SERVER_PRECEDENCE", out);
	if (config->ciphers.n > 0)
		fputs(":-KX-ALL:-CIPHER-ALL:-MAC-ALL", out);
	/* TLS 1.3 has key exchanges of its own, and of its ciphers those that are listed. */
	for (size_t i = 0; i < config->ciphers.n; i++) {
		const struct suite *suite = &suites[find_suite(config->ciphers.items[i])];

		fprintf(out, ":+%s:+%s:+%s", suite->kx, suite->cipher, suite->mac);
	}
	if (config->curves.n > 0)
		fputs(":-GROUP-ALL", out);
	for (size_t i = 0; i < config->curves.n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(curves); j++)
			if (strcmp(curves[j].name, config->curves.items[i]) == 0)
				fprintf(out, ":+GROUP-%s", curves[j].group);
}

static int make_priorities(struct tls *tls)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return GNUTLS_E_MEMORY_ERROR;
	print_priorities(tls->config, out);
	if (fclose(out) != 0)
		return GNUTLS_E_MEMORY_ERROR;
	return gnutls_priority_init(&tls->priorities, text, NULL);
}

static bool name_is_allowed(const struct web_list *sans, unsigned type, const char *name,
			    size_t len)
{
	char address[INET6_ADDRSTRLEN];

	if (type == GNUTLS_SAN_IPADDRESS) {
		if ((len != 4 && len != 16) ||
		    !inet_ntop(len == 4 ? AF_INET : AF_INET6, name, address, sizeof(address)))
			return false;
		name = address;
		len = strlen(address);
	} else if (type != GNUTLS_SAN_DNSNAME && type != GNUTLS_SAN_RFC822NAME &&
		   type != GNUTLS_SAN_URI) {
		return false;
	}
	for (size_t i = 0; i < sans->n; i++)
		if (strlen(sans->items[i]) == len && memcmp(sans->items[i], name, len) == 0)
			return true;
	return false;
}

static bool has_allowed_name(const struct web_list *sans, const gnutls_datum_t *certificate)
{
	gnutls_x509_crt_t crt;
	bool found = false;

	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	if (gnutls_x509_crt_import(crt, certificate, GNUTLS_X509_FMT_DER) == 0)
		for (unsigned i = 0; !found; i++) {
			char name[1024];
			size_t len = sizeof(name);
			int type = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &len, NULL);

			if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
				continue;
			if (type < 0)
				break;
			found = name_is_allowed(sans, (unsigned)type, name, len);
		}
	gnutls_x509_crt_deinit(crt);
	return found;
}

static const struct tls *tls_of(gnutls_session_t session)
{
	void *credentials = NULL;
	const struct tls *tls;

	gnutls_credentials_get(session, GNUTLS_CRD_CERTIFICATE, &credentials);
	LIST_FOREACH (tls, &all, link)
		if (tls->credentials == credentials)
			return tls;
	return NULL;
}

/* In the handshake, for rules that want a certificate verified. Not 0 ends it. */
static int verify(gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
					  .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };
	const struct tls *tls = tls_of(session);
	const gnutls_datum_t *certificates;
	unsigned n = 0, status;

	if (!tls)
		return -1;
	certificates = gnutls_certificate_get_peers(session, &n);
	if (!certificates || n == 0)
		return tls->config->client_auth == CLIENT_VERIFY_IF_GIVEN ? 0 : -1;
	if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0 || status != 0)
		return -1;
	return tls->config->sans.n == 0 || has_allowed_name(&tls->config->sans, certificates) ? 0
											      : -1;
}

static int give_pems(struct tls *tls, const char **ret_what)
{
	const struct web_config *config = tls->config;
	const gnutls_datum_t cert = { (unsigned char *)config->cert.text,
				      (unsigned)config->cert.len };
	const gnutls_datum_t key = { (unsigned char *)config->key.text, (unsigned)config->key.len };
	const gnutls_datum_t ca = { (unsigned char *)config->client_ca.text,
				    (unsigned)config->client_ca.len };
	int r;

	*ret_what = "certificate and key";
	r = gnutls_certificate_set_x509_key_mem(tls->credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
	if (r < 0 || !config->client_ca.text)
		return r;
	*ret_what = "client_ca";
	r = gnutls_certificate_set_x509_trust_mem(tls->credentials, &ca, GNUTLS_X509_FMT_PEM);
	return r == 0 ? GNUTLS_E_NO_CERTIFICATE_FOUND : r < 0 ? r : 0;
}

int tls_new(struct web_config *config, char *error, size_t error_size)
{
	struct tls *tls;
	const char *what = "memory";
	int r = check_lists(config, error, error_size);

	if (r < 0)
		return r;
	tls = calloc(1, sizeof(*tls));
	if (!tls)
		return -ENOMEM;
	tls->config = config;
	r = gnutls_certificate_allocate_credentials(&tls->credentials);
	if (r >= 0)
		r = give_pems(tls, &what);
	if (r >= 0) {
		what = "versions, ciphers and curves";
		r = make_priorities(tls);
	}
	if (config->client_auth >= CLIENT_VERIFY_IF_GIVEN)
		gnutls_certificate_set_verify_function(tls->credentials, verify);
	LIST_INSERT_HEAD(&all, tls, link);
	config->tls = tls;
	if (r >= 0)
		return 0;
	snprintf(error, error_size, "tls_server_config: %s: %s", what, gnutls_strerror(r));
	return -EINVAL;
}

void tls_free(struct web_config *config)
{
	struct tls *tls = config->tls;

	if (!tls)
		return;
	LIST_REMOVE(tls, link);
	if (tls->priorities)
		gnutls_priority_deinit(tls->priorities);
	if (tls->credentials)
		gnutls_certificate_free_credentials(tls->credentials);
	free(tls);
}

void tls_apply(const struct web_config *config, gnutls_session_t session)
{
	static const gnutls_certificate_request_t requests[] = {
		[CLIENT_NOT_ASKED] = GNUTLS_CERT_IGNORE,
		[CLIENT_REQUEST] = GNUTLS_CERT_REQUEST,
		[CLIENT_REQUIRE_ANY] = GNUTLS_CERT_REQUIRE,
		[CLIENT_VERIFY_IF_GIVEN] = GNUTLS_CERT_REQUEST,
		[CLIENT_REQUIRE_AND_VERIFY] = GNUTLS_CERT_REQUIRE,
	};
	const struct tls *tls = config->tls;

	gnutls_priority_set(session, tls->priorities);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
	gnutls_certificate_server_set_request(session, requests[config->client_auth]);
}
