# SPDX-License-Identifier: Apache-2.0
"""One node: does its GPU work, how full is it, who uses it, what is wrong; the rest is in collapsed rows."""
from annotations import marks
from chain import broken, stacks
from card import card, fullness
from common import named, shares, state, told_apart
from grafana import (BY_GPU, GPU, MACHINE, NODE, RATE, column, dashboard, page_link, row, series, stat, table)
from grammar import (BAD, BY_ACCELERATION, BY_CLASS, BY_ENGINE, BY_NAME, CLASS_WORDS, CODECS, COMPUTE, GOOD, LOAD,
                     OTHERS, PLAIN, RENDER, RUNS_IN, SCALE, TRANSCODES, WARN, YES_NO, says, who, words)
from trouble import wrong

TEST = "job, instance, pci, codec, profile, entrypoint, size"
OWNER = "job, instance, pci, workload, workload_kind, guest"
WORKERS = "video|render|compute|video-enhance"


def first():
    """What is asked at 3 a.m., in this order."""
    codecs = f"avg by (job, instance, codec) (intel_gpu_vaapi_codec_working{{{GPU}}})"
    processing = f"avg by (job, instance, operation) (intel_gpu_vaapi_processing_success{{{GPU}}})"
    busy = (f"clamp_max(avg by ({BY_GPU}, class) "
            f'(rate(intel_gpu_engine_busy_seconds_total{{{GPU},class=~"{WORKERS}"}}{RATE})), 1)')
    workloads = (f"topk by ({BY_GPU}, workload, guest) "
                 f"(1, {shares('workload, guest, class', WORKERS)} > 0.0005)")
    return row(
        "", state((6, 7)),
        stat("Codecs",
             "Each codec that the exporter expects of this node's GPUs, and scaling and tone mapping: whether the "
             "last test at 256x256 passed, and \"partly\" where it passed on some GPUs only.",
             [(codecs, "{{codec}}"), (processing, "{{operation}}")], mappings=CODECS, size=(6, 7),
             empty="not tested", text="value_and_name", font=20),
        table("How full?",
              "Mean of the engines of a class, the fullest first. Video engines decode and encode, scaling ones "
              "scale, render engines scale, tone-map and compute. 0 is an idle GPU, not a broken one. Of a discrete card "
              "also its memory, and its power in per cent of what it may use.",
              f'topk(6, label_join({told_apart(f"({busy} or {fullness()})")}, "what", " ", "class", "of"))',
              [column("what", "Engines", mappings=CLASS_WORDS),
               column("Value", "Busy", "percentunit", LOAD, gauge=True, decimals=0, width=100)],
              size=(6, 7), empty="Engines cannot be read", sort=("-Busy",), header=False),
        table("Who uses it most?",
              "The five workloads that use most of one class of engines, in per cent of these engines. A workload is a "
              "pod, container, guest, service, user or process.",
              f'topk(5, label_join({who(workloads)}, "who", ", ", "who", "class"))',
              [column("who", "Workload"),
               column("Value", "Uses", "percentunit", LOAD, gauge=True, decimals=0, width=100)],
              size=(6, 7), empty="Nobody", sort=("-Uses",), header=False),
        wrong(),
        broken(),
        series("Video engines by workload",
               "Which part of the time of a GPU's video engines each workload had. What a client does between the "
               "last scrape and its end is not seen.",
               (f"{who(told_apart(shares('workload, guest', 'video')))} > 0", "{{who}} {{of}}"), "percentunit",
               stack=True, colored=BY_NAME, shades=True, empty="Nobody uses them", calcs=("lastNotNull",)),
        series("Transcodes", TRANSCODES,
               (f"sum by (acceleration) (intel_gpu_transcodes{{{MACHINE}}}) > 0", "{{acceleration}}"),
               "short", decimals=0, stack=True, colored=BY_ACCELERATION, empty="None runs, or they cannot be seen"),
        series("Render and compute by workload",
               "The same for the engines that scale, tone-map and compute: OpenVINO, language models, filters. A GPU "
               "without compute engines computes on the render engine.",
               (f"{who(told_apart(shares('workload, guest, class', 'render|compute')))} > 0",
                "{{who}} {{of}} ({{class}})"), "percentunit", stack=True, colored=BY_NAME, shades=True,
               empty="Nobody uses them", calcs=("lastNotNull",)),
        series("How full, over time",
               "Mean of the engines of a class. 0 is an idle GPU; a missing line is one whose counters cannot be read.",
               (told_apart(busy), "{{class}} {{of}}"), "percentunit", high=1, colored=BY_CLASS,
               empty="Engines cannot be read"))


