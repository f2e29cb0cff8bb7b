// SPDX-License-Identifier: Apache-2.0
/* Strict about characters: Kubernetes' names are DNS labels and subdomains (RFC 1123). */
#include "sources/workload/pods.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char dns[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
static const char hex[] = "0123456789abcdef";

/* Copies what stands before end, if it is only made of these characters and fits. */
static int take(const char *start, const char *end, const char *characters, char *buf, size_t size)
{
	size_t len = (size_t)(end - start);

	if (len == 0 || len >= size || strspn(start, characters) < len)
		return -EINVAL;
	memcpy(buf, start, len);
	buf[len] = '\0';
	return 0;
}

int pods_dir_parse(const char *name, struct pod_name *ret)
{
	const char *first = strchr(name, '_'), *second = first ? strchr(first + 1, '_') : NULL;
	struct pod_name pod = { 0 };
	const char *end = name + strlen(name);

	if (!second || take(name, first, dns, pod.namespace, sizeof(pod.namespace)) < 0 ||
	    take(first + 1, second, dns, pod.pod, sizeof(pod.pod)) < 0 ||
	    take(second + 1, end, "0123456789abcdef-", pod.id, sizeof(pod.id)) < 0)
		return -EINVAL;
	*ret = pod;
	return 0;
}

int pods_log_parse(const char *name, struct pod_name *ret)
{
	const char *first = strchr(name, '_'), *second = first ? strchr(first + 1, '_') : NULL;
	struct pod_name pod = { 0 };
	size_t len = strlen(name);
	const char *id;

	/* A name that is too long for the file system has its end cut off, and so the id. */
	if (!second || len < 4 + 64 + 1 || strcmp(name + len - 4, ".log") != 0)
		return -EINVAL;
	id = name + len - 4 - 64;
	if (id - 1 <= second || id[-1] != '-' ||
	    take(name, first, dns, pod.pod, sizeof(pod.pod)) < 0 ||
	    take(first + 1, second, dns, pod.namespace, sizeof(pod.namespace)) < 0 ||
	    take(second + 1, id - 1, dns, pod.container, sizeof(pod.container)) < 0 ||
	    take(id, id + 64, hex, pod.id, sizeof(pod.id)) < 0)
		return -EINVAL;
	*ret = pod;
	return 0;
}
