/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends connections that are too old. libmicrohttpd's own timeout starts anew with every byte, so a
 * client that sends one byte a second would hold a connection for ever.
 */
#ifndef WEB_CONNECTIONS_H
#define WEB_CONNECTIONS_H

#include <stdint.h>

struct connections;
struct connection;

/* Starts the thread that ends connections; it sleeps without a timer while there are none. */
struct connections *connections_new(void);
void connections_stop(struct connections *connections);

/* A new connection: its first request must be complete within 10 s. NULL when memory is out. */
struct connection *connections_add(struct connections *connections, int fd);
/* A request is complete: 60 s for the answer to be taken. */
void connections_busy(struct connections *connections, struct connection *connection);
/* The answer was sent: the next request must be complete within the keep-alive time and 10 s. */
void connections_idle(struct connections *connections, struct connection *connection);
void connections_remove(struct connections *connections, struct connection *connection);

#define CONNECTION_KEEP_ALIVE_S 120 /* longer than common scrape intervals */

#endif
