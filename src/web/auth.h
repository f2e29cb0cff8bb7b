/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords (RFC 7617) against bcrypt hashes, which take 50 ms and more each by design: they are
 * computed by one thread that rests three times as long after a wrong one, so that wrong passwords
 * cost a quarter of a processor at most. What was right is known again at once.
 */
#ifndef WEB_AUTH_H
#define WEB_AUTH_H

#include "web/config.h"

#include <netinet/in.h>

struct auth;
struct login;

enum auth_answer {
	AUTH_YES,
	AUTH_NO,
	AUTH_WAIT, /* a login has begun */
	AUTH_BUSY, /* others, or this address already, are waiting */
};

/*
 * news is called by the thread when a login may be over. NULL when memory is out. The thread starts
 * with the first password that is not known.
 */
struct auth *auth_new(void (*news)(void *data), void *data);

/*
 * Judges the header Authorization (NULL: there was none). An unknown user takes as long as a wrong
 * password. Of one address one login waits at a time, of all 8.
 */
enum auth_answer auth_begin(struct auth *auth, const struct web_config *config, const char *header,
			    const struct in6_addr *address, struct login **ret);

/* AUTH_WAIT until it is over; then the login is freed. */
enum auth_answer auth_end(struct auth *auth, struct login *login);

/* Frees a login that nobody waits for. */
void auth_cancel(struct auth *auth, struct login *login);

#endif
