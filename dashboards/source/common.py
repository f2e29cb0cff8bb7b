# SPDX-License-Identifier: Apache-2.0
"""Expressions and panels that more than one dashboard has."""
from grafana import BY_GPU, GPU, JOB, MACHINE, RATE, stat
from grammar import OTHERS, STATE_TEXT, STATES, short_model

ACCELERATION = f"avg by ({BY_GPU}) (intel_gpu_vaapi_codec_working{{{GPU}}})"


def busy(kind):
    """Of a class's engines. Scrapes are not to the millisecond, so a rate can be 1.001."""
    rate = f'rate(intel_gpu_engine_busy_seconds_total{{{GPU},class="{kind}"}}{RATE})'
    return f"clamp_max(avg by ({BY_GPU}) ({rate}), 1)"


VIDEO, RENDER = busy("video"), busy("render")

# Of the day before, and there no longer; whether its exporter answers is another matter.
KNOWN = f'max by ({BY_GPU}) (last_over_time(intel_gpu_info{{{GPU},function!="vf"}}[1d]))'
LOST = f"{KNOWN} unless on ({BY_GPU}) intel_gpu_info{{{GPU}}} and on (job, instance) (up{{{MACHINE}}} == 1)"
SILENT = f"{KNOWN} and on (job, instance) (up{{{MACHINE}}} == 0)"


def having(number, expr):
    """A row with that number for each of the GPUs in the expression."""
    return f"({number} + 0 * {expr})"


# Its words are STATES.
STATE = " or ".join((
    having(2, f"max by ({BY_GPU}) (intel_gpu_wedged{{{GPU}}} == 1)"),
    having(3, f"({ACCELERATION} == 0)"), having(4, f"({ACCELERATION} > 0 < 1)"),
    having(9, f"({ACCELERATION} == 1 and on ({BY_GPU}) ({VIDEO} > 0.01))"),
    having(10, f"({ACCELERATION} == 1 and on ({BY_GPU}) ({VIDEO} <= 0.01))"),
    having(11, f"({ACCELERATION} == 1)"),
    having(5, f"max by ({BY_GPU}) (intel_gpu_passthrough_in_use{{{GPU}}} == 0)"),
    having(8, f'max by ({BY_GPU}) (intel_gpu_info{{{GPU},driver="vfio-pci"}})'),
    having(6, f'max by ({BY_GPU}) (intel_gpu_info{{{GPU},driver="none"}})'),
    having(7, f"max by ({BY_GPU}) (intel_gpu_info{{{GPU}}})"),
    having(1, f"({LOST})"), having(0, f"({SILENT})")))

# What people call a GPU: now, and of the day before, too.
MODEL = short_model(f"max by ({BY_GPU}, model) (intel_gpu_info{{{GPU}}})")
LAST_MODEL = short_model(f"max by ({BY_GPU}, model) (topk by ({BY_GPU}) (1, "
                         f"last_over_time(intel_gpu_info{{{GPU}}}[1d])))")


def names(model=MODEL):
    """With its address where a node has two GPUs of that name."""
    twins = f"{model} and on (job, instance, gpu) (count by (job, instance, gpu) ({model}) > 1)"
    return (f'(label_replace(label_join({twins}, "gpu", " ", "gpu", "pci"), "gpu", "$1$2", "gpu", '
            f'"(.*)0000:(.*)") or on ({BY_GPU}) {model})')


def named(expr, model=MODEL):
    """Adds "gpu", the GPU's name, to what has (job, instance, pci)."""
    return f"({expr}) * on ({BY_GPU}) group_left (gpu) {names(model)}"


def told_apart(expr):
    """Adds "of", the GPU's name, where the node has several: else it goes without saying."""
    several = f"(count by (job, instance) (intel_gpu_info{{{GPU}}}) > 1)"
    return (f'({expr}) * on ({BY_GPU}) group_left (of) (label_replace({names()} and on (job, instance) {several}, '
            f'"of", "$1", "gpu", "(.*)") or on ({BY_GPU}) {MODEL})')


def shares(by, classes=".*", selector=""):
    """Which share of a GPU's engines of a class each of those `by` uses, of 1; the exporter's own tests are
    nobody. Where the number of engines is not known it is that of one engine."""
    rate = (f'rate(intel_gpu_client_engine_busy_seconds_total{{{GPU},class=~"{classes}",{OTHERS}{selector}}}{RATE})')
    engines = (f'(max by ({BY_GPU}, class) (intel_gpu_engines{{{GPU}}}) '
               f"or 1 + 0 * max by ({BY_GPU}, class) ({rate}))")
    return f"sum by ({BY_GPU}, {by}) ({rate} / on ({BY_GPU}, class) group_left () {engines})"


# A scrape target of which it is known that it is an exporter: of a job in which one answered within a day.
OURS = f"on (job) last_over_time(intel_gpu_exporter_build_info{{{JOB}}}[1d])"


def state(size):
    return stat("Does it work?", "Each GPU in one word. " + STATE_TEXT, named(STATE, LAST_MODEL), mappings=STATES,
                size=size, legend="{{gpu}}", empty="No GPU seen", text="value_and_name")
