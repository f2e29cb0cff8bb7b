// SPDX-License-Identifier: Apache-2.0
/* The real collectors while the machine changes: what a scrape shows, and which events are open. */
#include "test.h"

#include "base/log.h"
#include "base/sys.h"
#include "capture.h"
#include "fake_sys.h"
#include "scrape/scrape.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)
#define PCI    "sys/bus/pci/devices/"
#define PMU    "sys/bus/event_source/devices/"

static struct scraper *scraper, *earlier[64];
static size_t n_earlier;
static struct tree tree;
static struct fs *fs;
static struct pmu_set *pmus;

static bool without_nodes; /* in /dev/dri, while sysfs names them */

static int start(const char *fixture)
{
	const char *bad;
	char from[512];

	snprintf(from, sizeof(from), "%s/%s", FIXTURES, fixture);
	tree_copy(&tree, from);
	/* The processor's energy events belong to no GPU's driver: they are not closed with it. */
	tree_delete(&tree, "sys/bus/event_source/devices/power");
	fake_sys_load(tree.root);
	log_setup(without_nodes ? LOG_WARN : LOG_ERROR, LOG_LOGFMT);
	if (without_nodes)
		tree_delete(&tree, "libs.txt");
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	pmus = pmu_set_new(fs, 0xff);
	if (scraper_new(&scraper, &(struct scraper_options){ .fs = fs,
							     .pmus = pmus,
							     .enabled = collectors_default(),
							     .timeout_ns = 10 * SECOND,
							     .no_self_metrics = true }) < 0)
		return -1;
	earlier[n_earlier++] = scraper;
	return scraper_start(scraper);
}

static int setup(void **state)
{
	(void)state;
	return start("uhd770-arc-a380");
}

static int setup_gvtg(void **state)
{
	(void)state;
	return start("skylake-6700k-gvtg");
}

static int setup_suspended(void **state)
{
	(void)state;
	return start("arc-a380-suspended");
}

static int teardown(void **state)
{
	(void)state;
	scraper_stop(scraper);
	pmu_set_hold(pmus, UINT64_MAX);
	assert_int_equal(fake_counts().perf_fds, 0);
	tree_remove(&tree);
	return 0;
}

static const char *scrape(void)
{
	static char *last;
	size_t len;
	char *body;

	assert_int_equal(scraper_scrape(scraper, collectors_default(), 0, &body, &len), 0);
	free(last);
	last = realloc(body, len + 1);
	last[len] = '\0';
	return last;
}

static void assert_has(const char *body, const char *line)
{
	if (!strstr(body, line))
		fail_msg("missing: %s\nin:\n%s", line, body);
}

static void assert_has_not(const char *body, const char *line)
{
	if (strstr(body, line))
		fail_msg("should not be there: %s\nin:\n%s", line, body);
}

#define BUSY(pci, engine)                                                                          \
	"intel_gpu_engine_busy_seconds_total{pci=\"" pci "\",engine=\"" engine "\""

static void one_read_for_all_counters(void **state)
{
	struct fake_counts before, after;

	(void)state;
	scrape();
	before = fake_counts();
	scrape();
	after = fake_counts();
	/* Two GPUs; engine, idle and interrupts share a read. */
	assert_int_equal(after.perf_reads - before.perf_reads, 2);
	assert_int_equal(after.perf_opens, before.perf_opens);
	/* The libraries are asked at the discovery only. */
	assert_int_equal(after.product_names, before.product_names);
	assert_int_equal(after.drm_nodes, before.drm_nodes);
}

