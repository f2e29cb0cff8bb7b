/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is connected, for how long, and who has to leave. There are places for 256 connections, 32 of
 * them for one address at most. A newcomer is never sent away because others hold connections: one
 * of its address, or of the address with the most, leaves for it. For one thread.
 *
 * libmicrohttpd's timeout would start anew with every byte, and it only counts connections.
 */
#ifndef WEB_CONNECTIONS_H
#define WEB_CONNECTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONNECTIONS_MAX 256

struct connections;
struct connection;

/* cancel is called for a request that waits for a scrape and has to leave. */
struct connections *connections_new(size_t places, void (*cancel)(void *request));
void connections_free(struct connections *connections);

/* Makes room for a newcomer from this address. False if that cannot be. */
bool connections_admit(struct connections *connections, const struct sockaddr *address);

/* A new connection: its first request must be complete within 10 s. NULL when memory is out. */
struct connection *connections_add(struct connections *connections, int fd,
				   const struct sockaddr *address);
void connections_remove(struct connection *connection);

/* The stages of a request; each takes NULL, too. The first line has come: the rest, with its body,
 * must come within 10 s. */
void connection_request(struct connection *connection);
/* It waits for a scrape, which has a deadline of its own, or for a password's check. */
void connection_scrape(struct connection *connection, void *request);
/* There is an answer: it must be taken within 10 s. */
void connection_answer(struct connection *connection);
/* The answer was taken: the next request must begin within 120 s. */
void connection_idle(struct connection *connection);

/* It was ended, and only the library does not know yet: it may have read requests before. */
bool connection_has_left(const struct connection *connection);

/* Whose it is: IPv4 as IPv6 has it, of IPv6 the network, ::1 for a Unix socket, 0 for NULL. */
struct in6_addr connection_address(const struct connection *connection);
/* True if the client is on this machine, by its address. */
bool connection_is_local(const struct connection *connection);
bool connection_is_unix(const struct connection *connection);

/* How many connections of its address wait for a scrape. */
size_t connection_scrapes(const struct connection *connection);

/* Ends those whose time is over; the earliest end of the others (monotonic ns), or UINT64_MAX. */
uint64_t connections_cut_old(struct connections *connections);
/* Ends the one that is next to leave. */
void connections_cut_one(struct connections *connections);
/* Ends those whose answer is not taken yet, so that their clients see an error and no end. */
void connections_cut_answers(struct connections *connections);

#endif
