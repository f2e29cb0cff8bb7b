/* SPDX-License-Identifier: Apache-2.0 */
/* What a check is, and what it comes to. */
#ifndef CHECK_FINDING_H
#define CHECK_FINDING_H

#include "base/macros.h"
#include "machine.h"

#include <stdbool.h>
#include <stddef.h>

enum status {
	NOT_APPLICABLE, /* this machine is not for that */
	PASSED,
	FAILED,
	SKIPPED, /* because of another check */
	UNKNOWN, /* cannot be seen from here */
};

enum severity {
	NOTE,	 /* nothing is broken */
	WARNING, /* works, but worse or at risk */
	ERROR,	 /* acceleration cannot work */
};

/* What repairs it. The first row that fits a cause, distribution and layer is taken. */
struct remedy {
	const char *cause;	/* NULL: any */
	unsigned distributions; /* of enum distribution; ON_ANY */
	unsigned layers;	/* of enum layer; ANYWHERE */
	const char *where;	/* "host", "guest", "container", "proxmox-host", "node" */
	bool reboot;
	/* One sentence, and commands, a line each. {name} is a value of the finding. */
	const char *say, *commands;
};

#define MAX_EVIDENCE 4
#define MAX_VALUES   10

struct finding {
	const struct check *check;
	const struct target *target; /* NULL: of the machine */
	enum status status;
	enum severity severity;
	bool is_note; /* PASSED, and worth a line of its own */
	bool ignored;
	bool stops;	   /* what depends on it is skipped, although it is no fault */
	const char *cause; /* chooses the remedy */
	char summary[160];
	struct {
		char source[96], value[160];
	} evidence[MAX_EVIDENCE];
	size_t n_evidence;
	struct {
		const char *name;
		char value[128];
	} values[MAX_VALUES];
	size_t n_values;
	const struct check *because; /* of SKIPPED */
	const char *see;	     /* of UNKNOWN: what would make it known */
};

#define MAX_DEPENDS 10

struct check {
	const char *id, *area;
	const char *title; /* what is fine when it passes */
	const char *depends[MAX_DEPENDS];
	unsigned layers;	/* where it can be decided; ANYWHERE */
	bool slow;		/* runs a program: it may take a second */
	unsigned purposes;	/* bits 1 << enum purpose of the GPU; 0: whatever it is for */
	bool of_machine;	/* else of each GPU */
	enum severity severity; /* that it has at most */
	void (*run)(struct finding *f, const struct machine *m, const struct target *t);
	const struct remedy *remedies;
	size_t n_remedies;
};

#define REMEDIES(array) .remedies = (array), .n_remedies = ARRAY_SIZE(array)

/* The tables, in the order of the tree: what fails first is the cause of the rest. */
struct check_table {
	const struct check *checks;
	size_t n;
};
extern const struct check_table hardware_checks, driver_checks, cause_checks, bound_checks,
	firmware_checks, node_checks, va_checks, compute_checks, iommu_checks, gvt_checks,
	sriov_checks, kubernetes_checks, lxc_checks, vm_checks, config_checks, health_checks;

void finding_pass(struct finding *f, const char *fmt, ...) _printf_(2, 3);
/* A fact that is no fault. */
void finding_note(struct finding *f, const char *fmt, ...) _printf_(2, 3);
void finding_fail(struct finding *f, enum severity severity, const char *cause, const char *fmt,
		  ...) _printf_(4, 5);
/* see: "as root", "on the host": where or how it would be known. */
void finding_unknown(struct finding *f, const char *see, const char *fmt, ...) _printf_(3, 4);
void finding_evidence(struct finding *f, const char *source, const char *fmt, ...) _printf_(3, 4);
/* The GPU is somebody else's: what depends on this is for him to check. */
void finding_stop(struct finding *f);
/* For {name} of a remedy. */
void finding_value(struct finding *f, const char *name, const char *fmt, ...) _printf_(3, 4);

const struct remedy *finding_remedy(const struct finding *f, const struct machine *m);
/* Fills in the values; what a shell would take for more than a word becomes "?". */
void finding_expand(const struct finding *f, const char *text, char *buf, size_t size);

#endif
