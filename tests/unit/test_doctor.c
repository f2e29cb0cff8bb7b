// SPDX-License-Identifier: Apache-2.0
/* What the checks came to, from the child's lines to samples; and when they run again. */
#include "collected.h"

#include "base/sys.h"
#include "collectors/registry.h"
#include "sources/doctor/doctor_state.h"
#include "sources/doctor/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define S 1000000000ull

static const char rows[] = "check\t-\thost\tiommu-active\tpass\tnote\n"
			   "check\t0000:00:02.0\thost\tgvt-pool\tfail\twarning\n"
			   "message\t0000:00:02.0\thang\t1795000000\n"
			   "firmware\t0000:00:02.0\t0\tguc\t70.36.0\trunning\n"
			   "vm\t101\tmedia \"1\"\t5c1a9f0e-6d43-4b0f-8a55-3f1e7d2c9b01\tvgpu\tyes\n"
			   "vm\t102\t\t-\tnone\tno\n"
			   "end\n";

static void whole(void **state)
{
	struct doctor_row row;
	size_t pos = 0, len = sizeof(rows) - 1;

	(void)state;
	assert_int_equal(doctor_rows_check(rows, len), 0);
	assert_int_equal(doctor_row_next(rows, len, &pos, &row), 1);
	assert_string_equal(row.pci, "");
	assert_string_equal(row.check, "iommu-active");
	assert_true(row.passed);
	assert_int_equal(doctor_row_next(rows, len, &pos, &row), 1);
	assert_string_equal(row.pci, "0000:00:02.0");
	assert_string_equal(row.severity, "warning");
	assert_false(row.passed);
	assert_int_equal(doctor_row_next(rows, len, &pos, &row), 1);
	assert_int_equal(row.kind, DOCTOR_MESSAGE);
	assert_true(row.unix_time == 1795000000.0);
	assert_int_equal(doctor_row_next(rows, len, &pos, &row), 1);
	assert_int_equal(row.kind, DOCTOR_FIRMWARE);
	assert_string_equal(row.version, "70.36.0");
	assert_string_equal(row.status, "running");
	assert_int_equal(doctor_row_next(rows, len, &pos, &row), 1);
	assert_string_equal(row.name, "media \"1\"");
	assert_string_equal(row.gpu, "vgpu");
	assert_true(row.runs);
	assert_int_equal(doctor_row_next(rows, len, &pos, &row), 1);
	assert_string_equal(row.uuid, "");
	assert_int_equal(doctor_row_next(rows, len, &pos, &row), 0);
}

