# SPDX-License-Identifier: Apache-2.0
"""Simulated nodes: what their exporters would say at a time, and what Prometheus would have kept of it.

A node is what its number makes of it, so that two runs have the same ones. Values move: counters rise with a load
that comes and goes, by a formula, so that nothing has to be remembered between two scrapes."""
import math
import random
import re

# As the exporter names them: (model, device, platform, generation, driver, engines by class), and how frequent.
BASE = {"render": 1, "copy": 1, "video": 1, "video-enhance": 1}
WIDE = {"render": 1, "copy": 1, "video": 2, "video-enhance": 1}
ARC = {"render": 1, "copy": 1, "video": 2, "video-enhance": 2, "compute": 4}
MODELS = (
    (("CoffeeLake-S GT2 [UHD Graphics 630]", "3e92", "coffeelake", "9.5", "i915", BASE), 340),
    (("Alder Lake-N [UHD Graphics]", "46d1", "alderlake_n", "12", "i915", BASE), 220),
    (("Raptor Lake-P [Iris Xe Graphics]", "a7a0", "raptorlake_p", "12", "i915", WIDE), 150),
    (("HD Graphics 530", "1912", "skylake", "9", "i915", BASE), 120),
    (("JasperLake [UHD Graphics]", "4e55", "jasperlake", "11", "i915", BASE), 80),
    (("DG2 [Arc A380]", "56a5", "dg2", "12.5", "xe", ARC), 60),
    (("Meteor Lake-P [Intel Arc Graphics]", "7d55", "meteorlake", "12.7", "xe", WIDE), 30))
DRIVERS = (("23.1.1", 700), ("24.3.4", 260), ("25.1.0", 40))
VERSIONS = (("0.1.0", 800), ("0.2.0", 200))
KERNELS = (("6.8.12-4-pve", 500), ("6.1.0-28-amd64", 300), ("6.12.9-amd64", 200))

# What is the matter with how many of a thousand; all others are well.
KINDS = (("fails", 45), ("codec", 20), ("hung", 2), ("lost", 6), ("silent", 12), ("untested", 20), ("given", 10),
         ("unused", 3), ("software", 25), ("full", 30), ("denied", 30), ("figures", 10), ("twins", 60))

# Their states an hour ago, when an upgrade had not broken anything; all others work, whether busy or not.
STATES = {"codec": 4, "untested": 7, "given": 8, "unused": 5, "denied": 11}

# (workload, kind, namespace, pod, container, vmid, guest, application), share of video and render time.
USERS = (
    (("pod/media/jellyfin-0/jellyfin", "pod", "media", "jellyfin-0", "jellyfin", "", "", "jellyfin"), .12, .04),
    (("pod/cctv/frigate-0/frigate", "pod", "cctv", "frigate-0", "frigate", "", "", "frigate"), .08, .09),
    (("pod/photos/immich-0/ml", "pod", "photos", "immich-0", "ml", "", "", "immich"), .0, .06),
    (("lxc/201", "lxc", "", "", "", "201", "plex", "plex"), .05, .02),
    (("vm/100", "vm", "", "", "", "100", "win11", "qemu"), .02, .05),
    (("service/ollama.service", "service", "", "", "", "", "", "ollama"), .0, .08),
    (("user/1000", "user", "", "", "", "", "", "ffmpeg"), .01, .01),
    (("process/intel_gpu_probe", "process", "", "", "", "", "", "intel_gpu_probe"), .002, .001))
TESTS = [(codec, profile, entrypoint, size)
         for codec, profile, entrypoint in (
             ("h264", "H264Main", "EncSliceLP"), ("h264", "H264High", "EncSlice"), ("hevc", "HEVCMain", "EncSlice"),
             ("hevc", "HEVCMain10", "EncSlice"), ("vp9", "VP9Profile0", "EncSliceLP"), ("jpeg", "JPEGBaseline", "EncPicture"))
         for size in ("256x256", "1280x720", "1920x1080", "3840x2160")]
