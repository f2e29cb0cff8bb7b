// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Execlists: an engine runs contexts from a list that the driver submits, switches at once to a new
 * list where preemption is allowed, saves and restores contexts, and reports each switch in the
 * context status buffer. As i915's gt/intel_execlists_submission.c and gt/intel_lrc.c expect it.
 */
#include "regs.h"
#include "silicon.h"
#include <string.h>

/* gt/intel_lrc_reg.h: dwords in a context's register state, which is its second page */
enum {
	CTX_RING_HEAD = 0x04 + 1,
	CTX_RING_TAIL = 0x06 + 1,
	CTX_RING_START = 0x08 + 1,
	CTX_RING_CTL = 0x0a + 1,
	CTX_TIMESTAMP = 0x22 + 1,
	CTX_PDP0_UDW = 0x30 + 1,
	CTX_PDP0_LDW = 0x32 + 1,
};

/* gt/intel_lrc.h: a descriptor */
#define GEN8_CTX_VALID	       (1u << 0)
#define GEN8_CTX_ADDRESSING(d) ((d) >> 3 & 3)
#define LEGACY_64B_CONTEXT     3
#define GEN11_SW_CTX_ID(d)     ((u32)((d) >> 37) & 0x7ff)
#define GEN12_IDLE_CTX_ID      0x7ff

/* gt/intel_execlists_submission.c: entries of the context status buffer */
#define GEN8_CTX_STATUS_IDLE_ACTIVE	       (1u << 0)
#define GEN8_CTX_STATUS_PREEMPTED	       (1u << 1)
#define GEN8_CTX_STATUS_ELEMENT_SWITCH	       (1u << 2)
#define GEN8_CTX_STATUS_ACTIVE_IDLE	       (1u << 3)
#define GEN8_CTX_STATUS_COMPLETE	       (1u << 4)
#define GEN8_CTX_STATUS_LITE_RESTORE	       (1u << 15)
#define GEN12_CTX_STATUS_SWITCHED_TO_NEW_QUEUE (1u << 0)
#define GEN12_CSB_SW_CTX_ID_SHIFT	       15
#define GEN12_CTX_SWITCH_PREEMPTED	       5 /* PRM: "Switch Detail" */

/* i915_drv.h: bytes in the hardware status page */
#define I915_HWS_CSB_BUF0_INDEX	 0x40
#define I915_HWS_CSB_WRITE_INDEX 0x7c
#define ICL_HWS_CSB_WRITE_INDEX	 0xbc

enum { POLL_NS = 50000, SLICE_NS = 20000, COMMANDS_PER_SLICE = 20000 };

static bool same_context(u64 a, u64 b)
{
	return (u32)a >> 12 == (u32)b >> 12;
}

static unsigned csb_entries(const struct engine *e)
{
	return e->gpu->model->gen >= 11 ? 12 : 6;
}

static void csb_write(struct engine *e, u32 low, u32 high)
{
	u32 page = *reg(e->gpu, e->model->base + RING_HWS_PGA) & ~0xfffu;
	bool gen11 = e->gpu->model->gen >= 11;

	e->csb_last = (e->csb_last + 1) % csb_entries(e);
	memory_write(e, page + I915_HWS_CSB_BUF0_INDEX + e->csb_last * 8 + 4, true, high);
	memory_write(e, page + I915_HWS_CSB_BUF0_INDEX + e->csb_last * 8, true, low);
	memory_write(e, page + (gen11 ? ICL_HWS_CSB_WRITE_INDEX : I915_HWS_CSB_WRITE_INDEX), true,
		     e->csb_last);
	trace(e->gpu, TRACE_SUBMISSIONS, "%s: status %u: %08x %08x", e->model->name, e->csb_last,
	      high, low);
	interrupt_raise(e, INTERRUPT_SWITCH);
}

static u32 gen12_context_id(u64 desc)
{
	u32 id = desc & GEN8_CTX_VALID ? GEN11_SW_CTX_ID(desc) : GEN12_IDLE_CTX_ID;

	return id << GEN12_CSB_SW_CTX_ID_SHIFT;
}

