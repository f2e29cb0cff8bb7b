// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/kubelet/pod_resources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A message as a kubelet writes it, and parts of one. Lengths are those of what follows. */
#define PODS(len)      "\x0a" len
#define NAME(len)      "\x0a" len
#define NAMESPACE(len) "\x12" len
#define CONTAINER(len) "\x1a" len
#define DEVICES(len)   "\x12" len
#define ID(len)	       "\x12" len
#define TOPOLOGY       "\x1a\x02\x0a\x00"
#define CPUS	       "\x1a\x02\x00\x01"
#define JELLYFIN_DEVICE                                                                            \
	DEVICES("\x21") NAME("\x12") "gpu.intel.com/i915" ID("\x07") "card1-0" TOPOLOGY
#define JELLYFIN                                                                                   \
	PODS("\x46")                                                                               \
	NAME("\x0a")                                                                               \
	"jellyfin-0" NAMESPACE("\x05") "media" CONTAINER("\x31")                                   \
		NAME("\x08") "jellyfin" JELLYFIN_DEVICE CPUS
#define CLAIM                                                                                      \
	PODS("\x5c")                                                                               \
	NAME("\x01")                                                                               \
	"p" NAMESPACE("\x01") "n" CONTAINER("\x54") NAME(                                          \
		"\x01") "c"                                                                        \
			"\x2a\x4f\x12\x03gpu\x22\x48\x0a\x1c\x0a\x1aintel.com/gpu=from-the-cdi"    \
			"\x12\x0dgpu.intel.com\x1a\x01n\x22\x16"                                   \
			"0000-03-00-0-0x56a5xxx"

struct seen {
	char text[4096];
	int end; /* what visit returns */
};

static int see(void *data, const struct pod_device *d)
{
	struct seen *seen = data;
	size_t used = strlen(seen->text);

	snprintf(seen->text + used, sizeof(seen->text) - used, "%s %s %s %s %s;", d->namespace,
		 d->pod, d->container, d->resource, d->id);
	return seen->end;
}

static const struct row {
	const char *name, *bytes;
	size_t len;
	int r;
	const char *seen;
} rows[] = {
	{ "empty", BYTES(""), 0, "" },
	{ "a device", BYTES(JELLYFIN), 0, "media jellyfin-0 jellyfin gpu.intel.com/i915 card1-0;" },
	{ "two pods", BYTES(JELLYFIN CLAIM), 0,
	  "media jellyfin-0 jellyfin gpu.intel.com/i915 card1-0;"
	  "n p c gpu.intel.com 0000-03-00-0-0x56a5xxx;" },
	{ "no containers", BYTES(PODS("\x06") NAME("\x01") "p" NAMESPACE("\x01") "n"), 0, "" },
	{ "other order",
	  BYTES(PODS("\x14") CONTAINER("\x0c") DEVICES("\x07") ID("\x01") "i" NAME(
		  "\x02") "re" NAME("\x01") "c" NAMESPACE("\x01") "n" NAME("\x01") "p"),
	  0, "n p c re i;" },
	{ "two ids, one empty",
	  BYTES(PODS("\x16") NAME("\x01") "p" NAMESPACE("\x01") "n" CONTAINER("\x0e") NAME(
		  "\x01") "c" DEVICES("\x09") NAME("\x02") "re" ID("\x01") "i" ID("\x00")),
	  0, "n p c re i;n p c re ;" },
	{ "unknown fields",
	  BYTES("\x10\x07\x19\x01\x02\x03\x04\x05\x06\x07\x08\x25\x01\x02\x03\x04\x7a\x01x" JELLYFIN),
	  0, "media jellyfin-0 jellyfin gpu.intel.com/i915 card1-0;" },
	{ "a claim of an older kubelet: no driver",
	  BYTES(PODS("\x15") NAME("\x01") "p" NAMESPACE("\x01") "n" CONTAINER("\x0d")
			NAME("\x01") "c"
				     "\x2a\x08\x12\x01g\x22\x03\x0a\x01x"),
	  0, "" },
	{ "a claim without a device's name: the CDI device's",
	  BYTES(PODS("\x1c") NAME("\x01") "p" NAMESPACE("\x01") "n" CONTAINER("\x14")
			NAME("\x01") "c"
				     "\x2a\x0f\x22\x0d\x0a\x08\x0a\x06"
				     "a/b=cd"
				     "\x12\x01"
				     "d"),
	  0, "n p c d cd;" },
	{ "cut off", BYTES(JELLYFIN) - 1, -EINVAL, "" },
	{ "no name", BYTES(PODS("\x03") NAMESPACE("\x01") "n"), -EINVAL, "" },
	{ "no namespace", BYTES(PODS("\x03") NAME("\x01") "p"), -EINVAL, "" },
	{ "a newline in a name", BYTES(PODS("\x06") NAME("\x01") "\n" NAMESPACE("\x01") "n"),
	  -EINVAL, "" },
	{ "a NUL in a name", BYTES(PODS("\x07") NAME("\x02") "p\0" NAMESPACE("\x01") "n"), -EINVAL,
	  "" },
	{ "no UTF-8", BYTES(PODS("\x06") NAME("\x01") "\xff" NAMESPACE("\x01") "n"), -EINVAL, "" },
	{ "a number for a pod", BYTES("\x08\x01"), -EINVAL, "" },
	{ "a group", BYTES("\x0b\x0c"), -EINVAL, "" },
	{ "field 0", BYTES("\x02\x00"), -EINVAL, "" },
	{ "a field's number is too large", BYTES("\x82\x80\x80\x80\x80\x80\x01\x00"), -EINVAL, "" },
	{ "a length over the end", BYTES("\x0a\x05xx"), -EINVAL, "" },
	{ "a length of 64 bits", BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), -EINVAL,
	  "" },
	{ "a number without an end", BYTES("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
	  -EINVAL, "" },
	{ "a number of 65 bits", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), -EINVAL,
	  "" },
	{ "the largest number", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0, "" },
	{ "fixed64 cut off", BYTES("\x19\x01\x02"), -EINVAL, "" },
};

