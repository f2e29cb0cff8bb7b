# SPDX-License-Identifier: Apache-2.0
"""A whole GPU that was given to VMs. The real vfio-pci needs an IOMMU, which the lab has not."""
import lab


def main():
    checks = lab.Checks()
    lab.shell("lab_load vfio=1; lab_give_to vfio-pci")
    exporter = lab.Exporter()
    metrics = exporter.scrape()
    checks.that(metrics.value("intel_gpu_passthrough_info") == 1 and
                metrics.value("intel_gpu_passthrough_in_use") == 0,
                "the whole GPU is vfio-pci's, and nobody has it")
    checks.same(metrics.reason("vgpu"), "not_supported", "it offers no vGPU then")
    exporter.stop()
    checks.end()


main()