def tests():
    def value(name):
        return f"max by ({TEST}) (intel_gpu_vaapi_probe_{name}{{{GPU}}})"

    small = GPU + ',size="256x256"'
    ended = value("timestamp_seconds")
    failure = f"max by ({BY_GPU}) ({ended} and on ({TEST}) {value('success')} == 0)"
    result = f'max by ({TEST}, result) (intel_gpu_vaapi_probe_result{{{GPU},result%s}})'
    older = f"({ended} < on ({BY_GPU}) group_left () {failure})"
    ok, unsupported, failed = (result % one for one in ('="ok"', '="unsupported"', '!~"ok|unsupported"'))
    verdict = (f"(2 + 0 * ({ok} and on ({TEST}) {older})) or {ok} or 3 * {unsupported} or 0 * {failed}")
    test = "{{codec}} {{profile}} {{entrypoint}} {{of}}"
    return row(
        "Tests",
        table("Encode tests",
              "The last test of each encoder and picture size: a known picture is encoded, decoded "
              "back on the same GPU and compared. What passed before a failure of the same GPU says nothing of now. "
              "Results are explained in the exporter's page /runbook under vaapi-results.",
              [named(verdict), value("psnr_decibels"), value("frames_per_second"),
               value("duration_seconds"), f"time() - {ended}"],
              [column("Value #A", "Verdict", mappings=words(
                  v0=says(BAD, "fails"), v1=says(GOOD, "works"), v2=says(PLAIN, "before a failure"),
                  v3=says(PLAIN, "unsupported")), width=165),
               column("codec", "Codec", width=75), column("profile", "Profile"),
               column("entrypoint", "Entry point", width=115), column("size", "Size", width=110),
               column("result", "Result", width=125),
               column("Value #B", "PSNR", "dB", decimals=1, width=90),
               column("Value #C", "Speed", "suffix: fps", decimals=0, width=90),
               column("Value #D", "Took", "s", decimals=2, width=90),
               column("Value #E", "Tested", "suffix: s ago", decimals=0, width=110),
               column("gpu", "GPU", width=190)], size=(24, 9), sort=("Verdict", "GPU", "Codec"),
              empty="No test has run"),
        series("Encode tests passed",
               "1 where the encode test of a codec at 256x256 passed, 0 where it failed. A line that "
               "ends was not tested any more.",
               (told_apart(f"max by ({BY_GPU}, codec, profile, entrypoint) "
                           f"(intel_gpu_vaapi_probe_success{{{small}}})"), test), "short", high=1, decimals=0,
               step=True, calcs=("lastNotNull", "min")),
        series("Picture quality (PSNR)",
               "Peak signal-to-noise ratio between the picture that went in and the one decoded "
               "back, at 256x256; 100 for equal ones. Below 30 dB the test counts as failed.",
               (told_apart(f"max by ({BY_GPU}, codec, profile, entrypoint) "
                           f"(intel_gpu_vaapi_probe_psnr_decibels{{{small}}})"), test), "dB",
               limit=30, calcs=("lastNotNull", "min")),
        series("Encoding speed in the tests",
               "Pictures per second of the last encode tests, which are few pictures and share the "
               "GPU with all others: watch for changes, it is no benchmark.",
               (told_apart(f"max by ({BY_GPU}, codec, entrypoint, size) "
                           f"(intel_gpu_vaapi_probe_frames_per_second{{{GPU}}})"),
                "{{codec}} {{entrypoint}} {{size}} {{of}}"), "suffix: fps",
               calcs=("lastNotNull", "min"), decimals=0),
        series("Encode tests run", "Encode tests and failed ones, each a process of its own.",
               [(told_apart(f"rate(intel_gpu_vaapi_probe_runs_total{{{GPU}}}{RATE})"), "run {{of}}"),
                (told_apart(f"rate(intel_gpu_vaapi_probe_failures_total{{{GPU}}}{RATE})"), "failed {{of}}")],
               "suffix: /s", colored={"/failed/": RENDER}),
        collapsed=True)


