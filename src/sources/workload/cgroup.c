// SPDX-License-Identifier: Apache-2.0
/*
 * Reads a path of control groups from the root to the leaf, component by component. The shapes
 * are those of kubernetes' pkg/kubelet/cm/cgroup_manager_linux.go, containerd's and CRI-O's
 * scopes, Docker, Podman, LXC, libvirt, systemd-nspawn, pve-container's LXC.pm, qemu-server's
 * CGroup.pm and Talos; tests/unit/test_cgroup.c lists them.
 */
#include "sources/workload/cgroup.h"

#include "base/macros.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS	64
#define SHORT_ID_DIGITS 12

static const char *const kind_names[WORKLOAD_KINDS] = {
	[WORKLOAD_PROCESS] = "process", [WORKLOAD_USER] = "user",
	[WORKLOAD_SERVICE] = "service", [WORKLOAD_VM] = "vm",
	[WORKLOAD_LXC] = "lxc",		[WORKLOAD_CONTAINER] = "container",
	[WORKLOAD_POD] = "pod",
};

const char *workload_kind_name(enum workload_kind kind)
{
	return kind_names[kind];
}

/*
 * Whoever owns a directory names what is below it as he likes. Root's are the slices, and what a
 * manager makes in them; a guest's are its own. A service or scope may be delegated (Delegate=yes):
 * below it are neither guests nor pods, and containers have its name as a mark.
 */
struct parser {
	struct cgroup *cgroup;
	struct text_part previous;
	size_t depth;
	bool in_slices; /* all before are slices */
	bool in_guest;	/* the outermost guest is known */
	bool in_vm;	/* whose directories are QEMU's and libvirt's */
	bool in_unit;	/* a service or scope, of a manager of pods or not */
	size_t unit_depth;
	bool in_container; /* what looks like a unit is the container's own affair */
	char user[11];	   /* below the slice of this user */
};

/* Services that run pods and containers in groups of their own. */
static const char *const managers[] = {
	"containerd.service",
	"crio.service",
	"docker.service",
	"kubelet.service",
	"k3s.service",
	"k3s-agent.service",
	"rke2-server.service",
	"rke2-agent.service",
	"k0scontroller.service",
	"k0sworker.service",
	"snap.microk8s.daemon-containerd.service",
	"snap.microk8s.daemon-kubelite.service",
};

/* Cuts the text off the beginning or the end. */
static bool cut_start(struct text_part *p, const char *text)
{
	size_t n = strlen(text);

	if (p->len < n || memcmp(p->s, text, n) != 0)
		return false;
	p->s += n;
	p->len -= n;
	return true;
}

static bool cut_end(struct text_part *p, const char *text)
{
	size_t n = strlen(text);

	if (p->len < n || memcmp(p->s + p->len - n, text, n) != 0)
		return false;
	p->len -= n;
	return true;
}

static bool all(struct text_part p, int (*is_kind)(int))
{
	for (size_t i = 0; i < p.len; i++)
		if (!is_kind((unsigned char)p.s[i]))
			return false;
	return p.len > 0;
}

static int is_lower_hex(int c)
{
	return isdigit(c) || (c >= 'a' && c <= 'f');
}

static void set_name(struct cgroup *c, enum workload_kind kind, struct text_part name)
{
	c->kind = kind;
	text_clean(name.s, name.len, c->name, sizeof(c->name));
}

/* A number that a guest of Proxmox VE can have. */
static bool is_vmid(struct text_part p)
{
	return p.len >= 3 && p.len <= 9 && p.s[0] != '0' && all(p, isdigit);
}

/* numbered: it is Proxmox VE's if its name is a number. */
static void set_guest(struct parser *w, enum workload_kind kind, struct text_part name,
		      bool numbered)
{
	struct cgroup *c = w->cgroup;

	if (w->in_guest)
		return;
	w->in_guest = c->foreign = true;
	w->in_vm = kind == WORKLOAD_VM;
	set_name(c, kind, name);
	if (numbered && is_vmid(name))
		snprintf(c->vmid, sizeof(c->vmid), "%.*s", (int)name.len, name.s);
	else
		memcpy(c->guest, c->name, sizeof(c->guest));
}

