// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "web/accept.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PLAIN "text/plain; version=0.0.4; charset=utf-8"
#define OPEN  "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* What servers send, and what a hostile client may. */
static void formats(void **state)
{
	static const struct {
		const char *accept, *wanted;
	} rows[] = {
		{ NULL, PLAIN },
		{ "", PLAIN },
		{ "*/*", PLAIN },
		{ "text/*;q=0.1", PLAIN },
		{ "text/html,application/xhtml+xml,*/*;q=0.8", PLAIN },
		/* Prometheus 2.42, 2.53 and 3 */
		{ "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		  "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  OPEN },
		{ "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
		  "version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		  OPEN },
		{ "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
		  "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
		  "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		  OPEN "; escaping=allow-utf-8" },
		{ "text/plain;version=1.0.0;escaping=values;q=0.9,text/plain;version=0.0.4;"
		  "escaping=values;q=0.3",
		  PLAIN "; escaping=values" },
		{ "text/plain;version=0.0.4;escaping=\"dots\"", PLAIN "; escaping=dots" },
		{ "text/plain;escaping=underscores", PLAIN "; escaping=underscores" },
		{ "text/plain;escaping=x\r\nSet-Cookie: a", PLAIN },
		/* Weights */
		{ "text/plain;q=0.5, application/openmetrics-text;q=0.6", OPEN },
		{ "text/plain;q=0.6, application/openmetrics-text;q=0.5", PLAIN },
		{ "application/openmetrics-text;q=0.001", OPEN },
		{ "application/openmetrics-text;q=0", PLAIN },
		{ "application/openmetrics-text;q=0.000,*/*;q=0.1", PLAIN },
		{ "application/openmetrics-text;q=2,text/plain;q=0.1", PLAIN },
		{ "application/openmetrics-text;q=1.5,text/plain;q=0.1", PLAIN },
		{ "application/openmetrics-text;q=.9,text/plain;q=0.1", PLAIN },
		{ "application/openmetrics-text;q=0.9x,text/plain;q=0.1", PLAIN },
		{ "APPLICATION/OpenMetrics-Text ; Version=1.0.0 ; Q=1.000", OPEN },
		/* Versions that we do not have */
		{ "application/openmetrics-text;version=2.0.0,text/plain;q=0.1", PLAIN },
		{ "application/openmetrics-text;version=0.0.1", PLAIN },
		{ "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		  "encoding=delimited,text/plain;q=0.2",
		  PLAIN },
		{ ",,;;q=,=,;=;q", PLAIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct accept accept;

		accept_parse(rows[i].accept, NULL, &accept);
		assert_string_equal(accept.content_type, rows[i].wanted);
		assert_int_equal(accept.format, strncmp(rows[i].wanted, "text", 4) == 0
							? TEXT_PROMETHEUS
							: TEXT_OPENMETRICS);
		assert_false(accept.gzip);
	}
}

static void encodings(void **state)
{
	static const struct {
		const char *accept;
		bool gzip;
	} rows[] = {
		{ NULL, false },
		{ "", false },
		{ "gzip", true },
		{ "identity", false },
		{ "gzip, deflate, br", true },
		{ "br;q=1.0, gzip;q=0.8, *;q=0.1", true },
		{ "gzip;q=0", false },
		{ "gzip;q=0, *", false },
		{ "*", true },
		{ "*;q=0", false },
		{ "X-GZIP", true },
		{ "gzipped", false },
		{ "deflate", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct accept accept;

		accept_parse(NULL, rows[i].accept, &accept);
		assert_row(accept.gzip == rows[i].gzip, rows[i].accept ? rows[i].accept : "NULL");
	}
}

static void compressed(void **state)
{
	size_t size = 200000, len = size;
	char *text = malloc(size), *back = malloc(size);
	z_stream z = { 0 };

	(void)state;
	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + i % 7);
	assert_true(accept_gzip(&text, &len, true));
	assert_compare(len, <, size / 5);
	assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
	z.next_in = (unsigned char *)text;
	z.avail_in = (unsigned)len;
	z.next_out = (unsigned char *)back;
	z.avail_out = (unsigned)size;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(back[i], 'a' + i % 7);
	inflateEnd(&z);
	/* Too little to pay: it stays as it is. */
	len = 50000;
	assert_false(accept_gzip(&back, &len, true));
	assert_int_equal(len, 50000);
	assert_true(accept_gzip(&back, &len, false));
	len = 1000;
	assert_false(accept_gzip(&back, &len, false));
	free(text);
	free(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(encodings),
		cmocka_unit_test(compressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
