// SPDX-License-Identifier: Apache-2.0
/*
 * QEMU's command line (qemu-options.hx): options with one dash or two, their values as lists
 * "key=value,…" in which ",," is a comma (util/keyval.c), devices also as JSON.
 */
#include "sources/workload/guest.h"

#include "base/macros.h"
#include "base/text.h"
#include "sources/gpu/mdev.h"
#include "sources/gpu/pci_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VALUE_BYTES 512 /* paths below /sys; a value that is longer is none of ours */

/* A device's properties, whichever way they were written. */
struct device_option {
	char driver[32], host[32], sysfsdev[VALUE_BYTES];
};

/* The next "key=value" of a list; a value that is alone has an empty key. Too long ones are "". */
static bool next_pair(const char **text, char *key, size_t key_size, char *value, size_t size)
{
	const char *s = *text, *equals;
	size_t len, n = 0;

	*key = '\0';
	if (!*s)
		return false;
	equals = strpbrk(s, "=,");
	if (equals && *equals == '=') {
		len = (size_t)(equals - s);
		snprintf(key, key_size, "%.*s", (int)(len < key_size ? len : key_size - 1), s);
		s = equals + 1;
	}
	for (; *s && (*s != ',' || s[1] == ','); s++) {
		if (*s == ',')
			s++;
		if (n < size)
			value[n++] = *s;
	}
	value[n < size ? n : 0] = '\0';
	*text = *s ? s + 1 : s;
	return true;
}

static void set_property(struct device_option *device, const char *key, const char *value)
{
	if (strcmp(key, "driver") == 0)
		snprintf(device->driver, sizeof(device->driver), "%s", value);
	else if (strcmp(key, "host") == 0)
		snprintf(device->host, sizeof(device->host), "%s", value);
	else if (strcmp(key, "sysfsdev") == 0)
		snprintf(device->sysfsdev, sizeof(device->sysfsdev), "%s", value);
}

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/* A JSON string without \u, which no key that is searched for has; NULL when it is not whole. */
static const char *take_string(const char *s, char *buf, size_t size)
{
	size_t n = 0;
	bool usable = true;

	if (*s++ != '"')
		return NULL;
	for (; *s && *s != '"'; s++) {
		char c = *s;

		if (c == '\\') {
			c = *++s;
			if (!c)
				return NULL;
			usable = usable && strchr("\"\\/", c);
		}
		if (n < size)
			buf[n++] = c;
	}
	buf[usable && n < size ? n : 0] = '\0';
	return *s ? s + 1 : NULL;
}

/* Behind a value that is no string; NULL when it is not whole. */
static const char *skip_value(const char *s)
{
	char ignored[1];
	size_t depth = 0;

	while (*s) {
		if (*s == '"') {
			s = take_string(s, ignored, sizeof(ignored));
			if (!s)
				return NULL;
			continue;
		}
		if (depth == 0 && strchr(",}]", *s))
			return s;
		if (strchr("{[", *s))
			depth++;
		else if (strchr("}]", *s))
			depth--;
		s++;
	}
	return NULL;
}

static int parse_json(const char *s, struct device_option *device)
{
	char key[32], value[VALUE_BYTES];

	s = skip_space(s + 1);
	while (*s != '}') {
		s = take_string(s, key, sizeof(key));
		s = s ? skip_space(s) : NULL;
		if (!s || *s != ':')
			return -EINVAL;
		s = skip_space(s + 1);
		if (*s == '"') {
			s = take_string(s, value, sizeof(value));
			if (s)
				set_property(device, key, value);
		} else {
			s = skip_value(s);
		}
		s = s ? skip_space(s) : NULL;
		if (!s || (*s != ',' && *s != '}'))
			return -EINVAL;
		if (*s == ',')
			s = skip_space(s + 1);
	}
	return *skip_space(s + 1) ? -EINVAL : 0;
}

