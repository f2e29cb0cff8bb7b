# SPDX-License-Identifier: Apache-2.0
"""One node: its GPUs, whether encoding works, load and sleep, who uses them, vGPUs."""
from common import ACCELERATION, VIDEO, alerts, problems, state
from grafana import BY_GPU, GPU, MACHINE, NODE, RATE, column, dashboard, row, series, stat, table
from grammar import (ALL_OR_NOTHING, BAD, BY_ACCELERATION, BY_CLASS, GOOD, LOAD, PLAIN, RUNS_IN, TRANSCODES, WARN, WORKS,
                     YES_NO, says, spelled, words)

TEST = "job, instance, pci, codec, profile, entrypoint, size"
OWNER = "job, instance, pci, workload, workload_kind, namespace, pod, container, vmid, guest"
RESULT = [*spelled(ok=(GOOD, "ok"), unsupported=(PLAIN, "unsupported")), {"type": "regex", "options": {
    "pattern": "(.+)", "result": {"color": BAD, "index": 9, "text": says(BAD, "$1")[0]}}}]
ENGINE = "{{pci}} {{engine}} ({{class}})"


def glance():
    return row(
        "At a glance",
        state((8, 4)),
        stat("Acceleration",
             "Share of expected codecs whose last encode test passed. It does not depend on load: "
             "an idle GPU that works is at 100 %.",
             ACCELERATION, "percentunit", ALL_OR_NOTHING, empty="not tested", legend="{{pci}}"),
        stat("Video engines busy",
             "Mean of the engines that decode and encode. 0 is an idle GPU, not a broken one.",
             VIDEO, "percentunit", LOAD, legend="{{pci}}", decimals=1),
        stat("Clock", "Clock that each GT runs at now; 0 while it sleeps.",
             f"intel_gpu_frequency_actual_hertz{{{GPU}}}", "hertz", legend="{{pci}} GT {{gt}}"),
        stat("Age of encode tests",
             "Time since the last whole round of encode tests, in intervals between rounds. Above 3 "
             "the exporter does not test any more, and what is shown of acceleration is old.",
             f"(time() - intel_gpu_vaapi_probe_last_run_timestamp_seconds{{{GPU}}}) "
             f"/ on (job, instance) group_left () intel_gpu_vaapi_probe_interval_seconds{{{MACHINE}}}",
             "suffix: intervals", [(None, GOOD), (1.5, WARN), (3, BAD)],
             empty="none has run", legend="{{pci}}", decimals=1))


def identity():
    info = "driver, device_id, model, platform, gpu_kind, function, card, render"
    machine = (f"max by ({BY_GPU}, {info}, kernel, virtualization) (intel_gpu_info{{{GPU}}} "
               "* on (job, instance) group_left (kernel, virtualization) "
               f"intel_gpu_machine_info{{{MACHINE}}})")
    driver = f"max by ({BY_GPU}, va_driver, vendor) (intel_gpu_vaapi_driver_info{{{GPU}}})"
    return table(
        "GPUs and drivers",
        "What the GPU is, which kernel driver has it, and which VA driver encodes with it. A VA "
        "driver is named once the first encode test has run.",
        [machine, driver],
        [column("pci", "GPU", width=120), column("model", "Model", width=290),
         column("platform", "Platform", width=120), column("function", "Function", width=90),
         column("driver", "Kernel driver", width=120), column("kernel", "Kernel", width=150),
         column("virtualization", "Runs in", mappings=RUNS_IN, width=90),
         column("render", "Node", width=110),
         column("vendor", "VA driver")], size=(24, 5), sort=("GPU",))


