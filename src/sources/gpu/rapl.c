// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/rapl.h"

#include "base/sys.h"
#include "base/text.h"
#include "sources/gpu/pmu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PMU	 "sys/bus/event_source/devices/power/"
#define POWERCAP "sys/class/powercap"

static const char *const events[RAPL_DOMAINS] = { "energy-gpu", "energy-pkg" };

struct domain {
	/* perf */
	int event; /* its descriptor, or -1 */
	size_t at; /* in the group */
	double uj_per_count;
	/* powercap */
	char zone[32]; /* "intel-rapl:0:1", or empty */
	int energy;    /* descriptor of its energy_uj */
	uint64_t range;
};

struct rapl {
	const struct fs *fs;
	enum { UNDECIDED, PERF, ZONES } source;
	size_t n_events;
	struct domain domains[RAPL_DOMAINS];
};

int rapl_parse_event(const char *text, size_t len, uint64_t *ret_config)
{
	static const char key[] = "event=";

	/* format/event is config:0-7. */
	if (len <= strlen(key) || memcmp(text, key, strlen(key)) != 0 ||
	    text_parse_hex(text + strlen(key), len - strlen(key), ret_config) < 0 ||
	    *ret_config > 0xff)
		return -EINVAL;
	return 0;
}

int rapl_parse_scale(const char *text, size_t len, double *ret)
{
	char buf[64], *end;
	double scale;

	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len == 0 || len >= sizeof(buf) || *text < '0' || *text > '9')
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (strspn(buf, "0123456789.e+-") != len)
		return -EINVAL;
	scale = strtod(buf, &end);
	if (*end || !(scale >= 1e-15 && scale <= 1e-3))
		return -EINVAL;
	*ret = scale;
	return 0;
}

struct rapl *rapl_new(const struct fs *fs)
{
	struct rapl *rapl = calloc(1, sizeof(*rapl));

	if (!rapl)
		return NULL;
	rapl->fs = fs;
	for (size_t i = 0; i < RAPL_DOMAINS; i++)
		rapl->domains[i].event = rapl->domains[i].energy = -1;
	return rapl;
}

static void close_events(struct rapl *rapl)
{
	/* The leader, which was opened first, last. */
	for (size_t i = RAPL_DOMAINS; i-- > 0;) {
		if (rapl->domains[i].event >= 0)
			sys_perf_close(rapl->domains[i].event);
		rapl->domains[i].event = -1;
	}
	rapl->n_events = 0;
}

void rapl_free(struct rapl *rapl)
{
	if (!rapl)
		return;
	close_events(rapl);
	for (size_t i = 0; i < RAPL_DOMAINS; i++)
		close_fdp(&rapl->domains[i].energy);
	free(rapl);
}

/*
 * PP1 is the zone named "uncore", whatever its number, as in "intel-rapl:0:1". The package is the
 * zone that it is in.
 */
static bool find_zones(struct rapl *rapl)
{
	_cleanup_list_ char **zones = NULL;
	char *gpu = rapl->domains[RAPL_GPU].zone, *package = rapl->domains[RAPL_PACKAGE].zone;
	const size_t size = sizeof(rapl->domains[0].zone);

	fs_list(rapl->fs, &zones, POWERCAP);
	for (char **zone = zones; zone && *zone; zone++) {
		const char *last = strrchr(*zone, ':');
		char name[32];
		int n;

		if (strncmp(*zone, "intel-rapl:", 11) != 0 || last == *zone + 10 ||
		    strlen(*zone) >= size)
			continue;
		n = fs_read(rapl->fs, name, sizeof(name), POWERCAP "/%s/name", *zone);
		if (n <= 0 || strcmp(name, "uncore\n") != 0)
			continue;
		snprintf(gpu, size, "%s", *zone);
		snprintf(package, size, "%.*s", (int)(last - *zone), *zone);
		return true;
	}
	return false;
}

static bool has_event(const struct fs *fs)
{
	uint64_t inode;

	return fs_is_live(fs) && fs_inode(fs, &inode, PMU "events/%s", events[RAPL_GPU]) == 0;
}

bool rapl_exists(const struct fs *fs)
{
	struct rapl *rapl;
	bool exists = has_event(fs);

	if (exists)
		return true;
	rapl = rapl_new(fs);
	exists = rapl && find_zones(rapl);
	rapl_free(rapl);
	return exists;
}

static int read_event(const struct fs *fs, const char *name, uint64_t *config, double *scale)
{
	char text[64];
	int n = fs_read(fs, text, sizeof(text), PMU "events/%s", name);

	if (n >= 0)
		n = rapl_parse_event(text, (size_t)n, config);
	if (n >= 0)
		n = fs_read(fs, text, sizeof(text), PMU "events/%s.scale", name);
	return n < 0 ? n : rapl_parse_scale(text, (size_t)n, scale);
}

