// SPDX-License-Identifier: Apache-2.0
/*
 * The listener for uevents. It lives as long as the process: at the end _exit() takes it along.
 *
 * The order in drivers/base/core.c and kernel/events/core.c (6.1): perf_pmu_unregister() first
 * removes the PMU's device, which sends the event, and then frees the memory that open events
 * still use. So every microsecond between the two counts, and this thread does nothing else.
 */
#include "scrape/uevent.h"

#include "base/log.h"
#include "base/sys.h"
#include "base/thread.h"

#include <errno.h>
#include <string.h>

static const char *find_key(const char *buf, size_t len, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = buf; p < buf + len;) {
		size_t rest = (size_t)(buf + len - p);
		size_t item = strnlen(p, rest);

		if (item == rest)
			return NULL; /* not terminated: cut off */
		if (item > n && memcmp(p, key, n) == 0)
			return p + n;
		p += item + 1;
	}
	return NULL;
}

/*
 * The address in "/devices/pci0000:00/0000:00:02.0/drm/card0", if it is of such a path. A reset
 * sends ERROR=1, RESET=1 and, if it went well, ERROR=0 (drivers/gpu/drm/i915/gt/intel_reset.c,
 * intel_gt_reset_global()): one RESET=1 for each.
 */
static const char *find_reset(const char *buf, size_t len, const char *path)
{
	const char *reset = find_key(buf, len, "RESET="), *card = strstr(path, "/drm/card");
	const char *pci = card;

	if (!reset || strcmp(reset, "1") != 0 || !card)
		return NULL;
	while (pci > path && pci[-1] != '/')
		pci--;
	return pci > path && pci < card ? pci : NULL;
}

enum uevent_meaning uevent_parse(const char *buf, size_t len, const char **ret_name)
{
	static const char *const subsystems[] = { "pci", "drm", "mdev", "module", "event_source" };
	const char *subsystem = find_key(buf, len, "SUBSYSTEM=");
	const char *action = find_key(buf, len, "ACTION=");
	const char *path = find_key(buf, len, "DEVPATH=");
	const char *name = path ? strrchr(path, '/') : NULL;

	if (!subsystem || !action || !name)
		return UEVENT_NOTHING;
	if (strcmp(subsystem, "event_source") == 0 && strcmp(action, "remove") == 0) {
		*ret_name = name + 1;
		return UEVENT_PMU_REMOVE;
	}
	if (strcmp(subsystem, "drm") == 0 && strcmp(action, "change") == 0) {
		const char *pci = find_reset(buf, len, path);

		if (pci) {
			*ret_name = pci;
			return UEVENT_RESET;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++)
		if (strcmp(subsystem, subsystems[i]) == 0)
			return UEVENT_DEVICES;
	return UEVENT_NOTHING;
}

struct uevent_listener {
	int fd;
	struct scraper *scraper;
	struct pmu_set *pmus;
	struct resets *resets;
};

static void handle(const struct uevent_listener *l, const char *buf, size_t len)
{
	const char *name;

	switch (uevent_parse(buf, len, &name)) {
	case UEVENT_PMU_REMOVE:
		pmu_set_close(l->pmus, name);
		scraper_rediscover(l->scraper);
		log_debug("PMU is being removed, its events are closed", "pmu", name);
		break;
	case UEVENT_RESET:
		resets_add(l->resets, name, strcspn(name, "/"));
		break;
	case UEVENT_DEVICES:
		scraper_rediscover(l->scraper);
		break;
	case UEVENT_NOTHING:
		break;
	}
}

static void *listener_main(void *data)
{
	char buf[8192]; /* the kernel's own limit is 2048 bytes and the header */
	const struct uevent_listener *l = data;

	for (;;) {
		ssize_t n = sys_uevent_receive(l->fd, buf, sizeof(buf));

		if (n == -ENOBUFS) {
			/* Events were lost, maybe the removal of a PMU: act as if it had come. */
			pmu_set_hold(l->pmus, 0);
			scraper_rediscover(l->scraper);
			continue;
		}
		if (n < 0) {
			log_warn("no more uevents from the kernel", "err", strerror((int)-n));
			resets_listen(l->resets, false);
			scraper_follow(l->scraper, -1);
			return NULL;
		}
		handle(l, buf, (size_t)n);
	}
}

int uevent_start(struct scraper *scraper, struct pmu_set *pmus, struct resets *resets)
{
	struct uevent_listener *listener = malloc(sizeof(*listener));
	int r;

	if (!listener)
		return -ENOMEM;
	*listener = (struct uevent_listener){ sys_uevent_open(), scraper, pmus, resets };
	resets_listen(resets, listener->fd >= 0);
	r = listener->fd < 0 ? listener->fd : thread_start(NULL, "uevent", listener_main, listener);
	if (r < 0) {
		log_warn("no uevents from the kernel: a PMU that goes is noticed at the next "
			 "scrape only",
			 "err", strerror(-r), "remedy", "no-uevents");
		resets_listen(resets, false);
		close_fdp(&listener->fd);
		free(listener);
		return r;
	}
	scraper_follow(scraper, listener->fd);
	return 0;
}
