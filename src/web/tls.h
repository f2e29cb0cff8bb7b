/* SPDX-License-Identifier: Apache-2.0 */
/* GnuTLS's credentials and priorities of one configuration. */
#ifndef WEB_TLS_H
#define WEB_TLS_H

#include "web/config.h"

#include <gnutls/gnutls.h>
#include <stddef.h>

/* Sets config->tls. 0, or -EINVAL with what is wrong in error. */
int tls_new(struct web_config *config, char *error, size_t error_size);
void tls_free(struct web_config *config);

/*
 * Gives a session, before its handshake, this configuration's certificate, versions, ciphers and
 * rules for clients' certificates. config must live as long as the session.
 */
void tls_apply(const struct web_config *config, gnutls_session_t session);

#endif
