// SPDX-License-Identifier: Apache-2.0
/*
 * power, thermal, memory, pcie and xe's idle over several scrapes: what a card that sleeps, wakes
 * or lost its power does to counters, and that nothing wakes it.
 */
#include "collected.h"
#include "test.h"

#include "collectors/registry.h"
#include "fake_sys.h"
#include "sources/gpu/energy.h"
#include "sources/gpu/hwmon.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S	       UINT64_C(1000000000)
#define CARD	       "sys/bus/pci/devices/0000:03:00.0/"
#define HWMON	       CARD "hwmon/hwmon4/"
#define SUSPENDED_TIME "power/runtime_suspended_time"

static struct tree tree;
static struct fs *fs;
static struct context context;
static struct pmu_set *pmus;
static struct gpu_list *gpus;
static struct gpu *gpu;
static const struct collector *collector;
static void *state;
static struct fault fault;
static char text[65536];
static bool is_copy; /* the next machine is a copied tree */

static void begin(const char *fixture, const char *name, const char *pci)
{
	const char *bad;

	tree_copy(&tree, fixture);
	fake_sys_load(tree.root);
	fake_knobs.is_sysfs = !is_copy;
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	context = (struct context){ .fs = fs };
	pmus = pmu_set_new(fs, 0);
	assert_int_equal(gpu_discover(fs, pmus, NULL, &gpus), 0);
	gpu = NULL;
	for (size_t i = 0; i < gpus->n; i++)
		if (strcmp(gpus->gpus[i]->pci, pci) == 0)
			gpu = gpus->gpus[i];
	assert_non_null(gpu);
	collector = collectors_all[collector_find(name)];
	state = NULL;
}

static void end(void)
{
	collector->destroy(state);
	gpu_list_free(gpus);
	pmu_set_free(pmus);
	fs_free(fs);
	tree_remove(&tree);
}

static int init(void)
{
	return collector->init(&context, gpu, &state);
}

/* A scrape, so many seconds after the last one: what it returns; its samples are in text. */
static int scrape(uint64_t seconds)
{
	static uint64_t number;
	const struct round round = { .number = ++number };
	struct batch *batch = batch_new(collector->families, collector->n_families);
	int r;

	fake_clock_advance(seconds * S);
	fault = (struct fault){ 0 };
	r = collector->collect(&(struct collection){ .context = &context,
						     .collector = collector,
						     .gpu = gpu,
						     .state = state,
						     .round = &round,
						     .batch = batch,
						     .fault = &fault });
	assert_int_equal(batch_refused(batch), 0);
	collected_text(batch, collector, text, sizeof(text));
	batch_free(batch);
	return r;
}

/* The value of the sample whose line has this in it; -1 when there is none. */
static double value_of(const char *what)
{
	const char *s = strstr(text, what);

	s = s ? strstr(s, "} ") : NULL;
	return s ? strtod(s + 2, NULL) : -1;
}

static void write_number(const char *path, uint64_t number)
{
	char content[32];

	snprintf(content, sizeof(content), "%llu\n", (unsigned long long)number);
	tree_write(&tree, path, content);
}

static void energy_of_a_card(void **unused)
{
	const uint64_t base = 98114203515;

	(void)unused;
	begin(FIXTURE("battlemage-xe"), "power", "0000:03:00.0");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_near(value_of("sensor=\"pkg\"} "), 0);
	/* The card's own sensor reads 0, always. */
	assert_null(strstr(text, "joules_total{pci=\"0000:03:00.0\",sensor=\"card\""));
	write_number(HWMON "energy2_input", base + 3000000000u);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("sensor=\"pkg\"} "), 3000);
	/* It works after all. */
	write_number(HWMON "energy1_input", 5000000);
	assert_int_equal(scrape(15), 0);
	write_number(HWMON "energy1_input", 6500000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("sensor=\"card\"} "), 1.5);
	/* One bad file costs one value. */
	tree_write(&tree, HWMON "energy2_input", "N/A\n");
	assert_int_equal(scrape(15), COLLECT_PARTIAL);
	assert_int_equal(fault.reason, REASON_PARSE);
	assert_non_null(strstr(fault.detail, "energy2_input"));
	assert_null(strstr(text, "joules_total{pci=\"0000:03:00.0\",sensor=\"pkg\""));
	assert_near(value_of("sensor=\"card\"} "), 1.5);
	write_number(HWMON "energy2_input", base + 4000000000u);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("sensor=\"pkg\"} "), 4000);
	end();
}

