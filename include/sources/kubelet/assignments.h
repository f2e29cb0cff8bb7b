/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices the kubelet has given to whom. Its socket may take a connection and never answer,
 * so a thread of its own asks, only while somebody wants to know. Who wants waits for a short time.
 */
#ifndef SOURCES_KUBELET_ASSIGNMENTS_H
#define SOURCES_KUBELET_ASSIGNMENTS_H

#include "base/fs.h"
#include "sources/kubelet/pod_resources.h"

#define ASSIGNMENTS_SOCKET "var/lib/kubelet/pod-resources/kubelet.sock"
#define ASSIGNMENTS_MAX	   2048 /* devices of a node */

struct assignments;

/* socket: a path from the root, which must outlive it; NULL: ASSIGNMENTS_SOCKET below rootfs. NULL
 * when memory is out. */
struct assignments *assignments_new(const struct fs *fs, const char *socket);

/* Where the socket should be. */
const char *assignments_socket(const struct assignments *assignments);

void assignments_free(struct assignments *assignments);

/*
 * *ret are the devices, to be freed by the caller, from an answer that is at most a minute old.
 * 0; -ENOENT: there is no socket; -EOPNOTSUPP: the kubelet is too old; -ETIMEDOUT; -E2BIG: more
 * than ASSIGNMENTS_MAX; -EINVAL, -EPROTO: it answers something else; -errno.
 */
int assignments_get(struct assignments *assignments, struct pod_device **ret, size_t *ret_n);

#endif
