/* SPDX-License-Identifier: Apache-2.0 */
/* Against DNS rebinding: whom a request says that it is for. */
#ifndef WEB_HOST_H
#define WEB_HOST_H

#include <stdbool.h>

/*
 * True for a header Host (NULL: there was none, as from old programs, which no page can send) that
 * names this machine whatever a public name server says: an address, a name without a dot, one
 * below localhost, or the machine's own name; with or without a port.
 */
bool host_is_ours(const char *host);

/* True when a listening socket can be reached from this machine only. */
bool host_is_loopback(int socket);

#endif