/* No file that would wake it is opened, and the counter stands. */
static void energy_of_a_sleeper(void **unused)
{
	const uint64_t base = 98114203515;

	(void)unused;
	begin(FIXTURE("battlemage-xe"), "power", "0000:03:00.0");
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	fake_error(HWMON "energy1_input", -EIO);
	fake_error(HWMON "energy2_input", -EIO);
	fake_error(HWMON "power1_max", -EIO);
	assert_int_equal(init(), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(scrape(15), 0);
		assert_string_equal(text, "");
	}
	fake_error(HWMON "energy1_input", 0);
	fake_error(HWMON "energy2_input", 0);
	fake_error(HWMON "power1_max", 0);
	tree_write(&tree, CARD "power/runtime_status", "active\n");
	write_number(CARD SUSPENDED_TIME, 1500000);
	assert_int_equal(scrape(15), 0);
	write_number(HWMON "energy2_input", base + 500000000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("joules_total"), 500);
	/* In D3cold for an hour: the register begins at 0 again, and the driver takes it for a
	 * wrap. */
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	for (int i = 0; i < 240; i++) {
		assert_int_equal(scrape(15), 0);
		assert_near(value_of("joules_total"), 500);
		assert_near(value_of("limit=\"max\"} "), 190);
	}
	tree_write(&tree, CARD "power/runtime_status", "active\n");
	write_number(CARD SUSPENDED_TIME, 5100000);
	write_number(HWMON "energy2_input", ENERGY_HWMON_WRAP + 40000000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("joules_total"), 500);
	write_number(HWMON "energy2_input", ENERGY_HWMON_WRAP + 140000000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("joules_total"), 600);
	/* Between two scrapes that both find it awake. */
	write_number(CARD SUSPENDED_TIME, 5101000);
	write_number(HWMON "energy2_input", 2 * ENERGY_HWMON_WRAP + 5000000);
	assert_int_equal(scrape(100000), 0);
	assert_near(value_of("joules_total"), 600);
	/* The whole machine slept. */
	fake_knobs.slept_ns += 3600 * S;
	write_number(HWMON "energy2_input", 2 * ENERGY_HWMON_WRAP + 6000000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("joules_total"), 600);
	write_number(HWMON "energy2_input", 2 * ENERGY_HWMON_WRAP + 7000000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("joules_total"), 601);
	end();
}

static void limits_once_an_hour(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "power", "0000:03:00.0");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_near(value_of("sensor=\"card\",limit=\"max\"} "), 190);
	assert_near(value_of("sensor=\"card\",limit=\"cap\"} "), 228);
	assert_near(value_of("sensor=\"card\",limit=\"crit\"} "), 250);
	assert_near(value_of("sensor=\"pkg\",limit=\"max\"} "), 120);
	/* 0 is off, and what is off is left alone: each read is a line in the kernel's log. */
	assert_null(strstr(text, "rated_max"));
	write_number(HWMON "power2_rated_max", 300000000);
	write_number(HWMON "power1_max", 150000000);
	assert_int_equal(scrape(3590), 0);
	assert_near(value_of("sensor=\"card\",limit=\"max\"} "), 190);
	assert_int_equal(scrape(20), 0);
	assert_near(value_of("sensor=\"card\",limit=\"max\"} "), 150);
	assert_null(strstr(text, "rated_max"));
	write_number(HWMON "power1_max", 0);
	assert_int_equal(scrape(3610), 0);
	assert_null(strstr(text, "sensor=\"card\",limit=\"max\""));
	/* A limit that cannot be read is named for the hour. */
	tree_write(&tree, HWMON "power1_cap", "much\n");
	assert_int_equal(scrape(3610), COLLECT_PARTIAL);
	assert_non_null(strstr(fault.detail, "power1_cap"));
	write_number(HWMON "power1_cap", 200000000);
	assert_int_equal(scrape(15), COLLECT_PARTIAL);
	assert_int_equal(scrape(3610), 0);
	assert_near(value_of("sensor=\"card\",limit=\"cap\"} "), 200);
	end();
}

