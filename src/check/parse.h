/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsers of what the checks read: text in, values out, without I/O. All of them take any bytes;
 * what they return is clean (text_clean()) and cut to size.
 */
#ifndef CHECK_PARSE_H
#define CHECK_PARSE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The next line of text from *pos on, without its newline. False at the end. */
bool parse_line(const char *text, size_t len, size_t *pos, struct text_part *ret);

/* The next word of a line: separated by blanks, commas or both. False at the end. */
bool parse_word(struct text_part *line, const char *separators, struct text_part *ret);

struct text_part parse_trim(struct text_part part);
void parse_copy(struct text_part part, char *buf, size_t size);
bool parse_has(struct text_part part, const char *text);

/* KEY=value of os-release(5) and the like, without its quotes. 0 or -ENOENT. */
int parse_assignment(const char *text, size_t len, const char *key, char *buf, size_t size);

/*
 * The last value of a word of the kernel's command line, as Documentation/admin-guide/
 * kernel-parameters.rst has it: words end at blanks outside of double quotes, "-" and "_" are the
 * same in names, and what follows "--" is for init. A word without "=" has the value "". 0 or
 * -ENOENT.
 */
int parse_cmdline(const char *text, size_t len, const char *name, char *buf, size_t size);

/* Does a list such as "i915,xe" have the word? "-" and "_" are the same. */
bool parse_list_has(const char *list, const char *word);

/* What modprobe.d(5) says of a module, in one file. */
enum modprobe_rule { MODPROBE_NOTHING, MODPROBE_BLACKLIST, MODPROBE_INSTALL };
enum modprobe_rule parse_modprobe(const char *text, size_t len, const char *module,
				  unsigned *ret_line);

/* One record of /dev/kmsg, Documentation/ABI/testing/dev-kmsg. */
struct kernel_record {
	uint64_t usec; /* since boot */
	struct text_part text;
	struct text_part device; /* "0000:00:02.0" of DEVICE=+pci:…, or empty */
};
bool parse_kernel_record(const char *text, size_t len, size_t *pos, struct kernel_record *ret);

/* A line "name:x:number:…" of passwd(5) and group(5), by name or by number. */
struct user_entry {
	char name[64];
	uint32_t uid, gid;
};
bool parse_passwd(const char *text, size_t len, const char *name_or_number, struct user_entry *ret);
struct group_entry {
	char name[64];
	uint32_t gid;
	struct text_part members;
};
bool parse_group_line(struct text_part line, struct group_entry *ret);
bool parse_group_name(const char *text, size_t len, uint32_t gid, char *buf, size_t size);
bool parse_group_number(const char *text, size_t len, const char *name, uint32_t *ret);

/*
 * A device node of a copied tree, which cannot have any: lines "path type octal-mode uid gid
 * major minor" of its nodes.txt, as stat(1) prints them; type is c, or - and d for what is none.
 */
struct node_status {
	bool is_device, is_directory;
	unsigned mode, major, minor;
	uint32_t uid, gid;
};
bool parse_node(const char *text, size_t len, const char *path, struct node_status *ret);

/* Bytes of a line of the attribute "resource" of a PCI device: "0xSTART 0xEND 0xFLAGS". */
bool parse_resource(const char *text, size_t len, unsigned bar, uint64_t *ret_bytes);

/*
 * A microcontroller's state in debugfs (huc_info, guc_info). The status is the word behind
 * "status:", or "DISABLED" and "NOT SUPPORTED" of the one line that says so. 0 or -ENOENT.
 */
struct firmware_state {
	char file[96], status[24], version[24];
};
int parse_firmware(const char *text, size_t len, struct firmware_state *ret);

/*
 * A driver's message about a firmware that it has loaded: the GT ("0" if none is named) and the
 * version behind "version " or "(v". 0, or -ENOENT without one, or with one of noughts, which means
 * that it was not loaded.
 */
struct firmware_line {
	char gt[4], version[24];
};
int parse_firmware_line(const char *text, size_t len, struct firmware_line *ret);

/* The number of an attribute that has lines "NAME NUMBER", as aer_dev_fatal. 0 or -ENOENT. */
int parse_named_number(const char *text, size_t len, const char *name, uint64_t *ret);

/* "6.8.12-13-pve" as 6, 8, 12. False when it does not begin so. */
bool parse_release(const char *text, unsigned ret[static 3]);

/* A value of a guest's line: "hostpci0: 00:02.0,pcie=1,mdev=…" has "pcie". 0 or -ENOENT. */
int parse_option(const char *value, const char *key, char *buf, size_t size);

#endif
