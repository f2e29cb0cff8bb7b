// SPDX-License-Identifier: Apache-2.0
/* Where this is: distribution, kernel, virtual machine, container, the kernel's command line. */
#include "machine.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int machine_read_text(const struct machine *m, char *buf, size_t size, const char *fmt, ...)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	size_t len = 0;
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	n = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = fs_open(m->fs, "%s", path);
	if (fd < 0)
		return fd;
	/* Network file systems return less than there is. */
	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len == size)
		return -EMSGSIZE;
	buf[len] = '\0';
	return (int)len;
}

bool machine_exists(const struct machine *m, const char *fmt, ...)
{
	char path[PATH_MAX];
	uint64_t inode;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return fs_inode(m->fs, &inode, "%s", path) == 0;
}

bool machine_word(const struct machine *m, const char *name, char *buf, size_t size)
{
	return parse_cmdline(m->cmdline, strlen(m->cmdline), name, buf, size) == 0;
}

bool machine_has_module(const struct machine *m, const char *module)
{
	return machine_exists(m, "sys/module/%s", module);
}

/* A file of one line, clean; empty when it cannot be read. */
static void read_line(const struct machine *m, char *ret, size_t size, const char *path)
{
	char buf[512];
	int n = machine_read_text(m, buf, sizeof(buf), "%s", path);

	*ret = '\0';
	if (n > 0)
		parse_copy(parse_trim((struct text_part){ buf, (size_t)n }), ret, size);
}

static void find_distribution(struct machine *m)
{
	static const struct {
		const char *id;
		enum distribution distribution;
	} known[] = {
		{ "talos", ON_TALOS },	   { "ubuntu", ON_UBUNTU }, { "debian", ON_DEBIAN },
		{ "raspbian", ON_DEBIAN }, { "fedora", ON_FEDORA }, { "rhel", ON_FEDORA },
		{ "centos", ON_FEDORA },   { "arch", ON_ARCH },	    { "alpine", ON_ALPINE },
	};
	char buf[4096], like[96] = "";
	int n = machine_read_text(m, buf, sizeof(buf), "etc/os-release");

	if (n < 0)
		n = machine_read_text(m, buf, sizeof(buf), "usr/lib/os-release");
	m->distribution = ON_OTHER;
	if (n < 0)
		return;
	parse_assignment(buf, (size_t)n, "ID", m->id, sizeof(m->id));
	parse_assignment(buf, (size_t)n, "ID_LIKE", like, sizeof(like));
	parse_assignment(buf, (size_t)n, "VERSION_ID", m->version, sizeof(m->version));
	parse_assignment(buf, (size_t)n, "NAME", m->system, sizeof(m->system) - 16);
	for (size_t i = 0; i < ARRAY_SIZE(known) && m->distribution == ON_OTHER; i++)
		if (strcmp(m->id, known[i].id) == 0)
			m->distribution = known[i].distribution;
	for (size_t i = 0; i < ARRAY_SIZE(known) && m->distribution == ON_OTHER; i++)
		if (parse_list_has(like, known[i].id))
			m->distribution = known[i].distribution;
	if (m->distribution == ON_DEBIAN && strcmp(m->id, "debian") == 0)
		strcpy(m->system, "Debian");
	if (machine_exists(m, "usr/bin/pveversion") || machine_exists(m, "etc/pve/qemu-server")) {
		m->proxmox = true;
		m->distribution = ON_PROXMOX;
		strcpy(m->system, "Proxmox VE");
	} else if (*m->version) {
		size_t len = strlen(m->system);

		snprintf(m->system + len, sizeof(m->system) - len, " %.14s", m->version);
	}
}

static void find_vm(struct machine *m)
{
	static const struct {
		const char *text, *words;
	} machines[] = {
		{ "Q35", "q35" },
		{ "i440FX", "i440fx" },
	};
	char cpu[8192], product[96], bios[96];
	int n = machine_read_text(m, cpu, sizeof(cpu), "proc/cpuinfo");

	/* The first processor's flags are in the beginning. */
	if (n == -EMSGSIZE)
		n = sizeof(cpu);
	m->vm = n > 0 && memmem(cpu, (size_t)n, " hypervisor", 11);
	if (!m->vm)
		return;
	read_line(m, product, sizeof(product), "sys/class/dmi/id/product_name");
	read_line(m, bios, sizeof(bios), "sys/class/dmi/id/bios_vendor");
	read_line(m, m->uuid, sizeof(m->uuid), "sys/class/dmi/id/product_uuid");
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strstr(product, machines[i].text))
			strcpy(m->vm_words, machines[i].words);
	if (*m->vm_words)
		strcat(m->vm_words, strstr(bios, "SeaBIOS")			     ? ", SeaBIOS"
				    : strstr(bios, "EDK") || strstr(bios, "Proxmox") ? ", OVMF"
										     : "");
}

