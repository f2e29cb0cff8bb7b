# SPDX-License-Identifier: Apache-2.0
"""Metrics of machines that no test machine is. Each is a function of the seconds that have passed,
so that its counters move at rates that a test knows."""
import math
import time

GPU = "0000:00:02.0"
ARC, THIRD = "0000:03:00.0", "0000:04:00.0"


def row(name, value, **labels):
    def escape(text):
        return str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    inside = ",".join(f'{k}="{escape(v)}"' for k, v in labels.items())
    return f"intel_gpu_{name}{{{inside}}} {value}" if labels else f"intel_gpu_{name} {value}"


def text(*rows):
    flat = []
    for r in rows:
        flat.extend([r] if isinstance(r, str) else r)
    return "\n".join(["# HELP intel_gpu_up made up", "# TYPE intel_gpu_up gauge", *flat]) + "\n"


def identity(pci=GPU, **more):
    labels = dict(pci=pci, driver="i915", device_id="3e92", model="UHD Graphics 630",
                  platform="Coffee Lake", generation="9", gpu_kind="integrated",
                  function="physical", card="card0", render="renderD128", pmu="i915")
    return row("info", 1, **{**labels, **more})


def engine_rows(rates, t, pci=GPU, wave=0.0):
    """Counters that grow at these rates, around which they swing."""
    grown = {e: r * (t + wave * 20 * (1 - math.cos(t / 20))) for e, r in rates.items()}
    classes = {"rcs": "render", "bcs": "copy", "vcs": "video", "vecs": "video-enhance",
               "ccs": "compute"}
    kinds = {e: classes[e.rstrip("0123456789")] for e in rates}
    return [*(row("engines", list(kinds.values()).count(k), pci=pci, **{"class": k})
              for k in dict.fromkeys(kinds.values())),
            *(row("engine_busy_seconds_total", 100 + grown[e], pci=pci, engine=e,
                  **{"class": kinds[e]}) for e in rates)]


def clocks(t, pci=GPU, now=1150, rc6=0.25, gt=0, most=1150):
    return [row("frequency_actual_hertz", now * 10**6, pci=pci, gt=gt),
            row("frequency_max_hertz", most * 10**6, pci=pci, gt=gt),
            row("rc6_seconds_total", 50 + rc6 * t, pci=pci, gt=gt),
            row("interrupts_total", int(1000 + 240 * t), pci=pci),
            row("runtime_suspended", 0, pci=pci)]


def workload(t, name, kind, rates, pci=GPU, memory=None, clients=1, **names):
    who = dict(pci=pci, workload=name, workload_kind=kind, namespace="", pod="", container="",
               vmid="", guest="")
    who.update(names)
    rows = [row("client_engine_busy_seconds_total", 10 + r * t, **{"class": c}, **who)
            for c, r in rates.items()] + [row("clients", clients, **who)]
    return rows + ([] if memory is None else
                   [row("client_memory_bytes", memory, **who, region="system0")])


def test_row(codec, profile, entrypoint, result="ok", psnr=None, fps=None, pci=GPU, size="256x256", ago=None):
    which = dict(pci=pci, codec=codec, profile=profile, entrypoint=entrypoint, size=size)
    rows = [row("vaapi_probe_result", 1, **which, result=result),
            row("vaapi_probe_success", int(result == "ok"), **which)]
    if psnr is not None:
        rows.append(row("vaapi_probe_psnr_decibels", psnr, **which))
    if fps is not None:
        rows.append(row("vaapi_probe_frames_per_second", fps, **which))
    if ago is not None:
        rows.append(row("vaapi_probe_timestamp_seconds", time.time() - ago, **which))
    return rows


def tests_that_pass(pci=GPU):
    return [*test_row("h264", "H264ConstrainedBaseline", "EncSlice", psnr=42.118, fps=341.5, pci=pci),
            *test_row("h264", "H264High", "EncSliceLP", psnr=41.9, fps=512.2, pci=pci),
            *test_row("hevc", "HEVCMain", "EncSlice", psnr=40.25, fps=288, pci=pci),
            *test_row("hevc", "HEVCMain", "EncSlice", size="1280x720", pci=pci),
            *test_row("hevc", "HEVCMain", "EncSlice", size="3840x2160", pci=pci),
            *test_row("hevc", "HEVCMain", "EncSlice", size="1920x1080", pci=pci),
            *test_row("jpeg", "JPEGBaseline", "EncPicture", psnr=45.489, fps=272.8, pci=pci),
            row("vaapi_codec_working", 1, pci=pci, codec="h264"),
            row("vaapi_codec_working", 1, pci=pci, codec="hevc"),
            row("vaapi_processing_success", 1, pci=pci, operation="scale"),
            row("vaapi_processing_success", 1, pci=pci, operation="tonemap"),
            row("vaapi_probe_last_run_timestamp_seconds", time.time() - 200, pci=pci)]