/* Scrapes that come faster than a card falls asleep leave it the time. */
static void time_to_sleep(void **unused)
{
	const uint64_t base = 98114203515;

	(void)unused;
	begin(FIXTURE("battlemage-xe"), "power", "0000:03:00.0");
	tree_write(&tree, CARD "power/autosuspend_delay_ms", "10000\n");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	for (int i = 1; i <= 2; i++) {
		write_number(HWMON "energy2_input", base + (unsigned)i * 2500000000u);
		assert_int_equal(scrape(5), 0);
		assert_near(value_of("joules_total"), 0);
		assert_near(value_of("limit=\"cap\"} "), 228);
	}
	/* It is in use: the whole time counts, at 500 W. */
	write_number(HWMON "energy2_input", base + 7500000000u);
	assert_int_equal(scrape(5), 0);
	assert_near(value_of("joules_total"), 7500);
	/* It may not sleep anyway. */
	tree_write(&tree, CARD "power/control", "on\n");
	write_number(HWMON "energy2_input", base + 8000000000u);
	assert_int_equal(scrape(1), 0);
	assert_near(value_of("joules_total"), 8000);
	end();
	begin(FIXTURE("battlemage-xe"), "thermal", "0000:03:00.0");
	tree_write(&tree, CARD "power/autosuspend_delay_ms", "10000\n");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	tree_write(&tree, HWMON "temp2_input", "99000\n");
	assert_int_equal(scrape(10), 0);
	assert_near(value_of("sensor=\"pkg\"} "), 47);
	assert_int_equal(scrape(2), 0);
	assert_near(value_of("sensor=\"pkg\"} "), 99);
	end();
}

/* A chip that the driver registers after the rest, and none. */
static void chips(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "power", "0000:03:00.0");
	tree_write(&tree, HWMON "name", "nvme\n");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(15), -ENODEV);
	assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
	assert_null(fault.remedy);
	tree_write(&tree, HWMON "name", "xe\n");
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("limit=\"cap\"} "), 228);
	end();
	/* Text that no driver writes costs its channel. */
	begin(FIXTURE("battlemage-xe"), "power", "0000:03:00.0");
	tree_write(&tree, HWMON "energy2_label", "\"} 1\n");
	tree_write(&tree, HWMON "power1_label", "");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(15), 0);
	assert_int_equal(value_of("limit=\"max\"} "), 120);
	assert_null(strstr(text, "joules_total"));
	assert_null(strstr(text, "sensor=\"card\""));
	end();
}

/* i915 has no labels. */
static void i915_card(void **unused)
{
	(void)unused;
	begin(FIXTURE("uhd770-arc-a380"), "power", "0000:03:00.0");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	write_number(CARD "hwmon/hwmon3/energy1_input", 184203118652 + 42000000);
	assert_int_equal(scrape(10), 0);
	assert_near(value_of("joules_total{pci=\"0000:03:00.0\",sensor=\"pkg\"} "), 42);
	assert_near(value_of("sensor=\"pkg\",limit=\"crit\"} "), 120);
	end();
}

static void heat(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "thermal", "0000:03:00.0");
	tree_write(&tree, HWMON "temp2_crit", "105000\n");
	tree_write(&tree, HWMON "temp3_emergency", "0\n");
	tree_write(&tree, HWMON "temp6_label", "vram_ch_0\n");
	tree_write(&tree, HWMON "temp6_input", "50000\n");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_near(value_of("celsius{pci=\"0000:03:00.0\",sensor=\"pkg\"} "), 47);
	assert_near(value_of("celsius{pci=\"0000:03:00.0\",sensor=\"vram\"} "), 52);
	assert_near(value_of("sensor=\"pkg\",limit=\"crit\"} "), 105);
	assert_null(strstr(text, "emergency"));
	assert_null(strstr(text, "vram_ch"));
	assert_near(value_of("fan=\"2\"} "), 815);
	assert_near(value_of("volts"), 0.695);
	/* Frost, and what is no temperature. */
	tree_write(&tree, HWMON "temp2_input", "-5000\n");
	tree_write(&tree, HWMON "temp3_input", "4294967295\n");
	assert_int_equal(scrape(15), COLLECT_PARTIAL);
	assert_near(value_of("celsius{pci=\"0000:03:00.0\",sensor=\"pkg\"} "), -5);
	assert_null(strstr(text, "celsius{pci=\"0000:03:00.0\",sensor=\"vram\"} "));
	assert_int_equal(fault.reason, REASON_PARSE);
	/* Asleep: limits stay what they were. */
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	assert_int_equal(scrape(15), 0);
	assert_string_equal(text, "intel_gpu_temperature_limit_celsius{pci=\"0000:03:00.0\","
				  "sensor=\"pkg\",limit=\"crit\"} 105\n");
	/* Nobody can say: the same. */
	tree_delete(&tree, CARD "power/runtime_status");
	end();
	begin(FIXTURE("battlemage-xe"), "thermal", "0000:03:00.0");
	tree_delete(&tree, CARD "power/runtime_status");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(15), 0);
	assert_string_equal(text, "");
	end();
}

