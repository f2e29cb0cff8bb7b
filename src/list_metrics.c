// SPDX-License-Identifier: Apache-2.0
/* The table of all metrics, from the families themselves: collectors/README.md shows it. */
#include "list_metrics.h"

#include "base/log.h"
#include "collectors/registry.h"
#include "output.h"
#include "scrape/meta.h"

#include <stdio.h>
#include <string.h>

static void print_families(const struct family *families, size_t n, const char *collector,
			   const char *by_default)
{
	static const char *const types[] = { "gauge", "counter", "info" };

	for (size_t i = 0; i < n; i++) {
		printf("| `%s` | %s |", families[i].name, types[families[i].type]);
		for (size_t j = 0; families[i].labels[j]; j++)
			printf("%s `%s`", j ? "," : "", families[i].labels[j]);
		if (families[i].opt_in)
			printf(" | %s | `--%s` | %s |\n", collector, families[i].opt_in,
			       families[i].help);
		else
			printf(" | %s | %s | %s |\n", collector, by_default, families[i].help);
	}
}

int list_metrics(void)
{
	int r;

	puts("| metric | type | labels | collector | default | meaning |\n"
	     "|---|---|---|---|---|---|");
	for (size_t i = 0; i < collectors_count; i++)
		print_families(collectors_all[i]->families, collectors_all[i]->n_families,
			       collectors_all[i]->name,
			       collectors_all[i]->off_by_default ? "off" : "on");
	print_families(meta_families, meta_families_count, "–", "on");
	r = output_end();
	if (r < 0)
		log_error("cannot write to stdout", "err", strerror(-r));
	return r < 0 ? 1 : 0;
}
