// SPDX-License-Identifier: Apache-2.0
/*
 * For the exporter's own collectors, in the language of sources/doctor/rows.h: what each check came
 * to, when the kernel last had something to say about a GPU, and which VM of this node is to have
 * one.
 */
#include "guests.h"
#include "print.h"

#include "base/sys.h"
#include "sources/workload/guest.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

/* What the kernel says of a GPU, by driver and version: diagnosis by that is the checks'. */
static const struct {
	const char *name;
	const char *texts[4];
} messages[] = {
	{ "hang", { "GPU HANG: ecode", "Timedout job:" } },
	{ "engine_reset",
	  { " for preemption time out", " for stopped heartbeat", " for CS error",
	    "Engine reset: " } },
	{ "gpu_reset", { "Resetting chip for", "reset started" } },
	{ "firmware", { "fetch failed", "GuC initialization failed", "uthentication failed" } },
	{ "wedged", { "declaring it wedged", "has declared device" } },
};

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void print_checks(const struct report *report, FILE *out)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct finding *f = &report->findings[i];

		if (f->status != PASSED && f->status != FAILED)
			continue;
		fprintf(out, "check\t%s\t%s\t%s\t%s\t%s\n", f->target ? f->target->pci : "-",
			layer_word(report->machine), f->check->id,
			f->status == PASSED ? "pass" : "fail",
			severity_word(f->status == PASSED ? NOTE : f->severity));
	}
}

/* The log's clock stands still while the machine sleeps, so that after a sleep this is too early.
 */
static void print_messages(const struct machine *m, const struct target *t, FILE *out)
{
	uint64_t now = sys_monotonic_ns() / 1000;

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		uint64_t last = 0;

		for (size_t j = 0; j < ARRAY_SIZE(messages[i].texts) && messages[i].texts[j]; j++) {
			uint64_t usec = machine_log_last(m, t->pci, messages[i].texts[j]);

			last = usec > last ? usec : last;
		}
		if (last > 0 && last <= now)
			fprintf(out, "message\t%s\t%s\t%lld\n", t->pci, messages[i].name,
				(long long)time(NULL) - (long long)((now - last) / 1000000));
	}
}

/*
 * What the driver said when it was bound: "GT0: GuC firmware i915/adlp_guc_70.bin version 70.36.0",
 * of xe "Tile0: GT0: Using GuC firmware from xe/bmg_guc_70.bin version 70.36.0", "Finished loading
 * DMC firmware i915/adlp_dmc.bin (v2.20)". A ring that has lost the boot says nothing.
 */
static void print_firmware(const struct machine *m, const struct target *t, FILE *out)
{
	static const struct {
		const char *name, *text, *works; /* in the log, too: it does more than lie there */
	} firmware[] = {
		{ "guc", "GuC firmware ", "GuC submission enabled" },
		{ "huc", "HuC firmware ", "authenticated" },
		{ "dmc", "DMC firmware ", NULL },
	};
	char text[160], other[160];

	for (size_t i = 0; i < ARRAY_SIZE(firmware); i++) {
		struct firmware_line line;
		bool missing;

		if (!machine_log_find(m, t->pci, firmware[i].text, text, sizeof(text)))
			continue;
		missing = parse_firmware_line(text, strlen(text), &line) < 0;
		fprintf(out, "firmware\t%s\t%s\t%s\t%s\t%s\n", t->pci, line.gt, firmware[i].name,
			or_dash(line.version),
			missing ? "missing"
			: firmware[i].works && machine_log_find(m, t->pci, firmware[i].works, other,
								sizeof(other))
				? "running"
				: "loaded");
	}
}

static void print_vm(const struct machine *m, const struct guest_conf *g, FILE *out)
{
	char smbios[256], uuid[40] = "", name[128];

	if (guest_conf_find(g->text, g->len, "smbios1", smbios, sizeof(smbios)) == 0)
		parse_option(smbios, "uuid", uuid, sizeof(uuid));
	for (char *c = uuid; *c; c++) {
		*c = (char)tolower((unsigned char)*c);
		if (!isxdigit((unsigned char)*c) && *c != '-')
			*uuid = '\0';
	}
	snprintf(name, sizeof(name), "%s", g->name);
	for (char *c = name; *c; c++)
		if (*c == '\t' || *c == '\n')
			*c = ' ';
	fprintf(out, "vm\t%s\t%s\t%s\t%s\t%s\n", g->id, name, or_dash(uuid), guest_gpu(m, g),
		g->runs ? "yes" : "no");
}

int print_rows(const struct report *report, FILE *out)
{
	const struct machine *m = report->machine;

	if (report->why_not)
		return 0;
	print_checks(report, out);
	for (size_t i = 0; m->log_known == KNOWN && !m->copied && i < m->n_targets; i++)
		print_messages(m, &m->targets[i], out);
	for (size_t i = 0; m->log_known == KNOWN && i < m->n_targets; i++)
		print_firmware(m, &m->targets[i], out);
	for (size_t i = 0; m->pve == KNOWN && i < m->n_guests; i++)
		if (!m->guests[i].lxc)
			print_vm(m, &m->guests[i], out);
	fprintf(out, "end\n");
	return 0;
}