#define POWERCAP "sys/class/powercap/"

static void make_powercap(void)
{
	tree_write(&tree, POWERCAP "intel-rapl:0/name", "package-0\n");
	tree_write(&tree, POWERCAP "intel-rapl:0/energy_uj", "900000000\n");
	tree_write(&tree, POWERCAP "intel-rapl:0/max_energy_range_uj", "262143328850\n");
	tree_write(&tree, POWERCAP "intel-rapl:0:0/name", "core\n");
	tree_write(&tree, POWERCAP "intel-rapl:0:1/name", "uncore\n");
	tree_write(&tree, POWERCAP "intel-rapl:0:1/energy_uj", "262143000000\n");
	tree_write(&tree, POWERCAP "intel-rapl:0:1/max_energy_range_uj", "262143328850\n");
	tree_write(&tree, POWERCAP "intel-rapl:1/name", "psys\n");
}

static void processor_by_perf(void **unused)
{
	(void)unused;
	begin(FIXTURE("uhd770-arc-a380"), "power", "0000:00:02.0");
	make_powercap();
	assert_int_equal(init(), 0);
	/* Nothing has grown yet, and some processors' counters never do. */
	assert_int_equal(scrape(0), 0);
	assert_string_equal(text, "");
	assert_int_equal(fake_counts().perf_fds, 2);
	assert_int_equal(scrape(10), 0);
	assert_near(value_of("sensor=\"gpu\"} "), 2.5);
	assert_near(value_of("package_energy_joules_total{pci=\"0000:00:02.0\"} "), 185);
	assert_int_equal(fake_counts().perf_reads, 2);
	/* The event goes, and comes back; its count begins at 0, and ours goes on. */
	fake_knobs.perf_revoked = true;
	assert_int_equal(scrape(10), -EIO);
	assert_string_equal(text, "");
	assert_int_equal(fake_counts().perf_fds, 0);
	fake_knobs.perf_revoked = false;
	assert_int_equal(scrape(10), 0);
	assert_near(value_of("sensor=\"gpu\"} "), 2.5);
	assert_int_equal(scrape(10), 0);
	assert_near(value_of("sensor=\"gpu\"} "), 5);
	end();
	assert_int_equal(fake_counts().perf_fds, 0);
}

static void processor_by_powercap(void **unused)
{
	(void)unused;
	begin(FIXTURE("uhd770-arc-a380"), "power", "0000:00:02.0");
	make_powercap();
	fake_error("perf_event_open", -EACCES);
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	/* Over the wrap. */
	write_number(POWERCAP "intel-rapl:0:1/energy_uj", 49671150);
	write_number(POWERCAP "intel-rapl:0/energy_uj", 1000000000);
	assert_int_equal(scrape(10), 0);
	assert_near(value_of("sensor=\"gpu\"} "), 50);
	assert_near(value_of("package_energy_joules_total"), 100);
	/* The source was chosen. */
	fake_error("perf_event_open", 0);
	write_number(POWERCAP "intel-rapl:0:1/energy_uj", 59671150);
	assert_int_equal(scrape(10), 0);
	assert_near(value_of("sensor=\"gpu\"} "), 60);
	assert_int_equal(fake_counts().perf_fds, 0);
	/* Not half of them. */
	tree_write(&tree, POWERCAP "intel-rapl:0/energy_uj", "lots\n");
	assert_int_equal(scrape(10), -EINVAL);
	write_number(POWERCAP "intel-rapl:0/energy_uj", 262143328851);
	assert_int_equal(scrape(10), -ERANGE);
	end();
}