static void driver_is_bound_anew(void **state)
{
	const char *body = scrape();
	struct fake_counts before = fake_counts();

	(void)state;
	fake_clock_advance(10 * SECOND);
	assert_has(scrape(), BUSY("0000:03:00.0", "vcs0") ",class=\"video\"} 4.820001411\n");

	tree_delete(&tree, PCI "0000:03:00.0/driver");
	tree_delete(&tree, PMU "i915_0000_03_00.0");
	body = scrape();
	assert_has_not(body, BUSY("0000:03:00.0", "vcs0"));
	assert_has_not(body, "intel_gpu_rc6_seconds_total{pci=\"0000:03:00.0\"");
	assert_has(body, "intel_gpu_info{pci=\"0000:03:00.0\",driver=\"none\"");
	assert_has(body, BUSY("0000:00:02.0", "vcs0") ",class=\"video\"} 1.125001411\n");
	assert_int_equal(fake_counts().perf_fds, 6 * 3 + 5);

	tree_link(&tree, PMU "i915_0000_03_00.0", "../../../devices/i915_0000_03_00.0");
	tree_link(&tree, PCI "0000:03:00.0/driver", "../../../../../../bus/pci/drivers/i915");
	assert_has_not(scrape(), BUSY("0000:03:00.0", "vcs0"));
	fake_clock_advance(SECOND);
	body = scrape();
	/* Opened anew: an ordinary counter reset, while the other GPU goes on. */
	assert_has(body, BUSY("0000:03:00.0", "vcs0") ",class=\"video\"} 1.411e-06\n");
	assert_has(body, BUSY("0000:00:02.0", "vcs0") ",class=\"video\"} 1.");
	assert_int_equal(fake_counts().perf_fds, before.perf_fds);
}

static void gpu_goes_to_a_guest(void **state)
{
	const char *body;

	(void)state;
	scrape();
	tree_link(&tree, PCI "0000:00:02.0/driver", "../../../bus/pci/drivers/vfio-pci");
	tree_delete(&tree, PCI "0000:00:02.0/drm");
	tree_delete(&tree, PMU "i915");
	body = scrape();
	assert_has(body, "intel_gpu_info{pci=\"0000:00:02.0\",driver=\"vfio-pci\"");
	assert_has_not(body, BUSY("0000:00:02.0", "rcs0"));
	assert_has_not(body, "intel_gpu_frequency_actual_hertz{pci=\"0000:00:02.0\"");
	assert_has(body, "error{collector=\"engine\",pci=\"0000:00:02.0\","
			 "reason=\"not_supported\"} 1\n");
	assert_has_not(body, "success{collector=\"engine\",pci=\"0000:00:02.0\"");
	assert_has(body, "intel_gpu_up 1\n");
}

static void last_gpu_goes(void **state)
{
	const char *body;

	(void)state;
	scrape();
	tree_delete(&tree, PCI "0000:00:02.0");
	tree_delete(&tree, PCI "0000:03:00.0");
	body = scrape();
	assert_has(body, "intel_gpu_up 0\n");
	assert_has_not(body, "0000:03:00.0");
	assert_int_equal(fake_counts().perf_fds, 0);
}

/* One line when it goes and one when it comes back, however often somebody scrapes. */
static void absence_is_logged_once(void **state)
{
	const char *text;

	(void)state;
	log_setup(LOG_INFO, LOG_LOGFMT);
	capture_begin(STDERR_FILENO);
	scrape();
	assert_int_equal(count_of(capture_take(), "Intel GPU"), 0);
	tree_delete(&tree, PCI "0000:00:02.0");
	tree_delete(&tree, PCI "0000:03:00.0");
	scrape();
	scrape();
	text = capture_take();
	assert_int_equal(count_of(text, "no Intel GPU found"), 1);
	assert_int_equal(count_of(text, "no Intel display device among"), 1);
	tree_link(&tree, PCI "0000:00:02.0", "../../../devices/pci0000:00/0000:00:02.0");
	scrape();
	scrape();
	text = capture_end();
	assert_int_equal(count_of(text, "msg=\"Intel GPU found\""), 1);
	assert_int_equal(count_of(text, "no Intel GPU found"), 0);
}

static int setup_hidden(void **state)
{
	int r;

	(void)state;
	capture_begin(STDERR_FILENO);
	without_nodes = true;
	r = start("skylake-6700k-gvtg");
	without_nodes = false;
	return r;
}

/* Docker shows the host's sysfs, but not its /dev/dri. */
static void hidden_gpu_is_logged(void **state)
{
	const char *text;

	(void)state;
	scrape();
	scrape();
	text = capture_end();
	assert_int_equal(count_of(text, "msg=\"Intel GPU hidden\""), 1);
	assert_int_equal(count_of(text, "--device /dev/dri"), 1);
	assert_has(scrape(), "intel_gpu_up 1\n");
}

