// SPDX-License-Identifier: Apache-2.0
/*
 * For people: the worst first, one line what, one or two why to believe it, then what repairs it;
 * what is fine in a line for each area. At most twenty lines: what does not fit is said shorter.
 */
#include "print.h"

#include "base/version.h"

#include <errno.h>
#include <string.h>

#define INDENT "                    "
#define WIDTH  100

static const char *layer_words(const struct machine *m, char *buf, size_t size)
{
	if (m->layer == IN_CONTAINER)
		snprintf(buf, size, "%s%s%s",
			 m->lxc ? (m->unprivileged ? "unprivileged LXC" : "LXC") : m->container,
			 m->kubernetes ? " in a pod"
			 : m->lxc      ? ""
				       : " container",
			 m->vm ? ", in a VM" : "");
	else if (m->layer == IN_GUEST)
		snprintf(buf, size, "virtual machine%s%s%s", *m->vm_words ? " (" : "", m->vm_words,
			 *m->vm_words ? ")" : "");
	else if (m->vm)
		snprintf(buf, size, "in a virtual machine%s%s%s", *m->vm_words ? " (" : "",
			 m->vm_words, *m->vm_words ? ")" : "");
	else
		snprintf(buf, size, "bare metal");
	return buf;
}

static void head(const struct report *report, FILE *out)
{
	const struct machine *m = report->machine;
	char layer[96];

	fprintf(out, "intel_gpu_exporter " EXPORTER_VERSION " on %s: %s, Linux %s, %s\n",
		*m->host ? m->host : "this machine", *m->system ? m->system : "Linux", m->kernel,
		layer_words(m, layer, sizeof(layer)));
	for (size_t i = 0; i < m->n_targets; i++) {
		const struct target *t = &m->targets[i];

		fprintf(out, "%s  %s (8086:%04x), %s%s", t->pci, t->name, t->id,
			*t->driver ? "driver " : "no driver", t->driver);
		if (*t->render)
			fprintf(out, ", /dev/dri/%s", t->render);
		fprintf(out, "%s\n", t->vf ? ", a virtual function" : "");
	}
}

static void line(FILE *out, const char *word, const char *name, const char *text)
{
	fprintf(out, "  %-4s  %-18s  %s\n", word, name, text);
}

static void paragraph(FILE *out, const char *first, const char *rest, const char *text)
{
	const char *prefix = first;

	while (*text) {
		size_t len = strlen(text), room = WIDTH - strlen(INDENT) - 3;

		if (len > room) {
			len = room;
			while (len > 0 && text[len] != ' ')
				len--;
			if (len == 0)
				len = room;
		}
		fprintf(out, INDENT "%s%.*s\n", prefix, (int)len, text);
		text += len;
		text += strspn(text, " ");
		prefix = rest;
	}
}

/* "  ok    node        renderD128 opens …", continued below the text where it is long. */
static void area_line(FILE *out, const char *word, const char *area, const char *text)
{
	char prefix[64];
	size_t indent;

	snprintf(prefix, sizeof(prefix), "  %-4s  %-10s  ", word, area);
	indent = strlen(prefix);
	do {
		size_t len = strlen(text), room = WIDTH + 10 - indent;

		if (len > room) {
			len = room;
			while (len > 0 && text[len] != ' ')
				len--;
			if (len == 0)
				len = room;
		}
		fprintf(out, "%s%.*s\n", prefix, (int)len, text);
		text += len;
		text += strspn(text, " ");
		snprintf(prefix, sizeof(prefix), "%*s", (int)indent, "");
	} while (*text);
}

static const char *where_words(const struct machine *m, const char *where)
{
	static const struct {
		const char *where, *words;
	} known[] = {
		{ "proxmox-host", "On the Proxmox VE host: " },
		{ "node", "On the node: " },
		{ "guest", "In the VM: " },
	};

	/* Here is where everybody would do it anyway. */
	if ((m->proxmox && strcmp(where, "proxmox-host") == 0) ||
	    (m->layer == IN_GUEST && strcmp(where, "guest") == 0))
		return "";
	if (m->layer == IN_CONTAINER && strcmp(where, "host") == 0)
		return "On the host: ";
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(where, known[i].where) == 0)
			return known[i].words;
	return "";
}

