// SPDX-License-Identifier: Apache-2.0
/* Rules that every collector and every family keeps; the names are a contract. */
#include "test.h"

#include "collectors/registry.h"
#include "scrape/meta.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_name(const char *text)
{
	if (!islower((unsigned char)*text))
		return false;
	for (; *text; text++)
		if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
		    *text != '_')
			return false;
	return true;
}

static void check_name(const struct family *family)
{
	/* Units that are not the base one, and words that Prometheus keeps for itself. */
	static const char *const forbidden[] = {
		"_ns",		 "_us",	       "_ms",	     "_milliseconds", "_nanoseconds",
		"_microseconds", "_mhz",       "_megahertz", "_mb",	      "_mib",
		"_megabytes",	 "_kilobytes", "_percent",   "_millivolts",   "_watthours",
		"_count",	 "_sum",       "_bucket",
	};
	const char *stem = family->name;
	char buf[128];

	assert_row(is_name(family->name), family->name);
	assert_row(strncmp(family->name, "intel_gpu_", 10) == 0 ||
			   strncmp(family->name, "process_", 8) == 0,
		   family->name);
	assert_row(ends_with(family->name, "_total") == (family->type == COUNTER), family->name);
	assert_row(ends_with(family->name, "_info") == (family->type == INFO), family->name);
	if (ends_with(stem, "_total")) {
		snprintf(buf, sizeof(buf), "%.*s", (int)strlen(stem) - 6, stem);
		stem = buf;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		assert_row(!ends_with(stem, forbidden[i]), family->name);
}

static void check_family(const struct family *family, bool per_gpu)
{
	const char *const *labels = family->labels;

	check_name(family);
	assert_row(family->help && strlen(family->help) > 10, family->name);
	assert_row(isupper((unsigned char)family->help[0]) || strncmp(family->help, "vGPU", 4) == 0,
		   family->name);
	assert_row(ends_with(family->help, "."), family->name);
	assert_row(!strchr(family->help, '\n') && !strchr(family->help, '|'), family->name);
	/* Without a label: what holds for all GPUs, put by one of them. */
	assert_row(!per_gpu || !labels[0] || (labels[0] && strcmp(labels[0], "pci") == 0),
		   family->name);
	assert_row(!family->opt_in || strncmp(family->opt_in, "collector.", 10) == 0, family->name);
	for (size_t i = 0; labels[i]; i++) {
		assert_row(is_name(labels[i]), family->name);
		/* Prometheus adds these; le and quantile belong to types that are not used. */
		assert_string_not_equal(labels[i], "job");
		assert_string_not_equal(labels[i], "instance");
		assert_string_not_equal(labels[i], "le");
		assert_string_not_equal(labels[i], "quantile");
		assert_string_not_equal(labels[i], "type");
		assert_string_not_equal(labels[i], "name");
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(labels[i], labels[j]);
	}
}

static void families(void **state)
{
	(void)state;
	for (size_t i = 0; i < collectors_count; i++)
		for (size_t j = 0; j < collectors_all[i]->n_families; j++)
			check_family(&collectors_all[i]->families[j],
				     collectors_all[i]->scope == PER_GPU);
	for (size_t i = 0; i < meta_families_count; i++)
		check_family(&meta_families[i], false);
}

static const struct family *family_at(size_t n)
{
	for (size_t i = 0; i < collectors_count; i++) {
		if (n < collectors_all[i]->n_families)
			return &collectors_all[i]->families[n];
		n -= collectors_all[i]->n_families;
	}
	return n < meta_families_count ? &meta_families[n] : NULL;
}

static void names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; family_at(i); i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(family_at(i)->name, family_at(j)->name);
}

static void collectors(void **state)
{
	(void)state;
	assert_true(collectors_count > 0 && collectors_count <= COLLECTORS_MAX);
	for (size_t i = 0; i < collectors_count; i++) {
		const struct collector *c = collectors_all[i];

		assert_row(is_name(c->name), c->name);
		assert_row(c->help && *c->help && !ends_with(c->help, "."), c->name);
		assert_row(c->collect != NULL && c->n_families > 0, c->name);
		assert_int_equal(collector_find(c->name), i);
		assert_row((collectors_default() >> i & 1) == !c->off_by_default, c->name);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(c->name, collectors_all[j]->name);
	}
	assert_int_equal(collector_find("nonesuch"), -1);
	assert_int_equal(collector_find(""), -1);
	assert_int_equal(collectors_default() >> collectors_count, 0);
}

static void defaults_of_the_contract(void **state)
{
	static const char *const on[] = { "info",	"engine",   "frequency", "idle",
					  "interrupts", "throttle", "runtime",	 "vgpu",
					  "client",	"machine",  "power",	 "thermal",
					  "memory",	"pcie" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(on); i++)
		assert_true(collectors_default() >> collector_find(on[i]) & 1);
	assert_compare(collector_find("cycles"), >=, 0);
	assert_false(collectors_default() >> collector_find("cycles") & 1);
}

static void pmu_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < collectors_count; i++) {
		const struct collector *c = collectors_all[i];
		unsigned kinds = 0;

		assert_row(c->of_pmu || c->collect != collector_pmu_collect, c->name);
		for (size_t j = 0; c->of_pmu && j < c->n_families; j++) {
			const struct family *family = &c->families[j];
			const struct pmu_value *v = family->source;
			size_t n = 0;

			assert_row(v, family->name);
			while (family->labels[n])
				n++;
			assert_int_equal(n, v->labels == LABELS_ENGINE ? 3
					    : v->labels == LABELS_GT   ? 2
								       : 1);
			assert_true(v->multiplier >= 1 && v->divisor >= 1);
			assert_row(!(kinds & v->kind), family->name);
			kinds |= family->opt_in ? 0 : v->kind;
		}
		assert_int_equal(collector_pmu_kinds(c), kinds);
	}
	assert_int_equal(collector_pmu_kinds(collectors_all[collector_find("engine")]), PMU_BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families),   cmocka_unit_test(names_are_unique),
		cmocka_unit_test(collectors), cmocka_unit_test(defaults_of_the_contract),
		cmocka_unit_test(pmu_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
