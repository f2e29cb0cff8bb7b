/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets from addresses as the flag gives them. */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stddef.h>

#define LISTEN_FORMS "HOST:PORT, [IPV6]:PORT, :PORT or unix://PATH"

/*
 * Opens a listening socket: "127.0.0.1:10057", "[::1]:10057", "localhost:10057", ":10057" for
 * every address of this machine, IPv6 and IPv4, or "unix:///run/x.sock", of mode 0660; a socket of
 * that name to which nobody listens is replaced. Returns it or -errno; -EINVAL for a text that is
 * no address, -EHOSTUNREACH for a name that does not resolve.
 */
int listen_open(const char *address);

/*
 * The sockets that systemd has opened for this process (sd_listen_fds(3)), at most size of them.
 * Their number; -ENOENT if there is none, -EINVAL for what is no listening stream socket, -E2BIG.
 */
int listen_systemd(int *sockets, size_t size);

/*
 * Begins to connect to who listens on such an address on this machine; without a host over
 * loopback. Returns a socket that does not block, writable when that has come to an end
 * (connect(2)), or -errno; -EINVAL for a text that is no address, and for port 0, which is whatever
 * was free.
 */
int listen_connect(const char *address);

/* What such an error means, and what to do about it. */
const char *listen_error(int r);

/* The address with the port that the socket really has: port 0 takes any that is free. NULL: the
 * kernel's own words for it. */
void listen_name(int fd, const char *address, char *buf, size_t size);

#endif
