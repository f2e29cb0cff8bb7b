// SPDX-License-Identifier: Apache-2.0
/* The daemon's life: sockets, signals, and an end that waits for nothing that may never come. */
#include "serve.h"

#include "base/log.h"
#include "base/notify.h"
#include "base/subprocess.h"
#include "base/sys.h"
#include "base/version.h"
#include "prepare.h"
#include "web/listen.h"
#include "web/server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#define PMU_HOLD_NS 30000000000u /* after SIGUSR2; a VM takes its GPU well within this */
#define DRAIN_NS    1000000000u
#define ANSWER_NS   1000000000u /* for the watchdog */
#define TO_BE_SAID  3		/* failures in a row: one alone may be scrapes at their deadlines */

static int listen_all(const struct options *options, struct serving *ret)
{
	int r;

	if (options->systemd_socket) {
		r = listen_systemd(ret->sockets, OPTIONS_MAX_ADDRESSES);
		if (r < 0)
			log_error("no sockets from systemd", "flag", "--web.systemd-socket", "err",
				  r == -ENOENT	 ? "none was handed over: start the .socket unit"
				  : r == -EINVAL ? "one is no listening stream socket"
						 : "there are too many");
		ret->n_sockets = r > 0 ? (size_t)r : 0;
		return r < 0 ? r : 0;
	}
	for (size_t i = 0; i < options->n_addresses; i++) {
		r = ret->sockets[i] = listen_open(options->addresses[i]);
		if (r < 0) {
			log_error("cannot listen", "address", options->addresses[i], "err",
				  listen_error(r));
			return r;
		}
		ret->n_sockets++;
	}
	return 0;
}

int serve_prepare(const struct options *options, struct serving *ret)
{
	char error[WEB_CONFIG_ERROR];
	int r = 0;

	*ret = (struct serving){ 0 };
	if (options->config_file) {
		r = config_file_new(&ret->config, options->config_file, error);
		if (r < 0)
			log_error("the web configuration is not valid", "err", error);
	}
	return r < 0 ? r : listen_all(options, ret);
}

struct watchdog {
	uint64_t interval_ns; /* 0: no watchdog, no wake-ups */
	uint64_t due;
	int signals;	   /* readable when a signal is pending */
	unsigned failures; /* in a row */
};

static void notify_manager(const char *state)
{
	int r = notify_send(state);

	if (r < 0)
		log_warn("cannot notify the service manager", "state", state, "err", strerror(-r));
}

/* The manager is notified only if the exporter answers a request: a hung one does not. */
static void check_watchdog(struct watchdog *watchdog, struct server *server)
{
	bool answers = server_answers(server, ANSWER_NS, watchdog->signals);

	if (answers)
		notify_manager("WATCHDOG=1");
	if (answers && watchdog->failures >= TO_BE_SAID)
		log_info("requests are answered again: the watchdog is notified");
	watchdog->failures = answers ? 0 : watchdog->failures + 1;
	if (watchdog->failures == TO_BE_SAID)
		log_warn(
			"requests are not answered: if that lasts the service manager restarts us");
	/* A check without an answer has taken its time already. */
	watchdog->due = sys_monotonic_ns() + (answers ? watchdog->interval_ns : 0);
}

/* The next signal; looks after the watchdog meanwhile. -1 on failure. */
static int wait_signal(const sigset_t *signals, struct watchdog *watchdog, struct server *server)
{
	int signal;

	while (watchdog->interval_ns) {
		uint64_t now = sys_monotonic_ns();
		uint64_t ns = watchdog->due > now ? watchdog->due - now : 0;
		struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

		signal = sigtimedwait(signals, NULL, &t);
		if (signal >= 0)
			return signal;
		if (errno == EAGAIN)
			check_watchdog(watchdog, server);
		else if (errno != EINTR)
			return -1;
	}
	return sigwait(signals, &signal) == 0 ? signal : -1;
}

static void obey(int signal, struct pmu_set *pmus, struct va_state *vaapi)
{
	if (signal == SIGUSR2) {
		pmu_set_hold(pmus, sys_monotonic_ns() + PMU_HOLD_NS);
		if (vaapi)
			va_state_hold(vaapi, sys_monotonic_ns() + PMU_HOLD_NS);
		log_info("perf events closed on request", "for", "30s");
	} else if (vaapi) {
		va_state_ask(vaapi);
		log_info("resolution sweep of VA-API tests on request");
	}
}

int serve(const struct options *options, const struct serving *serving, struct scraper *scraper,
	  struct pmu_set *pmus, struct va_state *vaapi, const sigset_t *signals)
{
	struct server_options web = { scraper,
				      serving->sockets,
				      serving->n_sockets,
				      options->telemetry_path,
				      options->max_requests,
				      options->notice,
				      serving->config };
	/* Half of what the manager allows: one that is delayed does not count as missing. */
	struct watchdog watchdog = { .interval_ns = notify_watchdog_ns() / 2, .signals = -1 };
	struct server *server;
	int r, signal;

	log_info("starting intel_gpu_exporter", "version", EXPORTER_VERSION, "revision",
		 EXPORTER_REVISION);
	for (size_t i = 0; i < serving->n_sockets; i++) {
		char address[320];

		listen_name(serving->sockets[i],
			    options->systemd_socket ? NULL : options->addresses[i], address,
			    sizeof(address));
		log_info("listening", "address", address, "path", options->telemetry_path, "tls",
			 serving->config && config_file_now(serving->config)->has_tls ? "on" : "");
	}
	if (options->notice && *options->notice)
		log_info("notice", "text", options->notice);
	r = server_start(&server, &web);
	if (r < 0) {
		log_error("cannot serve", "err", strerror(-r));
		return 1;
	}
	if (watchdog.interval_ns)
		watchdog.signals = signalfd(-1, signals, SFD_CLOEXEC);
	notify_manager("READY=1");
	prepare_end();
	watchdog.due = sys_monotonic_ns() + watchdog.interval_ns;
	while ((signal = wait_signal(signals, &watchdog, server)) == SIGUSR1 || signal == SIGUSR2)
		obey(signal, pmus, vaapi);
	notify_manager("STOPPING=1");
	log_info("stopping", "signal", strsignal(signal));
	scraper_stop(scraper);
	pmu_set_hold(pmus, UINT64_MAX);
	server_stop(server, DRAIN_NS);
	subprocess_end_all();
	return 0;
}
