// SPDX-License-Identifier: Apache-2.0
#include "sources/proc/process.h"
#include "walk.h"

#include <errno.h>
#include <string.h>

int users_add(struct users *u, uid_t uid, size_t n, size_t *ret_all)
{
	size_t low = 0, high = u->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (u->users[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == u->n || u->users[low].uid != uid) {
		if (!array_reserve(u->users, &u->size, u->n + 1))
			return -ENOMEM;
		memmove(&u->users[low + 1], &u->users[low], (u->n - low) * sizeof(*u->users));
		u->users[low] = (struct user){ .uid = uid };
		u->n++;
	}
	u->users[low].fds += n;
	*ret_all = u->users[low].fds;
	return 0;
}

int process_uid(const struct fs *fs, pid_t pid, uid_t *ret)
{
	char text[1024];
	int n = fs_read(fs, text, sizeof(text), "proc/%d/status", (int)pid);

	if (n == -EMSGSIZE)
		n = sizeof(text);
	return n < 0 ? n : process_uid_parse(text, (size_t)n, ret);
}