def vgpu_rows():
    kind, uuid = "i915-GVTg_V5_4", "00000000-0000-0000-0000-00000000010"
    return [row("vgpu_instances", 2, pci=GPU, vgpu_type=kind),
            row("vgpu_available_instances", 1, pci=GPU, vgpu_type=kind),
            row("vgpu_available_instances", 0, pci=GPU, vgpu_type="i915-GVTg_V5_2"),
            row("vgpu_info", 1, pci=GPU, uuid=uuid + "1", vgpu_type=kind, vgpu_id=1,
                iommu_group=12, vmid=100, guest="win11"),
            row("vgpu_info", 1, pci=GPU, uuid=uuid + "2", vgpu_type=kind, vgpu_id=2,
                iommu_group=13),
            row("vgpu_in_use", 1, pci=GPU, uuid=uuid + "1"),
            row("vgpu_in_use", 0, pci=GPU, uuid=uuid + "2")]


def function_rows():
    def function(number, driver, **owner):
        return row("sriov_vf_info", 1, pci=GPU, vf=number, vf_pci=f"0000:00:02.{number}",
                   vf_driver=driver, **owner)
    return [row("sriov_vfs_enabled", 3, pci=GPU), row("sriov_vfs_supported", 7, pci=GPU),
            function(1, "vfio-pci", vmid=101, guest="jellyfin"),
            function(2, "vfio-pci", guest="frigate"), function(3, "none")]


def transcode_rows(t, application, acceleration, processes, cores, **who):
    who = dict(application=application, acceleration=acceleration, **who)
    return [row("transcode_processes", processes, **who),
            row("transcode_cpu_seconds_total", 40 + cores * t, **who)]


def guests(t):
    """A GPU in virtual functions, one that a VM has, and one that was given away in vain."""
    given = dict(driver="vfio-pci", card="", render="", pmu="")
    return text(
        row("up", 1), row("machine_info", 1, virtualization="none", kernel="6.17.2-1-pve"),
        identity(model="Alder Lake-N [UHD Graphics]", platform="Alder Lake-N", generation=12),
        engine_rows({"rcs0": 0.1, "vcs0": 0.2}, t), function_rows(),
        identity(ARC, model="Arc A380", platform="Alchemist", gpu_kind="discrete", **given),
        row("passthrough_info", 1, pci=ARC, iommu_group=17, vmid=100, guest="win11"),
        row("passthrough_in_use", 1, pci=ARC),
        identity(THIRD, model="Arc A310", platform="Alchemist", gpu_kind="discrete", **given),
        row("passthrough_info", 1, pci=THIRD, iommu_group=18),
        row("passthrough_in_use", 0, pci=THIRD),
        *(row("transcodes", 0, acceleration=word) for word in
          ("hardware", "mixed", "software", "idle", "unknown")))