/* Between the event and the end of the unbind the sysfs tree still stands. */
static void pmu_was_closed_by_an_event(void **state)
{
	const char *body;

	(void)state;
	scrape();
	pmu_set_close(pmus, "i915");
	body = scrape();
	assert_has_not(body, BUSY("0000:00:02.0", "rcs0"));
	assert_has(body, "success{collector=\"engine\",pci=\"0000:00:02.0\"} 0\n");
	assert_has(body, "error{collector=\"engine\",pci=\"0000:00:02.0\",remedy=\"device-gone\","
			 "reason=\"no_device\"} 1\n");
	assert_has(body, BUSY("0000:03:00.0", "rcs0"));
	tree_link(&tree, PMU "i915", "../../../devices/i915");
	tree_link(&tree, PCI "0000:00:02.0/driver", "../../../bus/pci/drivers/i915");
	assert_has_not(scrape(), BUSY("0000:00:02.0", "rcs0"));
	fake_clock_advance(SECOND);
	assert_has(scrape(), BUSY("0000:00:02.0", "rcs0"));
}

/* Nowhere to look for GPUs: nobody knows that there is none, and the host's collectors work. */
static void no_pci_bus(void **state)
{
	char there[256], away[256];
	const char *body;

	(void)state;
	snprintf(there, sizeof(there), "%s", tree_path(&tree, "sys/bus/pci"));
	snprintf(away, sizeof(away), "%s", tree_path(&tree, "away"));
	assert_has(scrape(), "intel_gpu_up 1\n");
	assert_int_equal(rename(there, away), 0);
	body = scrape();
	assert_has_not(body, "\nintel_gpu_up ");
	assert_has(body, "success{collector=\"discovery\"} 0\n");
	assert_has(body, "error{collector=\"discovery\",remedy=\"no-pci-bus\","
			 "reason=\"no_device\"} 1\n");
	assert_has(body, "intel_gpu_machine_info{");
	assert_int_equal(rename(away, there), 0);
	body = scrape();
	assert_has(body, "intel_gpu_up 1\n");
	assert_has(body, "success{collector=\"discovery\"} 1\n");
}

static void pmu_on_hold(void **state)
{
	const char *body;

	(void)state;
	scrape();
	pmu_set_hold(pmus, sys_monotonic_ns() + 30 * SECOND);
	assert_int_equal(fake_counts().perf_fds, 0);
	body = scrape();
	assert_has_not(body, "intel_gpu_engine_busy_seconds_total");
	assert_has(body, "error{collector=\"idle\",pci=\"0000:00:02.0\",remedy=\"pmu-released\","
			 "reason=\"no_device\"} 1\n");
	assert_has(body, "intel_gpu_frequency_actual_hertz");
	fake_clock_advance(30 * SECOND);
	assert_has(scrape(), BUSY("0000:00:02.0", "rcs0"));
}

static void perf_is_denied_and_allowed(void **state)
{
	const char *body;

	(void)state;
	fake_error("perf_event_open", -EACCES);
	body = scrape();
	assert_has_not(body, "intel_gpu_engine_busy_seconds_total");
	assert_has(body, "error{collector=\"engine\",pci=\"0000:00:02.0\","
			 "remedy=\"perf-paranoid\",reason=\"permission\"} 1\n");
	assert_has(body, "intel_gpu_frequency_actual_hertz");
	assert_has(body, "intel_gpu_info");
	fake_error("perf_event_open", -EPERM);
	assert_has(scrape(), "remedy=\"perf-seccomp\",reason=\"seccomp\"} 1\n");
	fake_error("perf_event_open", 0);
	body = scrape();
	assert_has(body, BUSY("0000:00:02.0", "rcs0"));
	assert_has(body, "success{collector=\"engine\",pci=\"0000:00:02.0\"} 1\n");
}

#define TYPES PCI "0000:00:02.0/mdev_supported_types/"
#define UUID  "00000000-0000-0000-0000-000000000103"