static void remedy(const struct finding *f, const struct machine *m, FILE *out)
{
	const struct remedy *r = finding_remedy(f, m);
	char text[1024], said[1100];
	char *rest;

	if (!r)
		return;
	finding_expand(f, r->say ? r->say : "", text, sizeof(text));
	snprintf(said, sizeof(said), "%s%s", where_words(m, r->where), text);
	if (!*text && *said)
		said[strlen(said) - 1] = '\0';
	if (*said)
		paragraph(out, "-> ", "   ", said);
	if (!r->commands)
		return;
	finding_expand(f, r->commands, text, sizeof(text));
	rest = text;
	for (char *one; (one = strsep(&rest, "\n"));)
		fprintf(out, INDENT "%s%s\n", *said || one != text ? "   " : "-> ", one);
}

/* Several GPUs: which one is it? */
static const char *name_of(const struct report *report, const struct finding *f, char *buf,
			   size_t size)
{
	if (f->target && report->machine->n_targets > 1)
		snprintf(buf, size, "%s %s", f->check->id, f->target->pci);
	else
		snprintf(buf, size, "%s", f->check->id);
	return buf;
}

static void failures(const struct report *report, enum severity severity, bool details, FILE *out)
{
	const struct finding *first = report_first(report);
	char name[64];

	for (size_t i = 0; i < report->n; i++) {
		const struct finding *f = &report->findings[i];

		if (f->status != FAILED || f->severity != severity)
			continue;
		line(out, severity == ERROR ? "FAIL" : "WARN",
		     name_of(report, f, name, sizeof(name)), f->summary);
		if (!details && f != first)
			continue;
		for (size_t e = 0; e < f->n_evidence && (details || e < 2); e++) {
			char text[300];

			snprintf(text, sizeof(text), "%s: %s", f->evidence[e].source,
				 f->evidence[e].value);
			paragraph(out, "", "  ", text);
		}
		remedy(f, report->machine, out);
	}
}

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool has_failed(const struct report *report, const char *area)
{
	for (size_t i = 0; i < report->n; i++)
		if (report->findings[i].status == FAILED && report->findings[i].severity > NOTE &&
		    same(report->findings[i].check->area, area))
			return true;
	return false;
}

static bool is_said_before(const struct report *report, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (report->findings[k].status == PASSED &&
		    same(report->findings[k].check->area, report->findings[i].check->area) &&
		    same(report->findings[k].summary, report->findings[i].summary))
			return true;
	return false;
}

/* A line for each area, in the order in which they come first. */
static void passes(const struct report *report, bool shorter, FILE *out)
{
	const char *areas[32];
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++) {
		const struct finding *f = &report->findings[i];
		bool known = f->status != PASSED || f->is_note || !*f->summary;

		/* In one line with others it would be fine as a whole. */
		known |= shorter && has_failed(report, f->check->area);
		for (size_t k = 0; k < n; k++)
			known |= same(areas[k], f->check->area);
		if (!known && n < ARRAY_SIZE(areas))
			areas[n++] = f->check->area;
	}
	if (shorter && n > 0) {
		fprintf(out, "  %-4s  ", "ok");
		for (size_t a = 0; a < n; a++)
			fprintf(out, "%s%s", a > 0 ? ", " : "", areas[a]);
		fputc('\n', out);
		return;
	}
	for (size_t a = 0; a < n; a++) {
		char text[1024] = "";

		for (size_t i = 0; i < report->n; i++) {
			const struct finding *f = &report->findings[i];

			if (f->status != PASSED || f->is_note || !*f->summary ||
			    !same(areas[a], f->check->area) || is_said_before(report, i))
				continue;
			size_t len = strlen(text);

			snprintf(text + len, sizeof(text) - len, "%s%s", len ? ", " : "",
				 f->summary);
		}
		area_line(out, "ok", areas[a], text);
	}
}

static bool is_note(const struct finding *f)
{
	return (f->status == PASSED && f->is_note) || (f->status == FAILED && f->severity == NOTE);
}

static void notes(const struct report *report, bool shorter, FILE *out)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++) {
		const struct finding *f = &report->findings[i];

		char text[256];

		if (!is_note(f))
			continue;
		if (n++ > 0 && shorter)
			continue;
		snprintf(text, sizeof(text), "%s%s%s%s", f->ignored ? "ignored: " : "",
			 f->ignored ? f->check->id : "", f->ignored ? ": " : "", f->summary);
		area_line(out, "note", f->check->area, text);
	}
	if (n > 1 && shorter)
		fprintf(out, "  %-4s  %zu more; -v shows them\n", "note", n - 1);
}

