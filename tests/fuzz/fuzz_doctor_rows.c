// SPDX-License-Identifier: Apache-2.0
/* Whatever the child that runs the checks writes. */
#include "fuzz.h"

#include "sources/doctor/rows.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct doctor_row row;
	size_t pos = 0;
	bool whole = doctor_rows_check(text, size) == 0;
	int r;

	while ((r = doctor_row_next(text, size, &pos, &row)) > 0) {
		CHECK(pos <= size);
		CHECK(memchr(row.name, 0, sizeof(row.name)));
		CHECK(row.kind != DOCTOR_CHECK || *row.check);
		CHECK(row.kind != DOCTOR_VM || *row.vmid);
	}
	CHECK(!whole || r == 0);
	return 0;
}
