# SPDX-License-Identifier: Apache-2.0
"""All nodes and their GPUs: does acceleration work, how busy, who, which alerts."""
from common import ACCELERATION, OURS, RENDER, STATE, VIDEO, alerts, problems
from grafana import BY_GPU, FLEET, GPU, MACHINE, RATE, column, dashboard, node_column, row, series, stat, table
from grammar import (ALL_OR_NOTHING, BY_ACCELERATION, LOAD, NONE_IS_GOOD, RENDER as RENDER_COLOR, STATES, STATE_TEXT,
                     TRANSCODES)


def glance():
    return row(
        "At a glance",
        stat("Acceleration",
             "Share of expected codecs whose last encode test passed, over all GPUs that are tested. "
             "It does not depend on load: idle GPUs that work are at 100 %.",
             f"avg({ACCELERATION})", "percentunit", ALL_OR_NOTHING, empty="not tested"),
        stat("A codec lost",
             "GPUs on which at least one expected codec fails its encode test.",
             f"sum({ACCELERATION} < bool 1)", "none", NONE_IS_GOOD, empty="not tested"),
        stat("GPUs", "Intel GPUs that the exporters see now, whatever drives them.",
             f"count(intel_gpu_info{{{GPU}}})", empty="no GPU seen"),
        stat("Exporters down",
             "Scrape targets, of a job in which some exporter answered within a day, that do not "
             "answer now. Nothing is known of their GPUs.",
             f"sum(1 - (up{{{MACHINE}}} and {OURS}))", "none", NONE_IS_GOOD),
        stat("Figures missing",
             "Sources that an exporter should be able to read and cannot. The table of problems "
             "says why.",
             f"sum(1 - intel_gpu_scrape_collector_success{{{MACHINE}}})", "none", NONE_IS_GOOD),
        stat("On the GPU",
             "Share of running transcodes that use the GPU. No number while nothing is transcoded.",
             f'sum(intel_gpu_transcodes{{{MACHINE},acceleration=~"hardware|mixed"}}) / '
             f'(sum(intel_gpu_transcodes{{{MACHINE},acceleration=~"hardware|mixed|software"}}) > 0)',
             "percentunit", ALL_OR_NOTHING, empty="none running"))


def gpus():
    clock = f"max by ({BY_GPU}) (intel_gpu_frequency_actual_hertz{{{GPU}}})"
    asleep = f"max by ({BY_GPU}) (rate(intel_gpu_rc6_seconds_total{{{GPU}}}{RATE}))"
    clients = f"sum by ({BY_GPU}) (intel_gpu_clients{{{GPU}}})"
    info = f"max by ({BY_GPU}, model, driver) (intel_gpu_info{{{GPU}}})"
    return table(
        "GPUs",
        "One row for each GPU; click a node for its details. " + STATE_TEXT +
        " A dash means that the value could not be read; it is never 0.",
        [STATE, ACCELERATION, VIDEO, RENDER, clock, asleep, clients, info],
        [node_column(), column("pci", "GPU", width=120),
         column("model", "Model", width=290), column("driver", "Driver", width=80),
         column("Value #A", "State", mappings=STATES, width=150),
         column("Value #B", "Acceleration", "percentunit", ALL_OR_NOTHING, decimals=0, width=110,
                empty="not tested"),
         column("Value #C", "Video busy", "percentunit", LOAD, gauge=True, decimals=1),
         column("Value #D", "Render busy", "percentunit", LOAD, gauge=True, decimals=1),
         column("Value #E", "Clock", "hertz", width=110),
         column("Value #F", "Asleep", "percentunit", decimals=0, width=120),
         column("Value #G", "Clients", "short", decimals=0, width=80)],
        size=(24, 8), sort=("State", "Node"))


def over_time():
    gpu = "{{instance}} {{pci}}"
    workload = 'class="%s"'
    who = ("topk(10, sum by (instance, workload, guest) (rate("
           "intel_gpu_client_engine_busy_seconds_total{" + GPU + "," + workload + "}" + RATE + ")) > 0)")
    return row(
        "Over time",
        series("Hardware acceleration",
               "Share of each GPU's expected codecs whose last encode test passed. A line at 0 is a "
               "GPU that does not encode; a line that ends is a GPU or an exporter that is gone.",
               (ACCELERATION, gpu), "percentunit", high=1, step=True, calcs=("min", "lastNotNull")),
        series("Video engines busy",
               "How busy the engines that decode and encode are, as the mean of a GPU's video "
               "engines. 0 is an idle GPU, not a broken one.", (VIDEO, gpu), "percentunit", high=1),
        series("Who uses the video engines",
               "The ten workloads with most time on video engines, in engines: 1 is one engine "
               "fully used. A workload is a pod, container, guest, service, user or process.",
               (who % "video", "{{instance}} {{workload}} {{guest}}"), "short", decimals=2),
        series("Who uses the render engines",
               "The ten workloads with most time on the render engine, which also scales, tone-maps "
               "and computes; in engines: 1 is one engine fully used.",
               (who % "render", "{{instance}} {{workload}} {{guest}}"), "short", decimals=2),
        series("Render engines busy", "How busy the render engines are, as the mean of a GPU's.",
               (RENDER, gpu), "percentunit", high=1,
               color=RENDER_COLOR),
        series("Transcodes",
               TRANSCODES,
               (f"sum by (acceleration) (intel_gpu_transcodes{{{MACHINE}}})", "{{acceleration}}"),
               "short", decimals=0, stack=True, colored=BY_ACCELERATION))


def make():
    return dashboard(
        FLEET, "Intel GPU / All GPUs",
        "All nodes with Intel GPUs: does hardware acceleration work, how busy are they, and with "
        "what.",
        [glance(), row("GPUs", gpus()), row("Needs attention", alerts((12, 7)), problems((12, 7))),
         over_time()])
