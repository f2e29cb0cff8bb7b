# SPDX-License-Identifier: Apache-2.0
"""Energy of an emulated card on xe: within 0.1 % of what was programmed while the registers of 32 bits wrap, and
a power cycle of the card (D3cold), which the driver takes for a wrap, adds nothing. The limits that the driver
complains of are read once."""
import time

import lab
import lab_xe

WRAPS = 5
UNITS_PER_J = 1 << 14
WHOLE_WRAP_J = (1 << 32) / UNITS_PER_J
POWER_W = 120, 90  # the card, its package


def check_wraps(checks, exporter):
    """Each time the registers wrap in the middle of the interval."""
    for number in range(WRAPS):
        seconds = 2 + number
        lab_xe.put("energy_near_wrap", int(seconds / 2 * POWER_W[1] * UNITS_PER_J))
        exporter.scrape()  # a jump of the lab's own, which is none of the GPU's energy
        first = lab_xe.Bracketed(exporter)
        time.sleep(seconds)
        between = lab_xe.Between(first, lab_xe.Bracketed(exporter))
        for channel, sensor in enumerate(lab_xe.CHANNELS):
            lab_xe.is_exact(checks, between, f"wrap {number + 1}: joules of the {sensor}", ("energy_read", str(channel)),
                            1e-6, lab_xe.ENERGY, sensor=sensor)


def raw(sensor):
    return int(lab.shell(f'cat "$(lab_pci_dir)"/hwmon/hwmon*/energy{lab_xe.CHANNELS.index(sensor) + 1}_input')) / 1e6


def check_d3cold(checks, exporter, seconds=3):
    """While the card sleeps its registers lose their value; the kernel's own counter then has a whole wrap more."""
    lab_xe.put("d3cold", 1)
    time.sleep(seconds)  # something to lose
    first = lab_xe.Bracketed(exporter)
    before = raw("card")
    lab.shell('echo auto >"$(lab_pci_dir)"/power/control')
    checks.same(lab_xe.wait_status("suspended"), "suspended", "the card sleeps in D3cold")
    asleep = exporter.scrape()
    checks.that(asleep.value(lab_xe.ENERGY, sensor="card") >= first.metrics.value(lab_xe.ENERGY, sensor="card"),
                "its counter stands still, and is there")
    lab.shell('echo on >"$(lab_pci_dir)"/power/control')
    second = lab_xe.Bracketed(exporter)
    jumped = raw("card") - before
    checks.that(jumped > 0.9 * WHOLE_WRAP_J, f"the driver's counter has jumped by {jumped:.0f} J")
    between = lab_xe.Between(first, second)
    for channel, sensor in enumerate(lab_xe.CHANNELS):
        grown, most = between.grown(lab_xe.ENERGY, sensor=sensor), between.limits("energy", str(channel))[1] * 1e-6
        checks.that(grown is not None and 0 <= grown <= most * 1.001 + 0.01,
                    f"the jump adds nothing to the {sensor}: {grown} J, at most {most:.2f} J were used")
    first = second
    time.sleep(seconds)
    between = lab_xe.Between(first, lab_xe.Bracketed(exporter))
    lab_xe.is_exact(checks, between, "joules of the card after that", ("energy_read", "0"), 1e-6, lab_xe.ENERGY,
                    sensor="card")
    for gt in "0", "1":
        grown = exporter.scrape().value(lab_xe.C6, gt=gt)
        checks.that(grown < 1000, f"nor does the jump of C6 add anything to GT {gt}: {grown:.1f} s in all")
    lab_xe.put("d3cold", 0)


def check_limits(checks):
    """A limit that is off makes a line in the kernel's log for each read."""
    lab_xe.put("power_max", 0)
    lab.shell("dmesg -C")
    exporter = lab.Exporter()
    for _ in range(20):
        metrics = exporter.scrape()
    lines = lab.shell("dmesg | grep -c 'PL1 disabled'", check=False)
    checks.that(int(lines) <= 2, f"20 scrapes read two disabled limits {lines} times")
    checks.that(not metrics.find("intel_gpu_power_limit_watts", limit="max"), "a limit that is off is absent")
    checks.that(metrics.find("intel_gpu_power_limit_watts", limit="cap"), "others are there")
    exporter.stop()


def main():
    checks = lab.Checks()
    lab_xe.load()
    lab.shell('echo on >"$(lab_pci_dir)"/power/control')
    exporter = lab.Exporter()
    exporter.scrape()
    check_wraps(checks, exporter)
    check_d3cold(checks, exporter)
    exporter.stop()
    check_limits(checks)
    checks.end()


main()
