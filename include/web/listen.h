/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets from addresses as the flag gives them. */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stddef.h>

/*
 * Opens a listening socket: "127.0.0.1:10057", "[::1]:10057", "localhost:10057", or ":10057" for
 * every address of this machine, IPv6 and IPv4. Returns it or -errno; -EINVAL for a text that is no
 * address, -EHOSTUNREACH for a name that does not resolve.
 */
int listen_open(const char *address);

/*
 * Begins to connect to who listens on such an address on this machine; without a host over
 * loopback. Returns a socket that does not block, writable when that has come to an end
 * (connect(2)), or -errno; -EINVAL for a text that is no address, and for port 0, which is whatever
 * was free.
 */
int listen_connect(const char *address);

/* What such an error means, and what to do about it. */
const char *listen_error(int r);

/* The address with the port that the socket really has: port 0 takes any that is free. */
void listen_name(int fd, const char *address, char *buf, size_t size);

#endif