def users():
    return row(
        "Workloads",
        table("Workloads",
              "Who has the GPU open now, in per cent of the engines of a class. A buffer that clients share counts "
              "for each of them. The exporter's own tests are left out.",
              [named(f"sum by ({OWNER}) (intel_gpu_clients{{{GPU},{OTHERS}}})"),
               *(shares("workload, workload_kind, guest", one) for one in ("video", "render|compute")),
               f"sum by ({OWNER}) (intel_gpu_client_memory_bytes{{{GPU},{OTHERS}}})"],
              [column("workload", "Workload"), column("guest", "Guest", width=130),
               column("workload_kind", "Kind", width=90),
               column("Value #A", "Clients", "short", decimals=0, width=80),
               column("Value #B", "Video", "percentunit", LOAD, gauge=True, decimals=0, width=120),
               column("Value #C", "Render and compute", "percentunit", LOAD, gauge=True, decimals=0, width=170),
               column("Value #D", "Memory", "bytes", width=110), column("gpu", "GPU", width=190)],
              size=(24, 8), sort=("-Video", "-Render and compute"), empty="Nobody"),
        series("Memory by workload", "Resident GPU memory of each workload's clients.",
               (who(told_apart(f"sum by ({BY_GPU}, workload, guest) "
                               f"(intel_gpu_client_memory_bytes{{{GPU},{OTHERS}}})")), "{{who}} {{of}}"),
               "bytes", stack=True, colored=BY_NAME, shades=True, empty="Nobody",
               calcs=("lastNotNull",)),
        series("CPU of transcodes",
               "Processor cores that transcoding programs use. Many cores of \"software\" are what "
               "the GPU should do.",
               (who("sum by (application, workload, guest, acceleration) "
                    f"(rate(intel_gpu_transcode_cpu_seconds_total{{{MACHINE}}}{RATE}))"),
                "{{application}} {{who}} ({{acceleration}})"), "suffix: cores", decimals=2, stack=True,
               colored=BY_ACCELERATION, empty="None runs, or they cannot be seen"),
        assigned(), collapsed=True)


def assigned():
    """Assigned and used, side by side: neither metric says the other. What was assigned without the GPU's
    name has no pci, and is compared with what the pod uses of all GPUs."""
    here = "job, instance, namespace, pod"
    given = f'intel_gpu_pod_assigned_info{{{MACHINE},pci=~"$pci|"%s}}'
    to_pods = f"max by ({here}, pci, container, resource) ({given % ''})"

    def used(metric):
        return f"(sum by ({here}, pci) ({metric}) or sum by ({here}) ({metric}))"

    clients = f'intel_gpu_clients{{{GPU},pod!=""}}'
    busy = used(f'rate(intel_gpu_client_engine_busy_seconds_total{{{GPU},pod!=""}}{RATE})')
    known = f'on (job, instance) intel_gpu_scrape_collector_success{{{MACHINE},collector="%s"}} == 1'
    never = (f"(sum by ({here}, pci, container) ({clients}) > 0 unless on ({here}, pci) {to_pods} "
             f"unless on ({here}) {given % (',pci=' + chr(34) * 2)} and {known % 'kubelet'})")
    rows = f"({to_pods} or {never})"
    return table(
        "Assigned to pods",
        "Each container to which the kubelet has given a GPU or a share of it, and whether its pod uses "
        "the GPU now: idle is less than 1 % of one engine. Pods that use a GPU without having been "
        "assigned one, by a mount or as privileged, have no resource. Known where the exporter reaches "
        "the kubelet's socket. Clients and time of engines, in seconds per second, are those of the whole pod.",
        [f"(1 + 0 * ({to_pods} and on ({here}, pci) {busy} > 0.01)) "
         f"or (0 * ({to_pods} and {known % 'client'})) or (3 + 0 * {to_pods}) or (2 + 0 * {never})",
         f"0 * {rows} + on ({here}, pci) group_left () {busy}",
         f"0 * {rows} + on ({here}, pci) group_left () {used(clients)}"],
        [column("Value #A", "State", mappings=words(
            v0=says(PLAIN, "assigned, idle"), v1=says(GOOD, "assigned, in use"),
            v2=says(WARN, "in use, never assigned"), v3=says(PLAIN, "assigned, use not known")), width=220),
         column("namespace", "Namespace"), column("pod", "Pod"), column("container", "Container"),
         column("resource", "Resource", empty="none"),
         column("Value #B", "Engines", "short", decimals=2, width=90),
         column("Value #C", "Clients", "short", decimals=0, width=90),
         column("pci", "GPU", empty="not known", width=120)],
        size=(24, 6), empty="No pod", sort=("Namespace", "Pod"))


