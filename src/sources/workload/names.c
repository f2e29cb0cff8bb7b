// SPDX-License-Identifier: Apache-2.0
/*
 * Caches that readers fill. A reader that hangs keeps its thread, its directory and nothing
 * else: ids of pods still get their names while etc/pve hangs. It ends when its read does.
 */
#include "sources/workload/names.h"

#include "base/ref.h"
#include "base/sys.h"
#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define WAIT_NS	    100000000u	 /* for a reader, in a scrape */
#define RETRY_NS    1000000000u	 /* an id that is not known is searched for again */
#define RENAMED_NS  60000000000u /* a guest may have got another name */
#define MAX_ASKED   512
#define MAX_DEVICES 256
#define MAX_CONF    65536 /* pve limits a guest's notes to 8 KiB */
/* Docker keeps a container in some 10 KiB; Podman all of them in one file, of some 2 KiB for each.
 */
#define MAX_STATE (1 << 20)

enum { PODS, GUESTS, CONTAINERS, DEVICES, READERS };

/* A thread of its own, as a directory of a cluster's file system may hang. */
struct reader {
	struct names *names;
	void (*read)(struct names *names);
	const char *name; /* of the thread */
	bool running;
	uint64_t started, ended; /* 0: never */
};

#define NAME_BYTES                                                                                 \
	(GUEST_NAME_BYTES > CONTAINER_NAME_BYTES ? GUEST_NAME_BYTES : CONTAINER_NAME_BYTES)

/* A guest by its number or a container by its id, whose name was asked for. */
struct asked {
	char id[POD_ID_BYTES];
	char name[NAME_BYTES];
	bool read_it;
};

struct asked_list {
	struct asked entries[MAX_ASKED];
	size_t n;
	/* buf has MAX_STATE bytes; what cannot be read leaves the name as it is. */
	void (*read)(const struct fs *fs, const char *id, char *buf, char *name);
};

/* A PCI device, and the one VM that it is given to. */
struct assignment {
	char pci[24];
	char vmid[GUEST_VMID_BYTES];
};

struct names {
	atomic_uint refs; /* one more for each reader that runs */
	const struct fs *fs;
	pthread_mutex_t lock;
	pthread_cond_t read;
	struct reader readers[READERS];
	struct pod_name *pods; /* sorted by id */
	size_t n_pods;
	struct asked_list guests, containers;
	struct assignment devices[MAX_DEVICES];
	size_t n_devices;
};

static void unref(struct names *n)
{
	if (!ref_drop(&n->refs))
		return;
	pthread_cond_destroy(&n->read);
	pthread_mutex_destroy(&n->lock);
	free(n->pods);
	free(n);
}

void names_free(struct names *names)
{
	if (names)
		unref(names);
}

static int compare_pods(const void *a, const void *b)
{
	return strcmp(((const struct pod_name *)a)->id, ((const struct pod_name *)b)->id);
}

/* Appends the entries of a directory that are names. 0 or -errno. */
static int read_dir(const struct fs *fs, const char *path,
		    int (*parse)(const char *name, struct pod_name *ret), struct pod_name **pods,
		    size_t *n_pods)
{
	_cleanup_list_ char **names = NULL;
	struct pod_name *grown;
	int n = fs_list(fs, &names, "%s", path);

	if (n <= 0)
		return n;
	grown = realloc(*pods, (*n_pods + (size_t)n) * sizeof(**pods));
	if (!grown)
		return -ENOMEM;
	*pods = grown;
	for (char **name = names; *name; name++)
		if (parse(*name, &grown[*n_pods]) == 0)
			(*n_pods)++;
	return 0;
}

static void read_pods(struct names *n)
{
	struct pod_name *pods = NULL, *old = NULL;
	size_t n_pods = 0;
	int of_pods = read_dir(n->fs, "var/log/pods", pods_dir_parse, &pods, &n_pods);
	int of_containers = read_dir(n->fs, "var/log/containers", pods_log_parse, &pods, &n_pods);

	if (n_pods > 0)
		qsort(pods, n_pods, sizeof(*pods), compare_pods);
	/* Names that were read once are not lost for a directory that cannot be read now. */
	if (of_pods < 0 && of_containers < 0) {
		free(pods);
		return;
	}
	pthread_mutex_lock(&n->lock);
	old = n->pods;
	n->pods = pods;
	n->n_pods = n_pods;
	pthread_mutex_unlock(&n->lock);
	free(old);
}

/* LXC containers and VMs share one range of numbers. */
static void read_guest(const struct fs *fs, const char *vmid, char *buf, char *name)
{
	static const struct {
		const char *dir, *key;
	} places[] = { { "lxc", "hostname" }, { "qemu-server", "name" } };
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r < 0; i++) {
		r = fs_read(fs, buf, MAX_CONF, "etc/pve/%s/%s.conf", places[i].dir, vmid);
		if (r >= 0)
			r = guest_conf_find(buf, (size_t)r, places[i].key, name, GUEST_NAME_BYTES);
	}
}