static void messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seen seen = { .end = 0 };
		int r = pod_resources_parse((const uint8_t *)rows[i].bytes, rows[i].len, see,
					    &seen);

		if (r != rows[i].r || strcmp(seen.text, rows[i].seen) != 0)
			fail_msg("row \"%s\": %d, \"%s\"", rows[i].name, r, seen.text);
	}
}

static void a_visitor_ends_it(void **state)
{
	struct seen seen = { .end = -E2BIG };

	(void)state;
	assert_int_equal(pod_resources_parse((const uint8_t *)JELLYFIN CLAIM,
					     sizeof(JELLYFIN CLAIM) - 1, see, &seen),
			 -E2BIG);
	assert_string_equal(seen.text, "media jellyfin-0 jellyfin gpu.intel.com/i915 card1-0;");
}

/* A message with one device, whose namespace, pod and so on are so long. */
static int parse_long(size_t name, size_t id, struct seen *seen)
{
	char device[600], container[700], pod[1400];
	char text[300];
	size_t n, m, k;

	memset(text, 'x', sizeof(text));
	n = (size_t)snprintf(device, sizeof(device), "\x0a\x01r\x12%c\x01%.*s",
			     (int)(id - 128) | 128, (int)id, text);
	m = (size_t)snprintf(container, sizeof(container),
			     "\x0a\x01"
			     "c\x12%c%c%s",
			     (int)(n & 127) | 128, (int)(n >> 7), device);
	k = (size_t)snprintf(pod, sizeof(pod), "\x0a%c%c%.*s\x12\x01n\x1a%c%c%s",
			     (int)(name & 127) | 128, (int)(name >> 7), (int)name, text,
			     (int)(m & 127) | 128, (int)(m >> 7), container);
	n = (size_t)snprintf(device, sizeof(device), "\x0a%c%c", (int)(k & 127) | 128,
			     (int)(k >> 7));
	memmove(pod + n, pod, k);
	memcpy(pod, device, n);
	return pod_resources_parse((const uint8_t *)pod, n + k, see, seen);
}

static void long_names(void **state)
{
	struct seen seen = { .end = 0 };

	(void)state;
	assert_int_equal(parse_long(253, 130, &seen), 0);
	assert_string_equal(seen.text + strlen(seen.text) - 6, " c r ;");
	*seen.text = '\0';
	assert_int_equal(parse_long(254, 130, &seen), -EINVAL);
	assert_string_equal(seen.text, "");
}

static const struct {
	const char *id, *name;
	bool is;
} names[] = {
	{ "card1-0", "card1", true },
	{ "card1", "card1", true },
	{ "card1-0", "card10", false },
	{ "card10-0", "card1", false },
	{ "card1.0", "card1", false },
	{ "renderD128", "renderD128", true },
	{ "/dev/dri/renderD128", "renderD128", true },
	{ "/dev/dri/card0", "card0", true },
	{ "/dev/dri/", "card0", false },
	{ "/dev/card0", "card0", false },
	{ "0000:03:00.0", "0000:03:00.0", true },
	{ "0000:03:00.0-1", "0000:03:00.0", true },
	{ "0000-03-00-0-0x56a5", "0000:03:00.0", true },
	{ "0000-03-00-0", "0000:03:00.0", true },
	{ "0000-03-00-1-0x56a5", "0000:03:00.0", false },
	{ "0000:03:00:0", "0000:03:00.0", false },
	{ "", "card0", false },
	{ "card0", "", false },
	{ "", "", false },
	{ "-0", "", false },
	{ "all", "card0", false },
	{ "a1b2c3d4", "0000:03:00.0", false },
};

static void ids(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct pod_device d = { 0 };

		snprintf(d.id, sizeof(d.id), "%s", names[i].id);
		assert_row(pod_device_names(&d, names[i].name) == names[i].is, names[i].id);
	}
}

static const struct {
	const char *resource;
	bool is;
} resources[] = {
	{ "gpu.intel.com/i915", true },
	{ "gpu.intel.com/xe", true },
	{ "gpu.intel.com/sriov-vf", true },
	{ "gpu.intel.com", true },
	{ "gpu.intel.com/monitoring", false },
	{ "gpu.intel.com/i915_monitoring", false },
	{ "gpu.intel.com.example.org/i915", false },
	{ "gpu.intel.co", false },
	{ "squat.ai/dri", false },
	{ "", false },
};

static void intel(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		struct pod_device d = { 0 };

		snprintf(d.resource, sizeof(d.resource), "%s", resources[i].resource);
		assert_row(pod_device_is_intel(&d) == resources[i].is, resources[i].resource);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),   cmocka_unit_test(a_visitor_ends_it),
		cmocka_unit_test(long_names), cmocka_unit_test(ids),
		cmocka_unit_test(intel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
