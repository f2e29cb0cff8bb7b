# SPDX-License-Identifier: Apache-2.0
"""GVT-g as Debian's own kvmgt has it: types, instances, the pool they share, and a vGPU's own row."""
import re
from pathlib import Path

import lab

UUIDS = [f"00000000-0000-0000-0000-0000000001{n:02}" for n in range(10)]


def kernel_types(pci):
    """{type: (free instances, directory)}"""
    directory = Path(f"/sys/bus/pci/devices/{pci}/mdev_supported_types")
    return {entry.name: (int((entry / "available_instances").read_text()), entry)
            for entry in directory.iterdir()}


def check_free(checks, metrics, pci, when):
    kernel = {name: free for name, (free, _) in kernel_types(pci).items()}
    exported = {dict(labels)["vgpu_type"]: value for labels, value in
                metrics.find("intel_gpu_vgpu_available_instances", pci=pci).items()}
    checks.same(exported, kernel, f"free instances {when}: {kernel}")


def fill(directory):
    """Creates vGPUs until the driver refuses: how many, and with which errno."""
    for made, uuid in enumerate(UUIDS):
        try:
            (directory / "create").write_text(uuid)
        except OSError as e:
            return made, e.errno
    return len(UUIDS), 0


def main():
    checks = lab.Checks()
    lab.shell("gpu_load enable_gvt=1")
    pci = lab.shell("lab_bdf")
    exporter = lab.Exporter()
    empty = exporter.scrape()
    types = kernel_types(pci)
    checks.that(types, f"kvmgt has types: {sorted(types)}")
    check_free(checks, empty, pci, "of an empty pool")
    checks.that(empty.value("intel_gpu_engine_covers_guests", pci=pci) == 1, "the counters include guests")
    for name, (_, directory) in types.items():
        low = re.search(r"low_gm_size: (\d+)MB", (directory / "description").read_text())[1]
        checks.same(empty.value("intel_gpu_vgpu_type_aperture_bytes", pci=pci, vgpu_type=name),
                    int(low) << 20, f"aperture of {name}: {low} MB")

    smallest = max(types, key=lambda name: types[name][0])
    free, directory = types[smallest]
    made, errno = fill(directory)
    checks.same(made, free, f"as many {smallest} as it said can be made: {made}, then errno {errno}")
    full = exporter.scrape()
    check_free(checks, full, pci, "of a full pool")
    checks.same(full.value("intel_gpu_vgpu_instances", pci=pci, vgpu_type=smallest), made, "instances")
    rows = [dict(labels) for labels in full.find("intel_gpu_vgpu_info", pci=pci)]
    checks.same(sorted(row["uuid"] for row in rows), UUIDS[:made], "a row for each")
    for row in rows:
        device = Path(f"/sys/bus/mdev/devices/{row['uuid']}")
        checks.same((row["vgpu_id"], row["iommu_group"], row["vgpu_type"]),
                    ((device / "intel_vgpu/vgpu_id").read_text().strip(),
                     (device / "iommu_group").resolve().name, smallest),
                    f"vGPU {row['vgpu_id']}: its number, IOMMU group and type")

    for uuid in UUIDS[:made]:
        lab.shell(f"vgpu_remove {uuid}")
    removed = exporter.scrape()
    checks.that(not removed.find("intel_gpu_vgpu_info"), "removed: no rows")
    check_free(checks, removed, pci, "of an empty pool again")
    exporter.stop()
    checks.end()


main()