def busy(t):
    return text(
        row("up", 1), row("machine_info", 1, virtualization="none", kernel="6.8.12-4-pve"),
        identity(model="CoffeeLake-S GT2 [UHD Graphics 630]"),
        engine_rows({"bcs0": 0, "rcs0": 0.08, "vcs0": 0.6, "vcs1": 0.0004, "vecs0": 0.33}, t, wave=0.6),
        clocks(t), tests_that_pass(),
        row("throttled", 1, pci=GPU, gt=0, reason="pl1"),
        row("throttled", 0, pci=GPU, gt=0, reason="thermal"), vgpu_rows(),
        workload(t, "pod/media/jellyfin-0/jellyfin", "pod",
                 {"video": 0.5, "render": 0.05, "video-enhance": 0.3}, namespace="media",
                 pod="jellyfin-0", container="jellyfin", memory=231632896, clients=2),
        workload(t, "vm/100", "vm", {"video": 0.1}, memory=1 << 30, vmid=100, guest="win11"),
        workload(t, "user/1000", "user", {"video": 0, "render": 0}, clients=0),
        workload(t, "process/intel_gpu_probe", "process", {"video": 0.01}),
        workload(t, "service/immich.service", "service", {"compute": 0, "render": 0.02}, memory=24 << 20),
        row("transcodes", 2, acceleration="hardware"), row("transcodes", 1, acceleration="mixed"),
        row("transcodes", 1, acceleration="software"), row("transcodes", 1, acceleration="idle"),
        row("transcodes", 0, acceleration="unknown"),
        transcode_rows(t, "jellyfin", "hardware", 2, 0.25, workload="pod/media/jellyfin-0/jellyfin"),
        transcode_rows(t, "ffmpeg", "mixed", 1, 0.75, workload="user/1000"),
        transcode_rows(t, "ffmpeg", "software", 1, 3.5, workload="lxc/201", guest="nvr"),
        transcode_rows(t, "ffmpeg", "idle", 1, 0, workload="lxc/201", guest="nvr"),
        transcode_rows(t, "handbrake", "software", 0, 0, workload="user/1000"),
        row("scrape_collector_success", 1, collector="engine", pci=GPU),
        row("scrape_collector_error", 1, collector="sriov", pci=GPU, reason="not_supported"))


def healthy(t):
    """The most frequent machine: one GPU that works, a media server, a VM, something that computes."""
    return text(
        row("up", 1), row("machine_info", 1, virtualization="none", kernel="6.8.12-4-pve"),
        identity(model="CoffeeLake-S GT2 [UHD Graphics 630]"),
        engine_rows({"rcs0": 0.22, "bcs0": 0.01, "vcs0": 0.6, "vcs1": 0, "vecs0": 0.33}, t, wave=0.6),
        clocks(t), tests_that_pass(), row("throttled", 0, pci=GPU, gt=0, reason="thermal"), vgpu_rows(),
        workload(t, "service/jellyfin.service", "service", {"video": 0.5, "render": 0.05, "video-enhance": 0.3},
                 memory=231632896, clients=2),
        workload(t, "vm/100", "vm", {"video": 0.1}, memory=1 << 30, vmid=100, guest="win11"),
        workload(t, "lxc/201", "lxc", {"render": 0.15}, memory=96 << 20, vmid=201, guest="frigate"),
        workload(t, "user/1000", "user", {"video": 0, "render": 0}, clients=0),
        workload(t, "process/intel_gpu_probe", "process", {"video": 0.01}),
        row("transcodes", 2, acceleration="hardware"), row("transcodes", 0, acceleration="software"),
        transcode_rows(t, "jellyfin", "hardware", 2, 0.25, workload="service/jellyfin.service"),
        row("scrape_collector_error", 1, collector="sriov", pci=GPU, reason="not_supported"))


def two(t):
    return text(
        row("up", 1), row("machine_info", 1, virtualization="none", kernel="6.8.12-4-pve"),
        identity(), engine_rows({"rcs0": 0.01, "vcs0": 0.2}, t), clocks(t, now=350, rc6=0.9),
        row("vaapi_probe_result", 1, pci=GPU, size="256x256", result="driver_missing"),
        row("vaapi_up", 0, pci=GPU),
        identity(ARC, model="Arc A380", platform="Alchemist", gpu_kind="discrete", driver="i915",
                 card="card1", render="renderD129"),
        engine_rows({"rcs0": 0, "bcs0": 0, "vcs0": 0.75, "vcs1": 0.5, "vecs0": 0.1, "ccs0": 0},
                    t, ARC), clocks(t, ARC, now=2450, rc6=0, most=2450))


