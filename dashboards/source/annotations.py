# SPDX-License-Identifier: Apache-2.0
"""What happened, as marks in every graph: alerts, a start of the exporter, another kernel or VA driver, a VM that
started, a vGPU that changed hands. What is new is what was not there a few minutes before, while the exporter was."""
from grafana import BY_GPU, GPU, JOB, MACHINE, annotation
from grammar import BAD, COMPUTE, COPY, RENDER, SCALE, VIDEO

BEFORE = "offset 2m"
THERE = f"on (job, instance) intel_gpu_exporter_build_info{{{MACHINE}}} {BEFORE}"


def new(expr, labels):
    """`expr` is a selector; %s is where an offset stands."""
    return f"max by ({labels}) ({expr % ''}) unless on ({labels}) ({expr % BEFORE}) and {THERE}"


def marks():
    own = f"on (job, instance) intel_gpu_exporter_build_info{{{MACHINE}}}"
    vgpu = f'intel_gpu_vgpu_info{{{GPU},vmid!=""}} %s'
    held = (f"intel_gpu_vgpu_in_use{{{GPU}}} %s == 1 or intel_gpu_passthrough_in_use{{{GPU}}} %s == 1")
    return [
        annotation("Alerts", f'max by (alertname, cause, {BY_GPU}, codec) (ALERTS{{{JOB},instance=~"$instance|",'
                   'alertname=~"IntelGpu.*",alertstate="firing"})',
                   "{{alertname}} {{cause}}", BAD, "{{instance}} {{pci}} {{codec}}"),
        annotation("Exporter started", f"process_start_time_seconds{{{MACHINE}}} > time() - 60 and {own}",
                   "The exporter started", COPY, "{{instance}}"),
        annotation("Kernel changed", new(f"intel_gpu_machine_info{{{MACHINE}}} %s", "job, instance, kernel"),
                   "Another kernel: {{kernel}}", COMPUTE, "{{instance}}"),
        # A round of tests that takes long, as of a driver that fails, is a gap in what is known.
        annotation("VA driver changed", f"max by ({BY_GPU}, vendor) (intel_gpu_vaapi_driver_info{{{GPU}}}) unless "
                   f"max by ({BY_GPU}, vendor) (last_over_time(intel_gpu_vaapi_driver_info{{{GPU}}}[30m] {BEFORE})) "
                   f"and on ({BY_GPU}) last_over_time(intel_gpu_vaapi_up{{{GPU}}}[30m] {BEFORE})",
                   "Another VA driver: {{vendor}}", RENDER, "{{instance}} {{pci}}"),
        annotation("VM started", f"max by ({BY_GPU}, uuid) ({held % ('', '')}) unless on ({BY_GPU}, uuid) "
                   f"({held % (BEFORE, BEFORE)}) and {THERE}",
                   "A VM has taken its GPU", SCALE, "{{instance}} {{pci}} {{uuid}}"),
        annotation("vGPU changed hands", new(vgpu, f"{BY_GPU}, uuid, vmid, guest"),
                   "vGPU of {{vmid}} {{guest}}", VIDEO, "{{instance}} {{pci}} {{uuid}}"),
    ]
