// SPDX-License-Identifier: Apache-2.0
/*
 * A sensor, reading after reading: 8 bytes of the value, 4 of the time since the last, one of what
 * happened. The total never falls, and grows by no more than 1000 W give.
 */
#include "fuzz.h"

#include "sources/gpu/energy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct energy hwmon = { 0 }, powercap = { 0 };
	uint64_t now = 0, hwmon_at = 0, powercap_at = 0;

	for (; size >= 13; data += 13, size -= 13) {
		uint64_t uj, before[2] = { hwmon.total, powercap.total };
		enum energy_gap gap = (enum energy_gap)(data[12] % 3);
		uint32_t ns;

		memcpy(&uj, data, sizeof(uj));
		memcpy(&ns, data + 8, sizeof(ns));
		now += ns;
		energy_add(&hwmon, uj, now, gap);
		energy_add_wrapping(&powercap, uj, data[12] & 4 ? 0 : UINT64_C(262143328850), now,
				    gap);
		CHECK(hwmon.total >= before[0] && powercap.total >= before[1]);
		CHECK(hwmon.total - before[0] <= now - hwmon_at + 1000000000u);
		CHECK(powercap.total - before[1] <= now - powercap_at + 1000000000u);
		CHECK(gap != ENERGY_POWERED_OFF ||
		      (hwmon.total == before[0] && powercap.total == before[1]));
		hwmon_at = hwmon.at;
		powercap_at = powercap.at;
	}
	return 0;
}
