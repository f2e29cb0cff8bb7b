/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets from addresses as the flag gives them. */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

/*
 * Opens a listening socket: "127.0.0.1:10057", "[::1]:10057", "localhost:10057", or ":10057" for
 * every address of this machine, IPv6 and IPv4. Returns it or -errno; -EINVAL for a text that is no
 * address, -EADDRNOTAVAIL for a name that cannot be found.
 */
int listen_open(const char *address);

#endif