def tests():
    def value(name):
        return f"max by ({TEST}) (intel_gpu_vaapi_probe_{name}{{{GPU}}})"

    small = GPU + ',size="256x256"'
    test = "{{pci}} {{codec}} {{profile}} {{entrypoint}}"
    return row(
        "Does hardware encoding work?",
        table("Encode tests",
              "The last test of each encoder and picture size: a known picture is encoded, decoded "
              "back on the same GPU and compared. \"ok\" is a pass; other results are explained in "
              "the exporter's page /runbook under vaapi-results.",
              [f"max by ({TEST}, result) (intel_gpu_vaapi_probe_result{{{GPU}}})",
               value("psnr_decibels"), value("frames_per_second"), value("duration_seconds"),
               f"time() - {value('timestamp_seconds')}"],
              [column("codec", "Codec", width=70), column("profile", "Profile"),
               column("entrypoint", "Entry point", width=105), column("size", "Size", width=100),
               column("result", "Result", mappings=RESULT, width=130),
               column("Value #B", "PSNR", "dB", [(None, BAD), (30, GOOD)], decimals=1,
                      width=90),
               column("Value #C", "Speed", "suffix: fps", decimals=0, width=90),
               column("Value #D", "Took", "s", decimals=2, width=95),
               column("Value #E", "Age", "s", decimals=0, width=90),
               column("pci", "GPU", width=120)], size=(16, 9), sort=("GPU", "Codec")),
        stat("Codecs",
             "Each codec that the exporter expects: works if at least one of its encode tests at "
             "256x256 passed, fails for whatever reason.",
             f"max by ({BY_GPU}, codec) (intel_gpu_vaapi_codec_working{{{GPU}}})", mappings=WORKS,
             legend="{{pci}} {{codec}}", size=(4, 9), empty="not tested",
             text="value_and_name"),
        stat("Scaling",
             "Whether the last test of video processing passed: scaling, and HDR to SDR.",
             f"max by ({BY_GPU}, operation) (intel_gpu_vaapi_processing_success{{{GPU}}})",
             mappings=WORKS, legend="{{pci}} {{operation}}", size=(4, 9),
             empty="not tested", text="value_and_name"),
        series("Encode tests passed",
               "1 where the encode test of a codec at 256x256 passed, 0 where it failed. A line that "
               "ends was not tested any more.",
               (f"max by ({BY_GPU}, codec, profile, entrypoint) "
                f"(intel_gpu_vaapi_probe_success{{{small}}})", test), "short", high=1, decimals=0,
               step=True, size=(8, 9), calcs=("min", "lastNotNull")),
        series("PSNR of the decoded picture",
               "Peak signal-to-noise ratio between the picture that went in and the one decoded "
               "back, at 256x256; 100 for equal ones. Below 30 dB the test counts as failed.",
               (f"max by ({BY_GPU}, codec, profile, entrypoint) "
                f"(intel_gpu_vaapi_probe_psnr_decibels{{{small}}})", test), "dB", size=(8, 9),
               limit=30, calcs=("min", "lastNotNull")),
        series("Encoding speed in the tests",
               "Pictures per second of the last encode tests, which are few pictures and share the "
               "GPU with all others: watch for changes, it is no benchmark.",
               (f"max by ({BY_GPU}, codec, entrypoint, size) "
                f"(intel_gpu_vaapi_probe_frames_per_second{{{GPU}}})",
                "{{pci}} {{codec}} {{entrypoint}} {{size}}"), "suffix: fps", size=(8, 9),
               calcs=("min", "lastNotNull"), decimals=0))


def load():
    gt = "{{pci}} GT {{gt}} "
    hertz = [(f"intel_gpu_frequency_actual_hertz{{{GPU}}}", gt + "actual"),
             (f"intel_gpu_frequency_requested_hertz{{{GPU}}}", gt + "requested"),
             (f"rate(intel_gpu_actual_cycles_total{{{GPU}}}{RATE}) / "
              f"(rate(intel_gpu_gt_awake_seconds_total{{{GPU}}}{RATE}) > 0.01)",
              gt + "mean while awake"),
             (f"intel_gpu_frequency_max_hertz{{{GPU}}}", gt + "allowed maximum"),
             (f"intel_gpu_frequency_rp0_hertz{{{GPU}}}", gt + "hardware limit")]
    return row(
        "Load, clocks and sleep",
        series("Engines busy",
               "Share of time that each engine was occupied. 0 is an idle engine; a missing line is "
               "one whose counter cannot be read.",
               (f"clamp_max(rate(intel_gpu_engine_busy_seconds_total{{{GPU}}}{RATE}), 1)", ENGINE),
               "percentunit", high=1, colored=BY_CLASS),
        series("Clocks",
               "Clock of each GT now, what the driver asks for, and the limits (dashed). The mean "
               "while awake is there with --collector.cycles.",
               hertz, "hertz", dashed=("/(allowed maximum|hardware limit)$/",)),
        series("Asleep and awake",
               "Share of time in the power-saving state RC6, and in which the driver held the GT "
               "awake.",
               [(f"rate(intel_gpu_rc6_seconds_total{{{GPU}}}{RATE})", gt + "asleep"),
                (f"rate(intel_gpu_gt_awake_seconds_total{{{GPU}}}{RATE})", gt + "awake")],
               "percentunit", high=1, size=(8, 9)),
        series("Throttled",
               "1 while a GT's clock is throttled for a reason: power limits (pl1, pl2, pl4), "
               "temperature (thermal, prochot, ratl), voltage regulator (vr_thermalert, vr_tdc). "
               "Only GPUs of generation 11 and later report it, and none while it sleeps.",
               (f"intel_gpu_throttled{{{GPU}}}", gt + "{{reason}}"), "short", high=1, decimals=0,
               step=True, size=(8, 9), calcs=("max", "lastNotNull"),
               empty="This GPU does not report it, or sleeps"),
        series("Interrupts", "Interrupts of the GPU that the driver handled.",
               (f"rate(intel_gpu_interrupts_total{{{GPU}}}{RATE})", "{{pci}}"), "suffix: /s",
               size=(8, 9)))