/* From one context to another (0: none), because a new list came or because the first is done. */
static void csb_switch(struct engine *e, u64 from, u64 to, bool new_list)
{
	u32 low;

	if (e->gpu->model->gen >= 12) {
		csb_write(e,
			  gen12_context_id(to) |
				  (new_list ? GEN12_CTX_STATUS_SWITCHED_TO_NEW_QUEUE : 0),
			  gen12_context_id(from) |
				  (new_list && from ? GEN12_CTX_SWITCH_PREEMPTED : 0));
		return;
	}
	if (!from) {
		low = GEN8_CTX_STATUS_IDLE_ACTIVE;
	} else if (new_list) {
		low = GEN8_CTX_STATUS_PREEMPTED;
		low |= same_context(from, to) ? GEN8_CTX_STATUS_LITE_RESTORE : 0;
	} else {
		low = GEN8_CTX_STATUS_COMPLETE;
		low |= to ? GEN8_CTX_STATUS_ELEMENT_SWITCH : GEN8_CTX_STATUS_ACTIVE_IDLE;
	}
	csb_write(e, low, (from ? from : to) >> 32);
}

static u32 context_read(struct engine *e, unsigned dword)
{
	return memory_read(e, e->lrca + 4096 + dword * 4, true);
}

static void context_write(struct engine *e, unsigned dword, u32 value)
{
	memory_write(e, e->lrca + 4096 + dword * 4, true, value);
}

static u32 context_timestamp(struct engine *e)
{
	return e->timestamp + (e->loaded ? (u32)timestamp(e->gpu, now() - e->loaded_at) : 0);
}

/* Hardware keeps this in parts of the context that the driver does not look at. */
static struct saved_place *find_place(struct gpu *gpu, u32 lrca)
{
	unsigned i;

	for (i = 0; i < MAX_SAVED; i++) {
		if (gpu->saved[i].valid && gpu->saved[i].lrca == lrca)
			return &gpu->saved[i];
	}
	return NULL;
}

static void save_place(struct engine *e)
{
	struct saved_place *saved = find_place(e->gpu, e->lrca);
	s64 left = e->until > now() ? e->until - now() : 0;

	if (!e->level && !left)
		return;
	if (!saved)
		saved = &e->gpu->saved[e->gpu->next_saved++ % MAX_SAVED];
	*saved = (struct saved_place){ .valid = true, .lrca = e->lrca, .head = e->head };
	saved->place = (struct place){ .level = e->level, .left = left, .what = e->what };
	memcpy(saved->place.batches, e->batches, sizeof(e->batches));
}

/* A head that moved is the driver's: after a reset it goes on behind the guilty request. */
static void restore_place(struct engine *e)
{
	struct saved_place *saved = find_place(e->gpu, e->lrca);

	if (!saved)
		return;
	saved->valid = false;
	if (saved->head != e->head)
		return;
	e->level = saved->place.level;
	memcpy(e->batches, saved->place.batches, sizeof(e->batches));
	e->until = saved->place.left ? now() + saved->place.left : 0;
	e->what = saved->place.what;
}

static void forget_work(struct engine *e)
{
	e->level = 0;
	e->until = 0;
	e->what = BUSY;
	e->in_semaphore = false;
}

static void context_save(struct engine *e)
{
	context_write(e, CTX_RING_HEAD, e->head);
	context_write(e, CTX_TIMESTAMP, context_timestamp(e));
	save_place(e);
	e->timestamp = context_timestamp(e);
	e->loaded = false;
	forget_work(e);
	power_update(e->gpu);
}

static void context_load(struct engine *e, u64 desc)
{
	unsigned i;

	e->desc = desc;
	e->lrca = (u32)desc & ~0xfffu;
	e->four_level = GEN8_CTX_ADDRESSING(desc) == LEGACY_64B_CONTEXT;
	e->head = context_read(e, CTX_RING_HEAD) & 0x1ffffc;
	e->tail = context_read(e, CTX_RING_TAIL) & 0x1ffff8;
	e->start = context_read(e, CTX_RING_START);
	e->ctl = context_read(e, CTX_RING_CTL);
	e->timestamp = context_read(e, CTX_TIMESTAMP);
	for (i = 0; i < 4; i++)
		e->pdp[i] = (u64)context_read(e, CTX_PDP0_UDW - 4 * i) << 32 |
			    context_read(e, CTX_PDP0_LDW - 4 * i);
	e->loaded = true;
	e->loaded_at = now();
	e->may_preempt = true;
	forget_work(e);
	restore_place(e);
	power_update(e->gpu);
	trace(e->gpu, TRACE_SUBMISSIONS, "%s: load %llx, ring %x from %x to %x%s", e->model->name,
	      (unsigned long long)desc, e->start, e->head, e->tail, e->level ? ", in a batch" : "");
}

/* A new list takes effect. If it begins with the context that runs, that one only has more to do.
 */
