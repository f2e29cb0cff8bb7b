// SPDX-License-Identifier: Apache-2.0
#include "doctor.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/privileges.h"
#include "output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int check(const struct options *options)
{
	struct fs *fs = NULL;
	const char *bad;
	int r = 0, end;

	if (options->check.format != CHECK_LIST && options->check.format != CHECK_RUNBOOK)
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
	return r;
}

/*
 * A thread that waits for a FUSE file system which has taken its request cannot be killed, nor can
 * its process end: so the process that reads is another one than the one that is waited for, and
 * it closes what somebody may read to its end.
 */
int doctor(const struct options *options)
{
	unsigned char status = CHECK_COULD_NOT;
	int ends[2];
	pid_t pid;
	ssize_t n;

	/* The exporter's child, which has a deadline: what is left of it is known to be its own. */
	if (options->check.format == CHECK_ROWS) {
		privileges_drop_for_checks();
		status = (unsigned char)check(options);
		close(STDOUT_FILENO);
		_exit(status);
	}
	if (pipe(ends) < 0)
		return CHECK_COULD_NOT;
	pid = fork();
	if (pid < 0)
		return CHECK_COULD_NOT;
	if (pid == 0) {
		close(ends[0]);
		status = (unsigned char)check(options);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		n = write(ends[1], &status, 1);
		_exit(n == 1 ? 0 : 1);
	}
	close(ends[1]);
	do
		n = read(ends[0], &status, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? status : CHECK_COULD_NOT;
}