def users():
    def work(classes):
        return (f"sum by (pci, workload, guest) (rate(intel_gpu_client_engine_busy_seconds_total"
                f'{{{GPU},class=~"{classes}"}}{RATE})) > 0')

    name = "{{workload}} {{guest}}"
    share = (f"sum by ({OWNER}) (rate(intel_gpu_client_engine_busy_seconds_total"
             f'{{{GPU},class="%s"}}{RATE}))')
    return row(
        "Who uses it",
        series("Video engines by workload",
               "Time that video engines worked for each pod, container, guest, service, user or "
               "process; in engines: 1 is one engine fully used. What a client does between the last "
               "scrape and its end is not seen.",
               (work("video"), name), "short", decimals=2, stack=True),
        series("Render and compute engines by workload",
               "The same for the engines that scale, tone-map and compute.",
               (work("render|compute|video-enhance"), name), "short", decimals=2, stack=True),
        table("Workloads",
              "Who has the GPU open now. Video and render are in engines: 1 is one engine fully "
              "used. A buffer that clients share counts for each of them.",
              [f"sum by ({OWNER}) (intel_gpu_clients{{{GPU}}})", share % "video", share % "render",
               f"sum by ({OWNER}) (intel_gpu_client_memory_bytes{{{GPU}}})"],
              [column("workload", "Workload", width=280), column("workload_kind", "Kind", width=90),
               column("namespace", "Namespace"), column("pod", "Pod"),
               column("container", "Container"), column("vmid", "Guest id", width=80),
               column("guest", "Guest"), column("Value #A", "Clients", "short", decimals=0, width=70),
               column("Value #B", "Video", "short", decimals=2, width=70),
               column("Value #C", "Render", "short", decimals=2, width=80),
               column("Value #D", "Memory", "bytes", width=100), column("pci", "GPU", width=120)],
              size=(24, 7), sort=("Workload",)),
        series("Memory by workload", "Resident GPU memory of each workload's clients.",
               (f"sum by (pci, workload, guest) (intel_gpu_client_memory_bytes{{{GPU}}})", name),
               "bytes", size=(8, 9), stack=True),
        series("Transcodes",
               TRANSCODES,
               (f"sum by (acceleration) (intel_gpu_transcodes{{{MACHINE}}})", "{{acceleration}}"),
               "short", decimals=0, size=(8, 9), stack=True, colored=BY_ACCELERATION),
        series("CPU of transcodes",
               "Processor cores that transcoding programs use. Many cores of \"software\" are what "
               "the GPU should do.",
               ("sum by (application, workload, guest, acceleration) "
                f"(rate(intel_gpu_transcode_cpu_seconds_total{{{MACHINE}}}{RATE}))",
                "{{application}} {{acceleration}} {{workload}} {{guest}}"), "suffix: cores",
               size=(8, 9), decimals=2, stack=True, colored=BY_ACCELERATION))