static void take_list(struct engine *e)
{
	u64 from = e->loaded ? e->desc : 0, to = e->pending[0];

	memcpy(e->ports, e->pending, sizeof(e->ports));
	e->has_pending = false;
	if (from && same_context(from, to)) {
		e->tail = context_read(e, CTX_RING_TAIL) & 0x1ffff8;
		e->desc = to;
		csb_switch(e, from, to, true);
		return;
	}
	if (from)
		context_save(e);
	if (to & GEN8_CTX_VALID) {
		csb_switch(e, from, to, true);
		context_load(e, to);
	} else if (from) {
		csb_switch(e, from, 0, true);
	}
}

static bool preemptible(struct engine *e)
{
	if (!e->loaded)
		return true;
	if (e->what == HANG)
		return false;
	return e->may_preempt || e->in_semaphore || same_context(e->desc, e->pending[0]);
}

/* The context has come to the end of its ring: the next of the list, or a new list. */
static void context_done(struct engine *e)
{
	bool new_list = e->has_pending;
	u64 from = e->desc, to;

	context_save(e);
	memmove(e->ports, e->ports + 1, sizeof(e->ports) - sizeof(e->ports[0]));
	e->ports[MAX_PORTS - 1] = 0;
	if (new_list) {
		memcpy(e->ports, e->pending, sizeof(e->ports));
		e->has_pending = false;
	}
	to = e->ports[0] & GEN8_CTX_VALID ? e->ports[0] : 0;
	csb_switch(e, from, to, new_list);
	if (to)
		context_load(e, to);
}

static bool runs(const struct engine *e)
{
	unsigned number = (unsigned)(e - e->gpu->engines);

	return !(e->gpu->settings[SET_dead] >> number & 1) && !e->gpu->settings[SET_gone];
}

/* False: it is busy for longer. */
static bool work_done(struct engine *e)
{
	if (e->until > now()) {
		if (e->until != FOREVER)
			timer_mod_ns(&e->timer, e->until);
		return false;
	}
	e->until = 0;
	e->what = BUSY;
	return true;
}

/* Until it has nothing to do, or waits: then the timer calls it again. */
void engine_run(struct engine *e)
{
	unsigned budget = COMMANDS_PER_SLICE;

	while (runs(e)) {
		if (e->has_pending && preemptible(e))
			take_list(e);
		if (!e->loaded || e->stopped)
			return;
		if (e->until && !work_done(e))
			return;
		if (!e->level && e->head == e->tail) {
			context_done(e);
			continue;
		}
		if (!budget--) {
			timer_mod_ns(&e->timer, now() + SLICE_NS);
			return;
		}
		if (command_step(e) || e->until)
			continue;
		timer_mod_ns(&e->timer, now() + POLL_NS);
		if (!e->has_pending || !preemptible(e))
			return;
	}
}

static void on_timer(void *engine)
{
	engine_run(engine);
}

static void submit(struct engine *e)
{
	trace(e->gpu, TRACE_SUBMISSIONS, "%s: submitted %llx %llx", e->model->name,
	      (unsigned long long)e->pending[0], (unsigned long long)e->pending[1]);
	e->has_pending = true;
	engine_run(e);
}

/* Generation 9: two descriptors, the second first, each with its upper half first. */
static void write_elsp(struct engine *e, u32 value)
{
	e->elsp[e->n_elsp++] = value;
	if (e->n_elsp < 4)
		return;
	e->n_elsp = 0;
	memset(e->pending, 0, sizeof(e->pending));
	e->pending[1] = (u64)e->elsp[0] << 32 | e->elsp[1];
	e->pending[0] = (u64)e->elsp[2] << 32 | e->elsp[3];
	submit(e);
}

/* Generation 11 and later: a queue is filled, then loaded as a whole. */
static void load_queue(struct engine *e)
{
	unsigned i;

	for (i = 0; i < MAX_PORTS; i++)
		e->pending[i] = (u64)e->queue[2 * i + 1] << 32 | e->queue[2 * i];
	submit(e);
}

void engine_reset(struct engine *e)
{
	struct saved_place *saved = e->loaded ? find_place(e->gpu, e->lrca) : NULL;

	trace(e->gpu, TRACE_SUBMISSIONS, "%s: reset", e->model->name);
	if (saved)
		saved->valid = false;
	timer_del(&e->timer);
	e->loaded = e->has_pending = e->stopped = e->reset_ready = false;
	e->head = e->tail = e->start = e->ctl = 0;
	e->n_elsp = 0;
	e->csb_last = csb_entries(e) - 1;
	memset(e->ports, 0, sizeof(e->ports));
	memset(e->pending, 0, sizeof(e->pending));
	*reg(e->gpu, e->model->base + RING_MI_MODE) = 0;
	forget_work(e);
	power_update(e->gpu);
}

