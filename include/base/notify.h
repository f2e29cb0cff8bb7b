/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to a service manager, in the datagrams of sd_notify(3). */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>

/*
 * Sends the service manager a state such as "READY=1". 0, also when there is no manager that
 * listens ($NOTIFY_SOCKET), or -errno.
 */
int notify_send(const char *state);

/* In which time the manager wants to hear "WATCHDOG=1" from this process, in ns; 0: it does not. */
uint64_t notify_watchdog_ns(void);

#endif
