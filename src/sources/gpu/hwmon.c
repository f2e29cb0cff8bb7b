// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/hwmon.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_DELAY_MS 60000
#define HWMON_DIR    "sys/bus/pci/devices/%s/hwmon"

static const struct {
	const char *prefix;
	enum hwmon_kind kind;
	const char *attributes[6];
} kinds_of_files[] = {
	{ "energy", HWMON_ENERGY, { "input" } },
	{ "power", HWMON_POWER, { "max", "cap", "rated_max", "crit" } },
	{ "temp", HWMON_TEMP, { "input", "max", "crit", "emergency" } },
	{ "fan", HWMON_FAN, { "input" } },
	{ "in", HWMON_IN, { "input" } },
};

int hwmon_parse_name(const char *name, struct hwmon_file *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds_of_files); i++) {
		size_t len = strlen(kinds_of_files[i].prefix), digits;
		const char *number = name + len;

		if (strncmp(name, kinds_of_files[i].prefix, len) != 0)
			continue;
		digits = strspn(number, "0123456789");
		if (digits == 0 || digits > 3 || number[digits] != '_' ||
		    (digits > 1 && *number == '0'))
			return -ENOENT;
		for (const char *const *a = kinds_of_files[i].attributes; *a; a++) {
			if (strcmp(number + digits + 1, *a) != 0)
				continue;
			*ret = (struct hwmon_file){ .kind = kinds_of_files[i].kind,
						    .attribute = *a,
						    .fd = -1 };
			snprintf(ret->name, sizeof(ret->name), "%s", name);
			snprintf(ret->sensor, sizeof(ret->sensor), "%.*s", (int)digits, number);
			return 0;
		}
		return -ENOENT;
	}
	return -ENOENT;
}

int hwmon_parse_label(const char *text, size_t len, char ret[static 24])
{
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len == 0 || len >= 24)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= '0' && text[i] <= '9') &&
		    text[i] != '_')
			return -EINVAL;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return 0;
}

int hwmon_parse_value(const char *text, size_t len, int64_t *ret)
{
	bool negative = len > 0 && *text == '-';
	uint64_t value;
	int r = text_parse_u64(text + negative, len - negative, &value);

	if (r < 0)
		return r;
	if (value > INT64_MAX)
		return -ERANGE;
	*ret = negative ? -(int64_t)value : (int64_t)value;
	return 0;
}

/* False: the file is left out. */
static bool find_sensor(const struct fs *fs, const struct hwmon *hwmon, struct hwmon_file *file)
{
	char text[64];
	int n;

	if (file->kind == HWMON_FAN)
		return true;
	n = fs_read(fs, text, sizeof(text), "%s/%.*s_label", hwmon->dir,
		    (int)strcspn(file->name, "_"), file->name);
	/* i915 has no labels, and what it reads is the package's. */
	if (n == -ENOENT) {
		snprintf(file->sensor, sizeof(file->sensor), "pkg");
		return true;
	}
	return n >= 0 && hwmon_parse_label(text, (size_t)n, file->sensor) == 0 &&
	       strncmp(file->sensor, "vram_ch_", 8) != 0;
}

/* Of two counters with one name the second is left out: they would be one series that falls. */
static bool is_named(const struct hwmon *hwmon, const struct hwmon_file *file)
{
	if (file->kind != HWMON_ENERGY)
		return false;
	for (size_t i = 0; i < hwmon->n; i++)
		if (hwmon->files[i].kind == file->kind &&
		    strcmp(hwmon->files[i].attribute, file->attribute) == 0 &&
		    strcmp(hwmon->files[i].sensor, file->sensor) == 0)
			return true;
	return false;
}

static bool find_chip(const struct fs *fs, const struct gpu *gpu, char *dir, size_t size)
{
	_cleanup_list_ char **chips = NULL;

	fs_list(fs, &chips, HWMON_DIR, gpu->pci);
	for (char **chip = chips; chip && *chip; chip++) {
		char name[32];
		int n;

		if (strncmp(*chip, "hwmon", 5) != 0 || !isdigit((unsigned char)(*chip)[5]))
			continue;
		n = fs_read(fs, name, sizeof(name), HWMON_DIR "/%s/name", gpu->pci, *chip);
		if (n <= 0)
			continue;
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, gpu->driver_name) != 0)
			continue;
		n = snprintf(dir, size, HWMON_DIR "/%s", gpu->pci, *chip);
		return n > 0 && (size_t)n < size;
	}
	return false;
}