static u32 read_ctl(struct engine *e)
{
	u32 value = e->ctl;

	if (e->loaded && (e->in_semaphore || (e->until && e->what == WAIT_SEMAPHORE)))
		value |= RING_WAIT_SEMAPHORE;
	if (e->loaded && e->until && e->what == WAIT_EVENT)
		value |= RING_WAIT;
	return value;
}

bool engine_read(struct engine *e, u32 offset, u32 *ret_value)
{
	switch (offset) {
	case RING_TAIL:
		*ret_value = e->tail;
		return true;
	case RING_HEAD:
		*ret_value = e->head;
		return true;
	case RING_START:
		*ret_value = e->start;
		return true;
	case RING_CTL:
		*ret_value = read_ctl(e);
		return true;
	case RING_IPEHR:
		*ret_value = e->command;
		return true;
	case RING_INSTDONE: /* bit 0: the ring */
		*ret_value = e->loaded ? UINT32_MAX - 1 : UINT32_MAX;
		return true;
	case RING_ACTHD:
		*ret_value = (u32)e->command_addr;
		return true;
	case RING_ACTHD_UDW:
		*ret_value = e->command_addr >> 32;
		return true;
	case RING_MI_MODE:
		*ret_value &= 0xffff & ~MODE_IDLE;
		*ret_value |= !e->loaded || e->stopped ? MODE_IDLE : 0;
		return true;
	case RING_EIR:
	case RING_ESR:
		*ret_value = 0;
		return true;
	case RING_RESET_CTL:
		*ret_value = e->reset_ready ? RESET_CTL_READY_TO_RESET : 0;
		return true;
	case RING_EXECLIST_STATUS_LO:
		*ret_value = e->loaded ? EXECLIST_STATUS_ACTIVE : 0;
		return true;
	case RING_EXECLIST_STATUS_HI:
		*ret_value = e->desc >> 32;
		return true;
	case RING_TIMESTAMP:
		*ret_value = (u32)timestamp(e->gpu, now());
		return true;
	case RING_TIMESTAMP_UDW:
		*ret_value = timestamp(e->gpu, now()) >> 32;
		return true;
	case RING_CONTEXT_STATUS_PTR:
		*ret_value = e->csb_last | e->csb_last << 8;
		return true;
	case RING_CTX_TIMESTAMP:
		*ret_value = context_timestamp(e);
		return true;
	}
	return false;
}

bool engine_write(struct engine *e, u32 offset, u32 value)
{
	bool gen11 = e->gpu->model->gen >= 11;

	switch (offset) {
	case RING_MI_MODE:
		e->stopped = value & STOP_RING;
		if (!e->stopped)
			engine_run(e);
		return true;
	case RING_RESET_CTL:
		if (value >> 16 & RESET_CTL_REQUEST_RESET)
			e->reset_ready = (value & RESET_CTL_REQUEST_RESET) &&
					 !e->gpu->settings[SET_no_reset];
		return true;
	case RING_CONTEXT_STATUS_PTR:
		if (value >> 16)
			e->csb_last = value & (gen11 ? 15 : 7);
		return true;
	case RING_CTX_TIMESTAMP:
		e->timestamp = value;
		e->loaded_at = now();
		return true;
	case RING_ELSP:
		if (!gen11)
			write_elsp(e, value);
		return true;
	case RING_EXECLIST_SQ_CONTENTS ... RING_EXECLIST_SQ_CONTENTS + 8 * MAX_PORTS - 4:
		e->queue[(offset - RING_EXECLIST_SQ_CONTENTS) / 4] = value;
		return true;
	case RING_EXECLIST_CONTROL:
		if (value & EL_CTRL_LOAD)
			load_queue(e);
		return true;
	}
	return false;
}

void engine_init(struct gpu *gpu, const struct engine_model *model)
{
	struct engine *e = &gpu->engines[gpu->n_engines++];

	e->gpu = gpu;
	e->model = model;
	e->csb_last = csb_entries(e) - 1;
	timer_init_full(&e->timer, NULL, CLOCK_VIRTUAL, SCALE_NS, 0, on_timer, e);
}
