/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line says. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "base/log.h"
#include "check/check.h"
#include "collectors/registry.h"
#include "sources/gpu/pmu.h"
#include "sources/vaapi/va_state.h"

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_MAX_ADDRESSES 16

struct options {
	const char *addresses[OPTIONS_MAX_ADDRESSES];
	size_t n_addresses; /* with systemd_socket: none */
	bool systemd_socket;
	const char *config_file; /* NULL: none */
	const char *telemetry_path;
	unsigned max_requests;
	const char *notice; /* for readers of the page; NULL or "": none */
	bool no_exporter_metrics;

	collector_set collectors;
	bool engine_wait;
	enum pmu_xe_mode engine_xe;
	bool no_machine_uuid;
	unsigned client_max_workloads;
	const char *transcode_names; /* NULL: none but the known ones */

	struct va_options vaapi;
	uint64_t vaapi_timeout_ns;

	const char *rootfs, *sysfs, *procfs; /* NULL for the last two: below rootfs */
	const char *kubelet;		     /* its socket; NULL: below rootfs */
	uint64_t scrape_timeout_ns;
	enum log_level log_level;
	enum log_format log_format;

	bool once;
	uint64_t once_ns; /* how long the sources of counters are kept open; 0 = not read */
	bool health;
	struct check_options check;
	bool list_metrics;
};

/* Parses argv, or prints help, the version or one clear error and exits. */
void options_parse(struct options *options, int argc, char **argv);

#endif