static void vgpus_come_and_go(void **state)
{
	const char *body = scrape();

	(void)state;
	assert_has(body, "intel_gpu_vgpu_instances{pci=\"0000:00:02.0\","
			 "vgpu_type=\"i915-GVTg_V5_4\"} 1\n");
	tree_folder(&tree, TYPES "i915-GVTg_V5_4/devices/" UUID);
	body = scrape();
	assert_has(body, "vgpu_type=\"i915-GVTg_V5_4\"} 2\n");
	assert_has(body, "intel_gpu_vgpu_info{pci=\"0000:00:02.0\",uuid=\"" UUID "\"");
	tree_delete(&tree, TYPES "i915-GVTg_V5_4/devices/" UUID);
	assert_has_not(scrape(), UUID);
}

/* kvmgt may be loaded later. */
static void vgpu_types_come_later(void **state)
{
	(void)state;
	assert_has(scrape(), "error{collector=\"vgpu\",pci=\"0000:00:02.0\","
			     "reason=\"not_supported\"} 1\n");
	tree_write(&tree, TYPES "i915-GVTg_V5_4/available_instances", "1\n");
	scraper_rediscover(scraper);
	assert_has(scrape(), "intel_gpu_vgpu_available_instances{pci=\"0000:00:02.0\","
			     "vgpu_type=\"i915-GVTg_V5_4\"} 1\n");
}

/* errors.txt of the machine makes each read that would wake the GPU fail. */
static void sleeping_gpu_is_not_woken(void **state)
{
	const char *body = scrape();

	(void)state;
	assert_has(body, "intel_gpu_runtime_suspended{pci=\"0000:03:00.0\"} 1\n");
	assert_has_not(body, "intel_gpu_throttled");
	assert_has_not(body, "} 0\nintel_gpu_scrape_collector_success{collector=\"throttle\"");
	assert_has(body, "success{collector=\"throttle\",pci=\"0000:03:00.0\"} 1\n");
}

/* A kernel without runtime power management: the GPU cannot sleep, and nothing has failed. */
static void no_runtime_status(void **state)
{
	const char *body;

	(void)state;
	tree_delete(&tree, PCI "0000:03:00.0/power/runtime_status");
	body = scrape();
	assert_has_not(body, "intel_gpu_runtime_suspended{pci=\"0000:03:00.0\"}");
	assert_has(body, "success{collector=\"runtime\",pci=\"0000:03:00.0\"} 1\n");
	assert_has(body, "success{collector=\"throttle\",pci=\"0000:03:00.0\"} 1\n");
}

/* The kernel's own word for a device whose power management failed. */
static void runtime_status_is_error(void **state)
{
	const char *body;

	(void)state;
	tree_write(&tree, PCI "0000:03:00.0/power/runtime_status", "error\n");
	body = scrape();
	assert_has_not(body, "intel_gpu_runtime_suspended{pci=\"0000:03:00.0\"}");
	assert_has(body, "success{collector=\"runtime\",pci=\"0000:03:00.0\"} 1\n");
	assert_has(body, "success{collector=\"throttle\",pci=\"0000:03:00.0\"} 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_read_for_all_counters, setup, teardown),
		cmocka_unit_test_setup_teardown(driver_is_bound_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(gpu_goes_to_a_guest, setup, teardown),
		cmocka_unit_test_setup_teardown(last_gpu_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(absence_is_logged_once, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden_gpu_is_logged, setup_hidden, teardown),
		cmocka_unit_test_setup_teardown(pmu_was_closed_by_an_event, setup, teardown),
		cmocka_unit_test_setup_teardown(no_pci_bus, setup, teardown),
		cmocka_unit_test_setup_teardown(pmu_on_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(perf_is_denied_and_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(vgpus_come_and_go, setup_gvtg, teardown),
		cmocka_unit_test_setup_teardown(vgpu_types_come_later, setup, teardown),
		cmocka_unit_test_setup_teardown(sleeping_gpu_is_not_woken, setup_suspended,
						teardown),
		cmocka_unit_test_setup_teardown(no_runtime_status, setup, teardown),
		cmocka_unit_test_setup_teardown(runtime_status_is_error, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