static void parse_list(const char *s, struct device_option *device)
{
	char key[32], value[VALUE_BYTES];

	for (bool first = true; next_pair(&s, key, sizeof(key), value, sizeof(value));
	     first = false)
		set_property(device, first && !*key ? "driver" : key, value);
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static void take_device(const char *s, struct guest_command *c)
{
	struct device_option device = { 0 };
	char *id = c->devices[c->n_devices], *slash;
	bool all;

	if (c->n_devices == GUEST_DEVICES)
		return;
	if (*s != '{')
		parse_list(s, &device);
	else if (parse_json(s, &device) < 0)
		return;
	/* -nohotplug is libvirt's choice for a vGPU with a display. */
	if (strcmp(device.driver, "vfio-pci") != 0 &&
	    strcmp(device.driver, "vfio-pci-nohotplug") != 0)
		return;
	slash = strrchr(device.sysfsdev, '/');
	if (slash && mdev_is_uuid(slash + 1)) {
		snprintf(id, GUEST_UUID_BYTES, "%s", slash + 1);
		lower(id);
	} else if (pci_name_parse(slash ? slash + 1 : device.host,
				  strlen(slash ? slash + 1 : device.host), id, &all) < 0) {
		*id = '\0';
		return;
	}
	c->n_devices++;
}

static void take_id(const char *s, struct guest_command *c)
{
	size_t n = strlen(s);

	if (!*c->vmid && n >= 3 && n <= 9 && *s != '0' && strspn(s, "0123456789") == n)
		snprintf(c->vmid, sizeof(c->vmid), "%s", s);
}

static void take_name(const char *s, struct guest_command *c)
{
	char key[32], value[VALUE_BYTES];

	for (bool first = true; next_pair(&s, key, sizeof(key), value, sizeof(value));
	     first = false)
		if ((first && !*key) || strcmp(key, "guest") == 0)
			text_clean(value, strlen(value), c->name, sizeof(c->name));
}

static void set_uuid(const char *uuid, struct guest_command *c)
{
	if (!mdev_is_uuid(uuid))
		return;
	snprintf(c->uuid, sizeof(c->uuid), "%s", uuid);
	lower(c->uuid);
}

/* The firmware shows this UUID if both options are there. */
static void take_smbios(const char *s, struct guest_command *c)
{
	char key[32], value[VALUE_BYTES], uuid[VALUE_BYTES] = "";
	bool is_system = false;

	while (next_pair(&s, key, sizeof(key), value, sizeof(value))) {
		if (strcmp(key, "type") == 0)
			is_system = strcmp(value, "1") == 0;
		else if (strcmp(key, "uuid") == 0)
			snprintf(uuid, sizeof(uuid), "%s", value);
	}
	if (is_system)
		set_uuid(uuid, c);
}

static void take_uuid(const char *s, struct guest_command *c)
{
	if (!*c->uuid)
		set_uuid(s, c);
}

static bool is_qemu(const char *program)
{
	const char *slash = strrchr(program, '/');

	program = slash ? slash + 1 : program;
	return strcmp(program, "kvm") == 0 || strcmp(program, "qemu-kvm") == 0 ||
	       strncmp(program, "qemu-system-", 12) == 0;
}

/* The argument at *text, which is moved behind it; NULL at the end. */
static const char *next_argument(const char **text, const char *end)
{
	const char *s = *text, *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	if (!nul)
		return NULL;
	*text = nul + 1;
	return s;
}

int guest_command_parse(const char *text, size_t len, struct guest_command *ret)
{
	static const struct {
		const char *name;
		void (*take)(const char *value, struct guest_command *c);
	} options[] = {
		{ "id", take_id },	   { "name", take_name }, { "smbios", take_smbios },
		{ "device", take_device }, { "uuid", take_uuid },
	};
	const char *end = text + len, *argument = next_argument(&text, end);

	if (!argument || !is_qemu(argument))
		return -ENOENT;
	memset(ret, 0, sizeof(*ret));
	while ((argument = next_argument(&text, end))) {
		const char *name = argument + (strncmp(argument, "--", 2) == 0 ? 2 : 1), *value;

		if (*argument != '-')
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(options); i++)
			if (strcmp(name, options[i].name) == 0 &&
			    (value = next_argument(&text, end)))
				options[i].take(value, ret);
	}
	return 0;
}

bool guest_command_has(const struct guest_command *command, const char *device)
{
	for (size_t i = 0; i < command->n_devices; i++)
		if (strcmp(command->devices[i], device) == 0)
			return true;
	return false;
}
