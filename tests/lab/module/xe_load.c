// SPDX-License-Identifier: GPL-2.0-only
/*
 * The work that the emulated xe does, for itself and for each of its VFs. As in load.c a counter is
 * a rate integrated over time. What the driver or the firmware makes of them is here, too: ticks
 * that restart, grants, and registers of 32 bits that grow at reads.
 */
#include <linux/math64.h>
#include "xe_lab.h"

#define PER_MILLE 1000u
#define C6_UNIT_NS 1280u
#define ENERGY_UNITS_PER_J (1u << 14)

/* The second engine of a class has half of the first one's load: who mixes them up shows. */
static u32 share(u32 class, u32 instance, u32 function)
{
	return READ_ONCE(xe_load_permille[class][function]) / (1 + instance);
}

static u64 counter_at(const struct xe_counter *c, u64 elapsed)
{
	return c->sum + c->rate * elapsed;
}

static u64 elapsed(const struct xe_load *load, ktime_t now)
{
	return ktime_to_ns(ktime_sub(now, load->since));
}

static void settle_counter(struct xe_counter *c, u64 ns)
{
	c->sum = counter_at(c, ns);
}

static void settle(struct xe_load *load)
{
	ktime_t now = ktime_get();
	u64 ns = elapsed(load, now);
	u32 class, i, f;

	for (class = 0; class < XE_CLASSES; class++)
		for (i = 0; i < XE_MAX_INSTANCES; i++) {
			settle_counter(&load->engine[class][i].whole, ns);
			for (f = 0; f < XE_FUNCTIONS; f++)
				settle_counter(&load->engine[class][i].function[f], ns);
		}
	for (i = 0; i < XE_MAX_GTS; i++)
		settle_counter(&load->c6[i], ns);
	for (i = 0; i < XE_CHANNELS; i++)
		settle_counter(&load->energy[i], ns);
	load->since = now;
}

/* Forcewake keeps a GT from C6. Asleep, nothing works, and the registers have no power. */
static void set_rates(struct xe_gpu *xe)
{
	struct xe_load *load = &xe->load;
	bool awake = !load->asleep;
	u32 class, i, f;

	for (class = 0; class < XE_CLASSES; class++)
		for (i = 0; i < XE_MAX_INSTANCES; i++) {
			struct xe_engine_load *e = &load->engine[class][i];

			e->whole.rate = 0;
			for (f = 0; f < XE_FUNCTIONS; f++) {
				e->function[f].rate = awake && f <= xe->vfs ? share(class, i, f) : 0;
				e->whole.rate += e->function[f].rate;
			}
		}
	for (i = 0; i < XE_MAX_GTS; i++)
		load->c6[i].rate = awake && !load->forcewakes[i] ? READ_ONCE(xe_c6_permille[i]) : 0;
	for (i = 0; i < XE_CHANNELS; i++)
		load->energy[i].rate = awake ? READ_ONCE(xe_power_mw[i]) : 0;
}

static u32 register_at(const struct xe_extended *x, u64 units)
{
	return (u32)(units - x->origin);
}

/* drivers/gpu/drm/xe/xe_hwmon.c and xe_gt_idle.c: what is lower than before has wrapped. */
static u64 extend(struct xe_extended *x, u64 units)
{
	u32 now = register_at(x, units);

	x->value += (u32)(now - x->last);
	x->last = now;
	return x->value;
}

static u64 c6_ns(const struct xe_load *load, unsigned int gt, u64 ns)
{
	return div_u64(counter_at(&load->c6[gt], ns), PER_MILLE);
}

static u64 energy_uj(const struct xe_load *load, unsigned int channel, u64 ns)
{
	return div_u64(counter_at(&load->energy[channel], ns), 1000000);
}

static u64 c6_units(const struct xe_load *load, unsigned int gt, u64 ns)
{
	return div_u64(counter_at(&load->c6[gt], ns), PER_MILLE * C6_UNIT_NS);
}

/* mW x ns is 10^-12 J. */
static u64 energy_units(const struct xe_load *load, unsigned int channel, u64 ns)
{
	return mul_u64_u64_div_u64(counter_at(&load->energy[channel], ns), ENERGY_UNITS_PER_J,
				   1000000000000ull);
}

