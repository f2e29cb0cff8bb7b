// SPDX-License-Identifier: Apache-2.0
/* Faults: the closed set of reasons and the remedy that goes with each. */
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[REASON_NONE] = "none",
	[REASON_PERMISSION] = "permission",
	[REASON_SECCOMP] = "seccomp",
	[REASON_NO_DEVICE] = "no_device",
	[REASON_TIMEOUT] = "timeout",
	[REASON_IO] = "io",
	[REASON_PARSE] = "parse",
	[REASON_LIMIT] = "limit",
	[REASON_NOT_SUPPORTED] = "not_supported",
	[REASON_NOT_ENABLED] = "not_enabled",
};

static const struct {
	int error;
	enum reason reason;
	const char *remedy;
} by_errno[] = {
	{ EACCES, REASON_PERMISSION, "file-permission" },
	{ EPERM, REASON_PERMISSION, "file-permission" },
	{ ENODEV, REASON_NO_DEVICE, "device-gone" },
	{ ENXIO, REASON_NO_DEVICE, "device-gone" },
	{ ENOENT, REASON_NO_DEVICE, "device-gone" },
	{ EINVAL, REASON_PARSE, "unexpected-text" },
	{ ENODATA, REASON_PARSE, "unexpected-text" },
	{ ERANGE, REASON_PARSE, "unexpected-text" },
	{ EMSGSIZE, REASON_PARSE, "unexpected-text" },
	{ EISDIR, REASON_PARSE, "unexpected-text" },
	{ ENOTDIR, REASON_PARSE, "unexpected-text" },
	{ ELOOP, REASON_PARSE, "unexpected-text" },
	{ ENOMEM, REASON_LIMIT, "limits" },
	{ E2BIG, REASON_LIMIT, "limits" },
	{ EMFILE, REASON_LIMIT, "limits" },
	{ ENFILE, REASON_LIMIT, "limits" },
	{ ETIMEDOUT, REASON_TIMEOUT, "stuck-read" },
};

bool reason_is_absence(enum reason reason)
{
	return reason == REASON_NOT_SUPPORTED || reason == REASON_NOT_ENABLED;
}

const char *reason_name(enum reason reason)
{
	return names[reason];
}

int fault_set(struct fault *fault, enum reason reason, const char *remedy, int r, const char *fmt,
	      ...)
{
	va_list ap;

	fault->reason = reason;
	fault->remedy = remedy;
	va_start(ap, fmt);
	vsnprintf(fault->detail, sizeof(fault->detail), fmt, ap);
	va_end(ap);
	return r;
}

int fault_errno(struct fault *fault, int r, const char *fmt, ...)
{
	char text[64] = "";
	size_t used;
	va_list ap;

	fault->reason = REASON_IO;
	fault->remedy = "read-error";
	for (size_t i = 0; i < ARRAY_SIZE(by_errno); i++) {
		if (by_errno[i].error == -r) {
			fault->reason = by_errno[i].reason;
			fault->remedy = by_errno[i].remedy;
		}
	}
	va_start(ap, fmt);
	vsnprintf(fault->detail, sizeof(fault->detail), fmt, ap);
	va_end(ap);
	used = strlen(fault->detail);
	snprintf(fault->detail + used, sizeof(fault->detail) - used, ": %s",
		 strerror_r(-r, text, sizeof(text)));
	return r;
}

void fault_add(struct fault *fault, const struct fault *more)
{
	size_t used = strlen(fault->detail);

	if (fault->reason == REASON_NONE)
		*fault = *more;
	else
		snprintf(fault->detail + used, sizeof(fault->detail) - used, "; %s", more->detail);
}
