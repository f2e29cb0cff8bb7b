// SPDX-License-Identifier: Apache-2.0
/* Table of contents of the daemon: options, GPUs, runner, web, and a wait for a signal. */
#include "base/log.h"
#include "base/sys.h"
#include "base/version.h"
#include "doctor.h"
#include "health.h"
#include "list_metrics.h"
#include "once.h"
#include "options.h"
#include "prepare.h"
#include "scrape/checker.h"
#include "scrape/prober.h"
#include "scrape/scrape.h"
#include "scrape/uevent.h"
#include "scrape/unbind.h"
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static unsigned pmu_kinds(const struct options *options)
{
	unsigned kinds = options->engine_wait ? PMU_WAIT | PMU_SEMAPHORE : 0;

	for (size_t i = 0; i < collectors_count; i++)
		if (options->collectors >> i & 1)
			kinds |= collector_pmu_kinds(collectors_all[i]);
	if (options->collectors >> collector_find("sriov") & 1)
		kinds |= PMU_VF_BUSY;
	return kinds;
}

/* Not for a copied tree: its GPUs are not behind this /dev/dri. */
static struct va_state *start_prober(const struct options *options, const struct fs *fs)
{
	if (!(options->collectors >> collector_find("vaapi") & 1) || !fs_is_live(fs))
		return NULL;
	return prober_start(fs, &options->vaapi, options->vaapi_timeout_ns, options->once);
}

static struct doctor_state *start_checker(const struct options *options)
{
	const struct checker_options checker = {
		.rootfs = options->rootfs,
		.sysfs = options->sysfs,
		.procfs = options->procfs,
		.user = options->check.user,
		.ignore = options->check.ignore,
	};

	return options->collectors >> collector_find("check") & 1 ? checker_start(&checker) : NULL;
}

int main(int argc, char **argv)
{
	struct options options;
	struct scraper *scraper;
	struct pmu_set *pmus;
	struct resets *resets;
	struct fs *fs;
	struct va_state *vaapi;
	struct doctor_state *doctor_state;
	const char *bad;
	sigset_t signals;
	struct serving serving = { 0 };
	int r;

	options_parse(&options, argc, argv);
	log_setup(options.log_level, options.log_format);
	if (options.list_metrics || options.health)
		return options.health ? health(&options) : list_metrics();
	if (options.check.format)
		return doctor(&options);
	if (!options.once && serve_prepare(&options, &serving) < 0)
		return 1;
	r = fs_new(&fs, options.rootfs, options.sysfs, options.procfs, &bad);
	if (r < 0) {
		log_error("cannot read the machine's files", "path", bad, "err", strerror(-r));
		return 1;
	}
	prepare_process(fs, options.collectors, &signals);
	vaapi = start_prober(&options, fs);
	pmus = pmu_set_new(fs, pmu_kinds(&options));
	if (pmus)
		pmu_set_xe_mode(pmus, options.engine_xe);
	resets = resets_new();
	doctor_state = start_checker(&options);
	r = pmus && resets
		    ? scraper_new(&scraper,
				  &(struct scraper_options){
					  .fs = fs,
					  .pmus = pmus,
					  .vaapi = vaapi,
					  .resets = resets,
					  .doctor = doctor_state,
					  .kubelet = options.kubelet,
					  .web_config = config_file_reloads(serving.config),
					  .enabled = options.collectors,
					  .timeout_ns = options.scrape_timeout_ns,
					  .client_max_workloads = options.client_max_workloads,
					  .transcode_names = options.transcode_names,
					  .no_machine_uuid = options.no_machine_uuid,
					  .no_self_metrics = options.no_exporter_metrics,
				  })
		    : -ENOMEM;
	if (r == 0 && fs_is_live(fs)) {
		uevent_start(scraper, pmus, resets);
		unbind_start(pmus);
	}
	if (r == 0)
		r = scraper_start(scraper);
	if (r < 0) {
		log_error("cannot start", "err", strerror(-r));
		return 1;
	}
	if (options.once && vaapi)
		prober_wait(vaapi);
	if (options.once && doctor_state)
		checker_wait(doctor_state);
	r = options.once ? once(scraper, options.collectors, options.once_ns)
			 : serve(&options, &serving, scraper, pmus, vaapi, &signals);
	/* Without joining threads: one may be stuck in a read that never ends. */
	_exit(r);
}