/* Areas with the same reason go into one line. */
static void grouped(const struct report *report, enum status status, const char *word, FILE *out)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct finding *f = &report->findings[i];
		bool before = false;
		char reason[120], areas[400];
		size_t len;

		if (f->status != status)
			continue;
		for (size_t k = 0; k < i; k++)
			before |= report->findings[k].status == status &&
				  (status == SKIPPED ? report->findings[k].because == f->because
						     : same(report->findings[k].see, f->see));
		if (before)
			continue;
		*areas = '\0';
		for (size_t k = i; k < report->n; k++) {
			const struct finding *o = &report->findings[k];
			bool listed = false;

			if (o->status != status ||
			    (status == SKIPPED ? o->because != f->because : !same(o->see, f->see)))
				continue;
			for (size_t j = i; j < k; j++) {
				const struct finding *p = &report->findings[j];

				listed |= p->status == status &&
					  same(p->check->area, o->check->area) &&
					  (status == SKIPPED ? p->because == f->because
							     : same(p->see, f->see));
			}
			if (listed)
				continue;
			len = strlen(areas);
			snprintf(areas + len, sizeof(areas) - len, "%s%s", len ? ", " : "",
				 o->check->area);
		}
		if (status == SKIPPED && strcmp(f->because->id, "driver-vfio") == 0)
			snprintf(reason, sizeof(reason), "a VM has the GPU: run --check in %s%s",
				 *f->target->vmid ? "VM " : "it", f->target->vmid);
		else if (status == SKIPPED)
			snprintf(reason, sizeof(reason), "because of %s", f->because->id);
		else
			snprintf(reason, sizeof(reason), "visible only %s", f->see);
		len = strlen(areas);
		snprintf(areas + len, sizeof(areas) - len, "  (%s)", reason);
		fprintf(out, "  %-4s  %s\n", word, areas);
	}
}

static void every_check(const struct report *report, FILE *out)
{
	char name[64];

	fprintf(out, "Every check:\n");
	for (size_t i = 0; i < report->n; i++) {
		const struct finding *f = &report->findings[i];
		const char *word = f->status == PASSED	  ? (f->is_note ? "note" : "ok")
				   : f->status == SKIPPED ? "skip"
				   : f->status == UNKNOWN ? "?"
				   : f->status == FAILED  ? (f->severity == ERROR     ? "FAIL"
							     : f->severity == WARNING ? "WARN"
										      : "note")
							  : "-";
		char text[300];

		if (f->status == SKIPPED)
			snprintf(text, sizeof(text), "because of %s", f->because->id);
		else if (f->status == UNKNOWN)
			snprintf(text, sizeof(text), "%s (known %s)", f->summary, f->see);
		else if (f->status == NOT_APPLICABLE)
			snprintf(text, sizeof(text), "does not apply here");
		else
			snprintf(text, sizeof(text), "%s",
				 *f->summary ? f->summary : f->check->title);
		line(out, word, name_of(report, f, name, sizeof(name)), text);
	}
}

static void print_all(const struct report *report, bool verbose, unsigned shorter, FILE *out)
{
	head(report, out);
	failures(report, ERROR, verbose || shorter < 1, out);
	failures(report, WARNING, verbose || shorter < 1, out);
	passes(report, shorter >= 2, out);
	grouped(report, SKIPPED, "skip", out);
	grouped(report, UNKNOWN, "?", out);
	notes(report, shorter >= 2, out);
	if (verbose)
		every_check(report, out);
	print_verdict(report, out);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

int print_text(const struct report *report, bool verbose, FILE *out)
{
	char *text = NULL;

	if (report->why_not) {
		fprintf(out, "intel_gpu_exporter " EXPORTER_VERSION ": could not check: %s\n",
			report->why_not);
		return 0;
	}
	for (unsigned shorter = 0; shorter < 3; shorter++) {
		size_t size;
		FILE *memory;

		free(text);
		text = NULL;
		memory = open_memstream(&text, &size);
		if (!memory)
			return -ENOMEM;
		print_all(report, verbose, shorter, memory);
		if (fclose(memory) != 0) {
			free(text);
			return -ENOMEM;
		}
		if (verbose || count_lines(text) <= PRINT_LINES)
			break;
	}
	fputs(text, out);
	free(text);
	return 0;
}