def clocks():
    gt = "GT {{gt}} {{of}} "
    hertz = [(f"intel_gpu_frequency_actual_hertz{{{GPU}}}", "now"),
             (f"intel_gpu_frequency_requested_hertz{{{GPU}}}", "requested"),
             (f"rate(intel_gpu_actual_cycles_total{{{GPU}}}{RATE}) / "
              f"(rate(intel_gpu_gt_awake_seconds_total{{{GPU}}}{RATE}) > 0.01)",
              "mean while awake"),
             (f"intel_gpu_frequency_max_hertz{{{GPU}}}", "allowed maximum"),
             (f"intel_gpu_frequency_rp0_hertz{{{GPU}}}", "hardware limit")]
    return row(
        "Engines, clocks and sleep",
        series("Engines busy",
               "Share of time that each engine was occupied. 0 is an idle engine; a missing line is "
               "one whose counter cannot be read.",
               (told_apart(f"clamp_max(rate(intel_gpu_engine_busy_seconds_total{{{GPU}}}{RATE}), 1)"),
                "{{engine}} {{of}}"), "percentunit", high=1, colored=BY_ENGINE,
               empty="Engines cannot be read"),
        series("Clocks",
               "Clock of each GT now, what the driver asks for, and the limits (dashed). The mean "
               "while awake is there with --collector.cycles.",
               [(told_apart(expr), gt + name) for expr, name in hertz], "hertz",
               colored={"/requested$/": COMPUTE, "/mean while awake$/": SCALE},
               dashed=("/(allowed maximum|hardware limit)$/",)),
        series("Asleep and awake",
               "Share of time in the power-saving state RC6, and in which the driver held the GT "
               "awake.",
               [(told_apart(f"rate(intel_gpu_rc6_seconds_total{{{GPU}}}{RATE})"), gt + "asleep"),
                (told_apart(f"rate(intel_gpu_gt_awake_seconds_total{{{GPU}}}{RATE})"), gt + "awake")],
               "percentunit", high=1, colored={"/awake$/": RENDER}),
        series("Throttled",
               "1 while a GT's clock is throttled for a reason: power limits (pl1, pl2, pl4), "
               "temperature (thermal, prochot, ratl), voltage regulator (vr_thermalert, vr_tdc). "
               "Only GPUs of generation 11 and later report it, and none while it sleeps.",
               (told_apart(f"intel_gpu_throttled{{{GPU}}}"), gt + "{{reason}}"), "short", high=1, decimals=0,
               step=True, color=RENDER, empty="This GPU does not report it, or sleeps"),
        collapsed=True)


def inventory():
    info = "driver, device_id, model, function, render"
    machine = (f"max by ({BY_GPU}, {info}, kernel, virtualization) (intel_gpu_info{{{GPU}}} "
               "* on (job, instance) group_left (kernel, virtualization) "
               f"intel_gpu_machine_info{{{MACHINE}}})")
    driver = f"max by ({BY_GPU}, va_driver, vendor) (intel_gpu_vaapi_driver_info{{{GPU}}})"
    return row(
        "Inventory",
        table("GPUs and drivers",
              "What the GPU is, which kernel driver has it, and which VA driver encodes with it. A VA "
              "driver is named once the first encode test has run.",
              [machine, driver],
              [column("model", "Model", width=300), column("pci", "Address", width=115),
               column("function", "Function", width=90), column("driver", "Driver", width=85),
               column("kernel", "Kernel", width=140),
               column("virtualization", "Runs in", mappings=RUNS_IN, width=90),
               column("render", "Node", width=105),
               column("vendor", "VA driver")], size=(24, 5), sort=("Address",), empty="No GPU seen"),
        stacks(),
        collapsed=True)