/* Without power the registers forget; the driver does not know that they have. */
static void lose_power(struct xe_load *load)
{
	u32 i;

	for (i = 0; i < XE_MAX_GTS; i++)
		load->c6_register[i].origin = c6_units(load, i, 0);
	for (i = 0; i < XE_CHANNELS; i++)
		load->energy_register[i].origin = energy_units(load, i, 0);
}

void xe_load_apply(struct xe_gpu *xe)
{
	unsigned long flags;

	spin_lock_irqsave(&xe->load.lock, flags);
	settle(&xe->load);
	set_rates(xe);
	spin_unlock_irqrestore(&xe->load.lock, flags);
}

void xe_load_sleep(struct xe_gpu *xe, bool asleep)
{
	unsigned long flags;

	spin_lock_irqsave(&xe->load.lock, flags);
	settle(&xe->load);
	xe->load.asleep = asleep;
	if (asleep && READ_ONCE(xe_d3cold))
		lose_power(&xe->load);
	set_rates(xe);
	spin_unlock_irqrestore(&xe->load.lock, flags);
}

void xe_load_forcewake(struct xe_gpu *xe, unsigned int gt, int by)
{
	unsigned long flags;

	spin_lock_irqsave(&xe->load.lock, flags);
	settle(&xe->load);
	xe->load.forcewakes[gt] += by;
	set_rates(xe);
	spin_unlock_irqrestore(&xe->load.lock, flags);
}

/* The firmware's counts start again: after a GT's reset, or with other buffers for other functions. */
void xe_load_restart(struct xe_gpu *xe)
{
	struct xe_load *load = &xe->load;
	unsigned long flags;
	u32 class, i, f;

	spin_lock_irqsave(&load->lock, flags);
	settle(load);
	for (class = 0; class < XE_CLASSES; class++)
		for (i = 0; i < XE_MAX_INSTANCES; i++) {
			struct xe_engine_load *e = &load->engine[class][i];

			e->whole_from = e->whole.sum;
			for (f = 0; f < XE_FUNCTIONS; f++)
				e->function_from[f] = e->function[f].sum;
		}
	for (i = 0; i < XE_MAX_GTS; i++)
		for (f = 0; f < XE_FUNCTIONS; f++)
			load->grant[i][f] = (struct xe_grant){ .at = load->since };
	set_rates(xe);
	spin_unlock_irqrestore(&load->lock, flags);
}

/* As if the time until then had passed: the energy registers wrap after so many more units. */
void xe_load_near_wrap(struct xe_gpu *xe, u32 units)
{
	struct xe_load *load = &xe->load;
	unsigned long flags;
	u32 i;

	spin_lock_irqsave(&load->lock, flags);
	settle(load);
	for (i = 0; i < XE_CHANNELS; i++) {
		struct xe_extended *x = &load->energy_register[i];

		extend(x, energy_units(load, i, 0));
		x->origin = energy_units(load, i, 0) + units;
		x->value += (u32)(-units - x->last);
		x->last = -units;
	}
	spin_unlock_irqrestore(&load->lock, flags);
}

void xe_load_init(struct xe_gpu *xe)
{
	struct xe_load *load = &xe->load;
	u32 i;

	spin_lock_init(&load->lock);
	load->since = ktime_get();
	/* The driver begins with what the register has. */
	for (i = 0; i < XE_CHANNELS; i++) {
		load->energy_register[i].origin = -(u64)xe_energy_start;
		load->energy_register[i].last = load->energy_register[i].value = xe_energy_start;
	}
	xe_load_restart(xe);
}

static u64 ticks(u64 permille_ns)
{
	return mul_u64_u64_div_u64(permille_ns, READ_ONCE(xe_clock_hz), PER_MILLE * (u64)NSEC_PER_SEC);
}