/* Podman has those that are removed at their end (--rm) in a file of their own. */
static void read_container(const struct fs *fs, const char *id, char *buf, char *name)
{
	static const char *const podman[] = { "containers", "volatile-containers" };
	int r = fs_read(fs, buf, MAX_STATE, "var/lib/docker/containers/%s/config.v2.json", id);

	if (r >= 0)
		r = containers_docker_name(buf, (size_t)r, id, name);
	for (size_t i = 0; i < ARRAY_SIZE(podman) && r < 0; i++) {
		r = fs_read(fs, buf, MAX_STATE,
			    "var/lib/containers/storage/overlay-containers/%s.json", podman[i]);
		if (r >= 0)
			r = containers_podman_name(buf, (size_t)r, id, name);
	}
}

/* The next one to be read. Its slot may belong to another when the read ends. */
static struct asked *next_asked_locked(struct asked_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->entries[i].read_it)
			return &list->entries[i];
	return NULL;
}

static void read_asked(struct names *n, struct asked_list *list)
{
	_cleanup_free_ char *buf = malloc(MAX_STATE);
	struct asked *entry, read;

	if (!buf)
		return;
	pthread_mutex_lock(&n->lock);
	while ((entry = next_asked_locked(list))) {
		entry->read_it = false;
		read = *entry;
		pthread_mutex_unlock(&n->lock);
		list->read(n->fs, read.id, buf, read.name);
		pthread_mutex_lock(&n->lock);
		if (strcmp(entry->id, read.id) == 0)
			memcpy(entry->name, read.name, sizeof(entry->name));
	}
	pthread_mutex_unlock(&n->lock);
}

static void read_guests(struct names *n)
{
	read_asked(n, &n->guests);
}

static void read_containers(struct names *n)
{
	read_asked(n, &n->containers);
}

/* What the configurations of VMs are read with. */
struct confs {
	const struct fs *fs;
	char text[MAX_CONF], mapping[MAX_CONF], node[64];
	struct guest_mappings mappings;
};

/* The node's own name is in a link: "etc/pve/local" leads to "nodes/<name>". */
static void read_mappings(struct confs *c)
{
	int n = fs_read(c->fs, c->mapping, sizeof(c->mapping), "etc/pve/mapping/pci.cfg");

	if (n < 0 || fs_read_link_name(c->fs, c->node, sizeof(c->node), "etc/pve/local") < 0)
		n = 0;
	c->mappings = (struct guest_mappings){ c->mapping, (size_t)n, c->node };
}

/* Notes the VM for each device that its configuration names; two VMs are none. */
static void add_vm(struct confs *c, const char *file, struct assignment *devices, unsigned *vms,
		   size_t n)
{
	size_t digits = strspn(file, "0123456789");
	int len;

	if (digits < 3 || digits > 9 || strcmp(file + digits, ".conf") != 0)
		return;
	len = fs_read(c->fs, c->text, sizeof(c->text), "etc/pve/qemu-server/%s", file);
	for (size_t i = 0; len > 0 && i < n; i++) {
		if (!guest_conf_has_pci(c->text, (size_t)len, &c->mappings, devices[i].pci))
			continue;
		snprintf(devices[i].vmid, sizeof(devices[i].vmid), "%.*s", (int)digits, file);
		if (vms[i]++ > 0)
			*devices[i].vmid = '\0';
	}
}

static void read_devices(struct names *n)
{
	struct confs *confs;
	_cleanup_list_ char **files = NULL;
	struct assignment devices[MAX_DEVICES];
	unsigned vms[MAX_DEVICES] = { 0 };
	size_t n_devices;

	pthread_mutex_lock(&n->lock);
	n_devices = n->n_devices;
	memcpy(devices, n->devices, n_devices * sizeof(*devices));
	pthread_mutex_unlock(&n->lock);
	if (fs_list(n->fs, &files, "etc/pve/qemu-server") < 0)
		return;
	confs = malloc(sizeof(*confs));
	if (!confs)
		return;
	confs->fs = n->fs;
	read_mappings(confs);
	for (size_t i = 0; i < n_devices; i++)
		*devices[i].vmid = '\0';
	for (char **file = files; file && *file; file++)
		add_vm(confs, *file, devices, vms, n_devices);
	free(confs);
	/* Devices are only ever added. */
	pthread_mutex_lock(&n->lock);
	memcpy(n->devices, devices, n_devices * sizeof(*devices));
	pthread_mutex_unlock(&n->lock);
}

static void *reader_main(void *data)
{
	struct reader *reader = data;
	struct names *n = reader->names;

	reader->read(n);
	pthread_mutex_lock(&n->lock);
	reader->running = false;
	reader->ended = sys_monotonic_ns();
	pthread_cond_broadcast(&n->read);
	pthread_mutex_unlock(&n->lock);
	unref(n);
	return NULL;
}

/* Starts a reader unless it runs. */
static void start_locked(struct reader *reader)
{
	if (reader->running)
		return;
	reader->started = sys_monotonic_ns();
	if (thread_start(NULL, reader->name, reader_main, reader) < 0)
		return;
	reader->running = true;
	ref_take(&reader->names->refs);
}

