// SPDX-License-Identifier: Apache-2.0
#include "module_refs.h"

#include "base/text.h"

#include <errno.h>

bool module_refs_read(struct module_refs *module, const struct fs *fs, uint64_t *ret)
{
	uint64_t changes = fs_changes(fs);
	char text[32];
	int n;

	if (module->missing && module->missing == changes)
		return false;
	n = fs_read_kept(fs, &module->fd, text, sizeof(text), "sys/module/%s/refcnt", module->name);
	module->missing = n == -ENOENT && fs_is_followed(fs, "sys/module") ? changes : 0;
	return n > 0 && text_parse_u64(text, (size_t)n, ret) == 0;
}

void vfio_refs_init(struct module_refs modules[static VFIO_MODULES])
{
	static const char *const names[VFIO_MODULES] = { "vfio_pci", "kvmgt", "xe_vfio_pci" };

	for (size_t i = 0; i < VFIO_MODULES; i++)
		modules[i] = (struct module_refs){ .name = names[i], .fd = -1 };
}

uint64_t vfio_refs_sum(struct module_refs modules[static VFIO_MODULES], const struct fs *fs)
{
	uint64_t sum = 0, count;

	for (size_t i = 0; i < VFIO_MODULES; i++)
		if (module_refs_read(&modules[i], fs, &count))
			sum += count;
	return sum;
}

void module_refs_close(struct module_refs *modules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		close_fdp(&modules[i].fd);
		modules[i].fd = -1;
	}
}
