// SPDX-License-Identifier: Apache-2.0
#include "auth.h"

#include "base/macros.h"
#include "base/sys.h"
#include "base/thread.h"

#include <crypt.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#define WAITING_MAX 8
#define KNOWN_MAX   16
#define REST	    3
#define REST_MAX_NS 3000000000u
#define SECRET	    256 /* bytes of a user's name or a password */
#define DIGEST	    32

struct login {
	char user[SECRET], password[SECRET], hash[64];
	bool user_exists;
	struct in6_addr address;
	bool over, is_right, left;
	TAILQ_ENTRY(login) link;
};

struct auth {
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool started;
	TAILQ_HEAD(, login) waiting; /* the first is in work */
	size_t n_waiting;
	void (*news)(void *data);
	void *data;
	/* The next three of the server's thread alone. */
	unsigned char key[DIGEST];
	unsigned char known[KNOWN_MAX][DIGEST];
	size_t n_known, next_known;
};

struct auth *auth_new(void (*news)(void *data), void *data)
{
	struct auth *auth = calloc(1, sizeof(*auth));

	if (!auth)
		return NULL;
	if (gnutls_rnd(GNUTLS_RND_KEY, auth->key, sizeof(auth->key)) < 0) {
		free(auth);
		return NULL;
	}
	pthread_mutex_init(&auth->lock, NULL);
	thread_cond_init(&auth->work);
	TAILQ_INIT(&auth->waiting);
	auth->news = news;
	auth->data = data;
	return auth;
}

static void login_free(struct login *login)
{
	explicit_bzero(login, sizeof(*login));
	free(login);
}

/* "Basic " and base64 of user, colon, password. False for anything else. */
static bool parse_header(const char *header, struct login *login)
{
	gnutls_datum_t text, decoded = { 0 };
	const char *colon;
	bool valid = false;

	if (!header || strncasecmp(header, "Basic ", 6) != 0)
		return false;
	header += 6 + strspn(header + 6, " ");
	text = (gnutls_datum_t){ (unsigned char *)header, (unsigned)strlen(header) };
	if (text.size > 4 * SECRET || gnutls_base64_decode2(&text, &decoded) < 0)
		return false;
	colon = decoded.data ? memchr(decoded.data, ':', decoded.size) : NULL;
	if (colon && !memchr(decoded.data, '\0', decoded.size)) {
		size_t user = (size_t)(colon - (const char *)decoded.data);
		size_t password = decoded.size - user - 1;

		valid = user < SECRET && password < SECRET;
		if (valid) {
			memcpy(login->user, decoded.data, user);
			memcpy(login->password, colon + 1, password);
		}
	}
	if (decoded.data)
		explicit_bzero(decoded.data, decoded.size);
	gnutls_free(decoded.data);
	return valid;
}

/* Whose hash it is is part of it, so that a changed password is not known. */
static void digest(const struct auth *auth, const struct login *login,
		   unsigned char ret[static DIGEST])
{
	unsigned char text[sizeof(login->user) + sizeof(login->password) + sizeof(login->hash)];

	memcpy(text, login->user, sizeof(login->user));
	memcpy(text + sizeof(login->user), login->password, sizeof(login->password));
	memcpy(text + sizeof(login->user) + sizeof(login->password), login->hash,
	       sizeof(login->hash));
	gnutls_hmac_fast(GNUTLS_MAC_SHA256, auth->key, sizeof(auth->key), text, sizeof(text), ret);
	explicit_bzero(text, sizeof(text));
}

static bool is_known(const struct auth *auth, const struct login *login)
{
	unsigned char wanted[DIGEST];
	bool found = false;

	digest(auth, login, wanted);
	for (size_t i = 0; i < auth->n_known; i++)
		found |= gnutls_memcmp(auth->known[i], wanted, DIGEST) == 0;
	return found;
}

static void remember(struct auth *auth, const struct login *login)
{
	digest(auth, login, auth->known[auth->next_known]);
	auth->next_known = (auth->next_known + 1) % KNOWN_MAX;
	if (auth->n_known < KNOWN_MAX)
		auth->n_known++;
}