static void processor_denied(void **unused)
{
	(void)unused;
	begin(FIXTURE("uhd770-arc-a380"), "power", "0000:00:02.0");
	make_powercap();
	fake_error("perf_event_open", -EACCES);
	fake_error(POWERCAP "intel-rapl:0:1/energy_uj", -EACCES);
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), -EACCES);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_string_equal(fault.remedy, "perf-paranoid");
	fake_error("perf_event_open", -EPERM);
	assert_int_equal(scrape(0), -EACCES);
	assert_string_equal(fault.remedy, "perf-seccomp");
	/* The kernel has no event of this processor: root would see more, and that is no failure.
	 */
	fake_error("perf_event_open", -ENOENT);
	assert_int_equal(scrape(0), 0);
	assert_string_equal(text, "");
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_string_equal(fault.remedy, "energy-rights");
	/* Rights that come later. */
	fake_error(POWERCAP "intel-rapl:0:1/energy_uj", 0);
	assert_int_equal(scrape(15), 0);
	end();
	/* A machine whose kernel counts no GPU: no source. */
	begin(FIXTURE("uhd770-arc-a380"), "power", "0000:00:02.0");
	tree_delete(&tree, "sys/bus/event_source/devices/power");
	assert_int_equal(init(), -ENODEV);
	tree_write(&tree, POWERCAP "intel-rapl:0/name", "package-0\n");
	assert_int_equal(init(), -ENODEV);
	end();
	/* A copied tree has no perf events. */
	is_copy = true;
	begin(FIXTURE("uhd770-arc-a380"), "power", "0000:00:02.0");
	is_copy = false;
	assert_int_equal(init(), -ENODEV);
	assert_int_equal(fake_counts().perf_opens, 0);
	end();
}

#define GROUP "sys/fs/cgroup/"

static void memory(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "memory", "0000:03:00.0");
	/* A container's group is not the machine's. */
	tree_delete(&tree, GROUP "dmem.capacity");
	tree_write(&tree, GROUP "dmem.current", "drm/0000:03:00.0/vram0 4096\n");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_null(strstr(text, "used_bytes"));
	assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
	assert_near(value_of("bar=\"2\"} "), 17179869184.);
	assert_near(value_of("bar=\"0\"} "), 16777216);
	assert_null(strstr(text, "bar=\"1\""));
	tree_write(&tree, GROUP "dmem.capacity", "drm/0000:03:00.0/vram0 12784238592\n");
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	assert_int_equal(scrape(15), 0);
	assert_int_equal(fault.reason, REASON_NONE);
	assert_near(value_of("size_bytes{pci=\"0000:03:00.0\",region=\"vram0\"} "), 12784238592.);
	assert_near(value_of("used_bytes{pci=\"0000:03:00.0\",region=\"vram0\"} "), 4096);
	tree_write(&tree, GROUP "dmem.current", "garbage\n");
	assert_int_equal(scrape(15), COLLECT_PARTIAL);
	assert_null(strstr(text, "used_bytes"));
	assert_non_null(strstr(text, "memory_size_bytes"));
	assert_int_equal(fault.reason, REASON_PARSE);
	end();
}

/* Without dmem xe is asked, which is a use: only while it is awake, and not so often that it stays
 * so. */
static void memory_by_query(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "memory", "0000:03:00.0");
	tree_delete(&tree, GROUP "dmem.capacity");
	tree_write(&tree, CARD "power/control", "auto\n");
	tree_write(&tree, CARD "power/autosuspend_delay_ms", "10000\n");
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	tree_write(&tree, "libs.txt",
		   "memory renderD128 12784238592 12784234496\nmemory renderD128 7 7\n");
	assert_string_equal(gpu->render, "renderD128");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_int_equal(fake_counts().node_opens, 0);
	assert_null(strstr(text, "region"));
	assert_int_equal(fault.reason, REASON_NONE);
	tree_write(&tree, CARD "power/runtime_status", "active\n");
	assert_int_equal(scrape(15), 0);
	assert_int_equal(fake_counts().node_opens, 1);
	assert_near(value_of("size_bytes{pci=\"0000:03:00.0\",region=\"vram0\"} "), 12784238592.);
	assert_near(value_of("used_bytes{pci=\"0000:03:00.0\",region=\"vram0\"} "), 4096);
	assert_null(strstr(text, "used_bytes{pci=\"0000:03:00.0\",region=\"vram1\""));
	/* It would fall asleep 10 s later. */
	assert_int_equal(scrape(5), 0);
	assert_int_equal(fake_counts().node_opens, 1);
	assert_near(value_of("used_bytes{pci=\"0000:03:00.0\",region=\"vram0\"} "), 4096);
	assert_int_equal(scrape(7), 0);
	assert_int_equal(fake_counts().node_opens, 2);
	/* One that never sleeps is asked each time. */
	tree_write(&tree, CARD "power/control", "on\n");
	assert_int_equal(scrape(1), 0);
	assert_int_equal(fake_counts().node_opens, 3);
	tree_write(&tree, CARD "power/control", "auto\n");
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	assert_int_equal(scrape(100), 0);
	assert_int_equal(fake_counts().node_opens, 3);
	assert_near(value_of("size_bytes{pci=\"0000:03:00.0\",region=\"vram0\"} "), 12784238592.);
	assert_null(strstr(text, "used_bytes"));
	tree_write(&tree, CARD "power/runtime_status", "active\n");
	fake_error("dev/dri/renderD128", -EACCES);
	assert_int_equal(scrape(100), 0);
	assert_string_equal(fault.remedy, "render-node");
	assert_null(strstr(text, "region"));
	fake_error("dev/dri/renderD128", -EIO);
	assert_int_equal(scrape(100), COLLECT_PARTIAL);
	fake_error("dev/dri/renderD128", -ECANCELED);
	assert_int_equal(scrape(100), 0);
	assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
	end();
}