struct names *names_new(const struct fs *fs)
{
	const struct reader readers[READERS] = {
		[PODS] = { .read = read_pods, .name = "names of pods" },
		[GUESTS] = { .read = read_guests, .name = "names of guests" },
		[CONTAINERS] = { .read = read_containers, .name = "containers" },
		[DEVICES] = { .read = read_devices, .name = "devices of VMs" },
	};
	struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->refs = 1;
	n->fs = fs;
	n->guests.read = read_guest;
	n->containers.read = read_container;
	memcpy(n->readers, readers, sizeof(readers));
	for (int i = 0; i < READERS; i++)
		n->readers[i].names = n;
	pthread_mutex_init(&n->lock, NULL);
	thread_cond_init(&n->read);
	return n;
}

/* Waits until the reader has ended or has timed out. */
static void wait_for_locked(struct names *n, const struct reader *reader)
{
	uint64_t until = reader->started + WAIT_NS;

	while (reader->running && sys_monotonic_ns() < until)
		thread_wait_until(&n->read, &n->lock, until);
}

static bool is_older(const struct reader *reader, uint64_t ns)
{
	return reader->ended == 0 || sys_monotonic_ns() - reader->ended >= ns;
}

static const struct pod_name *find_pod_locked(const struct names *n, const char *id)
{
	struct pod_name key;

	snprintf(key.id, sizeof(key.id), "%s", id);
	return n->n_pods ? bsearch(&key, n->pods, n->n_pods, sizeof(key), compare_pods) : NULL;
}

bool names_pod(struct names *n, const char *id, struct pod_name *ret)
{
	const struct pod_name *found;

	pthread_mutex_lock(&n->lock);
	found = find_pod_locked(n, id);
	if (!found) {
		if (is_older(&n->readers[PODS], RETRY_NS))
			start_locked(&n->readers[PODS]);
		wait_for_locked(n, &n->readers[PODS]);
		found = find_pod_locked(n, id);
	}
	*ret = found ? *found : (struct pod_name){ 0 };
	pthread_mutex_unlock(&n->lock);
	return found;
}

/* The slot of an id; made at the first query for it. */
static struct asked *find_asked_locked(struct asked_list *list, const char *id)
{
	size_t i = 0;

	while (i < list->n && strcmp(list->entries[i].id, id) != 0)
		i++;
	if (i == MAX_ASKED)
		i = list->n = 0;
	if (i == list->n) {
		list->n++;
		list->entries[i] = (struct asked){ .read_it = true };
		snprintf(list->entries[i].id, sizeof(list->entries[i].id), "%s", id);
	}
	return &list->entries[i];
}

static bool ask(struct names *n, struct asked_list *list, struct reader *reader, const char *id,
		char *ret, size_t size)
{
	struct asked *entry;

	pthread_mutex_lock(&n->lock);
	entry = find_asked_locked(list, id);
	if (is_older(reader, RENAMED_NS) && !reader->running)
		for (size_t i = 0; i < list->n; i++)
			list->entries[i].read_it = true;
	entry->read_it |= !*entry->name && is_older(reader, RETRY_NS);
	if (entry->read_it)
		start_locked(reader);
	/* An old name is better than a wait. */
	if (!*entry->name)
		wait_for_locked(n, reader);
	/* The lock was released meanwhile. */
	entry = find_asked_locked(list, id);
	snprintf(ret, size, "%s", entry->name);
	pthread_mutex_unlock(&n->lock);
	return *ret;
}

bool names_guest(struct names *n, const char *vmid, char ret[static GUEST_NAME_BYTES])
{
	return ask(n, &n->guests, &n->readers[GUESTS], vmid, ret, GUEST_NAME_BYTES);
}

bool names_container(struct names *n, const char *id, char ret[static CONTAINER_NAME_BYTES])
{
	return ask(n, &n->containers, &n->readers[CONTAINERS], id, ret, CONTAINER_NAME_BYTES);
}

bool names_vm_of_pci(struct names *n, const char *pci, char ret[static GUEST_VMID_BYTES])
{
	struct reader *reader = &n->readers[DEVICES];
	size_t i = 0;

	*ret = '\0';
	pthread_mutex_lock(&n->lock);
	while (i < n->n_devices && strcmp(n->devices[i].pci, pci) != 0)
		i++;
	if (i < MAX_DEVICES && strlen(pci) < sizeof(n->devices[i].pci)) {
		if (i == n->n_devices) {
			n->devices[i] = (struct assignment){ 0 };
			strcpy(n->devices[i].pci, pci);
			n->n_devices++;
		}
		if (is_older(reader, *n->devices[i].vmid ? RENAMED_NS : RETRY_NS))
			start_locked(reader);
		if (!*n->devices[i].vmid)
			wait_for_locked(n, reader);
		memcpy(ret, n->devices[i].vmid, GUEST_VMID_BYTES);
	}
	pthread_mutex_unlock(&n->lock);
	return *ret;
}
