// SPDX-License-Identifier: Apache-2.0
/*
 * What a child of the exporter does before libva is touched: VA drivers were seen to crash, abort
 * and block, and a test needs nothing but the render node. By hand nothing is given up.
 */
#include "probe.h"

#include "base/privileges.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534 /* Debian's nobody and nogroup; any id without rights would do */

static void limit(__rlimit_resource_t what, rlim_t most)
{
	struct rlimit l = { most, most };

	setrlimit(what, &l);
}

/* The node's own group is what users of it have: "render", by whatever number. */
static bool become_nobody(const char *device, struct va_outcome *outcome)
{
	struct stat s;
	gid_t group = NOBODY;

	if (geteuid() != 0)
		return true;
	if (stat(device, &s) == 0 && S_ISCHR(s.st_mode))
		group = s.st_gid;
	if (setgroups(1, &group) < 0) {
		/* A container's root without capabilities has no more rights than nobody. */
		return errno == EPERM ||
		       fail(outcome, VA_PERMISSION, "cannot drop root: %s", strerror(errno));
	}
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return fail(outcome, VA_PERMISSION, "cannot drop root: %s", strerror(errno));
	return true;
}

bool sandbox_enter(const char *device, int parent, struct va_outcome *outcome)
{
	if (!become_nobody(device, outcome))
		return false;
	privileges_drop_all();
	/* After the change of user, which clears it. The parent may be gone already. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (parent > 0 && getppid() != parent)
		return fail(outcome, VA_TIMEOUT, "the exporter has ended");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CPU, 300); /* the longest that --vaapi.timeout may be: a spinning driver */
	limit(RLIMIT_NOFILE, 256);
	return chdir("/") == 0 || fail(outcome, VA_PERMISSION, "cannot change to /");
}
