// SPDX-License-Identifier: Apache-2.0
/* Parses fdinfo of i915 and xe: "key:", blanks, a value and maybe a unit. */
#include "sources/proc/fdinfo.h"

#include "base/macros.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define MAX_ENGINES 64 /* of a class */
#define CLOCK_BITS  36 /* before Xe2; a timestamp of a context has 32 */

static const struct {
	const char *i915, *xe;
} classes[FDINFO_CLASSES] = {
	[FDINFO_RENDER] = { "render", "rcs" },
	[FDINFO_COPY] = { "copy", "bcs" },
	[FDINFO_VIDEO] = { "video", "vcs" },
	[FDINFO_VIDEO_ENHANCE] = { "video-enhance", "vecs" },
	[FDINFO_COMPUTE] = { "compute", "ccs" },
};

const char *fdinfo_class_name(enum fdinfo_class which)
{
	return classes[which].i915;
}

struct pair {
	const char *key, *value;
	size_t key_len, value_len;
};

static bool split(const char *line, size_t len, struct pair *p)
{
	const char *colon = memchr(line, ':', len);
	const char *end = line + len;

	if (!colon || colon == line)
		return false;
	p->key = line;
	p->key_len = (size_t)(colon - line);
	for (p->value = colon + 1; p->value < end && (*p->value == '\t' || *p->value == ' ');)
		p->value++;
	p->value_len = (size_t)(end - p->value);
	return true;
}

static inline bool is_key(const struct pair *p, const char *key)
{
	return p->key_len == strlen(key) && memcmp(p->key, key, strlen(key)) == 0;
}

/* The class that the key names behind so many bytes, or -1. */
static int class_behind(const struct pair *p, size_t n)
{
	const struct pair rest = { .key = p->key + n, .key_len = p->key_len - n };

	for (int i = 0; i < FDINFO_CLASSES; i++)
		if (is_key(&rest, classes[i].i915) || is_key(&rest, classes[i].xe))
			return i;
	return -1;
}

static int number(const struct pair *p, const char *unit, uint64_t *ret)
{
	size_t len = p->value_len, n = strlen(unit);

	if (len > n && memcmp(p->value + len - n, unit, n) == 0)
		len -= n;
	return text_parse_u64(p->value, len, ret) < 0 ? -EINVAL : 0;
}

static int string(const struct pair *p, char *buf, size_t size)
{
	if (p->value_len >= size)
		return -EINVAL;
	text_clean(p->value, p->value_len, buf, size);
	return 0;
}

/* "6044 KiB", "2 MiB"; without a unit where nothing else divides the number. */
static int size(const struct pair *p, uint64_t *ret)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = { { " KiB", 10 }, { " MiB", 20 }, { " GiB", 30 }, { "", 0 } };
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t len = strlen(units[i].unit);

		if (p->value_len < len ||
		    memcmp(p->value + p->value_len - len, units[i].unit, len) != 0)
			continue;
		if (text_parse_u64(p->value, p->value_len - len, &n) < 0 ||
		    n > UINT64_MAX >> units[i].shift)
			return -EINVAL;
		*ret = n << units[i].shift;
		return 0;
	}
	return -EINVAL;
}

/* drm-resident-<region>, or its older name drm-memory-<region>: what follows that. */
static inline int region(const struct pair *p, const char *prefix, struct fdinfo *info)
{
	const struct pair name = { .key = p->key + strlen(prefix),
				   .key_len = p->key_len - strlen(prefix) };
	struct fdinfo_region *r = info->regions;
	size_t i = 0;

	if (name.key_len == 0 || name.key_len >= sizeof(r->name))
		return -EINVAL;
	while (i < info->n_regions && !is_key(&name, r[i].name))
		i++;
	/* More regions than any driver has: the first ones are exported. */
	if (i == FDINFO_MAX_REGIONS)
		return 0;
	if (i == info->n_regions) {
		text_clean(name.key, name.key_len, r[i].name, sizeof(r->name));
		info->n_regions++;
	}
	return size(p, &r[i].bytes);
}

/* With a literal prefix the compiler knows its length. */
static inline bool has_prefix(const struct pair *p, const char *prefix)
{
	return p->key_len >= strlen(prefix) && memcmp(p->key, prefix, strlen(prefix)) == 0;
}

