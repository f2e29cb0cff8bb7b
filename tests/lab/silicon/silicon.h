/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An Intel GPU as far as Linux's own i915 driver needs one to probe it and to run work on it.
 * Nothing is rendered: commands that move data are carried out, those for 3D, media and blits are
 * skipped by their length. Time is charged by an instruction without effect on hardware: MI_NOOP
 * with an identification number, see command.c.
 */
#ifndef SILICON_H
#define SILICON_H

#include "qemu.h"
#include "settings.h"

#define SETTING(name, preset) SET_##name,
enum { SETTINGS(SETTING) N_SETTINGS };
#undef SETTING

enum { MAX_ENGINES = 5, MAX_PORTS = 8, MAX_BATCHES = 3, MAX_SAVED = 256 };
enum { REGS_SIZE = 8 << 20, GTT_SIZE = 8 << 20 };

#define FOREVER INT64_MAX

/* What an engine does while it is busy; the values are those of the MI_NOOP that asks for it. */
enum occupation { BUSY, WAIT_EVENT, WAIT_SEMAPHORE, HANG };

enum engine_class { RENDER, VIDEO, ENHANCE, COPY };

struct engine_model {
	const char *name;
	u32 base;
	enum engine_class class;
	unsigned instance;
	unsigned bank, bit; /* of its interrupts */
	u32 reset;	    /* its bit in GEN6_GDRST */
};

struct model {
	u16 id;
	unsigned gen;
	u8 revision;
	const char *name;
};

struct batch {
	u64 addr;
	bool ggtt;
};

/* Where in its batches a context was when another one took the engine. */
struct place {
	unsigned level;
	struct batch batches[MAX_BATCHES];
	s64 left; /* of what it was busy with, ns */
	enum occupation what;
};

struct saved_place {
	bool valid;
	u32 lrca, head;
	struct place place;
};

struct engine {
	struct gpu *gpu;
	const struct engine_model *model;
	QEMUTimer timer;

	/* What was submitted: descriptors in the order in which they run. */
	u32 elsp[4];
	unsigned n_elsp;
	u32 queue[2 * MAX_PORTS];
	u64 ports[MAX_PORTS], pending[MAX_PORTS];
	bool has_pending;

	/* The context that is loaded. */
	bool loaded;
	u64 desc;
	u32 lrca, head, tail, start, ctl;
	u32 timestamp; /* of the context, at loaded_at */
	s64 loaded_at;
	u64 pdp[4];
	bool four_level;

	/* What it does. */
	unsigned level; /* of batches[], 0: in the ring */
	struct batch batches[MAX_BATCHES];
	bool may_preempt, in_semaphore, stopped, reset_ready;
	s64 until; /* busy; 0: not */
	enum occupation what;
	u64 command_addr;
	u32 command;

	unsigned csb_last;
	u32 irq_pending; /* generation 11 and later */
};

struct gpu {
	PCIDevice pci; /* first: QEMU takes one for the other */
	MemoryRegion bar0, regs_region, gtt_region, aperture_region, settings_region;
	const struct model *model;
	s64 settings[N_SETTINGS];
	u32 *regs;
	u64 *gtt;
	u64 timestamp_hz;
	struct engine engines[MAX_ENGINES];
	unsigned n_engines;

	bool irq_level;
	u32 gt_iir[4];		     /* generation 9 */
	u32 intr_dw[2], identity[2]; /* generation 11 and later */

	bool rc6;
	s64 rc6_since;
	u64 rc6_ns;

	struct saved_place saved[MAX_SAVED];
	unsigned next_saved;
};

#define array_size(a) (sizeof(a) / sizeof((a)[0]))

static inline s64 now(void)
{
	return qemu_clock_get_ns(CLOCK_VIRTUAL);
}

static inline u32 *reg(struct gpu *gpu, u32 addr)
{
	return &gpu->regs[addr / 4];
}

static inline u32 masked_write(u32 old, u32 value)
{
	u32 mask = value >> 16;

	return (old & ~mask) | (value & mask);
}

/* settings.c */
enum { TRACE_SUBMISSIONS = 1, TRACE_COMMANDS = 2, TRACE_REGISTERS = 4 };
int settings_parse(int argc, char **argv);
void settings_init(struct gpu *gpu);
void __attribute__((format(printf, 3, 4)))
trace(struct gpu *gpu, int what, const char *format, ...);

/* regs.c: what the driver reads and writes, and the command streamers with it */
u32 reg_read(struct gpu *gpu, u32 addr);
void reg_write(struct gpu *gpu, u32 addr, u32 value);
void regs_init(struct gpu *gpu, void **errp);

/* Each part: true if the register is its own. A write has been stored already. */
bool engine_read(struct engine *e, u32 offset, u32 *ret_value);
bool engine_write(struct engine *e, u32 offset, u32 value);
bool interrupt_read(struct gpu *gpu, u32 addr, u32 *ret_value);
bool interrupt_write(struct gpu *gpu, u32 addr, u32 value);
bool power_read(struct gpu *gpu, u32 addr, u32 *ret_value);
bool power_write(struct gpu *gpu, u32 addr, u32 value);
bool display_read(struct gpu *gpu, u32 addr, u32 *ret_value);

/* gtt.c */
void gtt_init(struct gpu *gpu, void **errp);
u32 memory_read(struct engine *e, u64 addr, bool ggtt);
void memory_write(struct engine *e, u64 addr, bool ggtt, u32 value);

/* execlists.c */
void engine_init(struct gpu *gpu, const struct engine_model *model);
void engine_run(struct engine *e);
void engine_reset(struct engine *e);

/* command.c: one command; false: the engine waits */
bool command_step(struct engine *e);

/* interrupt.c */
enum {
	INTERRUPT_USER = 1 << 0,       /* GT_RENDER_USER_INTERRUPT */
	INTERRUPT_SWITCH = 1 << 8,     /* GT_CONTEXT_SWITCH_INTERRUPT */
	INTERRUPT_SEMAPHORE = 1 << 11, /* GT_WAIT_SEMAPHORE_INTERRUPT */
};
void interrupt_raise(struct engine *e, u32 bits);

/* power.c */
void power_init(struct gpu *gpu);
void power_update(struct gpu *gpu);
u64 timestamp(struct gpu *gpu, s64 ns);

/* display.c */
void display_init(struct gpu *gpu);

#endif