static void find_container(struct machine *m)
{
	char map[256], buf[16384], text[32];
	int n;

	read_line(m, m->container, sizeof(m->container), "run/systemd/container");
	if (!*m->container && machine_exists(m, ".dockerenv"))
		strcpy(m->container, "docker");
	if (!*m->container && machine_exists(m, "run/.containerenv"))
		strcpy(m->container, "podman");
	/* Where there is no systemd: what the manager has said to init, whose environment is
	 * root's. */
	read_line(m, text, sizeof(text), "run/host/container-manager");
	if (!*m->container && *text)
		text_clean(text, strlen(text), m->container, sizeof(m->container));
	n = machine_read_text(m, buf, sizeof(buf), "proc/1/environ");
	if (!*m->container && n > 0 && memmem(buf, (size_t)n, "container=lxc", 13))
		strcpy(m->container, "lxc");
	n = machine_read_text(m, buf, sizeof(buf), "proc/self/environ");
	/* With the host's root the environment is still this process' own. */
	m->kubernetes = (m->live || m->copied) && n > 0 &&
			memmem(buf, (size_t)n, "KUBERNETES_SERVICE_HOST=", 24);
	/* strcpy() would leave half of the word in the code, which lintian takes for a misspelled
	 * one. */
	if (m->kubernetes && !*m->container)
		text_clean("container", strlen("container"), m->container, sizeof(m->container));
	m->lxc = strcmp(m->container, "lxc") == 0;
	n = machine_read_text(m, map, sizeof(map), "proc/self/uid_map");
	if (n > 0) {
		struct text_part rest = { map, (size_t)n }, inside, outside;

		m->unprivileged = parse_word(&rest, " \t\n", &inside) &&
				  parse_word(&rest, " \t\n", &outside) &&
				  !(text_part_is(inside, "0") && text_part_is(outside, "0"));
	}
	m->layer = *m->container ? IN_CONTAINER : m->vm ? IN_GUEST : ON_HOST;
}

static bool add_group(struct user *u, uint32_t gid)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return true;
	if (gid == u->gid || u->n_groups == ARRAY_SIZE(u->groups))
		return false;
	u->groups[u->n_groups++] = gid;
	return true;
}

/* Larger files of users than this are no machine's that has a GPU to share. */
#define MAX_USERS (1 << 18)

static bool find_user(const struct machine *m, const char *name, struct user *u)
{
	_cleanup_free_ char *buf = malloc(MAX_USERS);
	struct user_entry entry;
	struct text_part line, member;
	struct group_entry group;
	size_t pos = 0;
	uint64_t number;
	int n = buf ? machine_read_text(m, buf, MAX_USERS, "etc/passwd") : -ENOMEM;

	if (n <= 0 || !parse_passwd(buf, (size_t)n, name, &entry)) {
		/* A container's user need not have a name. */
		if (text_parse_u64(name, strlen(name), &number) < 0 || number > UINT32_MAX)
			return false;
		u->uid = u->gid = (uint32_t)number;
		snprintf(u->name, sizeof(u->name), "%s", name);
		return true;
	}
	u->uid = entry.uid;
	u->gid = entry.gid;
	strcpy(u->name, entry.name);
	n = machine_read_text(m, buf, MAX_USERS, "etc/group");
	while (n > 0 && parse_line(buf, (size_t)n, &pos, &line))
		if (parse_group_line(line, &group))
			while (parse_word(&group.members, ",", &member))
				if (text_part_is(member, u->name))
					add_group(u, group.gid);
	return true;
}

/* This process, or who has made the copy. */
static void find_self(const struct machine *m, struct user *u)
{
	char buf[8192];
	int n = machine_read_text(m, buf, sizeof(buf), "proc/self/status");
	struct text_part line, word;
	uint64_t value;
	size_t pos = 0;

	u->is_self = true;
	while (n > 0 && parse_line(buf, (size_t)n, &pos, &line)) {
		bool uid = text_part_starts(line, "Uid:"), gid = text_part_starts(line, "Gid:");
		bool groups = text_part_starts(line, "Groups:");

		if (!(uid || gid || groups) || !parse_word(&line, " \t", &word))
			continue;
		/* The second number is the effective one. */
		for (unsigned i = 0; parse_word(&line, " \t", &word); i++) {
			if (text_parse_u64(word.s, word.len, &value) < 0 || value > UINT32_MAX)
				break;
			if (groups)
				add_group(u, (uint32_t)value);
			else if (i == 1)
				*(uid ? &u->uid : &u->gid) = (uint32_t)value;
		}
	}
	n = machine_read_text(m, buf, sizeof(buf), "etc/passwd");
	struct user_entry entry;
	char number[16];

	snprintf(number, sizeof(number), "%u", u->uid);
	snprintf(u->name, sizeof(u->name), "%s",
		 n > 0 && parse_passwd(buf, (size_t)n, number, &entry) ? entry.name
		 : u->uid == 0					       ? "root"
								       : number);
}

