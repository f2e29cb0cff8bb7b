// SPDX-License-Identifier: Apache-2.0
/* Strict: what the kubelet never sends is an error and no half of an answer. */
#include "sources/kubelet/pod_resources.h"

#include <errno.h>
#include <string.h>

/* A message, or what is left of one. */
struct message {
	const uint8_t *at, *end;
};

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct field {
	uint64_t number;
	enum wire wire;
	struct message bytes; /* of BYTES */
};

/* The fields of the messages that are read. */
enum {
	RESPONSE_PODS = 1,
	POD_NAME = 1,
	POD_NAMESPACE = 2,
	POD_CONTAINERS = 3,
	CONTAINER_NAME = 1,
	CONTAINER_DEVICES = 2,
	CONTAINER_CLAIMS = 5,
	DEVICES_RESOURCE = 1,
	DEVICES_IDS = 2,
	CLAIM_RESOURCES = 4,
	CLAIMED_CDI = 1,
	CLAIMED_DRIVER = 2,
	CLAIMED_DEVICE = 4,
	CDI_NAME = 1,
};

static int take_varint(struct message *m, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (m->at == m->end)
			return -EINVAL;
		byte = *m->at++;
		if (shift == 63 && byte > 1)
			return -EINVAL;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return 0;
		}
	}
	return -EINVAL;
}

/* 1 and the next field, 0 at the end, -EINVAL. */
static int next_field(struct message *m, struct field *ret)
{
	uint64_t key, size;

	if (m->at == m->end)
		return 0;
	if (take_varint(m, &key) < 0 || key >> 3 == 0 || key >> 3 > 0x1fffffff)
		return -EINVAL;
	ret->number = key >> 3;
	ret->wire = (enum wire)(key & 7);
	switch (ret->wire) {
	case VARINT:
		return take_varint(m, &size) < 0 ? -EINVAL : 1;
	case FIXED64:
		size = 8;
		break;
	case FIXED32:
		size = 4;
		break;
	case BYTES:
		if (take_varint(m, &size) < 0)
			return -EINVAL;
		break;
	default: /* groups, which proto3 does not have */
		return -EINVAL;
	}
	if (size > (uint64_t)(m->end - m->at))
		return -EINVAL;
	ret->bytes = (struct message){ m->at, m->at + size };
	m->at += size;
	return 1;
}

/* The same for the next field of that number, all of which are strings or messages here. */
static int next_bytes(struct message *m, uint64_t number, struct message *ret)
{
	struct field field;
	int r;

	while ((r = next_field(m, &field)) > 0) {
		if (field.number != number)
			continue;
		if (field.wire != BYTES)
			return -EINVAL;
		*ret = field.bytes;
		return 1;
	}
	return r;
}

/* A string field, the last one counts. Empty if it is not there. It is longer: -ENAMETOOLONG. */
static int find_string(struct message m, uint64_t number, char *buf, size_t size)
{
	struct message found, last = { NULL, NULL };
	size_t len;
	int r;

	while ((r = next_bytes(&m, number, &found)) > 0)
		last = found;
	*buf = '\0';
	len = (size_t)(last.end - last.at);
	if (r < 0 || len == 0)
		return r;
	if (memchr(last.at, '\0', len))
		return -EINVAL;
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, last.at, len);
	buf[len] = '\0';
	return 0;
}

/* A name that is exported: of the characters that Kubernetes allows in it, and not empty. */
static int find_name(struct message m, uint64_t number, char *buf, size_t size)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";

	return find_string(m, number, buf, size) < 0 || !*buf || buf[strspn(buf, allowed)] ? -EINVAL
											   : 0;
}

/* An id is compared only, so it may be anything. One that is too long for a name is none. */
static int find_id(struct message m, uint64_t number, char *buf, size_t size)
{
	int r = find_string(m, number, buf, size);

	return r == -ENAMETOOLONG ? 0 : r;
}

struct walk {
	pod_device_visitor visit;
	void *data;
	struct pod_device device;
};

/* ContainerDevices: a resource, and the ids of its devices. */
static int visit_devices(struct walk *w, struct message devices)
{
	struct pod_device *d = &w->device;
	struct message ids = devices, id;
	int r = find_name(devices, DEVICES_RESOURCE, d->resource, sizeof(d->resource));

	while (r == 0 && (r = next_bytes(&ids, DEVICES_IDS, &id)) > 0) {
		size_t len = (size_t)(id.end - id.at);

		if (len >= sizeof(d->id) || memchr(id.at, '\0', len))
			len = 0;
		memcpy(d->id, id.at, len);
		d->id[len] = '\0';
		r = w->visit(w->data, d);
	}
	return r;
}

