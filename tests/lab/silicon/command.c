// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command streamer: interprets rings and batches. Carried out are the commands that move data,
 * synchronise or jump (i915's gt/intel_gpu_commands.h; PRM "Command Reference: Instructions"); the
 * rest is skipped by its length.
 *
 * MI_NOOP with an identification number has no effect on hardware but to store that number. Here it
 * takes time: bits 19:0 are microseconds, bits 21:20 an enum occupation. HANG lasts until a reset.
 */
#include "regs.h"
#include "silicon.h"

enum {
	MI_NOOP = 0x00,
	MI_USER_INTERRUPT = 0x02,
	MI_ARB_ON_OFF = 0x08,
	MI_BATCH_BUFFER_END = 0x0a,
	MI_SEMAPHORE_WAIT = 0x1c,
	MI_STORE_DWORD_IMM = 0x20,
	MI_LOAD_REGISTER_IMM = 0x22,
	MI_STORE_REGISTER_MEM = 0x24,
	MI_FLUSH_DW = 0x26,
	MI_LOAD_REGISTER_MEM = 0x29,
	MI_LOAD_REGISTER_REG = 0x2a,
	MI_COPY_MEM_MEM = 0x2e,
	MI_BATCH_BUFFER_START = 0x31,
	MI_CONDITIONAL_BATCH_BUFFER_END = 0x36,
};

#define GFX_OP_PIPE_CONTROL 0x7a000000u /* without its length */

#define MI_NOOP_WRITE_ID	      (1u << 22)
#define MI_USE_GGTT		      (1u << 22)
#define MI_SEMAPHORE_REGISTER	      (1u << 16) /* MI_SEMAPHORE_REGISTER_POLL */
#define MI_LRI_LRM_CS_MMIO	      (1u << 19)
#define MI_LRR_SOURCE_CS_MMIO	      (1u << 18)
#define MI_BATCH_PPGTT		      (1u << 8)
#define MI_BATCH_SECOND_LEVEL	      (1u << 22)
#define MI_FLUSH_DW_STORE_INDEX	      (1u << 21)
#define MI_FLUSH_DW_NOTIFY	      (1u << 8)
#define MI_FLUSH_DW_USE_GTT	      (1u << 2)
#define PIPE_CONTROL_GLOBAL_GTT_IVB   (1u << 24)
#define PIPE_CONTROL_STORE_DATA_INDEX (1u << 21)
#define PIPE_CONTROL_NOTIFY	      (1u << 8)
#define POST_SYNC_OP(flags)	      ((flags) >> 14 & 3)

enum { WRITE_IMMEDIATE = 1, WRITE_TIMESTAMP = 3 };
enum { MAX_DWORDS = 16, LOOP_US = 50 };

struct command {
	u32 dw[MAX_DWORDS]; /* longer ones are only skipped, but for MI_LOAD_REGISTER_IMM */
	unsigned len;
	u64 addr;
};

static u64 address(const struct command *c, unsigned dword)
{
	return (c->dw[dword] & ~3u) | (u64)c->dw[dword + 1] << 32;
}

static u32 ring_mask(const struct engine *e)
{
	return (e->ctl & 0x1ff000) + 4095; /* RING_NR_PAGES */
}

static u64 position(struct engine *e, unsigned dword)
{
	if (e->level)
		return e->batches[e->level - 1].addr + dword * 4;
	return e->start + ((e->head + dword * 4) & ring_mask(e));
}

static u32 fetch(struct engine *e, unsigned dword)
{
	return memory_read(e, position(e, dword), !e->level || e->batches[e->level - 1].ggtt);
}

static void move(struct engine *e, s64 dwords)
{
	if (e->level)
		e->batches[e->level - 1].addr += dwords * 4;
	else
		e->head = (u32)(e->head + dwords * 4) & ring_mask(e);
}

static unsigned command_length(u32 head)
{
	enum { MI = 0, BLITTER = 2, RENDER_OR_MEDIA = 3, SINGLE = 1, MEDIA = 2 };
	u32 opcode = head >> 23 & 0x3f;

	switch (head >> 29) {
	case MI:
		if (opcode < 0x10)
			return 1;
		return (head & (opcode == MI_FLUSH_DW ? 0x3f : 0xff)) + 2;
	case BLITTER:
		return (head & 0xff) + 2;
	case RENDER_OR_MEDIA:
		if ((head >> 27 & 3) == SINGLE)
			return 1;
		return (head & ((head >> 27 & 3) == MEDIA ? 0xfff : 0xff)) + 2;
	}
	return 1;
}

static void occupy(struct engine *e, s64 us, enum occupation what)
{
	e->until = what == HANG ? FOREVER : now() + us * 1000;
	e->what = what;
}

static bool noop(struct engine *e, const struct command *c)
{
	if (!(c->dw[0] & MI_NOOP_WRITE_ID))
		return true;
	*reg(e->gpu, e->model->base + RING_NOPID) = c->dw[0] & 0x3fffff;
	occupy(e, c->dw[0] & 0xfffff, c->dw[0] >> 20 & 3);
	return false;
}

static bool compare(u32 how, u32 a, u32 b)
{
	switch (how) {
	case 0:
		return a > b;
	case 1:
		return a >= b;
	case 2:
		return a < b;
	case 3:
		return a <= b;
	case 4:
		return a == b;
	default:
		return a != b;
	}
}

/* Until it is true, the command is met again and again. */
static bool semaphore_wait(struct engine *e, const struct command *c)
{
	u32 value = c->dw[0] & MI_SEMAPHORE_REGISTER
			    ? reg_read(e->gpu, c->dw[2] & 0x7ffffc)
			    : memory_read(e, address(c, 2), c->dw[0] & MI_USE_GGTT);

	if (compare(c->dw[0] >> 12 & 7, value, c->dw[1])) {
		e->in_semaphore = false;
		return true;
	}
	move(e, -(s64)c->len);
	if (!e->in_semaphore) {
		e->in_semaphore = true;
		interrupt_raise(e, INTERRUPT_SEMAPHORE);
	}
	return false;
}

/* From generation 11 on a register can be named relative to the engine that executes the command.
 */
static u32 register_at(struct engine *e, const struct command *c, u32 offset, u32 relative)
{
	if ((c->dw[0] & relative) && e->gpu->model->gen >= 11)
		return e->model->base + (offset & 0x3ffc);
	return offset & 0x7ffffc;
}

static void load_immediates(struct engine *e, const struct command *c)
{
	unsigned i;
	u32 addr;

	move(e, -(s64)c->len);
	for (i = 1; i + 1 < c->len; i += 2) {
		addr = register_at(e, c, fetch(e, i), MI_LRI_LRM_CS_MMIO);
		reg_write(e->gpu, addr, fetch(e, i + 1));
	}
	move(e, c->len);
}

static void store_immediates(struct engine *e, const struct command *c)
{
	unsigned i;

	for (i = 3; i < c->len && i < MAX_DWORDS; i++)
		memory_write(e, address(c, 1) + (i - 3) * 4, c->dw[0] & MI_USE_GGTT, c->dw[i]);
}

static void store_register(struct engine *e, const struct command *c)
{
	u32 addr = register_at(e, c, c->dw[1], MI_LRI_LRM_CS_MMIO);

	memory_write(e, address(c, 2), c->dw[0] & MI_USE_GGTT, reg_read(e->gpu, addr));
}

static void load_register(struct engine *e, const struct command *c)
{
	u32 addr = register_at(e, c, c->dw[1], MI_LRI_LRM_CS_MMIO);

	reg_write(e->gpu, addr, memory_read(e, address(c, 2), c->dw[0] & MI_USE_GGTT));
}

static void copy_register(struct engine *e, const struct command *c)
{
	u32 from = register_at(e, c, c->dw[1], MI_LRR_SOURCE_CS_MMIO);

	reg_write(e->gpu, register_at(e, c, c->dw[2], MI_LRI_LRM_CS_MMIO), reg_read(e->gpu, from));
}

static void copy_memory(struct engine *e, const struct command *c)
{
	u32 value = memory_read(e, address(c, 3), c->dw[0] & (1u << 21)); /* the source's table */

	memory_write(e, address(c, 1), c->dw[0] & MI_USE_GGTT, value);
}

/* What a flush writes when it is done. */
static void post_sync(struct engine *e, const struct command *c, u32 operation, u64 addr, bool ggtt,
		      unsigned data)
{
	u64 ticks = timestamp(e->gpu, now());

	if (operation == WRITE_IMMEDIATE) {
		memory_write(e, addr, ggtt, c->dw[data]);
		if (c->len > data + 1)
			memory_write(e, addr + 4, ggtt, c->dw[data + 1]);
	} else if (operation == WRITE_TIMESTAMP) {
		memory_write(e, addr, ggtt, (u32)ticks);
		memory_write(e, addr + 4, ggtt, ticks >> 32);
	}
}

/* The address is one, or an index into the context's own status page. */
static void flush(struct engine *e, const struct command *c)
{
	bool index = c->dw[0] & MI_FLUSH_DW_STORE_INDEX;
	u64 addr = index ? e->lrca + (c->dw[1] & 0xff8) : address(c, 1) & ~7ull;

	post_sync(e, c, POST_SYNC_OP(c->dw[0]), addr, index || (c->dw[1] & MI_FLUSH_DW_USE_GTT), 3);
	if (c->dw[0] & MI_FLUSH_DW_NOTIFY)
		interrupt_raise(e, INTERRUPT_USER);
}

static void pipe_control(struct engine *e, const struct command *c)
{
	bool index = c->dw[1] & PIPE_CONTROL_STORE_DATA_INDEX;
	u64 addr = index ? e->lrca + (c->dw[2] & 0xff8) : address(c, 2);

	post_sync(e, c, POST_SYNC_OP(c->dw[1]), addr,
		  index || (c->dw[1] & PIPE_CONTROL_GLOBAL_GTT_IVB), 4);
	if (c->dw[1] & PIPE_CONTROL_NOTIFY)
		interrupt_raise(e, INTERRUPT_USER);
}

/* A jump within a batch, or a batch of the next level. A jump back may be for ever: it takes time.
 */
static bool batch_start(struct engine *e, const struct command *c)
{
	struct batch batch = { address(c, 1) & 0xffffffffffffull, !(c->dw[0] & MI_BATCH_PPGTT) };
	bool from_ring = !e->level;

	if (e->level && !(c->dw[0] & MI_BATCH_SECOND_LEVEL)) {
		e->batches[e->level - 1] = batch;
		if (batch.addr > c->addr)
			return true;
		occupy(e, LOOP_US, BUSY);
		return false;
	}
	if (e->level < MAX_BATCHES)
		e->batches[e->level++] = batch;
	if (!from_ring || !e->gpu->settings[SET_batch_us])
		return true;
	occupy(e, e->gpu->settings[SET_batch_us], BUSY);
	return false;
}

static void batch_end(struct engine *e)
{
	if (e->level)
		e->level--;
}

/* Goes on while the value is greater. */
static void conditional_end(struct engine *e, const struct command *c)
{
	if (memory_read(e, address(c, 2) & ~7ull, c->dw[0] & MI_USE_GGTT) <= c->dw[1])
		batch_end(e);
}

static bool execute_mi(struct engine *e, const struct command *c)
{
	switch (c->dw[0] >> 23) {
	case MI_NOOP:
		return noop(e, c);
	case MI_SEMAPHORE_WAIT:
		return semaphore_wait(e, c);
	case MI_BATCH_BUFFER_START:
		return batch_start(e, c);
	case MI_USER_INTERRUPT:
		interrupt_raise(e, INTERRUPT_USER);
		break;
	case MI_ARB_ON_OFF:
		e->may_preempt = c->dw[0] & 1;
		break;
	case MI_BATCH_BUFFER_END:
		batch_end(e);
		break;
	case MI_CONDITIONAL_BATCH_BUFFER_END:
		conditional_end(e, c);
		break;
	case MI_STORE_DWORD_IMM:
		store_immediates(e, c);
		break;
	case MI_LOAD_REGISTER_IMM:
		load_immediates(e, c);
		break;
	case MI_STORE_REGISTER_MEM:
		store_register(e, c);
		break;
	case MI_LOAD_REGISTER_MEM:
		load_register(e, c);
		break;
	case MI_LOAD_REGISTER_REG:
		copy_register(e, c);
		break;
	case MI_COPY_MEM_MEM:
		copy_memory(e, c);
		break;
	case MI_FLUSH_DW:
		flush(e, c);
		break;
	}
	return true;
}

bool command_step(struct engine *e)
{
	struct command c = { .addr = position(e, 0) };
	unsigned i;

	c.dw[0] = fetch(e, 0);
	c.len = command_length(c.dw[0]);
	for (i = 1; i < c.len && i < MAX_DWORDS; i++)
		c.dw[i] = fetch(e, i);
	e->command_addr = c.addr;
	e->command = c.dw[0];
	trace(e->gpu, TRACE_COMMANDS, "%s: level %u %llx: %08x %08x %08x %08x", e->model->name,
	      e->level, (unsigned long long)c.addr, c.dw[0], c.dw[1], c.dw[2], c.dw[3]);
	move(e, c.len);
	if (c.dw[0] >> 29 == 0)
		return execute_mi(e, &c);
	if ((c.dw[0] & 0xffff0000) == GFX_OP_PIPE_CONTROL)
		pipe_control(e, &c);
	return true;
}
