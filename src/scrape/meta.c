// SPDX-License-Identifier: Apache-2.0
/*
 * The exporter's own families. Success and error of each collector follow node_exporter's; the
 * process_* set is that of the Prometheus client libraries, from /proc/self (proc(5)).
 */
#include "scrape/meta.h"

#include "base/macros.h"
#include "base/text.h"
#include "base/version.h"
#include "runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
	UP,
	SUCCESS,
	DURATION,
	ERROR,
	RELOADED,
	RELOAD_TIME,
	BUILD,
	CPU,
	OPEN_FDS,
	MAX_FDS,
	VIRTUAL,
	VIRTUAL_MAX,
	RESIDENT,
	START_TIME,
};

const struct family meta_families[] = {
	[UP] = {
		.name = "intel_gpu_up",
		.help = "Whether this machine has at least one Intel GPU, whatever drives it.",
		.type = GAUGE,
	},
	[SUCCESS] = {
		.name = "intel_gpu_scrape_collector_success",
		.help = "Whether a collector could read its source in this scrape.",
		.type = GAUGE,
		.labels = { "collector", "pci" },
	},
	[DURATION] = {
		.name = "intel_gpu_scrape_collector_duration_seconds",
		.help = "Time the collector took in this scrape.",
		.type = GAUGE,
		.labels = { "collector", "pci" },
	},
	[ERROR] = {
		.name = "intel_gpu_scrape_collector_error",
		.help = "Why a collector exports nothing, or not all, in this scrape; "
			"not_supported means that this GPU has no such source, not_enabled that a "
			"flag would have it read: neither is a failure.",
		.type = GAUGE,
		.labels = { "collector", "pci", "remedy", "reason" },
	},
	[RELOADED] = {
		.name = "intel_gpu_exporter_web_config_last_reload_successful",
		.help = "Whether the file of --web.config.file, and the certificate that it names, were "
			"valid when they were last read; if not, the previous ones stay in use.",
		.type = GAUGE,
	},
	[RELOAD_TIME] = {
		.name = "intel_gpu_exporter_web_config_last_reload_success_timestamp_seconds",
		.help = "When the web configuration that is in use was read, in seconds since 1970.",
		.type = GAUGE,
	},
	[BUILD] = {
		.name = "intel_gpu_exporter_build_info",
		.help = "What this exporter was built from.",
		.type = INFO,
		.labels = { "version", "revision", "compiler" },
	},
	[CPU] = {
		.name = "process_cpu_seconds_total",
		.help = "CPU time of the exporter, user and system.",
		.type = COUNTER,
	},
	[OPEN_FDS] = {
		.name = "process_open_fds",
		.help = "File descriptors that the exporter has open.",
		.type = GAUGE,
	},
	[MAX_FDS] = {
		.name = "process_max_fds",
		.help = "File descriptors that the exporter may have open.",
		.type = GAUGE,
	},
	[VIRTUAL] = {
		.name = "process_virtual_memory_bytes",
		.help = "Virtual memory of the exporter.",
		.type = GAUGE,
	},
	[VIRTUAL_MAX] = {
		.name = "process_virtual_memory_max_bytes",
		.help = "Virtual memory that the exporter may have.",
		.type = GAUGE,
	},
	[RESIDENT] = {
		.name = "process_resident_memory_bytes",
		.help = "Resident memory of the exporter.",
		.type = GAUGE,
	},
	[START_TIME] = {
		.name = "process_start_time_seconds",
		.help = "When the exporter started, in seconds since 1970.",
		.type = GAUGE,
	},
};
const size_t meta_families_count = ARRAY_SIZE(meta_families);

static void put_row(struct batch *batch, const char *collector, const char *pci,
		    const struct result *result)
{
	struct fault timeout = { .reason = REASON_TIMEOUT, .remedy = "stuck-read" };
	const struct fault *fault = result ? &result->fault : &timeout;
	bool ok = result && result->r == 0;

	/* That shows at the read alone, maybe. */
	if (ok || !reason_is_absence(fault->reason))
		put(batch, &meta_families[SUCCESS], ok, collector, pci);
	if (result)
		put(batch, &meta_families[DURATION], result->seconds, collector, pci);
	if (fault->reason != REASON_NONE)
		put(batch, &meta_families[ERROR], 1, collector, pci, fault->remedy,
		    reason_name(fault->reason));
}

static void put_collectors(struct batch *batch, const struct scrape *scrape)
{
	for (size_t i = 0; i < scrape->n; i++) {
		const struct job *job = scrape->slots[i].job;
		const char *pci = job->gpu ? job->gpu->pci : NULL;

		if (job->init_r == -ENODEV)
			put(batch, &meta_families[ERROR], 1, job->collector->name, pci, NULL,
			    reason_name(REASON_NOT_SUPPORTED));
		else if (!job_is_absent(job))
			put_row(batch, job->collector->name, pci, scrape->slots[i].result);
	}
}

static void put_discovery(struct batch *batch, const struct scrape *scrape)
{
	struct fault fault = { 0 };

	if (scrape->has_gpus)
		put(batch, &meta_families[UP], scrape->n_gpus > 0);
	put(batch, &meta_families[SUCCESS], scrape->discovery == 0, "discovery", NULL);
	if (scrape->discovery == 0)
		return;
	if (scrape->discovery == -ENOENT)
		fault_set(&fault, REASON_NO_DEVICE, "no-pci-bus", 0, "no /sys/bus/pci/devices");
	else
		fault_errno(&fault, scrape->discovery, "discovery");
	put(batch, &meta_families[ERROR], 1, "discovery", NULL, fault.remedy,
	    reason_name(fault.reason));
}

