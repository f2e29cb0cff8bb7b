// SPDX-License-Identifier: Apache-2.0
/*
 * Reads mdev_supported_types of a GPU (Documentation/ABI/testing/sysfs-bus-vfio-mdev). The reads
 * take a mutex of the driver and nothing else: they do not wake the GPU.
 */
#include "sources/gpu/mdev.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define TYPES "sys/bus/pci/devices/%s/mdev_supported_types"

bool mdev_is_uuid(const char *text)
{
	if (strlen(text) != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

/* "64MB" with the unit, or "4" without one. */
static int parse_amount(const char *text, size_t len, const char *unit, uint64_t *ret, bool *has)
{
	size_t n = strlen(unit);

	if (len < n || memcmp(text + len - n, unit, n) != 0)
		return -EINVAL;
	if (text_parse_u64(text, len - n, ret) < 0)
		return -EINVAL;
	*has = true;
	return 0;
}

static int parse_resolution(const char *text, size_t len, char *buf, size_t size)
{
	/* One blank or control character would end the value; the rest is for the label to clean.
	 */
	if (len == 0 || len >= size)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]))
			return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return 0;
}

static bool has_key(const char *line, size_t len, const char *key, const char **value, size_t *rest)
{
	size_t n = strlen(key);

	if (len < n || memcmp(line, key, n) != 0)
		return false;
	*value = line + n;
	*rest = len - n;
	return true;
}

static int parse_line(const char *line, size_t len, struct mdev_description *d)
{
	const char *value;
	size_t n;

	if (has_key(line, len, "low_gm_size: ", &value, &n))
		return parse_amount(value, n, "MB", &d->low_gm_mib, &d->has_low_gm);
	if (has_key(line, len, "high_gm_size: ", &value, &n))
		return parse_amount(value, n, "MB", &d->high_gm_mib, &d->has_high_gm);
	if (has_key(line, len, "fence: ", &value, &n))
		return parse_amount(value, n, "", &d->fences, &d->has_fences);
	if (has_key(line, len, "weight: ", &value, &n))
		return parse_amount(value, n, "", &d->weight, &d->has_weight);
	if (has_key(line, len, "resolution: ", &value, &n))
		return parse_resolution(value, n, d->resolution, sizeof(d->resolution));
	return 0;
}

int mdev_description_parse(const char *text, size_t len, struct mdev_description *ret)
{
	struct mdev_description d = { 0 };
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);
		int r = parse_line(text, n, &d);

		if (r < 0)
			return r;
		text += newline ? n + 1 : n;
	}
	*ret = d;
	return 0;
}

/* An attribute that is not there, or empty, is absent and no failure. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENODATA || r == -EOPNOTSUPP;
}

/* True when the attribute was read or is absent. */
static bool is_known(int r, const char *attribute, const struct mdev_type *type,
		     struct fault *fault)
{
	struct fault unread;

	if (r >= 0 || is_absent(r))
		return true;
	fault_errno(&unread, r, "%s of %s", attribute, type->name);
	fault_add(fault, &unread);
	return false;
}

static void keep_uuids(char **entries, int n, struct mdev_type *type)
{
	size_t kept = 0;

	for (int i = 0; i < n; i++) {
		if (mdev_is_uuid(entries[i]))
			entries[kept++] = entries[i];
		else
			free(entries[i]);
	}
	if (entries)
		entries[kept] = NULL;
	type->uuids = entries;
	type->n_uuids = kept;
}

/* 0, or 1 when something of it could not be read. */
static int read_type(const struct fs *fs, const char *pci, struct mdev_type *type,
		     struct fault *fault)
{
	char **entries = NULL;
	char text[1024];
	bool known;
	int r;

	r = fs_read_u64(fs, &type->available, TYPES "/%s/available_instances", pci, type->name);
	type->has_available = r == 0;
	known = is_known(r, "available_instances", type, fault);

	r = fs_read(fs, text, sizeof(text), TYPES "/%s/description", pci, type->name);
	if (r > 0)
		r = mdev_description_parse(text, (size_t)r, &type->description);
	type->has_description = is_known(r, "description", type, fault);

	r = fs_list(fs, &entries, TYPES "/%s/devices", pci, type->name);
	type->has_uuids = is_known(r, "devices", type, fault);
	keep_uuids(entries, r, type);
	return known && type->has_description && type->has_uuids ? 0 : 1;
}

int mdev_types_read(const struct fs *fs, const char *pci, struct mdev_type **ret, size_t *ret_n,
		    struct fault *fault)
{
	_cleanup_list_ char **names = NULL;
	struct fault unread;
	struct mdev_type *types;
	size_t n = 0, over_limit = 0;
	int r, incomplete = 0;

	*ret = NULL;
	*ret_n = 0;
	r = fs_list(fs, &names, TYPES, pci);
	if (r < 0 && !is_absent(r)) {
		fault_errno(&unread, r, "mdev_supported_types");
		fault_add(fault, &unread);
		return r;
	}
	if (!names)
		return 0;
	types = calloc(MDEV_MAX_TYPES, sizeof(*types));
	if (!types)
		return fault_errno(fault, -ENOMEM, "mdev_supported_types");
	for (char **name = names; *name; name++) {
		/* The prefix is the driver's name; another vendor's types are not ours. */
		if (strncmp(*name, "i915-", 5) != 0)
			continue;
		if (n == MDEV_MAX_TYPES) {
			over_limit++;
			continue;
		}
		strcpy(types[n].name, *name);
		incomplete |= read_type(fs, pci, &types[n++], fault);
	}
	if (over_limit > 0) {
		fault_set(&unread, REASON_LIMIT, "limits", 0,
			  "there are more than %d vGPU types: %zu are left out", MDEV_MAX_TYPES,
			  over_limit);
		fault_add(fault, &unread);
	}
	*ret = types;
	*ret_n = n;
	return incomplete;
}

void mdev_types_free(struct mdev_type *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fs_list_free(&types[i].uuids);
	free(types);
}
