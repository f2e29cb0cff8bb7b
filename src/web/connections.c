// SPDX-License-Identifier: Apache-2.0
#include "connections.h"

#include "base/sys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define PER_ADDRESS  32u /* below --web.max-requests: one address cannot take all scrapes */
#define REQUEST_S    10
#define ANSWER_S     10
#define KEEP_ALIVE_S 120 /* longer than common scrape intervals */
#define OLD_NS	     1000000000u
#define HURRY_NS     100000000u

enum stage { SILENT, REQUEST, SCRAPE, ANSWER, IDLE };

struct client {
	struct in6_addr address;
	size_t n, scrapes;
	LIST_ENTRY(client) link;
};

struct connection {
	int fd;
	enum stage stage;
	uint64_t since, end;   /* of the stage, monotonic ns */
	struct client *client; /* NULL: it has to leave, is counted no longer and on no list */
	struct connections *all;
	bool hurried;  /* this request came at once after the answer to the one before */
	void *request; /* whose scrape it waits for */
	TAILQ_ENTRY(connection) link;
};

struct connections {
	size_t places, n;
	void (*cancel)(void *request);
	TAILQ_HEAD(, connection) list; /* first the one that has been in its stage for longest */
	LIST_HEAD(, client) clients;
};

static uint64_t in_seconds(uint64_t seconds)
{
	return sys_monotonic_ns() + seconds * 1000000000u;
}

/* IPv4 as IPv6 has it; of IPv6 the network, since a machine has all addresses of one. */
static struct in6_addr address_of(const struct sockaddr *address)
{
	struct in6_addr a = { 0 };

	if (address->sa_family == AF_INET6) {
		a = ((const struct sockaddr_in6 *)address)->sin6_addr;
		if (!IN6_IS_ADDR_V4MAPPED(&a))
			memset(&a.s6_addr[8], 0, 8);
	} else if (address->sa_family == AF_INET) {
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
		memcpy(&a.s6_addr[12], &((const struct sockaddr_in *)address)->sin_addr, 4);
	} else if (address->sa_family == AF_UNIX) {
		a = in6addr_loopback; /* as no client of IPv6 can have it */
	}
	return a;
}

static struct client *find(const struct connections *c, const struct sockaddr *address)
{
	struct in6_addr wanted = address_of(address);
	struct client *client;

	LIST_FOREACH (client, &c->clients, link)
		if (memcmp(&client->address, &wanted, sizeof(wanted)) == 0)
			return client;
	return NULL;
}

static struct client *largest(const struct connections *c)
{
	struct client *client, *found = NULL;

	LIST_FOREACH (client, &c->clients, link)
		if (!found || client->n > found->n)
			found = client;
	return found;
}

struct connections *connections_new(size_t places, void (*cancel)(void *request))
{
	struct connections *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->places = places;
	c->cancel = cancel;
	TAILQ_INIT(&c->list);
	return c;
}

void connections_free(struct connections *c)
{
	free(c);
}

static void leave(struct connection *one)
{
	struct client *client = one->client;

	TAILQ_REMOVE(&one->all->list, one, link);
	one->all->n--;
	one->client = NULL;
	client->scrapes -= one->stage == SCRAPE;
	if (--client->n > 0)
		return;
	LIST_REMOVE(client, link);
	free(client);
}

