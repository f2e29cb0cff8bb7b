// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/gpu/pmu.h"

#include <errno.h>
#include <string.h>

static void events_that_are_known(void **state)
{
	static const struct {
		const char *name, *content;
		struct pmu_event event;
	} rows[] = {
		{ "rcs0-busy", "config=0x0\n", { PMU_BUSY, 0, "rcs0", "render", 0 } },
		{ "bcs0-wait", "config=0x1001\n", { PMU_WAIT, 0x1001, "bcs0", "copy", 0 } },
		{ "vcs1-sema", "config=0x2012\n", { PMU_SEMAPHORE, 0x2012, "vcs1", "video", 0 } },
		{ "vecs3-busy",
		  "config=0x3030",
		  { PMU_BUSY, 0x3030, "vecs3", "video-enhance", 0 } },
		{ "ccs0-busy", "config=0x4000\n", { PMU_BUSY, 0x4000, "ccs0", "compute", 0 } },
		{ "vcs12-busy", "config=0x20c0\n", { PMU_BUSY, 0x20c0, "vcs12", "video", 0 } },
		{ "actual-frequency",
		  "config=0x100000\n",
		  { PMU_ACTUAL_FREQUENCY, 0x100000, "", NULL, 0 } },
		{ "requested-frequency",
		  "config=0x100001\n",
		  { PMU_REQUESTED_FREQUENCY, 0x100001, "", NULL, 0 } },
		{ "interrupts", "config=0x100002\n", { PMU_INTERRUPTS, 0x100002, "", NULL, 0 } },
		{ "rc6-residency-gt0", "config=0x100003\n", { PMU_RC6, 0x100003, "", NULL, 0 } },
		{ "rc6-residency-gt1",
		  "config=0x1000000000100003\n",
		  { PMU_RC6, 0x1000000000100003, "", NULL, 1 } },
		{ "software-gt-awake-time-gt15",
		  "config=0xf000000000100004\n",
		  { PMU_AWAKE, 0xf000000000100004, "", NULL, 15 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pmu_event event;
		const char *content = rows[i].content;

		assert_row(pmu_event_parse(rows[i].name, content, strlen(content), &event) == 0,
			   rows[i].name);
		assert_int_equal(event.kind, rows[i].event.kind);
		assert_int_equal(event.config, rows[i].event.config);
		assert_string_equal(event.engine, rows[i].event.engine);
		assert_row(event.class == rows[i].event.class ||
				   strcmp(event.class, rows[i].event.class) == 0,
			   rows[i].name);
		assert_int_equal(event.gt, rows[i].event.gt);
	}
}

static void events_that_are_not(void **state)
{
	static const char *const unknown[] = {
		"",
		"rcs0",
		"rcs0-",
		"rcs0-busy.unit",
		"-busy",
		"xcs0-busy",
		"rcs0-busyness",
		"rcs0x-busy",
		"rcs-0-busy",
		"RCS0-busy",
		"rcs 0-busy",
		"rc6-residency.unit",
		"rc6-residency-gt",
		"rc6-residency-gt16",
		"rc6-residency-gtx",
		"rc6-residency-gt-1",
		"rc6-residency0",
		"interrupts-gt",
		"interrupts2",
		"actual-frequency-gt99999999999999999999",
		"vcs0123456789012345-busy",
	};
	static const struct {
		const char *content;
		size_t len;
	} bad[] = {
		{ BYTES("") },
		{ BYTES("\n") },
		{ BYTES("config=") },
		{ BYTES("config=\n") },
		{ BYTES("config=0x") },
		{ BYTES("config=zz\n") },
		{ BYTES("config=-1\n") },
		{ BYTES("config=0x1ffffffffffffffff\n") },
		{ BYTES("config=0x0 \n") },
		{ BYTES("config=0x0,umask=1\n") },
		{ BYTES("config=0x\0") },
		{ BYTES("event=0x0\n") },
		{ BYTES("Config=0x0\n") },
		{ BYTES(" config=0x0\n") },
	};
	struct pmu_event event;

	(void)state;
	memset(&event, 0x55, sizeof(event));
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_row(pmu_event_parse(unknown[i], BYTES("config=0x0\n"), &event) == -ENOENT,
			   unknown[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_row(pmu_event_parse("rcs0-busy", bad[i].content, bad[i].len, &event) ==
				   -EINVAL,
			   bad[i].content);
	assert_int_equal(event.gt, 0x55555555);
}

static void classes(void **state)
{
	(void)state;
	assert_string_equal(engine_class("rcs0"), "render");
	assert_string_equal(engine_class("bcs"), "copy");
	assert_string_equal(engine_class("vcs17"), "video");
	assert_string_equal(engine_class("vecs0"), "video-enhance");
	assert_string_equal(engine_class("ccs3"), "compute");
	assert_null(engine_class(""));
	assert_null(engine_class("vcs0a"));
	assert_null(engine_class("other0"));
	assert_null(engine_class("gsc0"));
}

static void cpumasks(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		int r, cpu;
	} rows[] = {
		{ BYTES("0\n"), 0, 0 },		  { BYTES("0"), 0, 0 },
		{ BYTES("7-9\n"), 0, 7 },	  { BYTES("12,14\n"), 0, 12 },
		{ BYTES("0-3,8\n"), 0, 0 },	  { BYTES("65535\n"), 0, 65535 },
		{ BYTES("65536\n"), -EINVAL, 0 }, { BYTES("99999999999999999999\n"), -EINVAL, 0 },
		{ BYTES(""), -EINVAL, 0 },	  { BYTES("\n"), -EINVAL, 0 },
		{ BYTES("-1\n"), -EINVAL, 0 },	  { BYTES(" 0\n"), -EINVAL, 0 },
		{ BYTES("0x1\n"), -EINVAL, 0 },	  { BYTES("0 \n"), -EINVAL, 0 },
		{ BYTES("0\0"), -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int cpu = 77;

		assert_row(pmu_cpumask_parse(rows[i].text, rows[i].len, &cpu) == rows[i].r,
			   rows[i].text);
		assert_row(cpu == (rows[i].r == 0 ? rows[i].cpu : 77), rows[i].text);
	}
}

static void numbers_of_xe(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		int r;
		uint64_t number;
	} rows[] = {
		{ BYTES("event=0x02\n"), 0, 2 },
		{ BYTES("event=0xfff"), 0, 0xfff },
		{ BYTES("event=\n"), -EINVAL, 0 },
		{ BYTES("event="), -EINVAL, 0 },
		{ BYTES("config=0x02\n"), -EINVAL, 0 },
		{ BYTES("event=0x02,gt=0x0\n"), -EINVAL, 0 },
		{ BYTES(""), -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t number = 0;

		assert_row(pmu_event_number_parse(rows[i].text, rows[i].len, &number) == rows[i].r,
			   rows[i].text);
		assert_row(rows[i].r < 0 || number == rows[i].number, rows[i].text);
	}
}

static void fields(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		int r;
		struct pmu_field field;
	} rows[] = {
		{ BYTES("config:12-19\n"), 0, { 12, 19 } },
		{ BYTES("config:60-63"), 0, { 60, 63 } },
		{ BYTES("config:7\n"), 0, { 7, 7 } },
		{ BYTES("config:0-63\n"), 0, { 0, 63 } },
		{ BYTES("config:19-12\n"), -EINVAL, { 77, 77 } },
		{ BYTES("config:0-64\n"), -EINVAL, { 77, 77 } },
		{ BYTES("config:99999999999999999999\n"), -EINVAL, { 77, 77 } },
		{ BYTES("config:-3\n"), -EINVAL, { 77, 77 } },
		{ BYTES("config:3-\n"), -EINVAL, { 77, 77 } },
		{ BYTES("config:0-7,32-35\n"), -EINVAL, { 77, 77 } },
		{ BYTES("config1:0-7\n"), -EINVAL, { 77, 77 } },
		{ BYTES("config:\n"), -EINVAL, { 77, 77 } },
		{ BYTES("config:"), -EINVAL, { 77, 77 } },
		{ BYTES(""), -EINVAL, { 77, 77 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pmu_field field = { 77, 77 };

		assert_row(pmu_field_parse(rows[i].text, rows[i].len, &field) == rows[i].r,
			   rows[i].text);
		assert_row(field.first == rows[i].field.first && field.last == rows[i].field.last,
			   rows[i].text);
	}
}

static void values_in_fields(void **state)
{
	const struct pmu_field class = { 20, 27 }, gt = { 60, 63 }, all = { 0, 63 };
	uint64_t config = 2;

	(void)state;
	assert_int_equal(pmu_field_put(&class, 3, &config), 0);
	assert_int_equal(pmu_field_put(&gt, 1, &config), 0);
	assert_int_equal(config, 0x1000000000300002);
	assert_int_equal(pmu_field_put(&class, 256, &config), -ERANGE);
	assert_int_equal(pmu_field_put(&gt, 16, &config), -ERANGE);
	assert_int_equal(config, 0x1000000000300002);
	config = 0;
	assert_int_equal(pmu_field_put(&all, UINT64_MAX, &config), 0);
	assert_int_equal(config, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_that_are_known),
		cmocka_unit_test(events_that_are_not),
		cmocka_unit_test(classes),
		cmocka_unit_test(cpumasks),
		cmocka_unit_test(numbers_of_xe),
		cmocka_unit_test(fields),
		cmocka_unit_test(values_in_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
