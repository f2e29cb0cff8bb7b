/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines on stderr: logfmt or JSON, one write(2) a line. Only main, scrape and web log;
 * library modules return errors instead.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* Called once, before the first thread starts. */
void log_setup(enum log_level threshold, enum log_format format);

/* "debug", "info", "warn", "error"; "logfmt", "json". 0 or -EINVAL. */
int log_level_parse(const char *text, enum log_level *ret);
int log_format_parse(const char *text, enum log_format *ret);

/*
 * One line: message, then pairs of key and value up to a NULL key. A pair whose value is NULL or
 * empty is left out. Values are cleaned to valid UTF-8 and quoted as the format wants.
 */
void log_write(enum log_level level, const char *message, ...) __attribute__((sentinel));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__, (char *)0)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__, (char *)0)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__, (char *)0)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__, (char *)0)

#endif
