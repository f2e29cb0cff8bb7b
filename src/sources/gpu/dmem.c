// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/dmem.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

static bool is_region(const char *name, size_t len)
{
	if (len == 0 || len >= sizeof(((struct dmem_region *)0)->name))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9'))
			return false;
	return true;
}

/* "drm/<pci>/" at the beginning of a name; its length, or 0. */
static size_t device_len(const char *name, size_t len, const char *pci)
{
	size_t n = strlen(pci);

	return len > 4 + n + 1 && memcmp(name, "drm/", 4) == 0 && memcmp(name + 4, pci, n) == 0 &&
			       name[4 + n] == '/'
		       ? 4 + n + 1
		       : 0;
}

int dmem_parse(const char *text, size_t len, const char *pci,
	       struct dmem_region ret[static DMEM_MAX_REGIONS])
{
	const char *end = text + len;
	int n = 0;

	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text)), *blank;
		size_t skip, name_len;
		uint64_t bytes;

		if (!line_end)
			return -EINVAL;
		/* Names of other drivers may have blanks; the number is the last word. */
		blank = memrchr(text, ' ', (size_t)(line_end - text));
		if (!blank || text_parse_u64(blank + 1, (size_t)(line_end - blank - 1), &bytes) < 0)
			return -EINVAL;
		name_len = (size_t)(blank - text);
		skip = device_len(text, name_len, pci);
		if (skip && n < DMEM_MAX_REGIONS && is_region(text + skip, name_len - skip)) {
			memcpy(ret[n].name, text + skip, name_len - skip);
			ret[n].name[name_len - skip] = '\0';
			ret[n++].bytes = bytes;
		}
		text = line_end + 1;
	}
	return n;
}