/* libmicrohttpd sees the end of file and removes the connection itself. */
static void cut(struct connection *one)
{
	const struct linger now = { .l_onoff = 1 };

	/* A part of an answer is no answer: a reset says so, and frees what the kernel still has.
	 */
	if (one->stage == ANSWER)
		setsockopt(one->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	shutdown(one->fd, SHUT_RDWR);
	if (one->stage == SCRAPE)
		one->all->cancel(one->request);
	leave(one);
}

/*
 * Who leaves first. A client that wants an answer sends its request soon and in one piece, takes
 * the answer as soon as it is there, and does not ask again at once.
 */
static int rank(const struct connection *one, uint64_t now)
{
	uint64_t age = now - one->since;
	bool old = age >= OLD_NS;

	switch (one->stage) {
	case REQUEST:
		return 0;
	case ANSWER:
		return old ? 0 : 2;
	case IDLE:
		return 1;
	case SCRAPE:
		return one->hurried ? 3 : 6;
	default:
		/* Most requests follow at once. */
		return old ? 1 : age < HURRY_NS ? 5 : 4;
	}
}

/*
 * A request that nobody has read yet: the library accepts before it reads, and a scrape may have
 * taken the time in between.
 */
static bool has_spoken(const struct connection *one)
{
	char byte;

	return one->stage == SILENT && recv(one->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The first to leave, and of these the one that has been in its stage for longest. */
static bool cut_first(struct connections *c, const struct client *client)
{
	uint64_t now = sys_monotonic_ns();
	struct connection *one, *found = NULL, *spoken = NULL;

	/* Whom it would meet is asked, and nobody else: it costs a system call. */
	TAILQ_FOREACH (one, &c->list, link) {
		if (one->client != client || (found && rank(one, now) >= rank(found, now)))
			continue;
		if (!has_spoken(one))
			found = one;
		else if (!spoken)
			spoken = one;
	}
	if (spoken && (!found || rank(found, now) > rank(spoken, now)))
		found = spoken;
	if (found)
		cut(found);
	return found;
}

bool connections_admit(struct connections *c, const struct sockaddr *address)
{
	struct client *client = find(c, address);

	if (client && client->n >= PER_ADDRESS)
		return cut_first(c, client);
	return c->n < c->places || cut_first(c, largest(c));
}

static struct client *client_new(struct connections *c, const struct sockaddr *address)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->address = address_of(address);
	LIST_INSERT_HEAD(&c->clients, client, link);
	return client;
}

struct connection *connections_add(struct connections *c, int fd, const struct sockaddr *address)
{
	struct connection *one = calloc(1, sizeof(*one));
	struct client *client;

	if (!one)
		return NULL;
	client = find(c, address);
	if (!client)
		client = client_new(c, address);
	if (!client) {
		free(one);
		return NULL;
	}
	*one = (struct connection){ .fd = fd,
				    .since = sys_monotonic_ns(),
				    .end = in_seconds(REQUEST_S),
				    .client = client,
				    .all = c };
	TAILQ_INSERT_TAIL(&c->list, one, link);
	client->n++;
	c->n++;
	return one;
}

void connections_remove(struct connection *one)
{
	if (one->client)
		leave(one);
	free(one);
}

static void enter(struct connection *one, enum stage stage, uint64_t end)
{
	if (!one || !one->client)
		return;
	one->client->scrapes += (stage == SCRAPE);
	one->client->scrapes -= (one->stage == SCRAPE);
	one->stage = stage;
	one->since = sys_monotonic_ns();
	one->end = end;
	TAILQ_REMOVE(&one->all->list, one, link);
	TAILQ_INSERT_TAIL(&one->all->list, one, link);
}

void connection_request(struct connection *one)
{
	if (!one)
		return;
	one->hurried = one->stage == IDLE && sys_monotonic_ns() - one->since < HURRY_NS;
	/* The first one's time has begun with the connection. */
	enter(one, REQUEST, one->stage == SILENT ? one->end : in_seconds(REQUEST_S));
}

void connection_scrape(struct connection *one, void *request)
{
	enter(one, SCRAPE, UINT64_MAX);
	if (one)
		one->request = request;
}

void connection_answer(struct connection *one)
{
	enter(one, ANSWER, in_seconds(ANSWER_S));
}

void connection_idle(struct connection *one)
{
	enter(one, IDLE, in_seconds(KEEP_ALIVE_S));
}

bool connection_has_left(const struct connection *one)
{
	return one && !one->client;
}

struct in6_addr connection_address(const struct connection *one)
{
	return one && one->client ? one->client->address : (struct in6_addr){ 0 };
}

bool connection_is_local(const struct connection *one)
{
	struct in6_addr a = connection_address(one);

	/* ::1 without its last half is 0. */
	return IN6_IS_ADDR_UNSPECIFIED(&a) || IN6_IS_ADDR_LOOPBACK(&a) ||
	       (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127);
}

bool connection_is_unix(const struct connection *one)
{
	struct in6_addr a = connection_address(one);

	return IN6_IS_ADDR_LOOPBACK(&a);
}

size_t connection_scrapes(const struct connection *one)
{
	return one && one->client ? one->client->scrapes : 0;
}

uint64_t connections_cut_old(struct connections *c)
{
	uint64_t now = sys_monotonic_ns(), earliest = UINT64_MAX;
	struct connection *one = TAILQ_FIRST(&c->list), *next;

	for (; one; one = next) {
		next = TAILQ_NEXT(one, link);
		if (one->end <= now)
			cut(one);
		else if (one->end < earliest)
			earliest = one->end;
	}
	return earliest;
}

void connections_cut_one(struct connections *c)
{
	if (c->n > 0)
		cut_first(c, largest(c));
}

void connections_cut_answers(struct connections *c)
{
	struct connection *one = TAILQ_FIRST(&c->list), *next;

	for (; one; one = next) {
		next = TAILQ_NEXT(one, link);
		if (one->stage == ANSWER)
			cut(one);
	}
}