/* The device's name in "intel.com/gpu=NAME", of the first CDI device of a claim. */
static int find_cdi(struct message claimed, char *buf, size_t size)
{
	struct message device;
	int r = next_bytes(&claimed, CLAIMED_CDI, &device);
	char *name;

	if (r > 0)
		r = find_id(device, CDI_NAME, buf, size);
	name = r < 0 ? NULL : strchr(buf, '=');
	if (name)
		memmove(buf, name + 1, strlen(name + 1) + 1);
	else
		*buf = '\0';
	return r;
}

/* DynamicResource: a claim, and what its drivers have given for it. */
static int visit_claim(struct walk *w, struct message claim)
{
	struct pod_device *d = &w->device;
	struct message claimed;
	int r;

	while ((r = next_bytes(&claim, CLAIM_RESOURCES, &claimed)) > 0) {
		/* Not known before 1.32: neither is the driver, and so not whether it is a GPU. */
		r = find_string(claimed, CLAIMED_DRIVER, d->resource, sizeof(d->resource));
		if (r == 0 && !*d->resource)
			continue;
		r = find_name(claimed, CLAIMED_DRIVER, d->resource, sizeof(d->resource));
		if (r == 0)
			r = find_id(claimed, CLAIMED_DEVICE, d->id, sizeof(d->id));
		if (r == 0 && !*d->id)
			r = find_cdi(claimed, d->id, sizeof(d->id));
		if (r == 0)
			r = w->visit(w->data, d);
		if (r < 0)
			return r;
	}
	return r;
}

static int visit_container(struct walk *w, struct message container)
{
	static const struct {
		uint64_t number;
		int (*visit)(struct walk *w, struct message part);
	} parts[] = { { CONTAINER_DEVICES, visit_devices }, { CONTAINER_CLAIMS, visit_claim } };
	int r = find_name(container, CONTAINER_NAME, w->device.container,
			  sizeof(w->device.container));

	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(*parts); i++) {
		struct message rest = container, part;

		while (r == 0 && (r = next_bytes(&rest, parts[i].number, &part)) > 0)
			r = parts[i].visit(w, part);
	}
	return r;
}

static int visit_pod(struct walk *w, struct message pod)
{
	struct message container, rest = pod;
	int r = find_name(pod, POD_NAME, w->device.pod, sizeof(w->device.pod));

	if (r == 0)
		r = find_name(pod, POD_NAMESPACE, w->device.namespace, sizeof(w->device.namespace));
	while (r == 0 && (r = next_bytes(&rest, POD_CONTAINERS, &container)) > 0)
		r = visit_container(w, container);
	return r;
}

int pod_resources_parse(const uint8_t *bytes, size_t len, pod_device_visitor visit, void *data)
{
	struct walk w = { .visit = visit, .data = data };
	struct message response = { bytes, bytes + len }, pod;
	int r;

	while ((r = next_bytes(&response, RESPONSE_PODS, &pod)) > 0) {
		r = visit_pod(&w, pod);
		if (r < 0)
			break;
	}
	return r;
}

bool pod_device_is_intel(const struct pod_device *device)
{
	static const char domain[] = "gpu.intel.com", monitoring[] = "monitoring";
	const char *name = device->resource + sizeof(domain) - 1;
	size_t len;

	if (strncmp(device->resource, domain, sizeof(domain) - 1) != 0 || (*name && *name != '/'))
		return false;
	len = strlen(name);
	return len < sizeof(monitoring) - 1 ||
	       strcmp(name + len - (sizeof(monitoring) - 1), monitoring) != 0;
}

/* A character of an id and one of a name: the same, or a dash for what a DNS label has not. */
static bool same(char id, char name, bool dashed)
{
	return id == name || (dashed && id == '-' && (name == ':' || name == '.'));
}

static bool begins(const char *id, const char *name, bool dashed)
{
	size_t i = 0;

	while (name[i] && same(id[i], name[i], dashed))
		i++;
	return i > 0 && !name[i] && (!id[i] || id[i] == '-');
}

bool pod_device_names(const struct pod_device *device, const char *name)
{
	static const char directory[] = "/dev/dri/";
	const char *id = device->id;

	if (strncmp(id, directory, sizeof(directory) - 1) == 0)
		id += sizeof(directory) - 1;
	return begins(id, name, false) || begins(id, name, true);
}
