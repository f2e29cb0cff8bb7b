// SPDX-License-Identifier: Apache-2.0
/* Strict: names of VMs come from files that others write, and the child may have been cut off. */
#include "sources/doctor/rows.h"

#include "base/macros.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define PARTS_MAX 6

static size_t split(const char *line, size_t len, struct text_part parts[static PARTS_MAX])
{
	size_t n = 0;

	for (;;) {
		const char *tab = memchr(line, '\t', len);
		size_t part = tab ? (size_t)(tab - line) : len;

		if (n == PARTS_MAX)
			return 0;
		parts[n++] = (struct text_part){ line, part };
		if (!tab)
			return n;
		line += part + 1;
		len -= part + 1;
	}
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == ':' || c == '.';
}

/* A word of ours; "-" is the empty one. */
static bool take_word(struct text_part part, char *buf, size_t size)
{
	if (part.len == 0 || part.len >= size)
		return false;
	for (size_t i = 0; i < part.len; i++)
		if (!is_word_char(part.s[i]))
			return false;
	memcpy(buf, part.s, part.len);
	buf[part.len] = '\0';
	if (strcmp(buf, "-") == 0)
		*buf = '\0';
	return true;
}

static bool take_bool(struct text_part part, const char *yes, const char *no, bool *ret)
{
	*ret = text_part_is(part, yes);
	return *ret || text_part_is(part, no);
}

static bool take_one_of(struct text_part part, const char *const *words, char *buf, size_t size)
{
	for (; *words; words++)
		if (text_part_is(part, *words))
			return take_word(part, buf, size);
	return false;
}

static bool parse_check(const struct text_part *p, size_t n, struct doctor_row *row)
{
	static const char *const layers[] = { "host", "guest", "container", NULL };
	static const char *const severities[] = { "note", "warning", "error", NULL };

	row->kind = DOCTOR_CHECK;
	return n == 6 && take_word(p[1], row->pci, sizeof(row->pci)) &&
	       take_one_of(p[2], layers, row->layer, sizeof(row->layer)) &&
	       take_word(p[3], row->check, sizeof(row->check)) && *row->check &&
	       take_bool(p[4], "pass", "fail", &row->passed) &&
	       take_one_of(p[5], severities, row->severity, sizeof(row->severity));
}

static bool parse_message(const struct text_part *p, size_t n, struct doctor_row *row)
{
	uint64_t seconds;

	row->kind = DOCTOR_MESSAGE;
	if (n != 4 || !take_word(p[1], row->pci, sizeof(row->pci)) || !*row->pci ||
	    !take_word(p[2], row->message, sizeof(row->message)) || !*row->message ||
	    text_parse_u64(p[3].s, p[3].len, &seconds) < 0)
		return false;
	row->unix_time = (double)seconds;
	return true;
}

static bool parse_firmware(const struct text_part *p, size_t n, struct doctor_row *row)
{
	static const char *const names[] = { "guc", "huc", "gsc", "dmc", NULL };
	static const char *const statuses[] = { "loaded", "running", "missing", "error", NULL };

	row->kind = DOCTOR_FIRMWARE;
	return n == 6 && take_word(p[1], row->pci, sizeof(row->pci)) && *row->pci &&
	       take_word(p[2], row->gt, sizeof(row->gt)) && *row->gt &&
	       take_one_of(p[3], names, row->firmware, sizeof(row->firmware)) &&
	       take_word(p[4], row->version, sizeof(row->version)) &&
	       take_one_of(p[5], statuses, row->status, sizeof(row->status));
}

static bool parse_vm(const struct text_part *p, size_t n, struct doctor_row *row)
{
	static const char *const gpus[] = { "none", "whole", "vgpu", "function", "mapping", NULL };

	row->kind = DOCTOR_VM;
	if (n != 6 || !take_word(p[1], row->vmid, sizeof(row->vmid)) || !*row->vmid ||
	    !take_word(p[3], row->uuid, sizeof(row->uuid)) ||
	    !take_one_of(p[4], gpus, row->gpu, sizeof(row->gpu)) ||
	    !take_bool(p[5], "yes", "no", &row->runs))
		return false;
	text_clean(p[2].s, p[2].len, row->name, sizeof(row->name));
	return true;
}

int doctor_row_next(const char *text, size_t len, size_t *pos, struct doctor_row *ret)
{
	const char *line = text + *pos, *newline = memchr(line, '\n', len - *pos);
	struct text_part parts[PARTS_MAX];
	bool good = false;
	size_t n;

	if (!newline)
		return -EINVAL;
	n = split(line, (size_t)(newline - line), parts);
	*ret = (struct doctor_row){ 0 };
	if (n == 1 && text_part_is(parts[0], "end"))
		return 0;
	if (n > 0 && text_part_is(parts[0], "check"))
		good = parse_check(parts, n, ret);
	else if (n > 0 && text_part_is(parts[0], "message"))
		good = parse_message(parts, n, ret);
	else if (n > 0 && text_part_is(parts[0], "firmware"))
		good = parse_firmware(parts, n, ret);
	else if (n > 0 && text_part_is(parts[0], "vm"))
		good = parse_vm(parts, n, ret);
	if (!good)
		return -EINVAL;
	*pos = (size_t)(newline + 1 - text);
	return 1;
}

int doctor_rows_check(const char *text, size_t len)
{
	struct doctor_row row;
	size_t pos = 0;
	int r;

	if (len < 4 || memcmp(text + len - 4, "end\n", 4) != 0)
		return -EPIPE;
	while ((r = doctor_row_next(text, len, &pos, &row)) > 0)
		;
	return r < 0 ? r : pos + 4 == len ? 0 : -EINVAL;
}