static int choose_user(struct machine *m, const char *name, const char **ret_why)
{
	/* Users of packages that transcode. */
	static const char *const applications[] = { "jellyfin", "plex",	   "emby",
						    "immich",	"frigate", "tdarr" };

	find_self(m, &m->user);
	if (name) {
		struct user wanted = { 0 };

		if (!find_user(m, name, &wanted)) {
			*ret_why = "--check.user: etc/passwd has no such user, and it is no number";
			return -ENOENT;
		}
		wanted.is_self = wanted.uid == m->user.uid;
		if (!wanted.is_self)
			m->user = wanted;
		return 0;
	}
	if (m->user.uid != 0 && !m->quiet)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(applications); i++) {
		struct user wanted = { 0 };

		if (!find_user(m, applications[i], &wanted) || wanted.uid == 0)
			continue;
		m->user = wanted;
		m->user_is_application = true;
		break;
	}
	return 0;
}

static bool has_va_driver(const struct machine *m)
{
	static const char *const places[] = {
		"usr/lib/x86_64-linux-gnu/dri",	   "usr/lib64/dri",
		"usr/lib64/dri-nonfree",	   "usr/lib/dri",
		"usr/lib/jellyfin-ffmpeg/lib/dri",
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (machine_exists(m, "%s/iHD_drv_video.so", places[i]) ||
		    machine_exists(m, "%s/i965_drv_video.so", places[i]))
			return true;
	return false;
}

static bool is_own_root(const struct fs *fs)
{
	struct stat own, root;

	return stat("/", &own) == 0 && fs_status(fs, &root, ".") == 0 &&
	       own.st_dev == root.st_dev && own.st_ino == root.st_ino;
}

int machine_read(struct machine *m, const struct fs *fs, const char *user, const char **ret_why)
{
	char buf[4096];
	int n;

	m->fs = fs;
	m->copied = !fs_is_live(fs);
	m->live = !m->copied && is_own_root(fs);
	read_line(m, m->kernel, sizeof(m->kernel), "proc/sys/kernel/osrelease");
	read_line(m, m->host, sizeof(m->host), "proc/sys/kernel/hostname");
	parse_release(m->kernel, m->release);
	n = machine_read_text(m, buf, sizeof(buf), "proc/cmdline");
	if (n > 0)
		memcpy(m->cmdline, buf, (size_t)n);
	m->cmdline[strcspn(m->cmdline, "\n")] = '\0';
	find_distribution(m);
	find_vm(m);
	find_container(m);
	/* A Proxmox VE in a VM is a host: it has guests of its own, and what they need. */
	if (m->layer == IN_GUEST && m->proxmox)
		m->layer = ON_HOST;
	if (m->layer != ON_HOST)
		m->proxmox = false;
	m->va_installed = has_va_driver(m);
	n = choose_user(m, user, ret_why);
	/* The exporter's own container has a VA driver for its tests. */
	m->wanted = (m->va_installed && !(m->quiet && *m->container && !m->lxc)) ||
		    m->user_is_application || user;
	return n;
}

int machine_node(const struct machine *m, const char *path, struct node_status *ret)
{
	_cleanup_free_ char *buf = NULL;
	struct stat s;
	int r;

	if (m->copied) {
		buf = malloc(65536);
		r = buf ? machine_read_text(m, buf, 65536, "nodes.txt") : -ENOMEM;
		if (r >= 0)
			return parse_node(buf, (size_t)r, path, ret) ? 0 : -ENOENT;
		/* A copy without a list of its nodes has none because it cannot have any. */
		if (r == -ENOENT)
			return -ENODATA;
	}
	r = fs_status(m->fs, &s, "%s", path);
	if (r < 0)
		return r;
	*ret = (struct node_status){
		.is_device = S_ISCHR(s.st_mode),
		.is_directory = S_ISDIR(s.st_mode),
		.mode = s.st_mode & 07777u,
		.uid = s.st_uid,
		.gid = s.st_gid,
		.major = major(s.st_rdev),
		.minor = minor(s.st_rdev),
	};
	return 0;
}

void machine_group(const struct machine *m, uint32_t gid, char *buf, size_t size)
{
	_cleanup_free_ char *text = malloc(MAX_USERS);
	int n = text ? machine_read_text(m, text, MAX_USERS, "etc/group") : -ENOMEM;

	*buf = '\0';
	if (n > 0)
		parse_group_name(text, (size_t)n, gid, buf, size);
}