def card(t):
    """A card beside an integrated GPU, whose processor counts its energy."""
    b60 = dict(pci=ARC)
    return text(
        row("up", 1), row("machine_info", 1, virtualization="none", kernel="7.0.4-1-default"),
        identity(), engine_rows({"rcs0": 0.1, "vcs0": 0.2}, t), clocks(t),
        row("energy_joules_total", 9 + 6.5 * t, pci=GPU, sensor="gpu"),
        row("package_energy_joules_total", 9 + 31 * t, pci=GPU),
        identity(ARC, driver="xe", device_id="e211", model="Battlemage G21 [Arc Pro B60]", platform="Battlemage",
                 generation="xe2", gpu_kind="discrete", card="card1", render="renderD129"),
        clocks(t, ARC, now=2400, rc6=0.1, most=2400), tests_that_pass(ARC),
        row("energy_joules_total", 100 + 145 * t, sensor="card", **b60),
        row("energy_joules_total", 100 + 110 * t, sensor="pkg", **b60),
        row("power_limit_watts", 200, sensor="card", limit="max", **b60),
        row("power_limit_watts", 220, sensor="card", limit="cap", **b60),
        *(row("temperature_celsius", value, sensor=sensor, **b60)
          for sensor, value in (("pkg", 88), ("vram", 74), ("mctrl", 70), ("pcie", 61))),
        *(row("temperature_limit_celsius", value, sensor=sensor, limit=limit, **b60) for sensor, limit, value in (
            ("pkg", "max", 90), ("pkg", "emergency", 105), ("vram", "crit", 95))),
        row("fan_speed_rpm", 2319, fan="1", **b60), row("fan_speed_rpm", 0, fan="2", **b60),
        row("memory_size_bytes", 25669140480, region="vram0", **b60),
        row("memory_used_bytes", 17179869184, region="vram0", **b60),
        row("bar_size_bytes", 1 << 24, bar="0", **b60), row("bar_size_bytes", 1 << 28, bar="2", **b60),
        row("pcie_link_speed_transfers_per_second", 16e9, **b60), row("pcie_link_width", 8, **b60),
        row("pcie_link_max_speed_transfers_per_second", 32e9, **b60), row("pcie_link_max_width", 8, **b60),
        *(row("pcie_errors_total", value, severity=severity, **b60)
          for severity, value in (("correctable", 12), ("nonfatal", 1), ("fatal", 0))),
        workload(t, "service/ollama.service", "service", {"compute": 0.6}, ARC, memory=15 << 30, clients=2))


def twins(t):
    """Two GPUs that only their addresses tell apart."""
    arc = dict(model="DG2 [Arc A380]", platform="Alchemist", gpu_kind="discrete", device_id="56a5")
    return text(row("up", 1), identity(ARC, **arc), identity(THIRD, **arc), tests_that_pass(ARC),
                engine_rows({"vcs0": 0.2}, t, ARC), engine_rows({"vcs0": 0.1}, t, THIRD),
                tests_that_pass(THIRD))


def broken(t):
    """As in the night: the VA driver fits the kernel no longer, and everything is done on the CPU."""
    fails = [test_row(*which, result="driver_init", ago=40) for which in (
        ("h264", "H264ConstrainedBaseline", "EncSlice"), ("h264", "H264High", "EncSliceLP"),
        ("hevc", "HEVCMain", "EncSlice"), ("jpeg", "JPEGBaseline", "EncPicture"))]
    return text(
        row("up", 1), row("machine_info", 1, virtualization="none", kernel="6.17.2-1-pve"),
        identity(model="CoffeeLake-S GT2 [UHD Graphics 630]"), clocks(t, now=350, rc6=0.9),
        engine_rows({"rcs0": 0.02, "bcs0": 0.01, "vcs0": 0, "vcs1": 0, "vecs0": 0}, t), *fails,
        *(row("vaapi_codec_working", 0, pci=GPU, codec=codec) for codec in ("h264", "hevc", "jpeg")),
        row("vaapi_processing_success", 0, pci=GPU, operation="scale"),
        row("vaapi_processing_success", 0, pci=GPU, operation="tonemap"),
        row("vaapi_probe_last_run_timestamp_seconds", time.time() - 40, pci=GPU),
        workload(t, "service/jellyfin.service", "service", {"render": 0.02}, memory=24 << 20),
        row("transcodes", 3, acceleration="software"), row("transcodes", 0, acceleration="hardware"),
        transcode_rows(t, "jellyfin", "software", 3, 7.25, workload="service/jellyfin.service"),
        row("scrape_collector_error", 1, collector="client", pci=GPU, remedy="hidden-processes",
            reason="permission"))