static bool is_service(struct text_part p)
{
	return cut_end(&p, ".service") && p.len > 0;
}

static bool is_manager(struct text_part p)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (text_part_is(p, managers[i]))
			return true;
	return false;
}

/* The outermost owner of what is below is its mark. */
static void set_mark(struct parser *w, const char *prefix, struct text_part owner)
{
	struct cgroup *c = w->cgroup;
	size_t n = strlen(prefix);

	if (*c->mark)
		return;
	memcpy(c->mark, prefix, n);
	text_clean(owner.s, owner.len, c->mark + n, sizeof(c->mark) - n);
}

static bool take_user(struct parser *w, struct text_part p)
{
	if (!text_part_is(w->previous, "user.slice") || !cut_start(&p, "user-") ||
	    !cut_end(&p, ".slice") || !all(p, isdigit) || p.len >= sizeof(w->user))
		return false;
	snprintf(w->user, sizeof(w->user), "%.*s", (int)p.len, p.s);
	set_name(w->cgroup, WORKLOAD_USER, p);
	set_mark(w, "@user-", p);
	return true;
}

/* "…pod<uid>[.slice]": 8-4-4-4-12 hex digits with '-' or '_', or 32 of a static pod. */
static bool take_pod(struct parser *w, struct text_part p)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	struct cgroup *c = w->cgroup;
	struct text_part uid = p;

	cut_end(&uid, ".slice");
	for (size_t n = 32; n <= 36; n += 4) {
		const char *start = uid.len >= n + 3 ? uid.s + uid.len - n : NULL;
		bool good = start && memcmp(start - 3, "pod", 3) == 0 &&
			    (uid.len == n + 3 || start[-4] == '-');

		for (size_t i = 0; good && i < n; i++)
			good = n == 36 && form[i] == '-' ? start[i] == '-' || start[i] == '_'
							 : is_lower_hex((unsigned char)start[i]);
		if (!good)
			continue;
		/* In a pod's container it is that pod's; in another, of a kubelet of its own. */
		if (*c->pod || *c->mark)
			return true;
		if (*c->container) {
			set_mark(w, "@container-",
				 (struct text_part){ c->container, SHORT_ID_DIGITS });
			c->foreign = true;
		}
		*c->container = *c->name = '\0';
		c->kind = WORKLOAD_POD;
		for (size_t i = 0; i < n; i++)
			c->pod[i] = start[i] == '_' ? '-' : start[i];
		c->pod[n] = '\0';
		w->in_container = true;
		return true;
	}
	return false;
}

/* "[<runtime>-]<64 hex digits>[.scope]"; a monitor stands beside its container. */
static bool take_container(struct parser *w, struct text_part p)
{
	struct cgroup *c = w->cgroup;
	struct text_part id;
	bool nested;

	cut_end(&p, ".scope");
	if (p.len < ID_DIGITS)
		return false;
	id = (struct text_part){ p.s + p.len - ID_DIGITS, ID_DIGITS };
	p.len -= ID_DIGITS;
	if (!all(id, is_lower_hex) || (p.len > 0 && p.s[p.len - 1] != '-') ||
	    cut_end(&p, "conmon-"))
		return false;
	/*
	 * Podman's cgroups=split, as of a quadlet: the container is all that the unit is, and the
	 * unit's name stays when it is started anew. Of a user's unit it is that user's.
	 */
	if (text_part_is(p, "libpod-payload-") && !*c->pod && !*c->container &&
	    is_service(w->previous) && (*w->user || w->depth == w->unit_depth + 1)) {
		/* However long it is, whose it is is not cut off. */
		char name[CGROUP_NAME_BYTES - sizeof("@user-") - sizeof(w->user)];

		text_clean(w->previous.s, w->previous.len, name, sizeof(name));
		c->kind = WORKLOAD_SERVICE;
		snprintf(c->name, sizeof(c->name), "%s%s%s", name, *w->user ? "@user-" : "",
			 w->user);
		w->in_container = true;
		return true;
	}
	nested = *c->container;
	if (nested && !*c->pod)
		set_mark(w, "@container-", (struct text_part){ c->container, SHORT_ID_DIGITS });
	snprintf(c->container, sizeof(c->container), "%.*s", ID_DIGITS, id.s);
	c->cri = !*c->mark &&
		 (p.len == 0 || text_part_is(p, "cri-containerd-") || text_part_is(p, "crio-"));
	w->in_container = true;
	if (*c->pod && !nested)
		return true;
	c->kind = WORKLOAD_CONTAINER;
	/* An id that its owner chose belongs to that one, not to another workload with the same
	 * digits. */
	snprintf(c->name, sizeof(c->name), "%.*s%s", SHORT_ID_DIGITS, id.s, c->mark);
	return true;
}

