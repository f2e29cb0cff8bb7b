# SPDX-License-Identifier: Apache-2.0
"""Power, heat and memory of a node's GPUs: mostly of discrete cards, which have sensors."""
from common import named, told_apart
from grafana import BY_GPU, GPU, RATE, column, row, series, table
from grammar import COPY, GOOD, LOAD, NONE_IS_BETTER, RENDER, SCALE, WARN, says, words

WATTS = f"rate(intel_gpu_energy_joules_total{{{GPU}}}{RATE})"
# What a card may use for long. One whose driver allows more than the hardware has a peak's limit only.
ALLOWED = " or ".join(f'max by ({BY_GPU}, sensor) (intel_gpu_power_limit_watts{{{GPU},limit="{one}"}})'
                      for one in ("max", "cap"))
USED, SIZE = (f"sum by ({BY_GPU}) (intel_gpu_memory_{one}_bytes{{{GPU}}})" for one in ("used", "size"))
HOT = f'min by ({BY_GPU}, sensor) (intel_gpu_temperature_limit_celsius{{{GPU},sensor=~"pkg|vram",limit=~"max|crit"}})'
BAR = f'max by ({BY_GPU}) (intel_gpu_bar_size_bytes{{{GPU},bar="2"}})'
NONE = "This GPU has no such sensor"


def fullness():
    """Shares of a card's memory and power, in the manner of engines: nothing where there are none."""
    power = f"max by ({BY_GPU}) ({WATTS} / on ({BY_GPU}, sensor) ({ALLOWED}))"
    return " or ".join(f'label_replace({expr}, "class", "{name}", "", "")'
                       for name, expr in (("memory", f"{USED} / {SIZE}"), ("power", power)))


def cards():
    return table(
        "Cards now",
        "Each discrete card: what it uses of the power that it may use for long, the hottest of its sensors, its fastest "
        "fan, its memory, its link to the slot. A small BAR is a window to a part of the memory: Resizable BAR is off. "
        "Errors are those of the bus, corrected ones too, of which a few are normal.",
        [named(f"({BAR} < bool {SIZE} or {BAR} <= bool {2 ** 28})"), f"max by ({BY_GPU}) ({WATTS} and on ({BY_GPU}) {BAR})",
         f"max by ({BY_GPU}) ({WATTS} / on ({BY_GPU}, sensor) ({ALLOWED}))",
         f"max by ({BY_GPU}) (intel_gpu_fan_speed_rpm{{{GPU}}})", f"{USED} / {SIZE}", SIZE,
         f"max by ({BY_GPU}) (intel_gpu_pcie_link_speed_transfers_per_second{{{GPU}}}) / 1e9",
         f"max by ({BY_GPU}) (intel_gpu_pcie_link_width{{{GPU}}})",
         f"max by ({BY_GPU}) (intel_gpu_temperature_celsius{{{GPU}}})",
         f"3600 * sum by ({BY_GPU}) (rate(intel_gpu_pcie_errors_total{{{GPU}}}{RATE}))"],
        [column("gpu", "GPU"), column("Value #B", "Power", "watt", decimals=0, width=90),
         column("Value #C", "Of its limit", "percentunit", LOAD, gauge=True, decimals=0, width=120),
         column("Value #I", "Hottest", "celsius", decimals=0, width=90),
         column("Value #D", "Fan", "rotrpm", decimals=0, width=105),
         column("Value #E", "Memory used", "percentunit", LOAD, gauge=True, decimals=0, width=130),
         column("Value #F", "Of", "bytes", decimals=1, width=90),
         column("Value #G", "Link", "suffix: GT/s", decimals=1, width=95),
         column("Value #H", "Lanes", "short", decimals=0, width=75),
         column("Value #A", "BAR", mappings=words(v0=says(GOOD, "whole"), v1=says(WARN, "small")), width=95),
         column("Value #J", "Errors", "suffix: /h", NONE_IS_BETTER, decimals=0, width=90)],
        size=(24, 4), empty="This node has no discrete GPU", sort=("GPU",))


def card():
    system = f'sum by ({BY_GPU}, region) (intel_gpu_client_memory_bytes{{{GPU},region=~"gtt|system.*"}})'
    return row(
        "Power, temperature, fans, memory",
        cards(),
        series("Power",
               "What the whole card, its package (pkg), or an integrated GPU (gpu) uses, and what a card may use for "
               "long (dashed). Nothing is read while a card sleeps.",
               [(told_apart(WATTS), "{{sensor}} {{of}}"), (told_apart(ALLOWED), "{{sensor}} {{of}} limit")], "watt",
               decimals=1, dashed=("/limit$/",), colored={"/^pkg/": SCALE}, empty=NONE),
        series("Temperatures",
               "Sensors of a card: its package (pkg), its memory (vram, mctrl), its slot (pcie); and at which temperature "
               "it slows down (dashed). None while it sleeps.",
               [(told_apart(f"intel_gpu_temperature_celsius{{{GPU}}}"), "{{sensor}} {{of}}"),
                (told_apart(HOT), "{{sensor}} {{of}} limit")], "celsius", low=None, decimals=0, dashed=("/limit$/",),
               colored={"/^vram/": RENDER, "/^mctrl/": SCALE, "/^pcie/": COPY}, empty=NONE),
        series("Fans", "Revolutions a minute. A fan that always says 0 may be one that the card does not have; a cool card "
               "may stop its fans.", (told_apart(f"intel_gpu_fan_speed_rpm{{{GPU}}}"), "fan {{fan}} {{of}}"), "rotrpm",
               decimals=0, empty=NONE, calcs=("lastNotNull", "min")),
        series("Memory of the card",
               "What is allocated of each region of a card's memory, and how much there is (dashed). What the GPU's clients "
               "have in the machine's memory (gtt, system) is counted for each that shares it.",
               [(told_apart(f"intel_gpu_memory_used_bytes{{{GPU}}}"), "{{region}} {{of}}"),
                (told_apart(system), "clients in {{region}} {{of}}"),
                (told_apart(f"intel_gpu_memory_size_bytes{{{GPU}}}"), "{{region}} {{of}} size")], "bytes",
               dashed=("/size$/",), colored={"/^clients/": COPY}, empty="Nothing is known of its memory"),
        collapsed=True)