static void memory_of_i915(void **unused)
{
	(void)unused;
	begin(FIXTURE("uhd770-arc-a380"), "memory", "0000:03:00.0");
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	tree_write(&tree, "libs.txt",
		   "i915 renderD128 0 19200000\ni915 renderD129 0 19200000\n"
		   "memory renderD129 5 4\nmemory renderD128 6425673728 6000000000\n"
		   "memory renderD128 1000 1000\n");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_near(value_of("size_bytes{pci=\"0000:03:00.0\",region=\"local0\"} "), 6425673728.);
	assert_near(value_of("used_bytes{pci=\"0000:03:00.0\",region=\"local0\"} "), 425673728.);
	/* Nobody may see what is in use, and that is not nothing. */
	assert_near(value_of("size_bytes{pci=\"0000:03:00.0\",region=\"local1\"} "), 1000);
	assert_null(strstr(text, "used_bytes{pci=\"0000:03:00.0\",region=\"local1\""));
	fake_error("dev/dri/renderD128", -EACCES);
	assert_int_equal(scrape(15), 0);
	assert_null(strstr(text, "size_bytes{pci=\"0000:03:00.0\",region"));
	assert_non_null(strstr(text, "bar_size_bytes"));
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_string_equal(fault.remedy, "render-node");
	end();
}

#define PORT "sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/"

static void link_of_the_card(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "pcie", "0000:03:00.0");
	tree_write(&tree, PORT "current_link_speed", "8.0 GT/s PCIe\n");
	tree_write(&tree, PORT "current_link_width", "4\n");
	tree_write(&tree, PORT "max_link_speed", "16.0 GT/s PCIe\n");
	tree_write(&tree, PORT "max_link_width", "8\n");
	tree_write(&tree, PORT "aer_dev_correctable", "RxErr 4\nTOTAL_ERR_COR 4\n");
	tree_write(&tree, PORT "aer_dev_fatal", "TOTAL_ERR_FATAL 0\n");
	tree_write(&tree, CARD "aer_dev_correctable", "RxErr 1\nTOTAL_ERR_COR 1\n");
	tree_delete(&tree, PORT "aer_dev_nonfatal");
	tree_delete(&tree, CARD "aer_dev_nonfatal");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_near(value_of("link_speed_transfers"), 8e9);
	assert_near(value_of("link_width"), 4);
	assert_near(value_of("link_max_speed"), 16e9);
	assert_near(value_of("link_max_width"), 8);
	assert_near(value_of("severity=\"correctable\"} "), 5);
	assert_near(value_of("severity=\"fatal\"} "), 0);
	assert_null(strstr(text, "nonfatal"));
	/* It does not answer: 63 lanes of unknown speed. */
	tree_write(&tree, PORT "current_link_speed", "Unknown\n");
	tree_write(&tree, PORT "current_link_width", "63\n");
	assert_int_equal(scrape(15), 0);
	assert_null(strstr(text, "link_speed_transfers"));
	assert_null(strstr(text, "link_width"));
	/* Half of a sum would look like a reset. */
	tree_write(&tree, CARD "aer_dev_correctable", "RxErr\n");
	assert_int_equal(scrape(15), COLLECT_PARTIAL);
	assert_null(strstr(text, "correctable"));
	assert_non_null(strstr(text, "severity=\"fatal\""));
	assert_non_null(strstr(fault.detail, "correctable"));
	end();
}

