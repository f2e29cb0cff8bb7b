// SPDX-License-Identifier: Apache-2.0
/* Parses fdinfo of i915 and xe: "key:", blanks, a value and maybe a unit. */
#include "sources/proc/fdinfo.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

#define MAX_ENGINES 64 /* of a class */
#define CLOCK_BITS  36 /* before Xe2; a timestamp of a context has 32 */

static const char *const names[FDINFO_CLASSES] = {
	[FDINFO_RENDER] = "render",   [FDINFO_COPY] = "copy",
	[FDINFO_VIDEO] = "video",     [FDINFO_VIDEO_ENHANCE] = "video-enhance",
	[FDINFO_COMPUTE] = "compute",
};

const char *fdinfo_class_name(enum fdinfo_class which)
{
	return names[which];
}

/*
 * Each byte is read once. What takes a part of a line says where that ends, which is never behind
 * the line's end; NULL: the value is not of its kind. The 0 behind the text ends every part, and is
 * in no word, so that nothing need ask how much is left.
 */

/* With a literal the compiler knows its length: no call, and no loop. */
static inline bool begins(const char *at, const char *word)
{
	_Static_assert(sizeof("engine-capacity-video-enhance:") < FDINFO_SLACK, "the longest word");
	return memcmp(at, word, strlen(word)) == 0;
}

static inline bool is_line_end(const char *at, const char *end)
{
	return *at == '\n' || at == end;
}

static inline const char *find_line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline ? newline : end;
}

static inline const char *take_blanks(const char *at)
{
	while (*at == '\t' || *at == ' ')
		at++;
	return at;
}

/* A class with its colon, as i915 or xe calls it. *ret is -1 if it is none that is known. */
static inline const char *take_class(const char *at, int *ret)
{
#define CLASS(name, class)                                                                         \
	if (begins(at, name ":")) {                                                                \
		*ret = class;                                                                      \
		return at + strlen(name ":");                                                      \
	}
	*ret = -1;
	switch (*at) {
	case 'r':
		CLASS("render", FDINFO_RENDER)
		CLASS("rcs", FDINFO_RENDER)
		break;
	case 'b':
		CLASS("bcs", FDINFO_COPY)
		break;
	case 'c':
		CLASS("copy", FDINFO_COPY)
		CLASS("compute", FDINFO_COMPUTE)
		CLASS("ccs", FDINFO_COMPUTE)
		break;
	case 'v':
		CLASS("video", FDINFO_VIDEO)
		CLASS("video-enhance", FDINFO_VIDEO_ENHANCE)
		CLASS("vcs", FDINFO_VIDEO)
		CLASS("vecs", FDINFO_VIDEO_ENHANCE)
		break;
	default:
		break;
	}
#undef CLASS
	return at;
}

#define SAFE_DIGITS 19 /* no number of so many is above UINT64_MAX */

/* Decimal digits. */
static inline const char *take_digits(const char *at, uint64_t *ret)
{
	const char *begin = at;
	uint64_t value = 0;
	unsigned digit;

	for (; (digit = (unsigned char)*at - (unsigned)'0') <= 9; at++)
		value = value * 10 + digit;
	*ret = value;
	if (at == begin ||
	    (at - begin > SAFE_DIGITS && text_parse_u64(begin, (size_t)(at - begin), ret) < 0))
		return NULL;
	return at;
}

/* A number, maybe with its unit. */
static inline const char *take_number(const char *at, const char *end, const char *unit,
				      uint64_t *ret)
{
	at = take_digits(take_blanks(at), ret);
	if (at && begins(at, unit))
		at += strlen(unit);
	return at && is_line_end(at, end) ? at : NULL;
}

/* "6044 KiB", "2 MiB"; without a unit where nothing else divides the number. */
static inline const char *take_size(const char *at, const char *end, uint64_t *ret)
{
	unsigned shift = 0;

	at = take_digits(take_blanks(at), ret);
	if (at && !is_line_end(at, end)) {
		shift = begins(at, " KiB")   ? 10
			: begins(at, " MiB") ? 20
			: begins(at, " GiB") ? 30
					     : 0;
		at += shift ? strlen(" KiB") : 0;
	}
	if (!at || !is_line_end(at, end) || *ret > UINT64_MAX >> shift)
		return NULL;
	*ret <<= shift;
	return at;
}

