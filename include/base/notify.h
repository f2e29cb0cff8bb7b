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

/* The interval within which the manager expects "WATCHDOG=1", in ns; 0: no watchdog. */
uint64_t notify_watchdog_ns(void);

#endif
