// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "fake_sys.h"
#include "scrape/uevent.h"
#include "sources/gpu/pmu.h"

#include <string.h>
#include <time.h>

static const char remove_pmu[] = "remove@/devices/i915_0000_03_00.0\0ACTION=remove\0"
				 "DEVPATH=/devices/i915_0000_03_00.0\0SUBSYSTEM=event_source\0"
				 "SEQNUM=4711";

static void pmu_that_goes(void **state)
{
	const char *pmu = NULL;

	(void)state;
	assert_int_equal(uevent_parse(remove_pmu, sizeof(remove_pmu), &pmu), UEVENT_PMU_REMOVE);
	assert_string_equal(pmu, "i915_0000_03_00.0");
	assert_true(pmu > remove_pmu && pmu < remove_pmu + sizeof(remove_pmu));
}

/* A PMU may have its device as the parent. */
static void pmu_below_a_device(void **state)
{
	static const char text[] = "remove@/devices/pci0000:00/0000:00:02.0/i915\0ACTION=remove\0"
				   "DEVPATH=/devices/pci0000:00/0000:00:02.0/i915\0"
				   "SUBSYSTEM=event_source";
	const char *pmu = NULL;

	(void)state;
	assert_int_equal(uevent_parse(text, sizeof(text), &pmu), UEVENT_PMU_REMOVE);
	assert_string_equal(pmu, "i915");
}