/* Without VFs there is one buffer, whichever function is asked for. */
u64 xe_load_active(struct xe_gpu *xe, u32 class, u32 instance, u32 function)
{
	struct xe_load *load = &xe->load;
	const struct xe_engine_load *e = &load->engine[class][instance];
	unsigned long flags;
	u64 ns, value;

	spin_lock_irqsave(&load->lock, flags);
	ns = elapsed(load, ktime_get());
	if (!xe->vfs)
		value = counter_at(&e->whole, ns) - e->whole_from;
	else if (function <= xe->vfs)
		value = counter_at(&e->function[function], ns) - e->function_from[function];
	else
		value = 0;
	spin_unlock_irqrestore(&load->lock, flags);
	return ticks(value);
}

u64 xe_load_total(struct xe_gpu *xe, unsigned int gt, u32 function)
{
	struct xe_load *load = &xe->load;
	struct xe_grant *g = &load->grant[gt][xe->vfs ? function : 0];
	unsigned long flags;
	u64 numerator, ns;
	ktime_t now;

	spin_lock_irqsave(&load->lock, flags);
	now = ktime_get();
	numerator = g->remainder + ktime_to_ns(ktime_sub(now, g->at)) * xe_sriov_grant(xe, function);
	g->at = now;
	g->ns += numerator >> 15;
	g->remainder = numerator & 0x7fff;
	ns = g->ns;
	spin_unlock_irqrestore(&load->lock, flags);
	return mul_u64_u64_div_u64(ns, READ_ONCE(xe_clock_hz), NSEC_PER_SEC);
}

u64 xe_load_c6_ms(struct xe_gpu *xe, unsigned int gt)
{
	struct xe_load *load = &xe->load;
	unsigned long flags;
	u64 units, ns;

	spin_lock_irqsave(&load->lock, flags);
	ns = elapsed(load, ktime_get());
	load->c6_register[gt].at_read = c6_ns(load, gt, ns);
	units = extend(&load->c6_register[gt], c6_units(load, gt, ns));
	spin_unlock_irqrestore(&load->lock, flags);
	return div_u64(units * C6_UNIT_NS, NSEC_PER_MSEC);
}

u64 xe_load_energy_uj(struct xe_gpu *xe, unsigned int channel)
{
	struct xe_load *load = &xe->load;
	unsigned long flags;
	u64 units, ns;

	spin_lock_irqsave(&load->lock, flags);
	ns = elapsed(load, ktime_get());
	load->energy_register[channel].at_read = energy_uj(load, channel, ns);
	units = extend(&load->energy_register[channel], energy_units(load, channel, ns));
	spin_unlock_irqrestore(&load->lock, flags);
	return mul_u64_u64_div_u64(units, 1000000, ENERGY_UNITS_PER_J);
}

/* What a test judges by: everything at one instant, never restarted, wrapped or granted. */
ssize_t xe_load_truth(struct xe_gpu *xe, char *buf)
{
	struct xe_load *load = &xe->load;
	unsigned long flags;
	u32 gt, class, i, f;
	ssize_t n;
	u64 ns;

	spin_lock_irqsave(&load->lock, flags);
	ns = elapsed(load, ktime_get());
	n = sysfs_emit(buf, "time %llu\n", ktime_to_ns(load->since) + ns);
	for (i = 0; i < XE_CHANNELS; i++)
		n += sysfs_emit_at(buf, n, "energy %u %llu\nenergy_read %u %llu\n", i, energy_uj(load, i, ns),
				   i, load->energy_register[i].at_read);
	for (gt = 0; gt < xe->model->n_gts; gt++) {
		n += sysfs_emit_at(buf, n, "c6 %u %llu\nc6_read %u %llu\n", gt, c6_ns(load, gt, ns), gt,
				   load->c6_register[gt].at_read);
		for (class = 0; class < XE_CLASSES; class++)
			for (i = 0; i < xe->model->gt[gt].engines[class]; i++)
				for (f = 0; f <= xe->vfs; f++)
					n += sysfs_emit_at(buf, n, "%s%u %u %llu\n",
						xe_class_name[class], i, f,
						div_u64(counter_at(&load->engine[class][i].function[f],
								   ns), PER_MILLE));
	}
	spin_unlock_irqrestore(&load->lock, flags);
	return n;
}
