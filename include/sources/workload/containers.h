/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of containers without asking an engine: from what Docker and Podman keep on disk. The files
 * also have the containers' environment, with what is secret in it; only names leave this module.
 */
#ifndef SOURCES_WORKLOAD_CONTAINERS_H
#define SOURCES_WORKLOAD_CONTAINERS_H

#include <stddef.h>

#define CONTAINER_NAME_BYTES 128

/*
 * The name of the container with this id. The whole text must be one JSON value (RFC 8259) that has
 * no key twice; a name has the characters that both engines allow, [a-zA-Z0-9_.-]. 0; -ENOENT when
 * the container is not there, -EINVAL for a text that is no such file or has no name for it; then
 * *ret is as it was.
 */

/* config.v2.json of Docker's container: {"ID":"<id>","Name":"/<name>",…} (moby's
 * container.Container). */
int containers_docker_name(const char *text, size_t len, const char *id,
			   char ret[static CONTAINER_NAME_BYTES]);

/* containers.json of Podman's storage: [{"id":"<id>","names":["<name>"],…},…] (containers/storage).
 */
int containers_podman_name(const char *text, size_t len, const char *id,
			   char ret[static CONTAINER_NAME_BYTES]);

#endif
