// SPDX-License-Identifier: Apache-2.0
/* The daemon's life: sockets, signals, and an end that waits for nothing that may never come. */
#include "serve.h"

#include "base/log.h"
#include "base/sys.h"
#include "base/version.h"
#include "web/listen.h"
#include "web/server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define PMU_HOLD_NS 30000000000u /* after SIGUSR2; a VM takes its GPU well within this */
#define DRAIN_NS    1000000000u

int serve_listen(const struct options *options, int *sockets)
{
	for (size_t i = 0; i < options->n_addresses; i++) {
		int r = sockets[i] = listen_open(options->addresses[i]);

		if (r >= 0)
			continue;
		log_error("cannot listen", "address", options->addresses[i], "err",
			  r == -EINVAL ? "not HOST:PORT, [IPV6]:PORT or :PORT" : strerror(-r));
		return r;
	}
	return 0;
}

int serve(const struct options *options, const int *sockets, struct scraper *scraper,
	  struct pmu_set *pmus, struct va_state *vaapi, const sigset_t *signals)
{
	struct server_options web = { scraper, sockets, options->n_addresses,
				      options->telemetry_path, options->max_requests };
	struct server *server;
	int r, signal;

	log_info("starting intel_gpu_exporter", "version", EXPORTER_VERSION, "revision",
		 EXPORTER_REVISION);
	for (size_t i = 0; i < options->n_addresses; i++)
		log_info("listening", "address", options->addresses[i], "path",
			 options->telemetry_path);
	r = server_start(&server, &web);
	if (r < 0) {
		log_error("cannot serve", "err", strerror(-r));
		return 1;
	}
	while (sigwait(signals, &signal) == 0 && (signal == SIGUSR1 || signal == SIGUSR2)) {
		if (signal == SIGUSR2) {
			pmu_set_hold(pmus, sys_monotonic_ns() + PMU_HOLD_NS);
			log_info("perf events closed on request", "for", "30s");
		} else if (vaapi) {
			va_state_ask(vaapi);
			log_info("VA-API tests with large pictures on request");
		}
	}
	log_info("stopping", "signal", strsignal(signal));
	scraper_stop(scraper);
	pmu_set_hold(pmus, UINT64_MAX);
	server_stop(server, DRAIN_NS);
	return 0;
}