/* "a\x2db" as systemd-escape(1) writes "a-b". */
static struct text_part unescape(struct text_part p, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < p.len && n < size; i++) {
		uint64_t byte;

		if (p.s[i] == '\\' && p.len - i >= 4 && p.s[i + 1] == 'x' &&
		    text_parse_hex(p.s + i + 2, 2, &byte) == 0) {
			buf[n++] = (char)byte;
			i += 3;
		} else {
			buf[n++] = p.s[i];
		}
	}
	return (struct text_part){ buf, n };
}

/* "machine-qemu\x2d<n>\x2d<name>.scope" of libvirt, whose LXC driver says lxc. */
static bool take_libvirt(struct parser *w, struct text_part p)
{
	char buf[256];
	struct text_part name;
	bool vm;

	if (!w->in_slices || !cut_start(&p, "machine-") || !cut_end(&p, ".scope"))
		return false;
	name = unescape(p, buf, sizeof(buf));
	vm = cut_start(&name, "qemu-");
	if (!vm && !cut_start(&name, "lxc-"))
		return false;
	while (name.len > 0 && isdigit((unsigned char)*name.s))
		name.s++, name.len--;
	if (!cut_start(&name, "-") || name.len == 0)
		return false;
	set_guest(w, vm ? WORKLOAD_VM : WORKLOAD_LXC, name, false);
	return true;
}

static bool take_machine(struct parser *w, struct text_part p)
{
	char buf[256];

	if (take_libvirt(w, p))
		return true;
	if (!w->in_slices || !text_part_is(w->previous, "machine.slice"))
		return false;
	if ((cut_start(&p, "systemd-nspawn@") && cut_end(&p, ".service") && p.len > 0) ||
	    (cut_end(&p, ".scope") && p.len > 0 && !cut_start(&p, "libpod-"))) {
		set_guest(w, WORKLOAD_CONTAINER, unescape(p, buf, sizeof(buf)), false);
		return true;
	}
	return false;
}

/* Guests are where their managers begin: at the root, libvirt's and systemd's in slices. */
static bool take_guest(struct parser *w, struct text_part p)
{
	struct text_part name = p;

	if (w->in_guest)
		return false;
	if (w->depth == 1 && text_part_is(w->previous, "qemu.slice") && cut_end(&name, ".scope") &&
	    is_vmid(name)) {
		set_guest(w, WORKLOAD_VM, name, true);
		return true;
	}
	name = p;
	if (cut_start(&name, "lxc.payload.")
		    ? w->depth == 0 && name.len > 0
		    : w->depth == 1 && (text_part_is(w->previous, "lxc.payload") ||
					text_part_is(w->previous, "lxc"))) {
		set_guest(w, WORKLOAD_LXC, name, true);
		return true;
	}
	return take_machine(w, p);
}