static inline const char *take_address(const char *at, const char *end, struct fdinfo *info)
{
	const char *begin = take_blanks(at);
	size_t len;

	at = find_line_end(begin, end);
	len = (size_t)(at - begin);
	if (len >= sizeof(info->pdev))
		return NULL;
	text_clean(begin, len, info->pdev, sizeof(info->pdev));
	return at;
}

/* drm-resident-<region>, or its older name drm-memory-<region>: what follows that. */
static const char *take_region(const char *name, const char *end, struct fdinfo *info)
{
	struct fdinfo_region *r = info->regions;
	const char *line_end = find_line_end(name, end);
	const char *colon = memchr(name, ':', (size_t)(line_end - name));
	size_t i = 0, len = (size_t)(colon - name);

	if (!colon)
		return line_end;
	if (len == 0 || len >= sizeof(r->name))
		return NULL;
	while (i < info->n_regions && (memcmp(r[i].name, name, len) != 0 || r[i].name[len]))
		i++;
	/* More regions than any driver has: the first ones are exported. */
	if (i == FDINFO_MAX_REGIONS)
		return line_end;
	if (i == info->n_regions) {
		text_clean(name, len, r[i].name, sizeof(r->name));
		info->n_regions++;
	}
	return take_size(colon + 1, end, &r[i].bytes);
}

static inline const char *take_client(const char *at, const char *end, struct fdinfo *info)
{
	int i;

	if (begins(at, "client-id:")) {
		info->has_client_id = true;
		return take_number(at + strlen("client-id:"), end, "", &info->client_id);
	}
	if (!begins(at, "cycles-"))
		return at;
	at = take_class(at + strlen("cycles-"), &i);
	if (i < 0)
		return at;
	info->engines[i].has_cycles = true;
	return take_number(at, end, "", &info->engines[i].cycles);
}

static inline const char *take_engine(const char *at, const char *end, struct fdinfo *info)
{
	int i;

	if (!begins(at, "engine-"))
		return at;
	at = take_class(at + strlen("engine-"), &i);
	if (i >= 0) {
		info->engines[i].has_ns = true;
		return take_number(at, end, " ns", &info->engines[i].ns);
	}
	if (!begins(at, "capacity-"))
		return at;
	at = take_class(at + strlen("capacity-"), &i);
	return i < 0 ? at : take_number(at, end, "", &info->engines[i].capacity);
}

static inline const char *take_total(const char *at, const char *end, struct fdinfo *info)
{
	int i;

	if (!begins(at, "total-cycles-"))
		return at;
	at = take_class(at + strlen("total-cycles-"), &i);
	return i < 0 ? at : take_number(at, end, "", &info->engines[i].total_cycles);
}

/* The first letter of a key behind its "drm-" says what few it can be; most lines are none. */
static inline const char *take_pair(const char *at, const char *end, struct fdinfo *info)
{
	switch (*at) {
	case 'p':
		return begins(at, "pdev:") ? take_address(at + strlen("pdev:"), end, info) : at;
	case 'c':
		return take_client(at, end, info);
	case 'e':
		return take_engine(at, end, info);
	case 't':
		return take_total(at, end, info);
	case 'r':
		return begins(at, "resident-") ? take_region(at + strlen("resident-"), end, info)
					       : at;
	case 'm':
		return begins(at, "memory-") ? take_region(at + strlen("memory-"), end, info) : at;
	default:
		return at;
	}
}

/* "key:", which makes a text a DRM client's. */
static bool is_pair(const char *at, const char *end)
{
	size_t len = (size_t)(find_line_end(at, end) - at);

	return len > 0 && *at != ':' && memchr(at, ':', len);
}

int fdinfo_parse(const char *text, size_t len, struct fdinfo *ret)
{
	const char *at = text, *end = text + len;
	bool is_drm = false;

	/* Of the regions those count that are there. */
	memset(ret, 0, offsetof(struct fdinfo, regions));
	for (size_t i = 0; i < FDINFO_CLASSES; i++)
		ret->engines[i].capacity = 1;
	for (; at < end; at++) {
		if (begins(at, "drm-")) {
			at += strlen("drm-");
			is_drm = is_drm || begins(at, "driver:") || is_pair(at, end);
			if (is_drm)
				at = take_pair(at, end, ret);
			if (!at)
				return -EINVAL;
		}
		if (*at != '\n')
			at = find_line_end(at, end);
	}
	return is_drm ? 0 : -ENODATA;
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