def stale(t):
    """HEVC fails since another driver is there; large pictures were tested before, H.264 at any time."""
    return text(
        row("up", 1), identity(), engine_rows({"vcs0": 0.1}, t),
        test_row("h264", "H264High", "EncSliceLP", psnr=41.9, fps=512.2, ago=1200),
        test_row("hevc", "HEVCMain", "EncSlice", psnr=100, fps=90, size="1920x1080", ago=570),
        test_row("hevc", "HEVCMain", "EncSlice", result="execute", ago=30),
        test_row("hevc", "HEVCMain10", "EncSlice", psnr=44, fps=95, size="1280x720", ago=10),
        row("vaapi_codec_working", 1, pci=GPU, codec="h264"),
        row("vaapi_codec_working", 0, pci=GPU, codec="hevc"),
        row("vaapi_probe_last_run_timestamp_seconds", time.time() - 10, pci=GPU))


def no_gpu(_):
    return text(row("up", 0), row("machine_info", 1, virtualization="kvm", kernel="6.1.0-28-amd64"),
                row("scrape_collector_success", 1, collector="machine"))


def failing(t):
    """The VA driver does not work, perf events are denied, and a host's collector is late."""
    return text(
        row("up", 1), identity(),
        row("engines", 1, pci=GPU, **{"class": "video"}),
        row("frequency_actual_hertz", 0, pci=GPU, gt=0),
        row("wedged", 1, pci=GPU), row("resets_total", 2, pci=GPU),
        test_row("h264", "H264ConstrainedBaseline", "EncSlice", psnr=41, fps=300),
        test_row("h264", "H264ConstrainedBaseline", "EncSlice", size="1920x1080",
                 result="create_context"),
        test_row("hevc", "HEVCMain", "EncSliceLP", result="execute"),
        row("vaapi_probe_result", 1, pci=GPU, codec="av1", size="256x256", result="unsupported"),
        row("vaapi_probe_result", 1, pci=GPU, codec="vp9", size="256x256", result="unsupported"),
        *(row("capability_info", 1, pci=GPU, capability=c)
          for c in ("h264_encode", "hevc_encode", "vp9_encode", "av1_decode")),
        row("check_failure", 1, pci=GPU, layer="host", check="node-open", severity="error", remedy="node-open"),
        row("check_failure", 1, pci=GPU, layer="host", check="aperture", severity="note", remedy="aperture"),
        row("vaapi_codec_working", 1, pci=GPU, codec="h264"),
        row("vaapi_codec_working", 0, pci=GPU, codec="hevc"),
        row("vaapi_codec_working", 0, pci=GPU, codec="av1"),
        row("vaapi_processing_success", 0, pci=GPU, operation="tonemap"),
        row("vaapi_probe_skipped", 1, pci=GPU, reason="backoff"),
        row("scrape_collector_success", 0, collector="engine", pci=GPU),
        row("scrape_collector_error", 1, collector="engine", pci=GPU, remedy="perf-paranoid",
            reason="permission"),
        row("scrape_collector_success", 0, collector="machine"),
        row("scrape_collector_error", 1, collector="machine", remedy="stuck-read",
            reason="timeout"))


SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
ODD = 'a "quote", a \\ and a } and {x="y"} 1\nline'


def hostile(t):
    return text(
        row("up", 1), row("machine_info", 1, virtualization=IMAGE, kernel=SCRIPT),
        identity(model=IMAGE, platform=SCRIPT, driver="</dd><b>i915</b>"),
        engine_rows({"vcs0": 0.5}, t),
        workload(t, "process/" + SCRIPT, "process", {"video": 0.5}, guest=IMAGE),
        workload(t, "process/" + ODD, "process", {"video": 0}),
        test_row("h264", SCRIPT, IMAGE, result=SCRIPT),
        row("vgpu_info", 1, pci=GPU, uuid=SCRIPT, vgpu_type=IMAGE, guest=SCRIPT),
        row("sriov_vf_info", 1, pci=GPU, vf=IMAGE, vf_pci=SCRIPT, vf_driver=ODD, guest=IMAGE),
        row("passthrough_info", 1, pci=GPU, vmid=SCRIPT, guest=IMAGE),
        row("transcodes", 1, acceleration=SCRIPT), row("transcodes", 1, acceleration="__proto__"),
        transcode_rows(t, IMAGE, "constructor", 1, 1, workload=SCRIPT),
        row("scrape_collector_error", 1, collector=IMAGE, pci=GPU, remedy='"><b>x', reason=SCRIPT),
        'intel_gpu_info{pci="cut', "<html>", "intel_gpu_interrupts_total{__proto__=\"x\"} 1",
        "intel_gpu_clients{} nothing")
