// SPDX-License-Identifier: Apache-2.0
/* What has no name keeps its id: a label is never empty because a directory could not be read. */
#include "sources/workload/workload.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHORT_ID 12

static void name_pod(struct names *names, const struct cgroup *c, struct workload *w)
{
	struct pod_name found;

	bool in_pod = *c->pod && c->kind == WORKLOAD_CONTAINER;

	/* A container's entry names its pod too, but one that the pod has made names nothing. */
	if (*c->container && !c->foreign && !in_pod && names_pod(names, c->container, &found))
		snprintf(w->container, sizeof(w->container), "%s", found.container);
	else if (!*c->pod || c->foreign || !names_pod(names, c->pod, &found))
		found = (struct pod_name){ 0 };
	if (!*found.pod && *c->pod)
		snprintf(found.pod, sizeof(found.pod), "%s%s", c->pod, c->mark);
	snprintf(w->namespace, sizeof(w->namespace), "%s", found.namespace);
	snprintf(w->pod, sizeof(w->pod), "%s", found.pod);
	if (!*w->container)
		snprintf(w->container, sizeof(w->container), "%.*s", SHORT_ID, c->container);
}

static void write_pod(struct workload *w)
{
	snprintf(w->workload, sizeof(w->workload), "pod/%s%s%s%s%s", w->namespace,
		 *w->namespace ? "/" : "", w->pod, *w->container ? "/" : "", w->container);
}

/*
 * An engine's container of this machine, as the engine names it. What a user or a guest has named,
 * or a container in a pod, may have the id of another one.
 */
static bool name_container(struct names *names, const struct cgroup *c,
			   char ret[static CONTAINER_NAME_BYTES])
{
	return strlen(c->container) == POD_ID_BYTES - 1 && !*c->pod && !*c->vmid && !*c->guest &&
	       !*c->mark && names_container(names, c->container, ret);
}

void workload_name(struct names *names, const struct cgroup *c, const char *comm,
		   struct workload *w)
{
	enum workload_kind kind = c->kind;
	const char *name = c->name;
	char engine_name[CONTAINER_NAME_BYTES];

	memset(w, 0, sizeof(*w));
	snprintf(w->vmid, sizeof(w->vmid), "%s", c->vmid);
	snprintf(w->guest, sizeof(w->guest), "%s", c->guest);
	if (*w->vmid)
		names_guest(names, w->vmid, w->guest);
	if (*c->pod || (c->kind == WORKLOAD_CONTAINER && c->cri))
		name_pod(names, c, w);
	/* The pod's part of the path was cut off by a namespace, but its container is known. */
	if (!*c->pod && *w->namespace)
		kind = WORKLOAD_POD;
	w->kind = workload_kind_name(kind);
	if (kind == WORKLOAD_CONTAINER) {
		if (name_container(names, c, engine_name))
			name = engine_name;
		text_clean(name, strlen(name), w->container, sizeof(w->container));
	}
	if (kind == WORKLOAD_POD) {
		write_pod(w);
		return;
	}
	if (kind == WORKLOAD_PROCESS)
		name = comm;
	snprintf(w->workload, sizeof(w->workload), "%s/", w->kind);
	text_clean(name, strlen(name), w->workload + strlen(w->workload),
		   sizeof(w->workload) - strlen(w->workload));
}

bool workload_equal(const struct workload *a, const struct workload *b)
{
	return strcmp(a->kind, b->kind) == 0 && strcmp(a->workload, b->workload) == 0 &&
	       strcmp(a->namespace, b->namespace) == 0 && strcmp(a->pod, b->pod) == 0 &&
	       strcmp(a->container, b->container) == 0 && strcmp(a->vmid, b->vmid) == 0 &&
	       strcmp(a->guest, b->guest) == 0;
}

uint64_t workload_hash(const struct workload *w)
{
	const char *const texts[] = { w->workload,  w->namespace, w->pod,
				      w->container, w->vmid,	  w->guest };
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (const char *c = texts[i];; c++) {
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
			if (!*c)
				break;
		}
	return hash;
}

static uint64_t hash_part(const char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	return hash ? hash : 1;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	return len > strlen(end) && memcmp(text + len - strlen(end), end, strlen(end)) == 0;
}

/* "user-1000.slice", but not "user-runtime.slice". */
static bool is_users_slice(const char *name, size_t len)
{
	static const char prefix[] = "user-";
	size_t n = strlen(prefix);

	return len > n + strlen(".slice") && memcmp(name, prefix, n) == 0 &&
	       ends_with(name, len, ".slice") &&
	       n + strspn(name + n, "0123456789") == len - strlen(".slice");
}

/*
 * The first part of a path below which somebody else than root makes the groups; the whole of what
 * is before it and of itself is root's.
 */
static uint64_t owner_of_path(const char *path, size_t len)
{
	bool lxc = false;

	for (size_t at = 0; at < len; at++) {
		size_t n = strcspn(path + at, "/\n");

		if (lxc || is_users_slice(path + at, n) ||
		    (n > 12 && memcmp(path + at, "lxc.payload.", 12) == 0) ||
		    (ends_with(path + at, n, ".service") && at + n < len))
			return hash_part(path, at + n);
		lxc = n == 3 && memcmp(path + at, "lxc", 3) == 0;
		at += n;
	}
	return 0;
}

static uint64_t owner_of(const char *text, size_t len)
{
	const char *end = text + len;
	uint64_t owner = 0;

	while (owner == 0 && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *path = memchr(text, '/', (size_t)((newline ? newline : end) - text));

		if (path)
			owner = owner_of_path(path + 1,
					      (size_t)((newline ? newline : end) - path - 1));
		text = newline ? newline + 1 : end;
	}
	return owner;
}

int workload_of(const struct fs *fs, struct names *names, pid_t pid, struct workload *ret)
{
	char text[8192], comm[32] = "";
	struct cgroup cgroup;
	uint64_t owner;
	int n = fs_read(fs, text, sizeof(text), "proc/%d/cgroup", (int)pid);

	/* A path longer than the kernel prints, or than anybody needs; no control groups at all. */
	if (n == -ENAMETOOLONG || n == -EMSGSIZE || n == -EOPNOTSUPP)
		n = 0;
	if (n < 0)
		return n;
	cgroup_parse(text, (size_t)n, &cgroup);
	owner = owner_of(text, (size_t)n);
	if (cgroup.kind == WORKLOAD_PROCESS) {
		n = fs_read(fs, comm, sizeof(comm), "proc/%d/comm", (int)pid);
		if (n < 0)
			return n;
		if (n > 0 && comm[n - 1] == '\n')
			comm[n - 1] = '\0';
		owner = owner ? owner : 1;
	}
	workload_name(names, &cgroup, comm, ret);
	ret->owner = owner;
	return 0;
}
