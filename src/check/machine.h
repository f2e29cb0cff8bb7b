/* SPDX-License-Identifier: Apache-2.0 */
/* Facts that many checks need: where this is, which GPUs there are, who shall use them. */
#ifndef CHECK_MACHINE_H
#define CHECK_MACHINE_H

#include "base/fs.h"
#include "parse.h"
#include "sources/gpu/platform.h"

#include <stdbool.h>
#include <stdint.h>

enum distribution {
	ON_DEBIAN = 1 << 0, /* and what is like it */
	ON_PROXMOX = 1 << 1,
	ON_UBUNTU = 1 << 2,
	ON_FEDORA = 1 << 3,
	ON_ARCH = 1 << 4,
	ON_ALPINE = 1 << 5,
	ON_TALOS = 1 << 6,
	ON_OTHER = 1 << 7,
	ON_ANY = 0, /* of a remedy */
};

enum layer { ON_HOST = 1 << 0, IN_GUEST = 1 << 1, IN_CONTAINER = 1 << 2, ANYWHERE = 0 };

/* What a GPU is for: it decides what is a fault. */
enum purpose { FOR_OWN_USE, FOR_GVT, FOR_SRIOV, FOR_VFIO, FOR_GUEST };

struct display {
	char pci[16], driver[32];
	uint16_t vendor, device;
	char render[32];
};

struct target {
	char pci[16];
	uint16_t id;
	const struct platform *platform; /* NULL: the id is not known */
	const char *name;		 /* of the platform, for people */
	bool discrete, vf, asleep, first_display;
	char driver[32]; /* empty: none */
	char card[32], render[32];
	unsigned minor; /* of render, as the kernel has it; 0: none */
	enum purpose purpose;
	char vmid[12], vm_name[64]; /* the VM that it is given to, if a configuration says so */
	bool vm_runs;
};

#define MAX_TARGETS  8
#define MAX_GUESTS   512
#define MAX_DISPLAYS 16

struct user {
	char name[64]; /* or the number */
	uint32_t uid, gid, groups[64];
	size_t n_groups; /* without gid */
	bool is_self;	 /* this process */
};

/* A guest of Proxmox VE on this node. */
struct guest_conf {
	char id[12], name[64];
	bool lxc, runs;
	char *text;
	size_t len;	 /* of the section that counts */
	size_t text_len; /* with snapshots and what is pending */
};

enum knowledge { NOT_THERE, NOT_READABLE, KNOWN, DOES_NOT_ANSWER };

struct machine {
	const struct fs *fs;
	bool quiet; /* for metrics: nothing that has an effect on a GPU, such as to keep it awake */
	bool copied; /* a tree of files: it has no nodes */
	bool live;   /* this process' own root: nodes can be opened */
	char host[64], kernel[96], system[96], id[32], version[32];
	unsigned release[3];
	enum distribution distribution;
	enum layer layer;
	bool vm, lxc, unprivileged, kubernetes, proxmox; /* proxmox: a Proxmox VE host */
	char container[24];				 /* "docker", "lxc", … or empty */
	char vm_words[48];				 /* "q35, OVMF" */
	char uuid[40];					 /* of the VM, where it may be read */
	char cmdline[4096];
	struct target targets[MAX_TARGETS];
	size_t n_targets;
	struct display displays[MAX_DISPLAYS];
	size_t n_displays;
	enum knowledge bus;
	struct user user;
	bool user_is_application; /* found by itself */
	struct guest_conf guests[MAX_GUESTS];
	size_t n_guests;
	enum knowledge pve;
	bool va_installed; /* a VA driver's file is there */
	bool wanted;	   /* something here, or the caller, asks for hardware encoding */
	char *log;	   /* of the kernel */
	size_t log_len;
	enum knowledge log_known;
	bool log_from_boot; /* nothing of this boot has been overwritten */
};

/*
 * 0, or -errno with *ret_why: no such user, memory is out. What takes long has functions of its
 * own, for threads of their own.
 */
int machine_read(struct machine *m, const struct fs *fs, const char *user, const char **ret_why);
void machine_read_gpus(struct machine *m);
void machine_read_pve(struct machine *m);
void machine_read_log(struct machine *m);
/* After the others: what each GPU is for. */
void machine_find_purposes(struct machine *m);

/* A small file, whole: its length, or -errno. */
int machine_read_text(const struct machine *m, char *buf, size_t size, const char *fmt, ...)
	_printf_(4, 5);
bool machine_exists(const struct machine *m, const char *fmt, ...) _printf_(2, 3);

/* A word of the kernel's command line. */
bool machine_word(const struct machine *m, const char *name, char *buf, size_t size);

/* Is the module loaded, or built in? */
bool machine_has_module(const struct machine *m, const char *module);

/* The driver that this platform needs: "i915" or "xe". */
const char *target_driver(const struct target *t);
/* i915 or xe has it. */
bool target_is_driven(const struct target *t);
/* Is it awake now, so that a read of a register wakes nothing? */
bool target_is_awake(const struct machine *m, const struct target *t);
/* "9" → 9.0, "9lp" → 9.0, "12.7" → 12.7, "xe2" → 20, "xe3" → 30; 0: not known. */
double target_generation(const struct target *t);

/*
 * The last record of this boot of the device (or NULL: of any) with such a text. True with its
 * text, clean.
 */
bool machine_log_find(const struct machine *m, const char *pci, const char *text, char *buf,
		      size_t size);
/* When it was last said, in us since the boot; 0: never. */
uint64_t machine_log_last(const struct machine *m, const char *pci, const char *text);
/* Where what the log is missing can be seen, for finding_unknown(). */
const char *machine_log_where(const struct machine *m);
unsigned machine_log_count(const struct machine *m, const char *pci, const char *text);

/* A device node: 0 or -errno. */
int machine_node(const struct machine *m, const char *path, struct node_status *ret);

/* The name of a group here, or "" */
void machine_group(const struct machine *m, uint32_t gid, char *buf, size_t size);

#endif
