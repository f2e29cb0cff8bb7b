// SPDX-License-Identifier: GPL-2.0-only
/*
 * The work that the emulated GPU does. A counter is a rate integrated over
 * time: no timer runs, and a rate that changes is settled up to that moment.
 */
#include <linux/math64.h>
#include "lab.h"

#define PER_MILLE 1000u

static u64 counter_at(const struct lab_load *load, enum lab_counter_id id,
		      ktime_t now)
{
	const struct lab_counter *c = &load->counter[id];
	u64 elapsed = ktime_to_ns(ktime_sub(now, load->since));

	return div_u64(c->sum + c->rate * elapsed, c->divisor);
}

static void settle(struct lab_load *load)
{
	ktime_t now = ktime_get();
	u64 elapsed = ktime_to_ns(ktime_sub(now, load->since));
	unsigned int i;

	for (i = 0; i < LAB_COUNTERS; i++)
		load->counter[i].sum += load->counter[i].rate * elapsed;
	load->since = now;
}

static u32 scaled(const struct lab_load *load, unsigned int rate)
{
	return rate * (u64)load->scale / 100;
}

/* A suspended GPU works on nothing, has no clock, and rests in RC6. */
static void set_rates(struct lab_load *load)
{
	struct lab_counter *c = load->counter;
	bool awake = !load->asleep;
	unsigned int i;

	for (i = 0; i < LAB_CLASSES; i++) {
		u32 busy = min(scaled(load, READ_ONCE(lab_load_permille[i])),
			       PER_MILLE);

		c[LAB_BUSY + i].rate = awake * busy;
	}
	c[LAB_IRQ].rate = awake * scaled(load, LAB_IRQ_PER_SECOND);
	for (i = 0; i < LAB_MAX_GTS; i++) {
		u32 rc6 = awake ? READ_ONCE(lab_rc6_permille[i]) : PER_MILLE;

		c[LAB_RC6 + i].rate = rc6;
		c[LAB_AWAKE + i].rate = PER_MILLE - rc6;
		c[LAB_ACT_FREQ + i].rate =
			awake * scaled(load, READ_ONCE(lab_act_freq[i]));
		c[LAB_REQ_FREQ + i].rate =
			awake * scaled(load, READ_ONCE(lab_act_freq[i]) + LAB_REQ_MORE);
	}
}

void lab_load_apply(struct lab_gpu *gpu)
{
	struct lab_load *load = &gpu->load;
	unsigned long flags;

	spin_lock_irqsave(&load->lock, flags);
	settle(load);
	load->scale = READ_ONCE(lab_gpu_scale[gpu->index]);
	set_rates(load);
	spin_unlock_irqrestore(&load->lock, flags);
}

void lab_load_sleep(struct lab_gpu *gpu, bool asleep)
{
	struct lab_load *load = &gpu->load;
	unsigned long flags;

	spin_lock_irqsave(&load->lock, flags);
	load->asleep = asleep;
	spin_unlock_irqrestore(&load->lock, flags);
	lab_load_apply(gpu);
}

void lab_load_init(struct lab_gpu *gpu)
{
	struct lab_load *load = &gpu->load;
	unsigned int i;

	spin_lock_init(&load->lock);
	load->since = ktime_get();
	/* Per mille of the time: ns. Clocks: MHz x s. Interrupts: a number. */
	for (i = 0; i < LAB_COUNTERS; i++)
		load->counter[i].divisor =
			i < LAB_ACT_FREQ ? PER_MILLE : NSEC_PER_SEC;
	lab_load_apply(gpu);
}

u64 lab_load_read(struct lab_gpu *gpu, enum lab_counter_id id)
{
	unsigned long flags;
	u64 value;

	spin_lock_irqsave(&gpu->load.lock, flags);
	value = counter_at(&gpu->load, id, ktime_get());
	spin_unlock_irqrestore(&gpu->load.lock, flags);
	return value;
}

static u64 busy_at(const struct lab_load *load, u32 class, u32 instance,
		   ktime_t now)
{
	return counter_at(load, LAB_BUSY + class, now) +
	       load->charged[class][instance];
}

u64 lab_busy_read(struct lab_gpu *gpu, u32 class, u32 instance)
{
	unsigned long flags;
	u64 value;

	spin_lock_irqsave(&gpu->load.lock, flags);
	value = busy_at(&gpu->load, class, instance, ktime_get());
	spin_unlock_irqrestore(&gpu->load.lock, flags);
	return value;
}

void lab_load_charge(struct lab_gpu *gpu, u32 class, u32 instance, u64 ns)
{
	unsigned long flags;

	spin_lock_irqsave(&gpu->load.lock, flags);
	gpu->load.charged[class][instance] += ns;
	spin_unlock_irqrestore(&gpu->load.lock, flags);
}

/*
 * Remember where every engine stood; an open event notices at its next read
 * that the number of restarts grew, and counts from there.
 */
void lab_load_restart(struct lab_gpu *gpu)
{
	struct lab_load *load = &gpu->load;
	unsigned long flags;
	u32 class, i;
	ktime_t now;

	spin_lock_irqsave(&load->lock, flags);
	now = ktime_get();
	for (class = 0; class < LAB_CLASSES; class++)
		for (i = 0; i < LAB_MAX_INSTANCES; i++)
			load->at_restart[class][i] =
				busy_at(load, class, i, now);
	load->restarts++;
	spin_unlock_irqrestore(&load->lock, flags);
}