/* A service, or a scope, whose processes somebody started who belongs elsewhere. */
static void take_unit(struct parser *w, struct text_part p)
{
	struct text_part unit = p;
	/* Talos has no systemd, and its services no suffix. */
	bool talos = w->depth == 1 && (text_part_is(w->previous, "system") ||
				       text_part_is(w->previous, "podruntime"));

	w->in_unit = talos || is_service(p) || cut_end(&unit, ".scope");
	if (talos || is_service(p))
		set_name(w->cgroup, WORKLOAD_SERVICE, p);
	w->unit_depth = w->depth;
	if (w->in_unit && !is_manager(p))
		set_mark(w, "@", p);
}

static void take(struct parser *w, struct text_part p)
{
	if (w->in_vm)
		return;
	if (*w->user) {
		take_container(w, p);
		return;
	}
	if (take_pod(w, p) || take_container(w, p) || w->in_container)
		return;
	if (!w->in_unit && !take_user(w, p) && !take_guest(w, p))
		take_unit(w, p);
}

static void parse_path(struct text_part path, struct cgroup *ret)
{
	struct parser w = { .cgroup = ret, .in_slices = true };
	const char *end;

	cut_end(&path, " (deleted)");
	end = path.s + path.len;
	/* containerd's colon form is one directory: …-pod<uid>.slice:cri-containerd:<id> */
	for (const char *s = path.s; s < end;) {
		struct text_part p = { s, 0 };

		while (s < end && *s != '/' && *s != ':')
			s++;
		p.len = (size_t)(s - p.s);
		s++;
		/* Above the root of a control group namespace every directory is "..". */
		if (p.len == 0 || text_part_is(p, ".."))
			continue;
		take(&w, p);
		w.in_slices &= cut_end(&(struct text_part){ p.s, p.len }, ".slice");
		w.previous = p;
		w.depth++;
	}
}

/*
 * How much a line is worth, 0 the most: on hybrid machines some controllers stay at the root or
 * in their manager's group, devices and systemd's own are the reliable ones. -1: not used.
 */
static int preference(struct text_part controllers)
{
	static const char *const used[] = { "name=systemd", "devices", "pids", "memory" };
	const char *end = controllers.s + controllers.len;

	if (controllers.len == 0)
		return 0;
	for (const char *s = controllers.s; s < end; s++) {
		struct text_part one = { s, 0 };

		while (s < end && *s != ',')
			s++;
		one.len = (size_t)(s - one.s);
		for (size_t i = 0; i < ARRAY_SIZE(used); i++)
			if (text_part_is(one, used[i]))
				return (int)i + 1;
	}
	return -1;
}

/* Lines of one process may disagree: the one that sees most levels is right. */
static int levels(const struct cgroup *c)
{
	int guest = *c->vmid || *c->guest ? WORKLOAD_KINDS : 0;

	if (c->kind >= WORKLOAD_CONTAINER)
		return guest + 2 * WORKLOAD_KINDS + (int)c->kind;
	return guest + (c->kind >= WORKLOAD_VM ? 0 : (int)c->kind);
}

void cgroup_parse(const char *text, size_t len, struct cgroup *ret)
{
	const char *end = text + len;
	int best = -1;

	memset(ret, 0, sizeof(*ret));
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;
		const char *first = memchr(text, ':', (size_t)(line_end - text));
		const char *second =
			first ? memchr(first + 1, ':', (size_t)(line_end - first - 1)) : NULL;

		if (second) {
			struct text_part controllers = { first + 1, (size_t)(second - first - 1) };
			struct text_part path = { second + 1, (size_t)(line_end - second - 1) };
			struct cgroup one = { 0 };
			int p = preference(controllers);

			if (p >= 0)
				parse_path(path, &one);
			if (p >= 0 && (best < 0 || levels(&one) > levels(ret) ||
				       (levels(&one) == levels(ret) && p < best))) {
				*ret = one;
				best = p;
			}
		}
		text = line_end + 1;
	}
}