static int take_client(const struct pair *p, struct fdinfo *info)
{
	int i;

	if (is_key(p, "client-id")) {
		info->has_client_id = true;
		return number(p, "", &info->client_id);
	}
	if (!has_prefix(p, "cycles-") || (i = class_behind(p, strlen("cycles-"))) < 0)
		return 0;
	info->engines[i].has_cycles = true;
	return number(p, "", &info->engines[i].cycles);
}

static int take_engine(const struct pair *p, struct fdinfo *info)
{
	int i;

	if (!has_prefix(p, "engine-"))
		return 0;
	if (has_prefix(p, "engine-capacity-"))
		return (i = class_behind(p, strlen("engine-capacity-"))) < 0
			       ? 0
			       : number(p, "", &info->engines[i].capacity);
	if ((i = class_behind(p, strlen("engine-"))) < 0)
		return 0;
	info->engines[i].has_ns = true;
	return number(p, " ns", &info->engines[i].ns);
}

static int take_total(const struct pair *p, struct fdinfo *info)
{
	int i;

	if (!has_prefix(p, "total-cycles-") || (i = class_behind(p, strlen("total-cycles-"))) < 0)
		return 0;
	return number(p, "", &info->engines[i].total_cycles);
}

/* The first letter of a key behind its "drm-" says what few it can be. */
static int take(const struct pair *p, struct fdinfo *info)
{
	switch (*p->key) {
	case 'd':
		return is_key(p, "driver") ? string(p, info->driver, sizeof(info->driver)) : 0;
	case 'p':
		return is_key(p, "pdev") ? string(p, info->pdev, sizeof(info->pdev)) : 0;
	case 'c':
		return take_client(p, info);
	case 'e':
		return take_engine(p, info);
	case 't':
		return take_total(p, info);
	case 'r':
		return has_prefix(p, "resident-") ? region(p, "resident-", info) : 0;
	case 'm':
		return has_prefix(p, "memory-") ? region(p, "memory-", info) : 0;
	default:
		return 0;
	}
}

/* Whether take() knows a key with this letter: most lines need not be split. */
static bool may_count(char letter)
{
	return letter == 'd' || letter == 'p' || letter == 'c' || letter == 'e' || letter == 't' ||
	       letter == 'r' || letter == 'm';
}

int fdinfo_parse(const char *text, size_t len, struct fdinfo *ret)
{
	const char *end = text + len;
	struct fdinfo info = { 0 };
	bool is_drm = false;

	for (size_t i = 0; i < FDINFO_CLASSES; i++)
		info.engines[i].capacity = 1;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);
		struct pair p;
		int r;

		if (n > 4 && memcmp(text, "drm-", 4) == 0 && (!is_drm || may_count(text[4])) &&
		    split(text + 4, n - 4, &p)) {
			is_drm = true;
			r = take(&p, &info);
			if (r < 0)
				return r;
		}
		text += newline ? n + 1 : n;
	}
	if (!is_drm)
		return -ENODATA;
	*ret = info;
	return 0;
}

uint64_t fdinfo_capacity(const struct fdinfo_engine *engine)
{
	return engine->capacity >= 1 && engine->capacity <= MAX_ENGINES ? engine->capacity : 1;
}

/* Clocks run at 12 to 38.4 MHz, so a clock of 36 bits that went round once shows in the time. */
static bool went_round(uint64_t last, uint64_t total, uint64_t elapsed_ns)
{
	return last >> CLOCK_BITS == 0 && total >= elapsed_ns / 100 && total <= elapsed_ns / 25;
}

bool fdinfo_cycles_grown(const struct fdinfo_engine *last, const struct fdinfo_engine *now,
			 uint64_t elapsed_ns, uint64_t *ret_cycles, uint64_t *ret_total)
{
	uint64_t total = now->total_cycles - last->total_cycles;
	uint64_t cycles = now->cycles - last->cycles;

	if (now->total_cycles < last->total_cycles) {
		total += (uint64_t)1 << CLOCK_BITS;
		if (!went_round(last->total_cycles, total, elapsed_ns))
			return false;
	}
	if (now->cycles < last->cycles) {
		cycles += (uint64_t)1 << 32;
		/* No more than the engines can have done meanwhile. */
		if (last->cycles - now->cycles > UINT32_MAX ||
		    (double)cycles > 1.05 * (double)fdinfo_capacity(now) * (double)total)
			return false;
	}
	if (total == 0 && cycles > 0)
		return false;
	*ret_cycles = cycles;
	*ret_total = total;
	return true;
}
