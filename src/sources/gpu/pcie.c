// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/pcie.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MAX_GT 1000

int pcie_parse_speed(const char *text, size_t len, uint64_t *ret)
{
	static const char unit[] = " GT/s";
	size_t digits = 0, tenths = 0;
	uint64_t whole, tenth = 0;

	if (len >= 7 && memcmp(text, "Unknown", 7) == 0)
		return -ENODATA;
	while (digits < len && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (digits + 1 < len && text[digits] == '.')
		tenths = 2;
	if (digits == 0 || text_parse_u64(text, digits, &whole) < 0 || whole > MAX_GT ||
	    (tenths && text_parse_u64(text + digits + 1, 1, &tenth) < 0))
		return -EINVAL;
	text += digits + tenths;
	len -= digits + tenths;
	/* Linux before 5.7 writes "8 GT/s". */
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (!(len == 5 && memcmp(text, unit, 5) == 0) &&
	    !(len == 10 && memcmp(text, " GT/s PCIe", 10) == 0))
		return -EINVAL;
	*ret = whole * 1000000000u + tenth * 100000000u;
	return 0;
}

int pcie_parse_errors(const char *text, size_t len, uint64_t *ret)
{
	static const char key[] = "TOTAL_ERR_";
	const char *line, *blank;

	if (len > 0 && text[len - 1] == '\n')
		len--;
	line = memrchr(text, '\n', len);
	line = line ? line + 1 : text;
	len -= (size_t)(line - text);
	blank = memchr(line, ' ', len);
	if (len < strlen(key) || memcmp(line, key, strlen(key)) != 0 || !blank ||
	    text_parse_u64(blank + 1, len - (size_t)(blank + 1 - line), ret) < 0)
		return -EINVAL;
	return 0;
}

int pcie_parse_bars(const char *text, size_t len, uint64_t ret[static PCIE_BARS])
{
	const char *end = text + len;

	/* "0xSTART 0xEND 0xFLAGS", 18 digits each (drivers/pci/pci-sysfs.c, resource_show()). */
	for (size_t i = 0; i < PCIE_BARS; i++) {
		const size_t width = 18, line = 3 * width + 3;
		uint64_t first, last, flags;

		if ((size_t)(end - text) < line || text[width] != ' ' ||
		    text[2 * width + 1] != ' ' || text[line - 1] != '\n' ||
		    text_parse_hex(text, width, &first) < 0 ||
		    text_parse_hex(text + width + 1, width, &last) < 0 ||
		    text_parse_hex(text + 2 * width + 2, width, &flags) < 0)
			return -EINVAL;
		/* IORESOURCE_MEM; one that has no address yet begins at 0. */
		ret[i] = flags & 0x200 && first != 0 && last > first ? last - first + 1 : 0;
		text += line;
	}
	return 0;
}

static bool is_intel_bridge(const struct fs *fs, const char *pci)
{
	uint64_t vendor, class;

	return fs_read_hex(fs, &vendor, "sys/bus/pci/devices/%s/vendor", pci) == 0 &&
	       vendor == 0x8086 &&
	       fs_read_hex(fs, &class, "sys/bus/pci/devices/%s/class", pci) == 0 &&
	       class >> 8 == 0x0604;
}

/* Cuts the last component of a path off, and returns it if it is an address. */
static const char *cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !text_is_pci_address(slash + 1))
		return NULL;
	*slash = '\0';
	return slash + 1;
}

void pcie_find_port(const struct fs *fs, const struct gpu *gpu, char *ret, size_t size)
{
	char path[PATH_MAX];
	const char *down, *up, *above;

	snprintf(ret, size, "%s", gpu->pci);
	if (fs_read_link(fs, path, sizeof(path), "sys/bus/pci/devices/%s", gpu->pci) < 0 ||
	    !cut(path))
		return;
	down = cut(path);
	up = down ? cut(path) : NULL;
	/* A port of the root complex may be Intel's, too; above a switch there is always one. */
	above = up ? cut(path) : NULL;
	if (above && is_intel_bridge(fs, down) && is_intel_bridge(fs, up))
		snprintf(ret, size, "%s", up);
}