/* An unknown user's password is compared with somebody's hash all the same, and is wrong. */
static void find_hash(const struct web_config *config, struct login *login)
{
	const char *hash = config->users[0].hash;

	for (size_t i = 0; i < config->n_users; i++)
		if (strcmp(config->users[i].name, login->user) == 0) {
			hash = config->users[i].hash;
			login->user_exists = true;
		}
	strncpy(login->hash, hash, sizeof(login->hash) - 1);
}

static bool is_right(struct crypt_data *crypt, const struct login *login)
{
	/* Not crypt_r(), which AddressSanitizer replaces by one that needs libcrypt, and so drops.
	 */
	const char *made = crypt_rn(login->password, login->hash, crypt, (int)sizeof(*crypt));

	return made && strlen(made) == strlen(login->hash) &&
	       gnutls_memcmp(made, login->hash, strlen(made)) == 0 && login->user_exists;
}

/* Nobody waits for the rest but those who come next. */
static void rest(uint64_t worked)
{
	uint64_t ns = REST * worked < REST_MAX_NS ? REST * worked : REST_MAX_NS;

	nanosleep(&(struct timespec){ (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) }, NULL);
}

static void *auth_main(void *data)
{
	struct crypt_data *crypt = calloc(1, sizeof(*crypt));
	struct auth *auth = data;

	pthread_mutex_lock(&auth->lock);
	for (;;) {
		struct login *login = TAILQ_FIRST(&auth->waiting), copy;
		uint64_t begun = sys_monotonic_ns();

		if (!login) {
			pthread_cond_wait(&auth->work, &auth->lock);
			continue;
		}
		copy = *login;
		pthread_mutex_unlock(&auth->lock);
		copy.is_right = crypt && is_right(crypt, &copy);
		if (crypt)
			explicit_bzero(crypt, sizeof(*crypt));
		pthread_mutex_lock(&auth->lock);
		TAILQ_REMOVE(&auth->waiting, login, link);
		auth->n_waiting--;
		login->is_right = copy.is_right;
		login->over = true;
		if (login->left)
			login_free(login);
		pthread_mutex_unlock(&auth->lock);
		auth->news(auth->data);
		if (!copy.is_right)
			rest(sys_monotonic_ns() - begun);
		explicit_bzero(&copy, sizeof(copy));
		pthread_mutex_lock(&auth->lock);
	}
	return NULL;
}

/* False if it has to try again later. */
static bool wait_in_line(struct auth *auth, struct login *login)
{
	const struct login *other;
	bool has_room;

	pthread_mutex_lock(&auth->lock);
	if (!auth->started)
		auth->started = thread_start(NULL, "passwords", auth_main, auth) == 0;
	has_room = auth->started && auth->n_waiting < WAITING_MAX;
	TAILQ_FOREACH (other, &auth->waiting, link)
		has_room &= memcmp(&other->address, &login->address, sizeof(login->address)) != 0;
	if (has_room) {
		TAILQ_INSERT_TAIL(&auth->waiting, login, link);
		auth->n_waiting++;
		pthread_cond_signal(&auth->work);
	}
	pthread_mutex_unlock(&auth->lock);
	return has_room;
}

enum auth_answer auth_begin(struct auth *auth, const struct web_config *config, const char *header,
			    const struct in6_addr *address, struct login **ret)
{
	struct login *login = calloc(1, sizeof(*login));
	enum auth_answer answer = AUTH_NO;

	if (!login)
		return AUTH_BUSY;
	if (parse_header(header, login)) {
		find_hash(config, login);
		login->address = *address;
		if (login->user_exists && is_known(auth, login))
			answer = AUTH_YES;
		else
			answer = wait_in_line(auth, login) ? AUTH_WAIT : AUTH_BUSY;
	}
	if (answer == AUTH_WAIT)
		*ret = login;
	else
		login_free(login);
	return answer;
}

enum auth_answer auth_end(struct auth *auth, struct login *login)
{
	bool over, right;

	pthread_mutex_lock(&auth->lock);
	over = login->over;
	right = login->is_right;
	pthread_mutex_unlock(&auth->lock);
	if (!over)
		return AUTH_WAIT;
	if (right)
		remember(auth, login);
	login_free(login);
	return right ? AUTH_YES : AUTH_NO;
}

void auth_cancel(struct auth *auth, struct login *login)
{
	bool over;

	pthread_mutex_lock(&auth->lock);
	over = login->over;
	login->left = true;
	pthread_mutex_unlock(&auth->lock);
	if (over)
		login_free(login);
}