static void link_of_a_sleeper(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "pcie", "0000:03:00.0");
	tree_write(&tree, PORT "current_link_speed", "8.0 GT/s PCIe\n");
	tree_write(&tree, PORT "max_link_speed", "16.0 GT/s PCIe\n");
	tree_write(&tree, PORT "aer_dev_fatal", "TOTAL_ERR_FATAL 2\n");
	fake_error("sys/bus/pci/devices/0000:01:00.0/current_link_speed", -EIO);
	fake_error("sys/bus/pci/devices/0000:01:00.0/max_link_speed", -EIO);
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	assert_int_equal(init(), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(scrape(15), 0);
	assert_null(strstr(text, "link"));
	assert_near(value_of("severity=\"fatal\"} "), 2);
	end();
}

/* In a VM the card's switch is missing; the GPU's own link is within the chip. */
static void link_without_the_switch(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "pcie", "0000:03:00.0");
	tree_write(&tree, "sys/bus/pci/devices/0000:02:01.0/vendor", "0x1b36\n");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_null(strstr(text, "link"));
	/* A card without a switch has its own link. */
	end();
	begin(FIXTURE("battlemage-xe"), "pcie", "0000:03:00.0");
	tree_write(&tree, "sys/bus/pci/devices/0000:02:01.0/vendor", "0x1b36\n");
	tree_write(&tree, CARD "max_link_speed", "16.0 GT/s PCIe\n");
	tree_write(&tree, CARD "max_link_width", "16\n");
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_near(value_of("link_speed_transfers"), 2.5e9);
	assert_near(value_of("link_max_width"), 16);
	end();
}

#define GT0 CARD "tile0/gt0/gtidle/idle_residency_ms"

static void residency_of_xe(void **unused)
{
	(void)unused;
	begin(FIXTURE("battlemage-xe"), "idle", "0000:03:00.0");
	write_number(GT0, 1000000);
	assert_int_equal(init(), 0);
	assert_int_equal(scrape(0), 0);
	assert_near(value_of("gt=\"0\"} "), 0);
	write_number(GT0, 1012000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("gt=\"0\"} "), 12);
	assert_near(value_of("gt=\"1\"} "), 0);
	/* A register that has restarted looks like one that has wrapped. */
	write_number(GT0, 1012000 + 5400000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("gt=\"0\"} "), 12);
	write_number(GT0, 1012000 + 5403000);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("gt=\"0\"} "), 15);
	/* Asleep it is not asked. */
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	write_number(GT0, 9999999);
	assert_int_equal(scrape(15), 0);
	assert_near(value_of("gt=\"0\"} "), 15);
	tree_write(&tree, CARD "power/runtime_status", "active\n");
	tree_write(&tree, GT0, "-1\n");
	assert_int_equal(scrape(15), COLLECT_PARTIAL);
	assert_null(strstr(text, "gt=\"0\""));
	assert_near(value_of("gt=\"1\"} "), 0);
	end();
	begin(FIXTURE("battlemage-xe"), "idle", "0000:03:00.0");
	tree_write(&tree, CARD "power/runtime_status", "suspended\n");
	fake_error(GT0, -EIO);
	assert_int_equal(init(), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(scrape(15), 0);
	assert_string_equal(text, "");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(energy_of_a_card),
		cmocka_unit_test(energy_of_a_sleeper),
		cmocka_unit_test(limits_once_an_hour),
		cmocka_unit_test(time_to_sleep),
		cmocka_unit_test(chips),
		cmocka_unit_test(i915_card),
		cmocka_unit_test(heat),
		cmocka_unit_test(processor_by_perf),
		cmocka_unit_test(processor_by_powercap),
		cmocka_unit_test(processor_denied),
		cmocka_unit_test(memory),
		cmocka_unit_test(memory_by_query),
		cmocka_unit_test(memory_of_i915),
		cmocka_unit_test(link_of_the_card),
		cmocka_unit_test(link_of_a_sleeper),
		cmocka_unit_test(link_without_the_switch),
		cmocka_unit_test(residency_of_xe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
