/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language between the exporter and its child that runs the checks (--check=rows): a line a
 * fact, its parts between tabs, the last line "end". Text that does not end so means nothing.
 */
#ifndef SOURCES_DOCTOR_ROWS_H
#define SOURCES_DOCTOR_ROWS_H

#include <stdbool.h>
#include <stddef.h>

enum doctor_row_kind {
	DOCTOR_CHECK,	 /* check PCI LAYER ID pass|fail SEVERITY */
	DOCTOR_MESSAGE,	 /* message PCI WHAT UNIX-TIME */
	DOCTOR_FIRMWARE, /* firmware PCI GT NAME VERSION STATUS */
	DOCTOR_VM,	 /* vm VMID NAME UUID GPU yes|no */
};

struct doctor_row {
	enum doctor_row_kind kind;
	char pci[16]; /* empty: of the machine */
	/* of a check */
	char layer[12], check[32], severity[8];
	bool passed;
	/* of the kernel's log */
	char message[24];
	double unix_time;				  /* s */
	char gt[4], firmware[8], version[24], status[12]; /* version: empty if it is not known */
	/* of a configuration of a VM */
	char vmid[12], name[128], uuid[40], gpu[16];
	bool runs;
};

/* The row at *pos. 1 and *pos behind it; 0 for the end; -EINVAL for a line that is none. */
int doctor_row_next(const char *text, size_t len, size_t *pos, struct doctor_row *ret);

/* Is it whole? 0; -EPIPE: cut off; -EINVAL. */
int doctor_rows_check(const char *text, size_t len);

#endif