def vgpus():
    return row(
        "vGPUs",
        series("vGPUs that exist and that still fit",
               "For each type of vGPU, how many there are, and how many more could be created "
               "(dashed). The types share one pool: each new vGPU lowers all of them, so they must "
               "not be added up.",
               [(told_apart(f"intel_gpu_vgpu_instances{{{GPU}}}"), "{{vgpu_type}} {{of}} exist"),
                (told_apart(f"intel_gpu_vgpu_available_instances{{{GPU}}}"), "{{vgpu_type}} {{of}} still fit")],
               "short", decimals=0, step=True, calcs=("lastNotNull",), dashed=("/still fit$/",),
               empty="No GPU of this node offers vGPUs"),
        table("vGPUs and their owners",
              "Each vGPU that exists now, the guest that it belongs to, and whether a process has it "
              "open.",
              [f"max by ({BY_GPU}, uuid, vgpu_type, vmid, guest) (intel_gpu_vgpu_info{{{GPU}}})",
               f"max by ({BY_GPU}, uuid) (intel_gpu_vgpu_in_use{{{GPU}}})"],
              [column("Value #B", "In use", mappings=YES_NO, empty="not known", width=80),
               column("guest", "Guest"), column("vmid", "Guest id", width=85),
               column("vgpu_type", "Type", width=135), column("uuid", "UUID")],
              size=(12, 8), empty="No vGPU exists", sort=("In use",)),
        collapsed=True)


def exporter():
    return row(
        "Exporter",
        series("Duration of collectors", "Time that each collector took in the scrape.",
               (f"max by (collector) (intel_gpu_scrape_collector_duration_seconds{{{MACHINE}}})",
                "{{collector}}"), "s", calcs=("lastNotNull", "max")),
        series("Figures that are there",
               "1 where a collector could read its source, 0 where its figures are missing. Sources that this "
               "hardware does not have are not shown.",
               (f"min by (collector) (intel_gpu_scrape_collector_success{{{MACHINE}}})", "{{collector}}"),
               "short", high=1, decimals=0, step=True, calcs=("lastNotNull", "min")),
        series("CPU of the exporter", "Share of one processor core.",
               (f"rate(process_cpu_seconds_total{{{MACHINE}}}{RATE}) and on (job, instance) "
                f"intel_gpu_exporter_build_info{{{MACHINE}}}", "exporter"), "percentunit"),
        series("Interrupts", "Interrupts of the GPU that the driver handled.",
               (told_apart(f"rate(intel_gpu_interrupts_total{{{GPU}}}{RATE})"), "interrupts {{of}}"), "suffix: /s"),
        table("Encode tests by GPU",
              "When the last whole round of encode tests ended, and how often there is one.",
              [named(f"max by ({BY_GPU}) (time() - intel_gpu_vaapi_probe_last_run_timestamp_seconds{{{GPU}}})"),
               f"max by ({BY_GPU}) (intel_gpu_vaapi_probe_last_run_timestamp_seconds{{{GPU}}} * 0 "
               f"+ on (job, instance) group_left () intel_gpu_vaapi_probe_interval_seconds{{{MACHINE}}})"],
              [column("gpu", "GPU"), column("Value #A", "Tested", "suffix: s ago", decimals=0, width=130),
               column("Value #B", "Interval", "s", decimals=0, width=130)],
              size=(12, 8), empty="No test has run", sort=("GPU",)),
        collapsed=True)


def make():
    return dashboard(
        NODE, "Intel GPU / One node",
        "One node's GPUs: do they work, how full are they, who uses them, what is wrong.",
        [first(), card(), tests(), users(), clocks(), inventory(), vgpus(), exporter()], every_instance=False,
        annotations=marks(), links=[page_link()])
