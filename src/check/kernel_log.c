// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel's log, from /dev/kmsg: root's, where kernel.dmesg_restrict is set. A line that is not
 * there proves nothing, as the log is a ring.
 */
#include "machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_LOG	   (2u << 20)
#define RECORD_MAX 8192
#define BOOT_USEC  60000000u /* a log that begins later has lost the boot */

void machine_read_log(struct machine *m)
{
	_cleanup_close_ int fd = fs_open(m->fs, "dev/kmsg");
	struct kernel_record first;
	size_t pos = 0;

	m->log_known = fd >= 0 ? KNOWN : fd == -ENOENT ? NOT_THERE : NOT_READABLE;
	if (fd < 0)
		return;
	m->log = malloc(MAX_LOG);
	while (m->log && m->log_len + RECORD_MAX < MAX_LOG) {
		/* A read gives one record; of a copied file as much as there is room for. */
		ssize_t n = read(fd, m->log + m->log_len, RECORD_MAX);

		if (n < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (n < 0 && errno == EPERM)
			m->log_known = NOT_READABLE;
		if (n <= 0)
			break;
		m->log_len += (size_t)n;
	}
	if (parse_kernel_record(m->log ? m->log : "", m->log_len, &pos, &first))
		m->log_from_boot = first.usec < BOOT_USEC;
}

static bool fits(const struct kernel_record *record, const char *pci, const char *text)
{
	if (!parse_has(record->text, text))
		return false;
	/* Early messages of a driver name the device in the text only. */
	return !pci || text_part_is(record->device, pci) || parse_has(record->text, pci);
}

bool machine_log_find(const struct machine *m, const char *pci, const char *text, char *buf,
		      size_t size)
{
	struct kernel_record record;
	bool found = false;
	size_t pos = 0;

	while (parse_kernel_record(m->log, m->log_len, &pos, &record)) {
		if (!fits(&record, pci, text))
			continue;
		parse_copy(record.text, buf, size);
		found = true;
	}
	return found;
}

unsigned machine_log_count(const struct machine *m, const char *pci, const char *text)
{
	struct kernel_record record;
	unsigned n = 0;
	size_t pos = 0;

	while (parse_kernel_record(m->log, m->log_len, &pos, &record))
		n += fits(&record, pci, text);
	return n;
}

uint64_t machine_log_last(const struct machine *m, const char *pci, const char *text)
{
	struct kernel_record record;
	uint64_t last = 0;
	size_t pos = 0;

	while (parse_kernel_record(m->log, m->log_len, &pos, &record))
		if (fits(&record, pci, text))
			last = record.usec;
	return last;
}

const char *machine_log_where(const struct machine *m)
{
	if (m->copied)
		return "on the machine itself";
	return m->layer == IN_CONTAINER ? "on the host" : "as root";
}
