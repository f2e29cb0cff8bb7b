# SPDX-License-Identifier: Apache-2.0
"""vGPUs that come and go: instances, the shared pool, and series that vanish with their vGPU."""
import lab

UUID = "00000000-0000-0000-0000-000000000101"
# (aperture - 128 MB - used) / low memory of the type, with 256 MB of aperture: one _4 takes all.
FREE = {"8": 2, "4": 1}


def available(metrics):
    found = metrics.find("intel_gpu_vgpu_available_instances")
    return {dict(labels)["vgpu_type"][-1]: value for labels, value in found.items()}


def main():
    checks = lab.Checks()
    lab.shell("lab_load aperture_mb=256")
    exporter = lab.Exporter()

    before = exporter.scrape()
    checks.that(available(before) == FREE, f"free instances of an empty pool: {available(before)}")
    checks.that(before.value("intel_gpu_vgpu_instances", vgpu_type="i915-GVTg_V5_4") == 0,
                "no instance: 0, not absent")
    checks.that(before.value("intel_gpu_engine_covers_guests") == 1,
                "the engine counters include guests")
    checks.that(before.value("intel_gpu_vgpu_type_aperture_bytes", vgpu_type="i915-GVTg_V5_4")
                == 128 << 20, "aperture of a _4 in bytes")

    lab.shell(f"vgpu_create GVTg_V5_4 {UUID}")
    created = exporter.scrape()
    checks.that(created.value("intel_gpu_vgpu_instances", vgpu_type="i915-GVTg_V5_4") == 1,
                "one instance")
    kernel = {n: int(lab.shell(f"vgpu_available GVTg_V5_{n}")) for n in FREE}
    checks.that(available(created) == kernel, f"as the kernel says: {kernel}")
    checks.that(available(created) == {"8": 0, "4": 0}, "every type's free instances dropped")
    labels = [dict(k) for k in created.find("intel_gpu_vgpu_info")]
    checks.that(len(labels) == 1 and labels[0]["uuid"] == UUID and
                labels[0]["vgpu_type"] == "i915-GVTg_V5_4" and
                labels[0]["vgpu_id"].isdigit() and labels[0]["iommu_group"].isdigit(),
                f"the vGPU's own row: {labels}")

    lab.shell(f"vgpu_remove {UUID}")
    removed = exporter.scrape()
    checks.that(not removed.find("intel_gpu_vgpu_info"), "the removed vGPU's series is gone")
    checks.that(available(removed) == FREE, "the pool is whole again")
    exporter.stop()
    checks.end()


main()
