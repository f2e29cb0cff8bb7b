// SPDX-License-Identifier: Apache-2.0
#include "collectors/attribute.h"

#include "base/text.h"

#include <errno.h>

#define TEXT_BYTES 2048 /* of the longest, a device's errors by kind */

static int read_number(const struct fs *fs, const struct attribute *attribute,
		       struct attribute_file *file, const char *dir, uint64_t *ret)
{
	char text[TEXT_BYTES];
	int n = fs_read_kept(fs, &file->fd, text, sizeof(text), "%s%s", dir, attribute->name);

	if (n <= 0)
		return n == -EINVAL ? -ENODEV : n == 0 ? -ENODATA : n;
	return (attribute->parse ? attribute->parse : text_parse_u64)(text, (size_t)n, ret);
}

static void note_missing(const struct fs *fs, struct attribute_file *file, int r)
{
	file->missing = r == -ENOENT ? fs_changes(fs) : 0;
}

int attribute_read(const struct collection *c, const struct attribute *attribute,
		   struct attribute_file *file, const char *dir, bool suspended, uint64_t *ret)
{
	const struct fs *fs = c->context->fs;
	int r;

	if (!attribute->name || (attribute->wakes && suspended) ||
	    (file->missing && file->missing == fs_changes(fs)))
		return 0;
	if (file->known) {
		*ret = file->value;
		return 1;
	}
	r = read_number(fs, attribute, file, dir, ret);
	note_missing(fs, file, r);
	/* ESPIPE: what is in its place is no file. */
	if (r == -ENOENT || r == -ENODATA || r == -EOPNOTSUPP || r == -ENODEV || r == -ESPIPE)
		return 0;
	if (r < 0) {
		collector_add_fault(c, r, "%s%s", dir, attribute->name);
		return r;
	}
	if (attribute->constant) {
		file->known = true;
		file->value = *ret;
		attributes_close(file, 1);
	}
	return 1;
}

void attributes_close(struct attribute_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		close_fdp(&files[i].fd);
		files[i].fd = -1;
	}
}
