// SPDX-License-Identifier: Apache-2.0
/*
 * golden FIXTURE: everything that the exporter shows of a machine, at the second of two scrapes
 * 10 s apart, with every collector and every opt-in on. Fails on what no exposition may have.
 */
#include "base/macros.h"
#include "base/text.h"
#include "collectors/registry.h"
#include "fake_sys.h"
#include "scrape/scrape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ALL_PMU_KINDS 0xffu

static int fail(const char *what, const char *line)
{
	fprintf(stderr, "golden: %s: %.200s\n", what, line);
	return 1;
}

static char *scrape_twice(const char *root, size_t *ret_len)
{
	collector_set every = collectors_count == COLLECTORS_MAX
				      ? ~(collector_set)0
				      : ((collector_set)1 << collectors_count) - 1;
	static struct scraper *scraper; /* outlives its threads */
	static struct pmu_set *pmus;
	static struct fs *fs;
	const char *bad;
	char *body;

	fake_sys_load(root);
	if (fs_new(&fs, root, NULL, NULL, &bad) < 0)
		return NULL;
	pmus = pmu_set_new(fs, ALL_PMU_KINDS);
	if (scraper_new(&scraper, &(struct scraper_options){ .fs = fs,
							     .pmus = pmus,
							     .enabled = every,
							     .timeout_ns = 2000000000u }) < 0 ||
	    scraper_start(scraper) < 0 || scraper_scrape(scraper, every, 0, &body, ret_len) < 0)
		return NULL;
	free(body);
	fake_clock_advance(10000000000u);
	return scraper_scrape(scraper, every, 0, &body, ret_len) < 0 ? NULL : body;
}

/* The length of the sample's name and labels, which no other sample may have. */
static size_t series_len(const char *line)
{
	return (size_t)(strrchr(line, ' ') - line);
}

static bool same_series(const char *a, const char *b)
{
	size_t n = series_len(a);

	return n == series_len(b) && memcmp(a, b, n) == 0;
}

static bool is_of_family(const char *line, const char *family, size_t n)
{
	return strncmp(line, family, n) == 0 && strchr(" {", line[n]);
}

/* HELP, TYPE, then the samples, family after family; no series twice. */
static int check_lines(char *body)
{
	static const char *lines[20000];
	const char *family = NULL;
	size_t n = 0, name = 0, helps = 0;

	for (char *line = strtok(body, "\n"); line; line = strtok(NULL, "\n")) {
		if (n == ARRAY_SIZE(lines))
			return fail("too many lines", line);
		lines[n++] = line;
		if (strncmp(line, "# HELP ", 7) == 0) {
			family = line + 7;
			name = strcspn(family, " ");
			for (size_t i = 0; i < n - 1; i++)
				if (strncmp(lines[i], "# HELP ", 7) == 0 &&
				    strncmp(lines[i] + 7, family, name + 1) == 0)
					return fail("a family in two places", line);
			helps++;
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			if (!family || lines[n - 2] != family - 7 ||
			    !is_of_family(line + 7, family, name))
				return fail("TYPE without its HELP", line);
		} else if (!family || !is_of_family(line, family, name)) {
			return fail("a sample outside of its family", line);
		}
		for (size_t i = 0; *line != '#' && i < n - 1; i++)
			if (*lines[i] != '#' && same_series(lines[i], line))
				return fail("a series twice", line);
	}
	return helps > 0 ? 0 : fail("no family", "");
}

static int check_bytes(const char *body, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = text_utf8_len(body + i, len - i);

		if (n == 0 || body[i] == '\0' || ((unsigned char)body[i] < 0x20 && body[i] != '\n'))
			return fail("not clean UTF-8", body + i);
		i += n;
	}
	return len > 0 && body[len - 1] == '\n' ? 0 : fail("no newline at the end", "");
}

int main(int argc, char **argv)
{
	size_t len = 0;
	char *body, *copy;
	int r;

	if (argc != 2)
		return fail("usage", "golden FIXTURE");
	body = scrape_twice(argv[1], &len);
	if (!body)
		return fail("no exposition of", argv[1]);
	r = check_bytes(body, len);
	copy = strndup(body, len);
	if (r == 0 && copy)
		r = check_lines(copy);
	fwrite(body, 1, len, stdout);
	free(copy);
	free(body);
	return r;
}
