// SPDX-License-Identifier: Apache-2.0
/*
 * Opens a render node and its VA driver, and distinguishes what can be wrong with either. libva
 * says why only in its log, so that is kept.
 */
#include "common.h"

#include "base/sys.h"
#include "base/text.h"
#include "sources/proc/fdinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <va/va_drm.h>

static void keep_message(void *data, const char *message)
{
	struct device *device = data;
	size_t room = sizeof(device->log) - 1 - device->log_len;
	size_t n = strnlen(message, room);

	memcpy(device->log + device->log_len, message, n);
	device->log_len += n;
	device->log[device->log_len] = '\0';
}

static bool open_node(struct device *device, struct va_outcome *outcome)
{
	struct stat s;

	device->fd = open(device->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (device->fd < 0) {
		int r = errno;

		return fail(outcome, r == EACCES || r == EPERM ? VA_PERMISSION : VA_NO_DEVICE,
			    "%s: %s", device->path, strerror(r));
	}
	if (fstat(device->fd, &s) < 0 || !S_ISCHR(s.st_mode))
		return fail(outcome, VA_NO_DEVICE, "%s is not a device", device->path);
	return true;
}

/* The last line of the log is what was wrong in the end. */
static const char *last_message(const struct device *device, char *buf, size_t size)
{
	size_t end = device->log_len, start;

	while (end > 0 && device->log[end - 1] == '\n')
		end--;
	for (start = end; start > 0 && device->log[start - 1] != '\n'; start--)
		;
	text_clean(device->log + start, end - start, buf, size);
	return buf;
}

/*
 * vaInitialize() fails in one way for a driver that is missing and for one that refuses. libva
 * writes "Found init function" only when it had a driver in its hands; a driver of another
 * version has the file, but "no function __vaDriverInit".
 */
static bool init_failed(const struct device *device, VAStatus status, struct va_outcome *outcome)
{
	bool missing = !strstr(device->log, "Found init function") &&
		       !strstr(device->log, "has no function");
	char message[160];
	bool wedged;

	/* Then no driver can begin. */
	if (sys_i915_wedged(device->path, &wedged) == 0 && wedged)
		return fail(outcome, VA_WEDGED, "i915 has given the GPU up: see dmesg");
	return fail(outcome, missing ? VA_DRIVER_MISSING : VA_DRIVER_INIT,
		    "vaInitialize: %s (%d); %s", vaErrorStr(status), status,
		    last_message(device, message, sizeof(message)));
}

bool device_open(struct device *device, const char *path, struct va_outcome *outcome)
{
	VAStatus status;

	*device = (struct device){ .path = path, .fd = -1 };
	if (!open_node(device, outcome))
		return false;
	device->display = vaGetDisplayDRM(device->fd);
	if (!device->display)
		return fail(outcome, VA_NO_DEVICE, "%s is not a DRM device", path);
	/* Never NULL: drivers call the callback without a check. */
	vaSetErrorCallback(device->display, keep_message, device);
	vaSetInfoCallback(device->display, keep_message, device);
	status = vaInitialize(device->display, &device->major, &device->minor);
	if (status != VA_STATUS_SUCCESS)
		return init_failed(device, status, outcome);
	device->vendor = vaQueryVendorString(device->display);
	return true;
}

void device_close(struct device *device)
{
	if (device->display)
		vaTerminate(device->display);
	close_fdp(&device->fd);
}

const char *device_driver_name(const struct device *device, char *buf, size_t size)
{
	static const char before[] = "Trying to open ", after[] = "_drv_video.so";
	const char *at = device->log, *path = NULL, *end, *name;

	while ((at = strstr(at, before)))
		path = at += strlen(before);
	*buf = '\0';
	end = path ? strstr(path, after) : NULL;
	if (!end || memchr(path, '\n', (size_t)(end - path)))
		return buf;
	for (name = end; name > path && name[-1] != '/'; name--)
		;
	text_clean(name, (size_t)(end - name), buf, size);
	return buf;
}

bool device_engine_seconds(const struct device *device, double *ret)
{
	struct fdinfo info;
	char path[64], buf[4096];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", device->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - FDINFO_SLACK);
	if (n < 0)
		return false;
	buf[n] = '\0';
	if (fdinfo_parse(buf, (size_t)n, &info) < 0 || !info.engines[FDINFO_VIDEO].has_ns)
		return false;
	*ret = (double)info.engines[FDINFO_VIDEO].ns / 1e9;
	return true;
}