CODECS = sorted({codec for codec, *_ in TESTS})
COLLECTORS = ("machine", "discovery", "passthrough", "client", "transcode")
GPU_COLLECTORS = ("engine", "frequency", "idle", "interrupts", "throttle", "vgpu", "sriov", "vaapi")
REASONS = ("thermal", "prochot", "ratl", "vr_thermalert", "vr_tdc", "pl1", "pl2", "pl4")
MISSING = {"denied": (("engine", "idle", "interrupts"), "permission", "perf-paranoid"),
           "figures": (("throttle",), "permission", "file-permission")}


def series(metric, **labels):
    return metric + "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def choose(random_, weighted):
    return random_.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]


def kinds(number):
    """The kind of each node, in an order that is random and always the same."""
    found = [kind for kind, of_1000 in KINDS for _ in range(max(1, of_1000 * number // 1000))]
    found += ["well"] * (number - len(found))
    random.Random(1).shuffle(found)
    return found[:number]


class Load:
    """A share of time that comes and goes: base * (1 + swing * sin)."""

    def __init__(self, base, random_, swing=.6):
        self.base, self.swing = base, swing
        self.period, self.phase = random_.uniform(60, 900), random_.uniform(0, 6)

    def now(self, t):
        return self.base * (1 + self.swing * math.sin(t / self.period + self.phase))

    def total(self, t):
        """Seconds at work since a time before any test."""
        t -= 1.7e9
        waves = math.cos(self.phase) - math.cos((t + 1.7e9) / self.period + self.phase)
        return self.base * (t + self.swing * self.period * waves) + self.base * self.period * 2


class Gpu:
    def __init__(self, node, pci, number):
        random_ = random.Random(number * 7 + 3)
        self.pci, self.kind = pci, node.kind
        (self.model, self.device, self.platform, self.generation, self.driver,
         self.engines) = choose(random_, MODELS)
        if self.kind in ("given", "unused"):
            self.driver = "vfio-pci"
        self.vendor = "Intel iHD driver for Intel(R) Gen Graphics - " + choose(random_, DRIVERS)
        if self.kind == "fails":  # an upgrade that went wrong
            self.vendor = "Intel iHD driver for Intel(R) Gen Graphics - 25.1.0"
        scale = 0 if random_.random() < .4 else random_.lognormvariate(-.2, .7)
        self.loads = {}
        for i, (_, video, render) in enumerate(USERS):
            for name, share in (("video", video), ("render", render)):
                self.loads[i, name] = Load(share * scale if i < 7 else share, random_)
        if self.kind == "full":
            for i in range(len(USERS)):
                self.loads[i, "video"] = Load(0 if i else .97, random_, .01)
        # All of them together have no more than all of the time.
        self.share = {name: min(1, .98 / max(.01, self.most(name))) for name in ("video", "render")}
        self.works = {codec: not (self.kind in ("fails", "hung") or self.kind == "codec" and codec == "hevc")
                      for codec in CODECS}
        self.tested = self.kind not in ("untested", "given", "unused")

    def most(self, name):
        return sum(load.base * (1 + load.swing) for (_, one), load in self.loads.items() if one == name)

    def clients(self):
        """Users, and at how much of what they would use."""
        return [(user, self.loads[i, "video"], self.loads[i, "render"]) for i, (user, _, _) in enumerate(USERS)]

    def busy(self, name, t):
        if name in ("video", "render"):
            users = [load for (_, one), load in self.loads.items() if one == name]
            return self.share[name] * sum(load.now(t) for load in users)
        return .01

    def fixed(self):
        """Lines that stay, with their values."""
        pci = self.pci
        yield series("intel_gpu_info", pci=pci, driver=self.driver, device_id=self.device, model=self.model,
                     platform=self.platform, generation=self.generation, gpu_kind="integrated", function="physical",
                     card="card0", render="renderD128", pmu="i915"), 1
        if self.driver == "vfio-pci":
            yield series("intel_gpu_passthrough_info", pci=pci, iommu_group="0", vmid="100", guest="win11", vm_uuid=""), 1
            yield series("intel_gpu_passthrough_in_use", pci=pci), int(self.kind == "given")
            yield series("intel_gpu_vaapi_probe_skipped", pci=pci, reason="passthrough"), 1
            return
        if self.kind != "denied":
            for name, number in self.engines.items():
                yield series("intel_gpu_engines", pci=pci, **{"class": name}), number
        yield series("intel_gpu_engine_covers_guests", pci=pci), 1
        for name, value in (("min", 350), ("max", 1100), ("boost", 1100), ("rp0", 1100), ("rp1", 350), ("rpn", 350)):
            yield series(f"intel_gpu_frequency_{name}_hertz", pci=pci, gt="0"), value * 1000000
        if self.kind != "figures":
            for reason in REASONS:
                yield series("intel_gpu_throttled", pci=pci, gt="0", reason=reason), 0
        yield series("intel_gpu_runtime_suspended", pci=pci), 0
        yield series("intel_gpu_wedged", pci=pci), int(self.kind == "hung")
        yield series("intel_gpu_resets_total", pci=pci), 3 if self.kind == "hung" else 0
        for (workload, kind, namespace, pod, container, vmid, guest, _), *_ in USERS:
            who = {"workload": workload, "workload_kind": kind, "namespace": namespace, "pod": pod,
                   "container": container, "vmid": vmid, "guest": guest}
            yield series("intel_gpu_clients", pci=pci, **who), 1
            for region in ("system", "stolen-system"):
                yield series("intel_gpu_client_memory_bytes", pci=pci, **who, region=region), 50000000
        yield series("intel_gpu_client_workloads_folded", pci=pci), 0
        yield from self.tests()

    def tests(self):
        if not self.tested:
            return
        pci = self.pci
        yield series("intel_gpu_vaapi_up", pci=pci), 1
        yield series("intel_gpu_vaapi_driver_info", pci=pci, va_driver="iHD", vendor=self.vendor, va_version="1.17"), 1
        for codec in CODECS:
            yield series("intel_gpu_vaapi_codec_working", pci=pci, codec=codec), int(self.works[codec])
        for profile, entrypoint in sorted({(profile, entrypoint) for _, profile, entrypoint, _ in TESTS}):
            yield series("intel_gpu_vaapi_entrypoint_info", pci=pci, profile=profile, entrypoint=entrypoint), 1
            for control in ("CQP", "CBR", "VBR"):
                yield series("intel_gpu_vaapi_rate_control_info", pci=pci, profile=profile, entrypoint=entrypoint,
                             rate_control=control), 1
        for codec, profile, entrypoint, size in TESTS:
            test = {"pci": pci, "codec": codec, "profile": profile, "entrypoint": entrypoint, "size": size}
            good = self.works[codec]
            yield series("intel_gpu_vaapi_probe_success", **test), int(good)
            yield series("intel_gpu_vaapi_probe_result", **test,
                         result="ok" if good else "submit" if self.kind == "hung" else "execute"), 1
            yield series("intel_gpu_vaapi_probe_duration_seconds", **test), .07
            if good:
                yield series("intel_gpu_vaapi_probe_psnr_decibels", **test), 42.5
                yield series("intel_gpu_vaapi_probe_frames_per_second", **test), 320
                yield series("intel_gpu_vaapi_probe_engine_seconds", **test), .002
        for operation in ("scale", "tonemap"):
            yield series("intel_gpu_vaapi_processing_success", pci=pci, operation=operation), 1

    def moving(self):
        """(line, function of the time)."""
        pci = self.pci
        if self.driver == "vfio-pci":
            return
        if self.kind != "denied":
            for name, number in self.engines.items():
                for i in range(number):
                    engine = {"pci": pci, "engine": f"{name}{i}", "class": name}
                    load = [one for (_, which), one in self.loads.items() if which == name]
                    yield series("intel_gpu_engine_busy_seconds_total", **engine), \
                        lambda t, load=load, name=name: self.share[name] * sum(one.total(t) for one in load) if load else t * .01
                    yield series("intel_gpu_engine_wait_seconds_total", **engine), lambda t: t * .0001
                    yield series("intel_gpu_engine_semaphore_seconds_total", **engine), lambda t: t * .0001
            yield series("intel_gpu_rc6_seconds_total", pci=pci, gt="0"), lambda t: t * .7
            yield series("intel_gpu_gt_awake_seconds_total", pci=pci, gt="0"), lambda t: t * .3
            yield series("intel_gpu_interrupts_total", pci=pci), lambda t: int(t * 100)
        for user, video, render in self.clients():
            workload, kind, namespace, pod, container, vmid, guest, _ = user
            for name, load in (("video", video), ("render", render), ("copy", render)):
                yield series("intel_gpu_client_engine_busy_seconds_total", pci=pci, **{"class": name},
                             workload=workload, workload_kind=kind, namespace=namespace, pod=pod, container=container,
                             vmid=vmid, guest=guest), \
                    lambda t, load=load, name=name: self.share.get(name, 1) * load.total(t) * self.engines.get(name, 1)
        for name in ("actual", "requested"):
            yield series(f"intel_gpu_frequency_{name}_hertz", pci=pci, gt="0"), \
                lambda t: 350000000 + int(self.busy("render", t) * 7e8)
        if self.tested:
            yield series("intel_gpu_vaapi_probe_runs_total", pci=pci), lambda t: int(t / 25)
            yield series("intel_gpu_vaapi_probe_failures_total", pci=pci), \
                lambda t: int(t / 50) if not all(self.works.values()) else 0
            for name in ("last_run", "last_success"):
                yield series(f"intel_gpu_vaapi_probe_{name}_timestamp_seconds", pci=pci), lambda t: int(t / 300) * 300
            for codec, profile, entrypoint, size in TESTS:
                yield series("intel_gpu_vaapi_probe_timestamp_seconds", pci=pci, codec=codec, profile=profile,
                             entrypoint=entrypoint, size=size), lambda t: int(t / 300) * 300


class Node:
    def __init__(self, number, kind):
        random_ = random.Random(number)
        self.name, self.kind, self.number = f"node{number:04d}", kind, number
        self.instance = self.name + ":10057"
        self.version, self.kernel = choose(random_, VERSIONS), choose(random_, KERNELS)
        self.gpus = [Gpu(self, "0000:00:02.0", 2 * number)]
        if kind == "twins":
            self.gpus.append(Gpu(self, "0000:03:00.0", 2 * number + 1))
        self.transcodes = random_.choice((0, 0, 1, 2, 4))
        self.text, self.functions = None, None

    def lines(self):
        """(line, value or function) of all that its exporter says."""
        yield series("intel_gpu_exporter_build_info", version=self.version, revision="0", compiler="gcc"), 1
        yield series("intel_gpu_machine_info", machine_uuid="", virtualization="none", kernel=self.kernel), 1
        yield "intel_gpu_up", 0 if self.kind == "lost" else 1
        yield "intel_gpu_vaapi_probe_interval_seconds", 300
        for name in ("open_fds", "max_fds", "virtual_memory_bytes", "resident_memory_bytes", "start_time_seconds"):
            yield f"process_{name}", 1000000
        yield "process_cpu_seconds_total", lambda t: t * .001
        software = 2 if self.kind == "software" else 0
        for name in ("hardware", "mixed", "software", "idle", "unknown"):
            number = software if name == "software" else self.transcodes if name == "hardware" else 0
            yield series("intel_gpu_transcodes", acceleration=name), number
        for (workload, kind, namespace, pod, container, vmid, guest, application), *_ in USERS[:4]:
            use = "software" if software else "hardware" if self.transcodes else "idle"
            who = {"application": application, "acceleration": use, "workload": workload, "workload_kind": kind,
                   "namespace": namespace, "pod": pod, "container": container, "vmid": vmid, "guest": guest}
            yield series("intel_gpu_transcode_processes", **who), 1
            yield series("intel_gpu_transcode_cpu_seconds_total", **who), lambda t: t * .1
        missing, reason, remedy = MISSING.get(self.kind, ((), "", ""))
        gpus = [] if self.kind == "lost" else self.gpus
        for pci in ("", *(gpu.pci for gpu in gpus)):
            for collector in GPU_COLLECTORS if pci else COLLECTORS:
                labels = {"collector": collector, "pci": pci}
                yield series("intel_gpu_scrape_collector_success", **labels), int(collector not in missing)
                yield series("intel_gpu_scrape_collector_duration_seconds", **labels), .001
                if collector in missing:
                    yield series("intel_gpu_scrape_collector_error", **labels, remedy=remedy, reason=reason), 1
        for gpu in gpus:
            yield from gpu.fixed()
            yield from gpu.moving()

    def page(self, t):
        """What a scrape gets, or None for no answer."""
        if self.kind == "silent":
            return None
        if self.text is None:
            every = list(self.lines())
            self.text = "".join(f"{line} {value}\n" for line, value in every if not callable(value))
            self.functions = [(line, value) for line, value in every if callable(value)]
        return (self.text + "".join([f"{line} {function(t):.10g}\n" for line, function in self.functions])).encode()

    def remembered(self):
        """What rules with a long memory have recorded of it: (series, function of the time), which is when it was so."""
        def when(t):
            return t

        target = {"job": "intel-gpu", "instance": self.instance}
        yield series("instance:intel_gpu_exporter_build_info:last7d", **target), when
        for application in ("jellyfin", "plex"):
            yield series("application:intel_gpu_transcodes_hardware:last7d", **target, application=application,
                         namespace="media", container=application, vmid=""), when
        for gpu in self.gpus:
            where = {**target, "pci": gpu.pci}
            yield series("instance_pci_model:intel_gpu_info:last7d", **where, model=gpu.model), when
            if not gpu.tested:
                continue
            yield series("instance_pci:intel_gpu_vaapi_codec_working:last7d", **where), when
            yield series("instance_pci_vendor:intel_gpu_vaapi_driver_info:last7d", **where, va_driver="iHD",
                         vendor="Intel iHD driver for Intel(R) Gen Graphics - 23.1.1" if gpu.kind == "fails" else gpu.vendor), when
            for codec in CODECS:
                yield series("instance_pci_codec:intel_gpu_vaapi_probe_success:last7d", **where, codec=codec), when

    def shown(self):
        """What dashboards draw over the last hour: (series, value or function of the time)."""
        target = {"job": "intel-gpu", "instance": self.instance}
        for name in ("hardware", "mixed", "software", "idle", "unknown"):
            yield series("intel_gpu_transcodes", **target, acceleration=name), \
                self.transcodes if name == "hardware" else 0
        for gpu in self.gpus:
            where = {**target, "pci": gpu.pci}
            name = re.sub(r".*\[(.+)\].*", r"\1", gpu.model)
            yield series("instance_pci:intel_gpu_state:code", **where, model=name, driver=gpu.driver), \
                STATES.get(self.kind, 10)
            if gpu.tested:
                yield series("instance_pci:intel_gpu_hardware_acceleration:ratio", **where), 1
            if gpu.kind != "denied" and gpu.tested:
                for name in gpu.engines:
                    yield series("instance_pci_class:intel_gpu_engine_busy:ratio5m", **where, **{"class": name}), \
                        lambda t, name=name, gpu=gpu: gpu.busy(name, t)


def fleet(number):
    return [Node(i + 1, kind) for i, kind in enumerate(kinds(number))]
