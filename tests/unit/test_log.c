// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "base/log.h"
#include "capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What follows the time stamp, whose form is checked. */
static const char *after_time(const char *line, const char *prefix)
{
	size_t n = strlen(prefix);

	assert_memory_equal(line, prefix, n);
	for (const char *form = "dddd-dd-ddTdd:dd:dd.dddZ"; *form; form++, n++) {
		if (*form == 'd')
			assert_in_range(line[n], '0', '9');
		else
			assert_int_equal(line[n], *form);
	}
	return line + n;
}

static void logfmt(void **state)
{
	static const struct {
		const char *value, *printed;
	} rows[] = {
		{ "plain", " k=plain" },
		{ "0000:00:02.0", " k=0000:00:02.0" },
		{ "two words", " k=\"two words\"" },
		{ "a=b", " k=\"a=b\"" },
		{ "say \"x\"", " k=\"say \\\"x\\\"\"" },
		{ "back\\slash", " k=\"back\\\\slash\"" },
		{ "line\nfeed", " k=\"line\\\\x0afeed\"" },
		{ "\xff", " k=\"\\\\xff\"" },
		{ "\xe2\x82\xac", " k=\xe2\x82\xac" },
		{ "", "" },
		{ NULL, "" },
	};
	char wanted[128];

	(void)state;
	log_setup(LOG_INFO, LOG_LOGFMT);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *line;

		capture_begin(STDERR_FILENO);
		log_warn("it happened", "k", rows[i].value, "end", "1");
		line = capture_end();
		snprintf(wanted, sizeof(wanted), " level=warn msg=\"it happened\"%s end=1\n",
			 rows[i].printed);
		assert_string_equal(after_time(line, "ts="), wanted);
	}
}

static void json(void **state)
{
	const char *line;

	(void)state;
	log_setup(LOG_INFO, LOG_JSON);
	capture_begin(STDERR_FILENO);
	log_error("a \"b\" \\ c", "k", "v\n", "none", NULL, "pci", "0000:00:02.0");
	line = capture_end();
	assert_string_equal(
		after_time(line, "{\"ts\":\""),
		"\",\"level\":\"error\",\"msg\":\"a \\\"b\\\" \\\\ c\",\"k\":\"v\\\\x0a\","
		"\"pci\":\"0000:00:02.0\"}\n");
}

/* One flat object of strings and a newline; nothing else is ever written. */
static bool is_json_line(const char *p)
{
	bool key = true;

	if (*p++ != '{')
		return false;
	for (;;) {
		if (*p++ != '"')
			return false;
		for (; *p != '"'; p++)
			if ((unsigned char)*p < 0x20 || (*p == '\\' && !strchr("\"\\", *++p)))
				return false;
		p++;
		if (key && *p++ != ':')
			return false;
		key = !key;
		if (key && *p != ',')
			return strcmp(p, "}\n") == 0;
		p += key;
	}
}

static void long_values_are_cut(void **state)
{
	static char value[5000];
	const char *line;

	(void)state;
	log_setup(LOG_INFO, LOG_JSON);
	/* All lengths around the limits of a value and of a line, and the worst that escapes do. */
	for (size_t len = 1; len<sizeof(value); len += len> 980 && len < 1100 ? 1 : 97) {
		memset(value, '"', len);
		value[len] = '\0';
		capture_begin(STDERR_FILENO);
		log_info("message", "one", value, "two", value, "three", "x");
		line = capture_end();
		assert_compare(strlen(line), <=, 2048);
		assert_row(is_json_line(line), line);
	}
}

static void levels(void **state)
{
	enum log_level level;
	enum log_format format;

	(void)state;
	log_setup(LOG_WARN, LOG_LOGFMT);
	capture_begin(STDERR_FILENO);
	log_debug("no");
	log_info("no");
	log_warn("yes");
	log_error("yes");
	assert_int_equal(count_of(capture_take(), "\n"), 2);
	log_setup(LOG_DEBUG, LOG_LOGFMT);
	log_debug("yes");
	assert_non_null(strstr(capture_end(), "level=debug msg=yes\n"));

	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_DEBUG);
	assert_int_equal(log_level_parse("error", &level), 0);
	assert_int_equal(level, LOG_ERROR);
	assert_int_equal(log_level_parse("Error", &level), -EINVAL);
	assert_int_equal(log_level_parse("", &level), -EINVAL);
	assert_int_equal(log_format_parse("json", &format), 0);
	assert_int_equal(format, LOG_JSON);
	assert_int_equal(log_format_parse("xml", &format), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logfmt),
		cmocka_unit_test(json),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