static void meanings(void **state)
{
	static const struct {
		const char *name, *text;
		size_t len;
		enum uevent_meaning meaning;
	} rows[] = {
		{ "PMU comes",
		  BYTES("add@/devices/i915\0ACTION=add\0DEVPATH=/devices/i915\0"
			"SUBSYSTEM=event_source\0"),
		  UEVENT_DEVICES },
		{ "driver bound",
		  BYTES("bind@/devices/pci0000:00/0000:00:02.0\0ACTION=bind\0"
			"DEVPATH=/devices/pci0000:00/0000:00:02.0\0SUBSYSTEM=pci\0DRIVER=i915\0"),
		  UEVENT_DEVICES },
		{ "card goes",
		  BYTES("remove@/devices/pci0000:00/0000:00:02.0/drm/card0\0ACTION=remove\0"
			"DEVPATH=/devices/pci0000:00/0000:00:02.0/drm/card0\0SUBSYSTEM=drm\0"),
		  UEVENT_DEVICES },
		{ "vGPU comes",
		  BYTES("add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM=mdev\0"),
		  UEVENT_DEVICES },
		{ "module comes",
		  BYTES("add@/module/i915\0ACTION=add\0DEVPATH=/module/i915\0SUBSYSTEM=module\0"),
		  UEVENT_DEVICES },
		{ "another subsystem",
		  BYTES("add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM=net\0"),
		  UEVENT_NOTHING },
		{ "longer name", BYTES("a@/x\0ACTION=add\0DEVPATH=/x\0SUBSYSTEM=pciutils\0"),
		  UEVENT_NOTHING },
		{ "empty", BYTES(""), UEVENT_NOTHING },
		{ "NULs", BYTES("\0\0\0\0"), UEVENT_NOTHING },
		{ "header only", BYTES("remove@/devices/i915\0"), UEVENT_NOTHING },
		{ "no path", BYTES("x\0ACTION=remove\0SUBSYSTEM=event_source\0"), UEVENT_NOTHING },
		{ "no slash", BYTES("x\0ACTION=remove\0DEVPATH=i915\0SUBSYSTEM=event_source\0"),
		  UEVENT_NOTHING },
		{ "empty values", BYTES("x\0ACTION=\0DEVPATH=\0SUBSYSTEM=\0"), UEVENT_NOTHING },
		{ "key within a value",
		  BYTES("x\0NAME=SUBSYSTEM=pci\0ACTION=add\0DEVPATH=/x\0SUBSYSTEM=net\0"),
		  UEVENT_NOTHING },
		{ "cut off in the subsystem", BYTES("x\0ACTION=add\0DEVPATH=/x\0SUBSYSTEM=pci"),
		  UEVENT_NOTHING },
		{ "cut off in the path",
		  BYTES("x\0SUBSYSTEM=event_source\0ACTION=remove\0DEVPATH=/devices/i9"),
		  UEVENT_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *pmu = NULL;
		/* As long as it is, so that a sanitizer sees a read behind it. */
		_cleanup_free_ char *text = malloc(rows[i].len + 1);

		memcpy(text, rows[i].text, rows[i].len);
		text = realloc(text, rows[i].len ? rows[i].len : 1);
		assert_row(uevent_parse(text, rows[i].len, &pmu) == rows[i].meaning, rows[i].name);
		assert_row(pmu == NULL, rows[i].name);
	}
}

/* drivers/gpu/drm/i915/gt/intel_reset.c sends these three, in this order. */
static void reset_of_a_gpu(void **state)
{
#define CARD                                                                                       \
	"change@/devices/pci0000:00/0000:00:01.0/0000:03:00.0/drm/card1\0ACTION=change\0"          \
	"DEVPATH=/devices/pci0000:00/0000:00:01.0/0000:03:00.0/drm/card1\0SUBSYSTEM=drm\0"
	static const struct {
		const char *name, *text;
		size_t len;
		enum uevent_meaning meaning;
	} rows[] = {
		{ "error", BYTES(CARD "ERROR=1\0SEQNUM=1\0"), UEVENT_DEVICES },
		{ "reset", BYTES(CARD "RESET=1\0SEQNUM=2\0"), UEVENT_RESET },
		{ "done", BYTES(CARD "ERROR=0\0SEQNUM=3\0"), UEVENT_DEVICES },
		{ "no reset", BYTES(CARD "RESET=0\0SEQNUM=3\0"), UEVENT_DEVICES },
		{ "no card",
		  BYTES("x\0ACTION=change\0DEVPATH=/devices/x/drm\0SUBSYSTEM=drm\0RESET=1\0"),
		  UEVENT_DEVICES },
		{ "no device",
		  BYTES("x\0ACTION=change\0DEVPATH=/drm/card0\0SUBSYSTEM=drm\0RESET=1\0"),
		  UEVENT_DEVICES },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *pci = NULL;

		assert_row(uevent_parse(rows[i].text, rows[i].len, &pci) == rows[i].meaning,
			   rows[i].name);
		assert_row(!pci == (rows[i].meaning != UEVENT_RESET), rows[i].name);
		if (pci)
			assert_memory_equal(pci, "0000:03:00.0/", 13);
	}
}

static void ignore(void *data, const struct pmu_event *event, uint64_t total)
{
	(void)data, (void)event, (void)total;
}

static int open_descriptors_after(int wanted)
{
	struct timespec ms = { 0, 1000000 };

	for (int i = 0; i < 2000 && fake_counts().perf_fds != wanted; i++)
		nanosleep(&ms, NULL);
	return fake_counts().perf_fds;
}

/* What matters for the host: the kernel speaks, the descriptors close, without any scrape. */
static void listener_closes_events(void **state)
{
	static struct scraper *scraper; /* the thread uses it as long as the program runs */
	static struct pmu_set *pmus;
	static struct fs *fs;
	struct pmu *integrated, *discrete;
	struct fault fault;
	const char *bad;
	static struct resets *resets;
	uint64_t n;
	int all;

	(void)state;
	fake_sys_load(FIXTURE("uhd770-arc-a380"));
	assert_int_equal(fs_new(&fs, FIXTURE("uhd770-arc-a380"), NULL, NULL, &bad), 0);
	pmus = pmu_set_new(fs, PMU_BUSY);
	integrated = pmu_new(pmus, "i915", "0000:00:02.0", false);
	discrete = pmu_new(pmus, "i915_0000_03_00.0", "0000:03:00.0", false);
	assert_int_equal(scraper_new(&scraper,
				     &(struct scraper_options){
					     .fs = fs, .pmus = pmus, .timeout_ns = 1000000000 }),
			 0);
	resets = resets_new();
	assert_false(resets_of(resets, "0000:03:00.0", &n));
	assert_int_equal(uevent_start(scraper, pmus, resets), 0);
	assert_true(resets_of(resets, "0000:03:00.0", &n) && n == 0);
	assert_int_equal(pmu_visit(integrated, 1, PMU_BUSY, ignore, NULL, &fault), 0);
	assert_int_equal(pmu_visit(discrete, 1, PMU_BUSY, ignore, NULL, &fault), 0);
	all = fake_counts().perf_fds;
	assert_int_equal(all, 6 + 7);

	fake_uevent(BYTES("not an event"));
	fake_uevent(BYTES(CARD "ERROR=1\0"));
	fake_uevent(BYTES(CARD "RESET=1\0"));
	fake_uevent(BYTES(CARD "ERROR=0\0"));
	fake_uevent(remove_pmu, sizeof(remove_pmu));
	assert_int_equal(open_descriptors_after(6), 6);
	/* In the order in which they came. */
	assert_true(resets_of(resets, "0000:03:00.0", &n) && n == 1);
	assert_true(resets_of(resets, "0000:00:02.0", &n) && n == 0);
	assert_compare(pmu_visit(discrete, 2, PMU_BUSY, ignore, NULL, &fault), <, 0);
	assert_int_equal(pmu_visit(integrated, 2, PMU_BUSY, ignore, NULL, &fault), 0);

	/* Events were lost, maybe that one: closed, and opened again at the next read. */
	fake_uevent("", 0);
	assert_int_equal(open_descriptors_after(0), 0);
	assert_int_equal(pmu_visit(integrated, 3, PMU_BUSY, ignore, NULL, &fault), 0);
	pmu_unref(integrated);
	pmu_unref(discrete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pmu_that_goes),
		cmocka_unit_test(pmu_below_a_device),
		cmocka_unit_test(meanings),
		cmocka_unit_test(reset_of_a_gpu),
		cmocka_unit_test(listener_closes_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
