// SPDX-License-Identifier: Apache-2.0
/*
 * "             command  tgid dev master a   uid      magic": the command is right-aligned in 20
 * bytes, of which it has at most 15, and may be anything. Later kernels add a name, which may be
 * anything too, and in the end the client's id.
 */
#include "sources/proc/openers.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_BYTES 20
#define FILE_BYTES    65536

/* The last word of a line. */
static struct text_part last_word(const char *line, size_t len)
{
	size_t begin;

	while (len > 0 && line[len - 1] == ' ')
		len--;
	begin = len;
	while (begin > 0 && line[begin - 1] != ' ')
		begin--;
	return (struct text_part){ line + begin, len - begin };
}

static bool parse_line(const char *line, size_t len, bool has_id, struct opener *ret)
{
	char fields[64], master, authenticated;
	struct text_part id = last_word(line, len);
	struct opener opener = { .has_id = has_id };
	unsigned minor, uid, magic;
	int pid;

	if (len <= COMMAND_BYTES || line[COMMAND_BYTES] != ' ')
		return false;
	snprintf(fields, sizeof(fields), "%.*s", (int)(len - COMMAND_BYTES), line + COMMAND_BYTES);
	if (sscanf(fields, "%9d %9u %c %c %9u %10u", &pid, &minor, &master, &authenticated, &uid,
		   &magic) != 6 ||
	    pid <= 0 || !strchr("yn", master) || !strchr("yn", authenticated))
		return false;
	if (has_id && text_parse_u64(id.s, id.len, &opener.id) < 0)
		return false;
	opener.pid = pid;
	*ret = opener;
	return true;
}

size_t openers_parse(const char *text, size_t len, struct opener *ret, size_t max)
{
	const char *end = text + len;
	bool header = true, has_id = false;
	size_t n = 0;

	while (text < end && n < max) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((newline ? newline : end) - text);
		struct text_part last = last_word(text, line);

		if (header)
			has_id = text_part_is(last, "client-id") || text_part_is(last, "id");
		else
			n += parse_line(text, line, has_id, &ret[n]);
		header = false;
		text += newline ? line + 1 : line;
	}
	return n;
}

static bool holds(const pid_t *holders, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (holders[i] == pid)
			return true;
	return false;
}

pid_t openers_find(const struct opener *openers, size_t n, uint64_t id, const pid_t *holders,
		   size_t n_holders)
{
	pid_t found = 0;

	/* Without ids only if no other holder has opened a file of this GPU. */
	for (size_t i = 0; i < n; i++) {
		if ((openers[i].has_id && openers[i].id != id) ||
		    !holds(holders, n_holders, openers[i].pid) || openers[i].pid == found)
			continue;
		if (found)
			return 0;
		found = openers[i].pid;
	}
	return found;
}

bool openers_read(const struct fs *fs, const struct gpu *gpu, struct opener **ret, size_t *ret_n)
{
	char *text = malloc(FILE_BYTES);
	struct opener *openers = calloc(OPENERS_MAX, sizeof(*openers));
	int n = -1;

	if (text && openers && strncmp(gpu->card, "card", 4) == 0)
		n = fs_read(fs, text, FILE_BYTES, "sys/kernel/debug/dri/%s/clients", gpu->card + 4);
	if (n > 0) {
		*ret_n = openers_parse(text, (size_t)n, openers, OPENERS_MAX);
		*ret = openers;
	} else {
		free(openers);
	}
	free(text);
	return n > 0;
}