/* What is read of this process at each scrape stays open as long as it lives. */
static struct {
	pthread_once_t once;
	int stat, fds; /* descriptors */
} self = { .once = PTHREAD_ONCE_INIT };

static void open_self(void)
{
	self.stat = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	self.fds = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int read_stat(char *buf, size_t size)
{
	ssize_t n = self.stat < 0 ? -1 : pread(self.stat, buf, size - 1, 0);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return (int)n;
}

/* Seconds since 1970 at boot; the clock may be set later, so it is read each time. */
static double boot_time(void)
{
	struct timespec real, boot;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (double)(real.tv_sec - boot.tv_sec) + (double)(real.tv_nsec - boot.tv_nsec) / 1e9;
}

/* As the kernel counts it: what the two clocks say at two instants differs by less. */
static double start_time(uint64_t ticks)
{
	const double hz = (double)sysconf(_SC_CLK_TCK);

	/* Positive, so no round(3): the mathematics library would be there for this alone, with 330
	 * kB. */
	return (double)(uint64_t)(boot_time() * hz + (double)ticks + 0.5) / hz;
}

/* The numbers of /proc/self/stat from this field on, which are the 22nd and those after it. */
enum { STARTTIME = 22, VSIZE, RSS, FIELDS };

static void put_stat(struct batch *batch)
{
	uint64_t numbers[FIELDS] = { 0 };
	char buf[1024];
	const char *s;
	int field = 2;

	if (read_stat(buf, sizeof(buf)) < 0)
		return;
	/* The second field is the name in parentheses, and may hold anything. */
	s = strrchr(buf, ')');
	while (s && field < RSS && (s = strchr(s, ' '))) {
		size_t len = strcspn(++s, " ");

		if (++field >= STARTTIME && text_parse_u64(s, len, &numbers[field]) < 0)
			return;
	}
	if (!s)
		return;
	put(batch, &meta_families[VIRTUAL], (double)numbers[VSIZE]);
	put(batch, &meta_families[RESIDENT], (double)numbers[RSS] * (double)sysconf(_SC_PAGESIZE));
	put(batch, &meta_families[START_TIME], start_time(numbers[STARTTIME]));
}

/* Linux has their number as the directory's size since 6.2; listing a thousand of them takes time.
 */
static void put_fds(struct batch *batch)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	struct stat s;
	size_t n = 0;

	if (self.fds >= 0 && fstat(self.fds, &s) == 0 && s.st_size > 0) {
		put(batch, &meta_families[OPEN_FDS], (double)s.st_size);
		return;
	}
	dir = opendir("/proc/self/fd");
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	put(batch, &meta_families[OPEN_FDS], (double)(n - 1)); /* one is the directory's own */
}

static void put_limit(struct batch *batch, const struct family *family, const struct rlimit *limit)
{
	/* The client libraries print an unlimited address space as -1 or 2^64: left out here. */
	if (limit->rlim_cur != RLIM_INFINITY)
		put(batch, family, (double)limit->rlim_cur);
}

/* prlimit(2) alone changes them while a process runs: they are read when names are compared. */
static void put_limits(struct batch *batch, uint64_t changes)
{
	static _Thread_local struct {
		uint64_t changes;
		struct rlimit files, memory;
	} known;

	if (changes == 0 || known.changes != changes) {
		known.files.rlim_cur = known.memory.rlim_cur = RLIM_INFINITY;
		getrlimit(RLIMIT_NOFILE, &known.files);
		getrlimit(RLIMIT_AS, &known.memory);
		known.changes = changes;
	}
	put_limit(batch, &meta_families[MAX_FDS], &known.files);
	put_limit(batch, &meta_families[VIRTUAL_MAX], &known.memory);
}

static void put_process(struct batch *batch, uint64_t changes)
{
	struct rusage usage;

	pthread_once(&self.once, open_self);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		put(batch, &meta_families[CPU],
		    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	put_fds(batch);
	put_limits(batch, changes);
	put_stat(batch);
}

static void put_reloads(struct batch *batch, const struct reloads *reloads)
{
	put(batch, &meta_families[RELOADED], reloads->last_successful);
	put(batch, &meta_families[RELOAD_TIME], (double)reloads->success_time);
}

int meta_collect(const struct scrape *scrape, const struct reloads *web_config, bool self_metrics,
		 struct batch **ret)
{
	struct batch *batch = batch_new(meta_families, meta_families_count);

	if (!batch)
		return -ENOMEM;
	put_discovery(batch, scrape);
	put_collectors(batch, scrape);
	if (web_config)
		put_reloads(batch, web_config);
	if (self_metrics) {
		put(batch, &meta_families[BUILD], 1, EXPORTER_VERSION, EXPORTER_REVISION,
		    EXPORTER_COMPILER);
		put_process(batch, fs_changes(scrape->scraper->options.fs));
	}
	if (batch_error(batch)) {
		int r = batch_error(batch);

		batch_free(batch);
		return r;
	}
	*ret = batch;
	return 0;
}