def pods():
    """Assigned and used, side by side: neither metric says the other. What was assigned without the GPU's
    name has no pci, and is compared with what the pod uses of all GPUs."""
    here = "job, instance, namespace, pod"
    given = f'intel_gpu_pod_assigned_info{{{MACHINE},pci=~"$pci|"%s}}'
    assigned = f"max by ({here}, pci, container, resource) ({given % ''})"

    def used(metric):
        return f"(sum by ({here}, pci) ({metric}) or sum by ({here}) ({metric}))"

    clients = f'intel_gpu_clients{{{GPU},pod!=""}}'
    busy = used(f'rate(intel_gpu_client_engine_busy_seconds_total{{{GPU},pod!=""}}{RATE})')
    known = f'on (job, instance) intel_gpu_scrape_collector_success{{{MACHINE},collector="%s"}} == 1'
    never = (f"(sum by ({here}, pci, container) ({clients}) > 0 unless on ({here}, pci) {assigned} "
             f"unless on ({here}) {given % (',pci=' + chr(34) * 2)} and {known % 'kubelet'})")
    rows = f"({assigned} or {never})"
    return row(
        "Pods that were assigned a GPU",
        table("Assigned to pods",
              "Each container to which the kubelet has given a GPU or a share of it, and whether its pod uses "
              "the GPU now: idle is less than 1 % of one engine. Pods that use a GPU without having been "
              "assigned one, by a mount or as privileged, have no resource. Known where the exporter reaches "
              "the kubelet's socket. Engine time and clients are those of the whole pod.",
              [f"(1 + 0 * ({assigned} and on ({here}, pci) {busy} > 0.01)) "
               f"or (0 * ({assigned} and {known % 'client'})) or (3 + 0 * {assigned}) or (2 + 0 * {never})",
               f"0 * {rows} + on ({here}, pci) group_left () {busy}",
               f"0 * {rows} + on ({here}, pci) group_left () {used(clients)}"],
              [column("namespace", "Namespace"), column("pod", "Pod"), column("container", "Container"),
               column("resource", "Resource", empty="none"),
               column("Value #A", "State", mappings=words(
                   v0=says(PLAIN, "assigned, idle"), v1=says(GOOD, "assigned, in use"),
                   v2=says(WARN, "in use, never assigned"), v3=says(PLAIN, "assigned, use not known")), width=190),
               column("Value #B", "Engines", "short", decimals=2, width=80),
               column("Value #C", "Clients", "short", decimals=0, width=70),
               column("pci", "GPU", empty="not known", width=120)],
              size=(24, 7), empty="–", sort=("Namespace", "Pod")),
        collapsed=True)


def shares():
    return row(
        "vGPUs",
        series("vGPUs that exist and that still fit",
               "For each type of vGPU, how many there are, and how many more could be created "
               "(dashed). The types share one pool: each new vGPU lowers all of them, so they must "
               "not be added up.",
               [(f"intel_gpu_vgpu_instances{{{GPU}}}", "{{pci}} {{vgpu_type}} exist"),
                (f"intel_gpu_vgpu_available_instances{{{GPU}}}", "{{pci}} {{vgpu_type}} still fit")],
               "short", decimals=0, step=True, calcs=("lastNotNull",), dashed=("/still fit$/",),
               empty="No GPU of this node offers vGPUs"),
        table("vGPUs and their owners",
              "Each vGPU that exists now, the guest that it belongs to, and whether a process has it "
              "open.",
              [f"max by ({BY_GPU}, uuid, vgpu_type, vmid, guest) (intel_gpu_vgpu_info{{{GPU}}})",
               f"max by ({BY_GPU}, uuid) (intel_gpu_vgpu_in_use{{{GPU}}})"],
              [column("uuid", "UUID", width=310), column("vgpu_type", "Type"),
               column("vmid", "Guest id", width=75), column("guest", "Guest"),
               column("Value #B", "In use", mappings=YES_NO, empty="not known", width=80),
               column("pci", "GPU", width=115)],
              size=(12, 9), empty="No vGPU exists", sort=("UUID",)))


def exporter():
    return row(
        "The exporter itself",
        series("Duration of collectors", "Time that each collector took in the scrape.",
               (f"intel_gpu_scrape_collector_duration_seconds{{{MACHINE}}}",
                "{{collector}} {{pci}}"), "s", size=(8, 9), calcs=("max", "lastNotNull")),
        series("Collectors that work",
               "1 where a collector could read its source, 0 where it could not. Sources that this "
               "hardware does not have are not shown.",
               (f"intel_gpu_scrape_collector_success{{{MACHINE}}}", "{{collector}} {{pci}}"),
               "short", high=1, decimals=0, step=True, size=(8, 9), calcs=("min", "lastNotNull")),
        series("Encode tests run", "Encode tests and failed ones, each a process of its own.",
               [(f"rate(intel_gpu_vaapi_probe_runs_total{{{GPU}}}{RATE})", "{{pci}} run"),
                (f"rate(intel_gpu_vaapi_probe_failures_total{{{GPU}}}{RATE})", "{{pci}} failed")],
               "suffix: /s", size=(8, 9)),
        series("CPU of the exporter", "Share of one processor core.",
               (f"rate(process_cpu_seconds_total{{{MACHINE}}}{RATE}) and on (job, instance) "
                f"intel_gpu_exporter_build_info{{{MACHINE}}}", "{{instance}}"), "percentunit",
               size=(24, 6)),
        collapsed=True)


def make():
    return dashboard(
        NODE, "Intel GPU / One node",
        "One node's GPUs: state, encode tests, engines, clocks, sleep, users and vGPUs.",
        [glance(), row("Needs attention", identity(), alerts((12, 6)), problems((12, 6))), tests(),
         load(), users(), pods(), shares(), exporter()], every_instance=False)
