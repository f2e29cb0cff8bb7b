// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/energy.h"

/*
 * 1000 W are 1 uJ in each ns, and no sensor here belongs to more. A second more: values come in
 * steps (a card's telemetry has its own clock), and two scrapes may be a millisecond apart.
 */
#define SLACK_NS UINT64_C(1000000000)

static void rebase(struct energy *energy, uint64_t uj, uint64_t at)
{
	energy->raw = uj;
	energy->at = at;
	energy->known = true;
	energy->held = false;
}

static void grow(struct energy *energy, uint64_t uj, uint64_t grown, bool wrapped, uint64_t at,
		 enum energy_gap gap)
{
	uint64_t elapsed = at > energy->at ? at - energy->at : 0;
	bool restarted = gap == ENERGY_POWERED_OFF || (gap == ENERGY_SUSPENDED && wrapped);

	if (!restarted && grown <= elapsed + SLACK_NS)
		energy->total += grown;
	rebase(energy, uj, at);
}

void energy_add(struct energy *energy, uint64_t uj, uint64_t at, enum energy_gap gap)
{
	if (uj == 0)
		return;
	if (!energy->known) {
		rebase(energy, uj, at);
	} else if (uj >= energy->raw) {
		grow(energy, uj, uj - energy->raw,
		     uj / ENERGY_HWMON_WRAP != energy->raw / ENERGY_HWMON_WRAP, at, gap);
	} else if (energy->held) {
		/* As in counter.h: below the last one twice, so it is the new base. */
		rebase(energy, uj, at);
	} else {
		energy->held = true;
	}
}

void energy_add_wrapping(struct energy *energy, uint64_t uj, uint64_t range, uint64_t at,
			 enum energy_gap gap)
{
	if (!energy->known)
		rebase(energy, uj, at);
	else if (uj >= energy->raw)
		grow(energy, uj, uj - energy->raw, false, at, gap);
	else if (range >= energy->raw)
		grow(energy, uj, range - energy->raw + uj, true, at, gap);
	else
		rebase(energy, uj, at);
}
