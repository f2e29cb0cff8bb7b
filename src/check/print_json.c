// SPDX-License-Identifier: Apache-2.0
/* For programs. Stable are format, ids, status, severity and the sources of evidence. */
#include "print.h"

#include "base/version.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

static void put_string(json_t *object, const char *key, const char *value)
{
	/* Everything was cleaned when it was read, so it is valid UTF-8. */
	if (value && *value)
		json_object_set_new(object, key, json_string(value));
}

static const char *purpose_word(enum purpose purpose)
{
	static const char *const words[] = { "own", "gvt", "sriov", "vfio", "guest" };

	return words[purpose];
}

static json_t *where(const struct machine *m)
{
	json_t *object = json_object(), *chain = json_array();

	put_string(object, "layer", layer_word(m));
	if (m->vm)
		json_array_append_new(chain, json_string("vm"));
	if (*m->container)
		json_array_append_new(
			chain,
			json_string(m->lxc && m->unprivileged ? "lxc-unprivileged" : m->container));
	if (m->kubernetes)
		json_array_append_new(chain, json_string("kubernetes"));
	json_object_set_new(object, "chain", chain);
	put_string(object, "host", m->host);
	put_string(object, "system", m->system);
	put_string(object, "kernel", m->kernel);
	if (m->proxmox)
		put_string(object, "platform", "proxmox");
	put_string(object, "machine_uuid", m->uuid);
	put_string(object, "user", m->user.name);
	return object;
}

static json_t *gpus(const struct machine *m)
{
	json_t *array = json_array();

	for (size_t i = 0; i < m->n_targets; i++) {
		const struct target *t = &m->targets[i];
		json_t *object = json_object(), *nodes = json_array();
		char id[8];

		snprintf(id, sizeof(id), "%04x", t->id);
		put_string(object, "pci", t->pci);
		put_string(object, "device_id", id);
		put_string(object, "platform", t->name);
		put_string(object, "driver", *t->driver ? t->driver : "none");
		put_string(object, "mode", purpose_word(t->purpose));
		if (*t->render)
			json_array_append_new(nodes, json_string(t->render));
		json_object_set_new(object, "nodes", nodes);
		put_string(object, "vmid", t->vmid);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *lines(const char *text)
{
	json_t *array = json_array();

	while (text && *text) {
		size_t n = strcspn(text, "\n");

		json_array_append_new(array, json_stringn(text, n));
		text += n + (text[n] == '\n');
	}
	return array;
}

static json_t *remedy_of(const struct finding *f, const struct machine *m)
{
	const struct remedy *r = finding_remedy(f, m);
	json_t *object = json_object();
	char text[1024];

	put_string(object, "anchor", f->check->id);
	if (!r)
		return object;
	put_string(object, "where", r->where);
	json_object_set_new(object, "reboot", json_boolean(r->reboot));
	finding_expand(f, r->say ? r->say : "", text, sizeof(text));
	put_string(object, "say", text);
	finding_expand(f, r->commands ? r->commands : "", text, sizeof(text));
	json_object_set_new(object, "commands", lines(text));
	return object;
}

/* Checks that were skipped because of this one. */
static json_t *blocked_by(const struct report *report, const struct finding *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->n; i++) {
		const struct finding *o = &report->findings[i];

		if (o->status == SKIPPED && o->because == f->check &&
		    (!f->target || !o->target || f->target == o->target))
			json_array_append_new(array, json_string(o->check->id));
	}
	return array;
}

static json_t *check_object(const struct report *report, const struct finding *f)
{
	json_t *object = json_object();

	put_string(object, "id", f->check->id);
	put_string(object, "pci", f->target ? f->target->pci : "");
	put_string(object, "layer", layer_word(report->machine));
	put_string(object, "status", status_word(f->status));
	if (f->status == FAILED || f->is_note)
		put_string(object, "severity", severity_word(f->is_note ? NOTE : f->severity));
	if (f->ignored)
		json_object_set_new(object, "ignored", json_true());
	put_string(object, "summary", f->summary);
	if (f->status == SKIPPED)
		put_string(object, "because", f->because->id);
	if (f->status == UNKNOWN)
		put_string(object, "see", f->see);
	if (f->n_evidence > 0) {
		json_t *array = json_array();

		for (size_t i = 0; i < f->n_evidence; i++) {
			json_t *one = json_object();

			put_string(one, "source", f->evidence[i].source);
			put_string(one, "value", f->evidence[i].value);
			json_array_append_new(array, one);
		}
		json_object_set_new(object, "evidence", array);
	}
	if (f->status == FAILED) {
		json_object_set_new(object, "remedy", remedy_of(f, report->machine));
		json_object_set_new(object, "blocks", blocked_by(report, f));
	}
	return object;
}

int print_json(const struct report *report, FILE *out)
{
	static const char *const verdicts[] = { "ok", "warning", "error", "unknown" };
	json_t *object = json_object(), *tool = json_object();
	time_t now = time(NULL);
	char text[32];
	struct tm tm;
	int r;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	json_object_set_new(object, "format", json_integer(1));
	put_string(tool, "version", EXPORTER_VERSION);
	json_object_set_new(object, "tool", tool);
	put_string(object, "time", text);
	put_string(object, "verdict", verdicts[report_exit(report)]);
	json_object_set_new(object, "exit", json_integer(report_exit(report)));
	if (report->why_not) {
		put_string(object, "reason", report->why_not);
	} else {
		json_t *checks = json_array();

		json_object_set_new(object, "where", where(report->machine));
		json_object_set_new(object, "gpus", gpus(report->machine));
		for (size_t i = 0; i < report->n; i++)
			json_array_append_new(checks, check_object(report, &report->findings[i]));
		json_object_set_new(object, "checks", checks);
	}
	r = json_dumpf(object, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(object);
	return r < 0 ? -ENOMEM : 0;
}
