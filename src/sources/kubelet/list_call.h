/* SPDX-License-Identifier: Apache-2.0 */
/* One gRPC call: /v1.PodResourcesLister/List over a connected socket. */
#ifndef LIST_CALL_H
#define LIST_CALL_H

#include <stddef.h>
#include <stdint.h>

#define LIST_CALL_MAX (4u << 20) /* of an answer; what gRPC takes by default */

/*
 * Asks, and waits for the answer until then (sys_monotonic_ns()). *ret is the message, to be freed.
 * 0; -ETIMEDOUT; -EOPNOTSUPP: the kubelet has no such call; -EMSGSIZE: it is larger than that;
 * -EPROTO for what is no answer of gRPC; -EACCES when it refuses; -errno.
 */
int list_call(int socket, uint64_t until_ns, uint8_t **ret, size_t *ret_len);

#endif
