// SPDX-License-Identifier: Apache-2.0
/*
 * Log lines in the keys that Prometheus' own programs use (ts, level, msg), so that one pipeline
 * reads all exporters of a machine.
 */
#include "base/log.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level threshold = LOG_INFO;
static enum log_format format = LOG_LOGFMT;

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const char *const format_names[] = { "logfmt", "json" };

void log_setup(enum log_level new_threshold, enum log_format new_format)
{
	threshold = new_threshold;
	format = new_format;
}

int log_level_parse(const char *text, enum log_level *ret)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

int log_format_parse(const char *text, enum log_format *ret)
{
	for (int i = LOG_LOGFMT; i <= LOG_JSON; i++) {
		if (strcmp(text, format_names[i]) == 0) {
			*ret = (enum log_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

struct line {
	char text[2048];
	size_t len;
};

/* Room for the closing quote, brace and newline is kept. */
static bool has_room(const struct line *line, size_t bytes)
{
	return line->len + bytes + 3 <= sizeof(line->text);
}

static void add_char(struct line *line, char c)
{
	line->text[line->len++] = c;
}

static void add_text(struct line *line, const char *text)
{
	while (*text)
		add_char(line, *text++);
}

static void add_value(struct line *line, const char *value)
{
	char clean[1024];
	size_t n = text_clean(value, strlen(value), clean, sizeof(clean));
	bool quote = format == LOG_JSON || n == 0 || strpbrk(clean, " \"=\\");

	if (quote)
		add_char(line, '"');
	for (size_t i = 0; i < n;) {
		/* An escape and a character of several bytes are written whole or not at all. */
		bool escape = clean[i] == '"' || clean[i] == '\\';
		size_t bytes = text_utf8_len(clean + i, n - i);

		if (!has_room(line, bytes + escape))
			break;
		if (escape)
			add_char(line, '\\');
		for (; bytes > 0; bytes--)
			add_char(line, clean[i++]);
	}
	if (quote)
		add_char(line, '"');
}

static void add_pair(struct line *line, const char *key, const char *value)
{
	/* Comma, quotes and colon: a line that is full leaves out whole pairs. */
	if (!has_room(line, strlen(key) + 5))
		return;
	if (format == LOG_JSON) {
		add_text(line, line->len > 1 ? ",\"" : "\"");
		add_text(line, key);
		add_text(line, "\":");
	} else {
		if (line->len > 0)
			add_char(line, ' ');
		add_text(line, key);
		add_char(line, '=');
	}
	add_value(line, value);
}

void log_write(enum log_level level, const char *message, ...)
{
	struct line line = { .len = 0 };
	struct timespec now;
	struct tm utc;
	char ts[40], ms[8];
	const char *key;
	va_list ap;

	if (level < threshold)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(ts, sizeof(ts), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(ms, sizeof(ms), ".%03dZ", (int)(now.tv_nsec / 1000000) % 1000);
	strcat(ts, ms);

	if (format == LOG_JSON)
		add_char(&line, '{');
	add_pair(&line, "ts", ts);
	add_pair(&line, "level", level_names[level]);
	add_pair(&line, "msg", message);
	va_start(ap, message);
	while ((key = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);

		if (value && *value)
			add_pair(&line, key, value);
	}
	va_end(ap);
	if (format == LOG_JSON)
		line.text[line.len++] = '}';
	line.text[line.len++] = '\n';
	/* A log that cannot be written is nothing to stop for. */
	if (write(STDERR_FILENO, line.text, line.len) < 0)
		return;
}
