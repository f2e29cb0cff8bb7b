// SPDX-License-Identifier: Apache-2.0
#include "doctor.h"

#include "base/fs.h"
#include "base/log.h"
#include "output.h"

#include <string.h>
#include <unistd.h>

int doctor(const struct options *options)
{
	struct fs *fs = NULL;
	const char *bad;
	int r = 0, end;

	if (options->check.format != CHECK_LIST)
		r = fs_new(&fs, options->rootfs, options->sysfs, options->procfs, &bad);
	if (r < 0) {
		log_error("cannot read the machine's files", "path", bad, "err", strerror(-r));
		return CHECK_COULD_NOT;
	}
	r = check_run(fs, &options->check);
	end = output_end();
	if (end < 0) {
		log_error("cannot write to stdout", "err", strerror(-end));
		r = CHECK_COULD_NOT;
	}
	/* Without joining threads: one may be stuck in a read that never ends. */
	_exit(r);
}
