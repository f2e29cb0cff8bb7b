// SPDX-License-Identifier: Apache-2.0
/*
 * The text files of a PMU's directory: names and contents of events/, format/, cpumask. Names as
 * written by create_event_attributes() of drivers/gpu/drm/i915/i915_pmu.c; platforms with a media
 * GT (Meteor Lake, Arrow Lake) add -gtN to all that is not an engine's.
 */
#include "base/text.h"
#include "sources/gpu/pmu.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum pmu_kind kind;
} gt_events[] = {
	{ "actual-frequency", PMU_ACTUAL_FREQUENCY },
	{ "requested-frequency", PMU_REQUESTED_FREQUENCY },
	{ "interrupts", PMU_INTERRUPTS },
	{ "rc6-residency", PMU_RC6 },
	{ "software-gt-awake-time", PMU_AWAKE },
};

static const struct {
	const char *suffix;
	enum pmu_kind kind;
} engine_events[] = {
	{ "-busy", PMU_BUSY },
	{ "-wait", PMU_WAIT },
	{ "-sema", PMU_SEMAPHORE },
};

static const struct {
	const char *prefix, *class;
} classes[] = {
	{ "rcs", "render" },	     { "bcs", "copy" },	   { "vcs", "video" },
	{ "vecs", "video-enhance" }, { "ccs", "compute" },
};

const char *engine_class(const char *engine)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		size_t n = strlen(classes[i].prefix);

		if (strncmp(engine, classes[i].prefix, n) == 0 &&
		    strspn(engine + n, "0123456789") == strlen(engine + n))
			return classes[i].class;
	}
	return NULL;
}

static int parse_engine(const char *name, struct pmu_event *event)
{
	const char *dash = strchr(name, '-');
	size_t len = dash ? (size_t)(dash - name) : 0;

	if (len == 0 || len >= sizeof(event->engine))
		return -ENOENT;
	memcpy(event->engine, name, len);
	event->engine[len] = '\0';
	event->class = engine_class(event->engine);
	if (!event->class)
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(engine_events); i++) {
		if (strcmp(dash, engine_events[i].suffix) == 0) {
			event->kind = engine_events[i].kind;
			return 0;
		}
	}
	return -ENOENT;
}

static int parse_gt(const char *name, struct pmu_event *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(gt_events); i++) {
		size_t len = strlen(gt_events[i].name);
		const char *rest = name + len;
		uint64_t gt = 0;

		if (strncmp(name, gt_events[i].name, len) != 0)
			continue;
		if (*rest && (strncmp(rest, "-gt", 3) != 0 ||
			      text_parse_u64(rest + 3, strlen(rest + 3), &gt) < 0 || gt > 15))
			continue;
		event->kind = gt_events[i].kind;
		event->gt = (unsigned)gt;
		return 0;
	}
	return -ENOENT;
}

int pmu_event_parse(const char *name, const char *content, size_t len, struct pmu_event *ret)
{
	static const char key[] = "config=";
	struct pmu_event event = { 0 };

	if (parse_engine(name, &event) < 0) {
		event.engine[0] = '\0';
		event.class = NULL;
		if (parse_gt(name, &event) < 0)
			return -ENOENT;
	}
	if (len <= strlen(key) || memcmp(content, key, strlen(key)) != 0 ||
	    text_parse_hex(content + strlen(key), len - strlen(key), &event.config) < 0)
		return -EINVAL;
	*ret = event;
	return 0;
}

static bool strip_key(const char *key, const char **text, size_t *len)
{
	size_t n = strlen(key);

	if (*len <= n || memcmp(*text, key, n) != 0)
		return false;
	*text += n;
	*len -= n;
	return true;
}

int pmu_event_number_parse(const char *text, size_t len, uint64_t *ret)
{
	if (!strip_key("event=", &text, &len) || text_parse_hex(text, len, ret) < 0)
		return -EINVAL;
	return 0;
}

int pmu_field_parse(const char *text, size_t len, struct pmu_field *ret)
{
	const char *dash;
	uint64_t first, last;

	if (!strip_key("config:", &text, &len))
		return -EINVAL;
	dash = memchr(text, '-', len);
	if (text_parse_u64(text, dash ? (size_t)(dash - text) : len, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && text_parse_u64(dash + 1, len - (size_t)(dash + 1 - text), &last) < 0)
		return -EINVAL;
	if (last < first || last > 63)
		return -EINVAL;
	*ret = (struct pmu_field){ (unsigned)first, (unsigned)last };
	return 0;
}

int pmu_field_put(const struct pmu_field *field, uint64_t value, uint64_t *config)
{
	unsigned bits = field->last - field->first + 1;

	if (bits < 64 && value >> bits)
		return -ERANGE;
	*config |= value << field->first;
	return 0;
}

int pmu_cpumask_parse(const char *text, size_t len, int *ret_cpu)
{
	size_t digits = 0;
	uint64_t cpu;

	while (digits < len && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (digits < len && text[digits] != '-' && text[digits] != ',' && text[digits] != '\n')
		return -EINVAL;
	if (text_parse_u64(text, digits, &cpu) < 0 || cpu > 65535)
		return -EINVAL;
	*ret_cpu = (int)cpu;
	return 0;
}