int hwmon_find(const struct fs *fs, const struct gpu *gpu, unsigned kinds, struct hwmon **ret)
{
	_cleanup_list_ char **names = NULL;
	struct hwmon *hwmon = calloc(1, sizeof(*hwmon));
	uint64_t delay;

	if (!hwmon)
		return -ENOMEM;
	if (find_chip(fs, gpu, hwmon->dir, sizeof(hwmon->dir)))
		fs_list(fs, &names, "%s", hwmon->dir);
	for (char **name = names; name && *name && hwmon->n < HWMON_MAX_FILES; name++) {
		struct hwmon_file *file = &hwmon->files[hwmon->n];

		if (hwmon_parse_name(*name, file) == 0 && kinds >> file->kind & 1 &&
		    find_sensor(fs, hwmon, file) && !is_named(hwmon, file))
			hwmon->n++;
	}
	if (!names) {
		free(hwmon);
		return -ENODEV;
	}
	/* A tenth more: the timer may be late. -1 is a card that never sleeps by itself. */
	if (fs_read_u64(fs, &delay, "sys/bus/pci/devices/%s/power/autosuspend_delay_ms",
			gpu->pci) == 0)
		hwmon->hold_ns = (delay < MAX_DELAY_MS ? delay : MAX_DELAY_MS) * 1100000u;
	*ret = hwmon;
	return 0;
}

void hwmon_free(struct hwmon *hwmon)
{
	if (!hwmon)
		return;
	for (size_t i = 0; i < hwmon->n; i++)
		if (hwmon->files[i].fd >= 0)
			close(hwmon->files[i].fd);
	free(hwmon);
}

void hwmon_begin(const struct fs *fs, const struct gpu *gpu, struct hwmon *hwmon, bool suspended,
		 uint64_t now)
{
	enum gpu_power power;

	hwmon->state = suspended ? HWMON_SUSPENDED : HWMON_AWAKE;
	if (!suspended && hwmon->read_at && now - hwmon->read_at < hwmon->hold_ns &&
	    gpu_power(fs, gpu, &power) == 0 && power == GPU_MAY_SLEEP)
		hwmon->state = HWMON_RECENT;
	if (hwmon->state == HWMON_AWAKE)
		hwmon->read_at = now;
}

static int read_file(const struct fs *fs, const struct hwmon *hwmon, struct hwmon_file *file)
{
	char text[32];
	int n = fs_read_kept(fs, &file->fd, text, sizeof(text), "%s/%s", hwmon->dir, file->name);

	/* EAGAIN: a fan that was read a moment ago. */
	if (n == -ENOENT || n == -ENODATA || n == -EOPNOTSUPP || n == -ENODEV || n == -EAGAIN)
		return 0;
	if (n < 0)
		return n;
	n = hwmon_parse_value(text, (size_t)n, &file->value);
	return n == -ENODATA ? 0 : n < 0 ? n : 1;
}

int hwmon_read(const struct fs *fs, struct hwmon *hwmon, struct hwmon_file *file, int64_t *ret)
{
	if (hwmon->state == HWMON_SUSPENDED)
		return 0;
	if (hwmon->state == HWMON_AWAKE)
		file->r = read_file(fs, hwmon, file);
	*ret = file->value;
	return file->r;
}

int hwmon_read_limit(const struct fs *fs, struct hwmon *hwmon, struct hwmon_file *file,
		     uint64_t now, int64_t *ret)
{
	if (hwmon->state == HWMON_AWAKE && !file->off &&
	    (file->read_at == 0 || now - file->read_at >= HWMON_LIMITS_NS)) {
		file->r = read_file(fs, hwmon, file);
		file->off = file->r > 0 && file->value == 0;
		file->read_at = now;
		close_fdp(&file->fd);
		file->fd = -1;
	}
	if (file->off)
		return 0;
	*ret = file->value;
	return file->r;
}
