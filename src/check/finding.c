// SPDX-License-Identifier: Apache-2.0
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _printf_(3, 0) void say(char *buf, size_t size, const char *fmt, va_list ap)
{
	char text[512];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	text_clean(text, n < 0 ? 0 : strlen(text), buf, size);
}

void finding_pass(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	f->status = PASSED;
	f->is_note = false;
	va_start(ap, fmt);
	say(f->summary, sizeof(f->summary), fmt, ap);
	va_end(ap);
}

void finding_note(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	f->status = PASSED;
	f->is_note = true;
	va_start(ap, fmt);
	say(f->summary, sizeof(f->summary), fmt, ap);
	va_end(ap);
}

void finding_fail(struct finding *f, enum severity severity, const char *cause, const char *fmt,
		  ...)
{
	va_list ap;

	f->status = FAILED;
	f->is_note = false;
	f->severity = severity;
	f->cause = cause;
	va_start(ap, fmt);
	say(f->summary, sizeof(f->summary), fmt, ap);
	va_end(ap);
}

void finding_unknown(struct finding *f, const char *see, const char *fmt, ...)
{
	va_list ap;

	f->status = UNKNOWN;
	f->see = see;
	va_start(ap, fmt);
	say(f->summary, sizeof(f->summary), fmt, ap);
	va_end(ap);
}

void finding_evidence(struct finding *f, const char *source, const char *fmt, ...)
{
	va_list ap;

	if (f->n_evidence == MAX_EVIDENCE)
		return;
	text_clean(source, strlen(source), f->evidence[f->n_evidence].source,
		   sizeof(f->evidence[0].source));
	va_start(ap, fmt);
	say(f->evidence[f->n_evidence].value, sizeof(f->evidence[0].value), fmt, ap);
	va_end(ap);
	f->n_evidence++;
}

void finding_value(struct finding *f, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (f->n_values == MAX_VALUES)
		return;
	f->values[f->n_values].name = name;
	va_start(ap, fmt);
	say(f->values[f->n_values].value, sizeof(f->values[0].value), fmt, ap);
	va_end(ap);
	f->n_values++;
}

void finding_stop(struct finding *f)
{
	f->stops = true;
}

const struct remedy *finding_remedy(const struct finding *f, const struct machine *m)
{
	for (size_t i = 0; i < f->check->n_remedies; i++) {
		const struct remedy *r = &f->check->remedies[i];

		if ((!r->cause || (f->cause && strcmp(r->cause, f->cause) == 0)) &&
		    (!r->distributions || r->distributions & m->distribution) &&
		    (!r->layers || r->layers & m->layer))
			return r;
	}
	return NULL;
}

static const char *value_of(const struct finding *f, const char *name, size_t len)
{
	for (size_t i = 0; i < f->n_values; i++)
		if (strlen(f->values[i].name) == len && memcmp(f->values[i].name, name, len) == 0)
			return f->values[i].value;
	if (f->target && len == 3 && memcmp(name, "pci", 3) == 0)
		return f->target->pci;
	return NULL;
}

static bool is_harmless(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_.:/,=+@- ", c));
}

void finding_expand(const struct finding *f, const char *text, char *buf, size_t size)
{
	size_t n = 0;

	while (*text && n < size - 1) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		const char *value = end ? value_of(f, text + 1, (size_t)(end - text - 1)) : NULL;

		if (!value) {
			buf[n++] = *text++;
			continue;
		}
		for (; *value && n < size - 1; value++)
			buf[n++] = is_harmless(*value) ? *value : '?';
		text = end + 1;
	}
	buf[n] = '\0';
}