/* What is cut off anywhere, or of another language, is nothing. */
static void not_whole(void **state)
{
	static const char *const bad[] = {
		"",
		"end",
		"\nend\n",
		"end\nend\n",
		"end\ncheck\t-\thost\tx\tpass\tnote\nend\n",
		"check\t-\thost\tx\tpass\nend\n",
		"check\t-\thost\tx\tpass\tnote\tmore\nend\n",
		"check\t-\tmoon\tx\tpass\tnote\nend\n",
		"check\t-\thost\tx\tmaybe\tnote\nend\n",
		"check\t-\thost\tx\tfail\tfatal\nend\n",
		"check\t-\thost\t-\tpass\tnote\nend\n",
		"check\t-\thost\tX Y\tpass\tnote\nend\n",
		"check\t0000:00:02.0-and-more-than-that\thost\tx\tpass\tnote\nend\n",
		"message\t-\thang\t1\nend\n",
		"message\t0000:00:02.0\thang\t-1\nend\n",
		"message\t0000:00:02.0\thang\t1e9\nend\n",
		"firmware\t0000:00:02.0\t0\tguc\t70\tgone\nend\n",
		"firmware\t0000:00:02.0\t0\tmuc\t70\tloaded\nend\n",
		"vm\t-\tname\t-\tnone\tno\nend\n",
		"vm\t1\tname\t-\thalf\tno\nend\n",
		"words\nend\n",
	};

	(void)state;
	for (size_t len = 0; len < sizeof(rows) - 1; len++)
		assert_int_not_equal(doctor_rows_check(rows, len), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (doctor_rows_check(bad[i], strlen(bad[i])) == 0)
			fail_msg("taken: %s", bad[i]);
}

static char *copy(const char *text)
{
	char *s = strdup(text);

	assert_non_null(s);
	return s;
}

/* Once a minute while somebody reads, soon after news, and never in a row. */
static void when_due(void **unused)
{
	struct doctor_state *state = doctor_state_new();
	size_t len;
	char *text;

	(void)unused;
	assert_true(doctor_state_due(state) == UINT64_MAX); /* nobody reads */
	assert_int_equal(doctor_state_read(state, 100 * S, &text, &len), 0);
	assert_null(text);
	assert_true(doctor_state_due(state) == 0);
	doctor_state_put(state, copy("end\n"), 4, 0, 101 * S);
	assert_true(doctor_state_due(state) == UINT64_MAX);
	assert_int_equal(doctor_state_read(state, 102 * S, &text, &len), 0);
	assert_memory_equal(text, "end\n", 4);
	free(text);
	assert_true(doctor_state_due(state) == 161 * S);
	doctor_state_news(state, 120 * S);
	assert_true(doctor_state_due(state) == 125 * S);
	doctor_state_news(state, 121 * S); /* one more of them */
	assert_true(doctor_state_due(state) == 126 * S);
	doctor_state_put(state, copy("end\n"), 4, 0, 127 * S);
	assert_int_equal(doctor_state_read(state, 128 * S, &text, &len), 0);
	free(text);
	assert_true(doctor_state_due(state) == 187 * S); /* that news is known */
	doctor_state_news(state, 128 * S);
	assert_true(doctor_state_due(state) == 137 * S); /* but not every 5 s */
	for (uint64_t now = 129; now < 187; now++)
		doctor_state_news(state, now * S);
	assert_true(doctor_state_due(state) == 187 * S); /* a storm delays nothing for ever */
	doctor_state_free(state);
}

static void old(void **unused)
{
	struct doctor_state *state = doctor_state_new();
	size_t len;
	char *text;

	(void)unused;
	doctor_state_put(state, copy("end\n"), 4, 0, 1 * S);
	assert_int_equal(doctor_state_read(state, 600 * S, &text, &len), 0);
	assert_non_null(text);
	free(text);
	assert_int_equal(doctor_state_read(state, 602 * S, &text, &len), 0);
	assert_null(text);
	doctor_state_put(state, NULL, 0, -ETIMEDOUT, 603 * S);
	assert_int_equal(doctor_state_read(state, 604 * S, &text, &len), -ETIMEDOUT);
	assert_null(text);
	doctor_state_free(state);
}

static const struct collector *collector(void)
{
	return collectors_all[collector_find("check")];
}

static void samples(void **unused)
{
	struct context context = { .doctor = doctor_state_new() };
	struct fault fault = { 0 };
	struct batch *batch = batch_new(collector()->families, collector()->n_families);
	const struct collection c = {
		.context = &context, .collector = collector(), .batch = batch, .fault = &fault
	};
	char text[2048];

	(void)unused;
	assert_int_equal(collector()->collect(&c), 0);
	collected_text(batch, collector(), text, sizeof(text));
	assert_string_equal(text, ""); /* nothing is known, and that is no failure */
	doctor_state_put(context.doctor, copy(rows), sizeof(rows) - 1, 0, sys_monotonic_ns());
	assert_int_equal(collector()->collect(&c), 0);
	collected_text(batch, collector(), text, sizeof(text));
	assert_string_equal(
		text,
		"intel_gpu_check_passed{layer=\"host\",check=\"iommu-active\"} 1\n"
		"intel_gpu_check_passed{pci=\"0000:00:02.0\",layer=\"host\",check=\"gvt-pool\"} 0\n"
		"intel_gpu_check_failure{pci=\"0000:00:02.0\",layer=\"host\",check=\"gvt-pool\","
		"severity=\"warning\",remedy=\"gvt-pool\"} 1\n"
		"intel_gpu_vm_config_info{vmid=\"101\",guest=\"media \\\"1\\\"\","
		"vm_uuid=\"5c1a9f0e-6d43-4b0f-8a55-3f1e7d2c9b01\",gpu=\"vgpu\"} 1\n"
		"intel_gpu_vm_config_info{vmid=\"102\",guest=\"\",gpu=\"none\"} 1\n");
	batch_free(batch);
	batch = batch_new(collector()->families, collector()->n_families);
	doctor_state_put(context.doctor, NULL, 0, -ETIMEDOUT, sys_monotonic_ns());
	assert_int_equal(collector()->collect(&(struct collection){ .context = &context,
								    .collector = collector(),
								    .batch = batch,
								    .fault = &fault }),
			 -ETIMEDOUT);
	assert_int_equal(fault.reason, REASON_TIMEOUT);
	assert_string_equal(fault.remedy, "checks-fail");
	assert_int_equal(collector()->init(&(struct context){ 0 }, NULL, NULL), -EOPNOTSUPP);
	batch_free(batch);
	doctor_state_free(context.doctor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(not_whole), cmocka_unit_test(when_due),
		cmocka_unit_test(old),	 cmocka_unit_test(samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