/* The events of one package, as a group: one read(2) for both. */
static int open_events(struct rapl *rapl)
{
	char text[256];
	uint64_t type, config;
	int r, cpu = 0;

	r = fs_read_u64(rapl->fs, &type, PMU "type");
	if (r == 0 && type > UINT32_MAX)
		r = -ERANGE;
	if (r < 0)
		return r;
	r = fs_read(rapl->fs, text, sizeof(text), PMU "cpumask");
	if (r >= 0)
		r = pmu_cpumask_parse(text, (size_t)r, &cpu);
	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < RAPL_DOMAINS; i++) {
		struct domain *domain = &rapl->domains[i];
		struct perf_event_attr attr = {
			.size = sizeof(attr),
			.type = (uint32_t)type,
			.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED,
		};
		double scale;

		r = read_event(rapl->fs, events[i], &config, &scale);
		attr.config = config;
		if (r == 0)
			r = sys_perf_open(&attr, cpu, i > 0 ? rapl->domains[0].event : -1);
		/* Without the package there is the GPU's alone. */
		if (r < 0 && i > RAPL_GPU)
			break;
		if (r < 0)
			return r;
		domain->event = r;
		domain->at = rapl->n_events++;
		domain->uj_per_count = scale * 1e6;
	}
	return 0;
}

static int read_events(struct rapl *rapl, struct rapl_value *ret)
{
	uint64_t buf[2 + RAPL_DOMAINS];
	ssize_t n = sys_perf_read(rapl->domains[RAPL_GPU].event, buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	if ((size_t)n != (2 + rapl->n_events) * sizeof(buf[0]) || buf[0] != rapl->n_events)
		return -EIO;
	for (size_t i = 0; i < RAPL_DOMAINS; i++) {
		const struct domain *domain = &rapl->domains[i];
		double uj;

		if (domain->event < 0)
			continue;
		uj = (double)buf[2 + domain->at] * domain->uj_per_count;
		ret[i] = (struct rapl_value){ .known = uj < 1e18,
					      .uj = uj < 1e18 ? (uint64_t)uj : 0 };
	}
	return 0;
}

static int read_zone(struct rapl *rapl, struct domain *domain, struct rapl_value *ret)
{
	char text[32];
	uint64_t uj;
	int n, r = 0;

	if (domain->range == 0)
		r = fs_read_u64(rapl->fs, &domain->range, POWERCAP "/%s/max_energy_range_uj",
				domain->zone);
	if (r < 0)
		return r;
	n = fs_read_kept(rapl->fs, &domain->energy, text, sizeof(text), POWERCAP "/%s/energy_uj",
			 domain->zone);
	if (n >= 0)
		n = text_parse_u64(text, (size_t)n, &uj);
	if (n < 0)
		return n;
	/* What is added to a value above it would not end. */
	if (uj > domain->range)
		return -ERANGE;
	*ret = (struct rapl_value){ .known = true, .uj = uj, .range = domain->range };
	return 0;
}

static int read_zones(struct rapl *rapl, struct rapl_value *ret, struct fault *fault)
{
	for (size_t i = 0; i < RAPL_DOMAINS; i++) {
		struct domain *domain = &rapl->domains[i];
		int r = read_zone(rapl, domain, &ret[i]);

		if (r < 0)
			return fault_errno(fault, r, POWERCAP "/%s/energy_uj", domain->zone);
	}
	return 0;
}

static bool is_denial(int r)
{
	return r == -EACCES || r == -EPERM || r == -ENOSYS;
}

/* The perf event is the GPU's engines' in this: the same rights, and the same remedies. */
static int denied(int perf, int zones, struct fault *fault)
{
	bool seccomp = perf == -EPERM || perf == -ENOSYS;

	return fault_set(
		fault, seccomp ? REASON_SECCOMP : REASON_PERMISSION,
		seccomp ? "perf-seccomp" : "perf-paranoid", -EACCES,
		"the processor's energy: perf event power/%s: %s; powercap's energy_uj: %s",
		events[RAPL_GPU], strerrordesc_np(-perf), strerrordesc_np(-zones));
}

static int choose(struct rapl *rapl, struct fault *fault)
{
	struct rapl_value unused[RAPL_DOMAINS];
	struct fault zone_fault = { 0 };
	int perf = -ENOENT, zones = -ENOENT;

	if (has_event(rapl->fs)) {
		perf = open_events(rapl);
		if (perf == 0) {
			rapl->source = PERF;
			return 0;
		}
		close_events(rapl);
	}
	if (find_zones(rapl)) {
		zones = read_zones(rapl, unused, &zone_fault);
		if (zones == 0) {
			rapl->source = ZONES;
			return 0;
		}
	}
	if (is_denial(perf))
		return denied(perf, zones, fault);
	/* Without the event there is what is root's alone: who is not root lacks nothing else. */
	if (is_denial(zones))
		return fault_set(fault, REASON_PERMISSION, "energy-rights", 0,
				 "the processor's energy: %s", zone_fault.detail);
	if (zone_fault.reason != REASON_NONE) {
		*fault = zone_fault;
		return zones;
	}
	return fault_errno(fault, perf, "perf event power/%s", events[RAPL_GPU]);
}

int rapl_read(struct rapl *rapl, struct rapl_value ret[static RAPL_DOMAINS], struct fault *fault)
{
	int r = rapl->source == UNDECIDED ? choose(rapl, fault) : 0;

	memset(ret, 0, RAPL_DOMAINS * sizeof(*ret));
	if (r < 0 || rapl->source == UNDECIDED)
		return r;
	if (rapl->source == ZONES)
		return read_zones(rapl, ret, fault);
	r = read_events(rapl, ret);
	if (r < 0) {
		close_events(rapl);
		rapl->source = UNDECIDED;
		return fault_errno(fault, r, "perf event power/%s", events[RAPL_GPU]);
	}
	return 0;
}
