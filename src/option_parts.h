/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the command line, each with a parser of its own: keys of argp's table, and parsers. */
#ifndef OPTION_PARTS_H
#define OPTION_PARTS_H

#include "options.h"

#include <argp.h>

enum {
	OPT_LISTEN = 256,
	OPT_PATH,
	OPT_MAX_REQUESTS,
	OPT_NOTICE,
	OPT_SYSTEMD_SOCKET,
	OPT_CONFIG_FILE,
	OPT_NO_EXPORTER_METRICS,
	OPT_DISABLE_DEFAULTS,
	OPT_ENGINE_WAIT,
	OPT_ENGINE_XE,
	OPT_NO_MACHINE_UUID,
	OPT_MAX_WORKLOADS,
	OPT_TRANSCODE_NAMES,
	OPT_ROOTFS,
	OPT_SYSFS,
	OPT_PROCFS,
	OPT_KUBELET,
	OPT_TIMEOUT,
	OPT_LOG_LEVEL,
	OPT_LOG_FORMAT,
	OPT_ONCE,
	OPT_HEALTH,
	OPT_CHECK,
	OPT_CHECK_USER,
	OPT_CHECK_IGNORE,
	OPT_LIST_METRICS,
	OPT_VAAPI_INTERVAL,
	OPT_VAAPI_TIMEOUT,
	OPT_VAAPI_SWEEP,
	OPT_VAAPI_CODECS,
	OPT_VAAPI_EXPECT,
	OPT_VAAPI_SUSPENDED,
	OPT_USAGE,
	OPT_COLLECTOR = 512,				   /* + index */
	OPT_NO_COLLECTOR = OPT_COLLECTOR + COLLECTORS_MAX, /* + index */
};

void option_vaapi(int key, char *arg, struct argp_state *state, struct options *o);
void option_check(int key, char *arg, struct argp_state *state, struct check_options *check);

#endif
