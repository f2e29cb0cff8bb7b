// SPDX-License-Identifier: Apache-2.0
/*
 * Configuration of guests in pve-guest-common's format: lines "key: value", "#" for the notes,
 * "[name]" for a section. The values of hostpciN and the uuids are those of qemu-server's PCI.pm,
 * the mappings those of pve-guest-common's Mapping/PCI.pm.
 */
#include "sources/workload/guest.h"

#include "base/text.h"
#include "sources/gpu/pci_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A line's value, without blanks around it; false when the line has another key or no value. */
static bool value_of(const char *line, const char *line_end, const char *key, const char **ret,
		     size_t *ret_len)
{
	size_t n = strlen(key);
	const char *value = line + n + 1;

	if ((size_t)(line_end - line) <= n || memcmp(line, key, n) != 0 || line[n] != ':')
		return false;
	while (value < line_end && is_blank(*value))
		value++;
	while (line_end > value && is_blank(line_end[-1]))
		line_end--;
	*ret = value;
	*ret_len = (size_t)(line_end - value);
	return true;
}

static const char *end_of_line(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return newline ? newline : end;
}

int guest_conf_find(const char *text, size_t len, const char *key, char *buf, size_t size)
{
	const char *end = text + len;

	while (text < end && *text != '[') {
		const char *line_end = end_of_line(text, end), *value;
		size_t n;

		if (value_of(text, line_end, key, &value, &n)) {
			if (n == 0)
				return -ENOENT;
			text_clean(value, n, buf, size);
			return 0;
		}
		text = line_end + 1;
	}
	return -ENOENT;
}

/* "00:02.1;0000:00:02": does the list name the device? */
static bool list_has(const char *list, size_t len, const char *pci)
{
	const char *end = list + len;

	while (list < end) {
		const char *semicolon = memchr(list, ';', (size_t)(end - list));
		const char *item_end = semicolon ? semicolon : end;
		char name[PCI_NAME_BYTES];
		bool all_functions;

		if (pci_name_parse(list, (size_t)(item_end - list), name, &all_functions) == 0 &&
		    (all_functions ? strncmp(name, pci, strlen(name) - 1) == 0
				   : strcmp(name, pci) == 0))
			return true;
		list = item_end + 1;
	}
	return false;
}

/* "id=8086:…,iommugroup=0,node=pve1,path=0000:00:02.0[;…]": the value of a key, or false. */
static bool item_of(const char *list, const char *end, const char *key, const char **ret,
		    size_t *ret_len)
{
	size_t n = strlen(key);

	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		const char *item_end = comma ? comma : end;

		if ((size_t)(item_end - list) > n + 1 && memcmp(list, key, n) == 0 &&
		    list[n] == '=') {
			*ret = list + n + 1;
			*ret_len = (size_t)(item_end - *ret);
			return true;
		}
		list = item_end + 1;
	}
	return false;
}

/* A section is a line with its name and, indented, lines "key value". */
static bool mapping_has(const struct guest_mappings *m, const char *name, size_t len,
			const char *pci)
{
	const char *text = m->text, *end = m->text + m->len, *node, *path;
	bool in_section = false, found = false;
	size_t n_node, n_path;
	unsigned entries = 0;

	for (; text < end; text = end_of_line(text, end) + 1) {
		const char *s = text, *line_end = end_of_line(text, end);

		while (line_end > s && is_blank(line_end[-1]))
			line_end--;
		if (s < line_end && !is_blank(*s))
			in_section = (size_t)(line_end - s) == len && memcmp(s, name, len) == 0;
		while (s < line_end && is_blank(*s))
			s++;
		if (!in_section || line_end - s < 4 || memcmp(s, "map", 3) != 0 || !is_blank(s[3]))
			continue;
		for (s += 3; is_blank(*s);)
			s++;
		if (!item_of(s, line_end, "node", &node, &n_node) || n_node != strlen(m->node) ||
		    memcmp(node, m->node, n_node) != 0)
			continue;
		entries++;
		found |=
			item_of(s, line_end, "path", &path, &n_path) && list_has(path, n_path, pci);
	}
	return found && entries == 1;
}

static bool hostpci_has(const char *value, size_t len, const struct guest_mappings *mappings,
			const char *pci)
{
	const char *end = value + len;
	bool found = false, whole = true;

	for (bool first = true; value < end; first = false) {
		const char *comma = memchr(value, ',', (size_t)(end - value));
		const char *item_end = comma ? comma : end;
		size_t n = (size_t)(item_end - value);

		if (n > 5 && memcmp(value, "host=", 5) == 0)
			found |= list_has(value + 5, n - 5, pci);
		else if (first && !memchr(value, '=', n))
			found |= list_has(value, n, pci);
		else if (mappings && n > 8 && memcmp(value, "mapping=", 8) == 0)
			found |= mapping_has(mappings, value + 8, n - 8, pci);
		else if (n >= 5 && memcmp(value, "mdev=", 5) == 0)
			whole = false;
		value = item_end + 1;
	}
	return found && whole;
}

bool guest_conf_has_pci(const char *text, size_t len, const struct guest_mappings *mappings,
			const char *pci)
{
	const char *end = text + len;

	while (text < end && *text != '[') {
		const char *line_end = end_of_line(text, end), *value;
		const char *colon = memchr(text, ':', (size_t)(line_end - text));
		char key[] = "hostpci15";
		size_t n = colon ? (size_t)(colon - text) : 0;

		if (n > 7 && n < sizeof(key) && memcmp(text, key, 7) == 0) {
			snprintf(key, sizeof(key), "%.*s", (int)n, text);
			if (strspn(key + 7, "0123456789") == n - 7 &&
			    value_of(text, line_end, key, &value, &n) &&
			    hostpci_has(value, n, mappings, pci))
				return true;
		}
		text = line_end + 1;
	}
	return false;
}

/* Numbers of guests: 100 to 999999999. */
static bool is_vmid(const char *text, size_t len)
{
	if (len < 3 || len > 9 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return true;
}

int guest_reservation_find(const char *text, size_t len, const char *pci,
			   char vmid[static GUEST_VMID_BYTES])
{
	const char *end = text + len;

	while (text < end) {
		const char *line_end = end_of_line(text, end);
		const char *first = memchr(text, ' ', (size_t)(line_end - text));
		const char *second =
			first ? memchr(first + 1, ' ', (size_t)(line_end - first - 1)) : NULL;

		if (second && list_has(text, (size_t)(first - text), pci) &&
		    is_vmid(first + 1, (size_t)(second - first - 1))) {
			snprintf(vmid, GUEST_VMID_BYTES, "%.*s", (int)(second - first - 1),
				 first + 1);
			return 0;
		}
		text = line_end + 1;
	}
	return -ENOENT;
}

int guest_mdev_vmid(const char *uuid, char vmid[static GUEST_VMID_BYTES])
{
	static const char middle[] = "-0000-0000-0000-";
	const char *number;

	if (strlen(uuid) != 36 || memcmp(uuid + 8, middle, sizeof(middle) - 1) != 0)
		return -ENOENT;
	/* hostpci0 to hostpci15, in decimal. */
	if (memcmp(uuid, "000000", 6) != 0 || uuid[6] < '0' || uuid[6] > '1' ||
	    !isdigit((unsigned char)uuid[7]) || (uuid[6] == '1' && uuid[7] > '5'))
		return -ENOENT;
	number = uuid + 24 + strspn(uuid + 24, "0");
	if (!is_vmid(number, strlen(number)))
		return -ENOENT;
	snprintf(vmid, GUEST_VMID_BYTES, "%s", number);
	return 0;
}
