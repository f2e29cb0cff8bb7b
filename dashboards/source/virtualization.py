# SPDX-License-Identifier: Apache-2.0
"""From the host through the virtual machine to the pod: vGPUs, virtual functions, whole GPUs."""
from common import ACCELERATION, VIDEO, named, shares, told_apart
from grafana import (BY_GPU, GPU, JOB, MACHINE, VIRTUALIZATION, column, dashboard, node_column, row, series, stat,
                     table, to_node)
from grammar import (ALL_OR_NOTHING, BY_NAME, GOOD, LOAD, NONE_IS_BETTER, NO_PORT, PLAIN, RUNS_IN, SHORT_ID, WARN,
                     YES_NO, of_node, says, who, words)

SHARE = f"{BY_GPU}, share, id, vmid, guest, vm_uuid"
HELD = words(v0=says(WARN, "nobody holds it"), v1=says(GOOD, "held"))


def host(width=140):
    return column("instance", "Host", mappings=NO_PORT, width=width, link=to_node())


def labeled(metric, label, value, ident):
    return f'label_replace({metric}, "{label}", "{value}", "{ident}", "(.*)")'


def parts(selector):
    """What a host hands to guests, as rows of one form: (share, id) says which part of the GPU."""
    def one(metric, share, label, ident):
        return labeled(labeled(f"{metric}{{{selector}}}", "share", share, label), "id", "$1", ident)

    found = (one("intel_gpu_vgpu_info", "vGPU $1", "vgpu_type", "uuid"),
             one("intel_gpu_sriov_vf_info", "VF $1", "vf", "vf_pci"),
             one("intel_gpu_passthrough_info", "whole GPU", "pci", "pci"))
    return f"max by ({SHARE}) ({' or '.join(found)})"


def inside(value):
    """A value by (job, instance) of an exporter in a VM, by the VM's UUID and that instance."""
    machine = f'{value} * on (job, instance) group_left (machine_uuid) ' \
              f'intel_gpu_machine_info{{{JOB},machine_uuid!=""}}'
    return ('topk by (vm_uuid) (1, max by (vm_uuid, vm_instance) (label_replace(label_replace('
            f'{machine}, "vm_uuid", "$1", "machine_uuid", "(.+)"), "vm_instance", "$1", '
            '"instance", "(.+)")))')


def joined(value):
    return (f"{parts(GPU + chr(44) + 'vm_uuid!=' + chr(34) * 2)} "
            f"* on (vm_uuid) group_left (vm_instance) {inside(value)}")


def glance():
    return (
        stat("Given to guests",
             "vGPUs (GVT-g) that exist on the hosts, SR-IOV virtual functions that are enabled, and whole GPUs that "
             "are bound to vfio-pci.",
             [(f"sum(intel_gpu_vgpu_instances{{{GPU}}})", "vGPUs"),
              (f"sum(intel_gpu_sriov_vfs_enabled{{{GPU}}})", "VFs"),
              (f'sum(intel_gpu_info{{{GPU},driver="vfio-pci"}}) or sum(0 * intel_gpu_info{{{GPU}}})', "whole GPUs")],
             size=(9, 4), empty="no GPU seen", text="value_and_name"),
        stat("Nobody holds them",
             "vGPUs that no process has open: left behind, or of a VM that does not run. Whole GPUs bound to vfio-pci "
             "that no VM has open: neither host nor guest can use them. No number where the exporter cannot read all "
             "processes.",
             [(f"sum(1 - intel_gpu_vgpu_in_use{{{GPU}}})", "vGPUs"),
              (f"sum(1 - intel_gpu_passthrough_in_use{{{GPU}}})", "whole GPUs")],
             colors=NONE_IS_BETTER, size=(6, 4), empty="nothing is given away", text="value_and_name"),
        stat("Still fit",
             "How many more vGPUs could be created, of the type that fits most often.",
             f"max(intel_gpu_vgpu_available_instances{{{GPU}}})", size=(4, 4), empty="no GPU offers any"),
        stat("Works in guests",
             "Share of expected codecs that work, over the GPUs that exporters in virtual machines "
             "and containers see.",
             f"avg({ACCELERATION} and on (job, instance) "
             f'intel_gpu_machine_info{{{MACHINE},virtualization!="none"}})', "percentunit",
             ALL_OR_NOTHING, size=(5, 4), empty="not tested"))


def chain():
    working = f"avg by (job, instance) (intel_gpu_vaapi_codec_working{{{JOB}}})"
    pods = f'sum by (job, instance) (intel_gpu_clients{{{JOB},pod!=""}} > bool 0)'
    seen = f"intel_gpu_exporter_build_info{{{JOB}}}"
    seen = f"max by (job, instance) ({seen})"
    in_use = " or ".join((labeled(f"intel_gpu_vgpu_in_use{{{GPU}}}", "id", "$1", "uuid"),
                          labeled(f"intel_gpu_passthrough_in_use{{{GPU}}}", "id", "$1", "pci")))
    held = f"{parts(GPU)} * on ({BY_GPU}, id) group_left () max by ({BY_GPU}, id) ({in_use})"
    return table(
        "From host to virtual machine to pod",
        "Each part of a GPU that a host hands to a guest, the guest, the exporter that runs inside "
        "it, and whether encoding works there. A dash under \"Exporter in it\" means that no "
        "exporter with that machine's UUID is scraped; it needs to run as root to know the UUID.",
        [named(parts(GPU)), joined(seen), joined(working), joined(pods), held],
        [host(), column("gpu", "GPU", width=140),
         column("share", "Part", width=180), column("vmid", "Guest id", width=85), column("guest", "Guest", width=110),
         column("Value #E", "Held", mappings=HELD, width=155),
         column("vm_instance", "Exporter in it", mappings=NO_PORT, link=to_node(), width=130),
         column("Value #C", "Encoding", "percentunit", ALL_OR_NOTHING, decimals=0, width=95),
         column("Value #D", "Pods", "short", decimals=0, width=65),
         column("id", "UUID or address", mappings=SHORT_ID)],
        size=(24, 8), empty="No part of a GPU is given to a guest: hosts use them alone", sort=("Host", "Part"))


def guests():
    machine = f"max by (job, instance, virtualization, kernel) (intel_gpu_machine_info{{{MACHINE}}})"
    gpu = (f"max by ({BY_GPU}, function, driver, virtualization, kernel) "
           f"(intel_gpu_info{{{GPU}}} * on (job, instance) group_left (virtualization, kernel) "
           f"{machine})")
    return table(
        "Where exporters run and what they see",
        "Each exporter: on hardware, in a VM or in a container; the GPUs there, and "
        "whether encoding works. A guest that should have a GPU and is missing here sees none.",
        [named(gpu), ACCELERATION, VIDEO],
        [node_column(140), column("virtualization", "Runs in", mappings=RUNS_IN, width=90),
         column("gpu", "GPU"), column("function", "Function", width=95), column("driver", "Driver", width=90),
         column("kernel", "Kernel", width=190),
         column("Value #B", "Encoding", "percentunit", ALL_OR_NOTHING, decimals=0, width=110,
                empty="not tested"),
         column("Value #C", "Video busy", "percentunit", LOAD, gauge=True, decimals=0, width=130)],
        size=(24, 7), sort=("Node", "GPU"), empty="No GPU seen")


def load():
    guest = of_node(who(told_apart(shares("workload, vmid, guest", "video", ',vmid!=""'))))
    pod = of_node(who(told_apart(shares("workload, pod, guest", "video", ',pod!=""'))))
    return (
        series("Video engines by guest",
               "Which part of the time of a host's video engines processes of each LXC container or VM had. "
               "Work inside a vGPU or virtual function is seen by the exporter in that VM.",
               (f"{guest} > 0", "{{who}} {{of}} {{node}}"), "percentunit", stack=True, colored=BY_NAME, shades=True,
               empty="No guest's process uses them", calcs=("lastNotNull",)),
        series("Video engines by pod",
               "Which part of the time of a GPU's video engines each pod had.",
               (f"{pod} > 0", "{{who}} {{of}} {{node}}"), "percentunit", stack=True, colored=BY_NAME, shades=True,
               empty="No pod uses them", calcs=("lastNotNull",)))


def vgpus():
    by_type = f"{BY_GPU}, vgpu_type"
    return row(
        "vGPUs (GVT-g)",
        table("Types and the pool",
              "What one vGPU of each type has, how many exist, and how many more could be created. "
              "The types share one pool, so these numbers must not be added up.",
              [f"max by ({by_type}, resolution, weight) (intel_gpu_vgpu_type_info{{{GPU}}})",
               f"max by ({by_type}) (intel_gpu_vgpu_instances{{{GPU}}})",
               f"max by ({by_type}) (intel_gpu_vgpu_available_instances{{{GPU}}})",
               f"max by ({by_type}) (intel_gpu_vgpu_type_aperture_bytes{{{GPU}}})",
               f"max by ({by_type}) (intel_gpu_vgpu_type_hidden_bytes{{{GPU}}})"],
              [host(), column("pci", "GPU", width=120),
               column("vgpu_type", "Type"), column("resolution", "Largest screen", width=130),
               column("weight", "Weight", width=80),
               column("Value #B", "Exist", "short", decimals=0, width=70),
               column("Value #C", "Still fit", "short", decimals=0, width=85),
               column("Value #D", "Aperture", "bytes", width=100),
               column("Value #E", "Other memory", "bytes", width=130)],
              size=(24, 6), sort=("Host",), empty="No GPU offers vGPUs"),
        series("vGPUs that exist", "vGPUs of each type over time.",
               (of_node(told_apart(f"intel_gpu_vgpu_instances{{{GPU}}}")), "{{node}} {{vgpu_type}} {{of}}"),
               "short", decimals=0, step=True, empty="No GPU offers vGPUs", calcs=("lastNotNull", "max")),
        series("Room in the pool",
               "How many more vGPUs of each type could be created. The smallest type shows 0 when "
               "the pool is exhausted. Never add them up.",
               (of_node(told_apart(f"intel_gpu_vgpu_available_instances{{{GPU}}}")), "{{node}} {{vgpu_type}} {{of}}"),
               "short", decimals=0, step=True, empty="No GPU offers vGPUs", calcs=("lastNotNull", "min")),
        collapsed=True)


def functions():
    return row(
        "Virtual functions (SR-IOV)",
        series("Virtual functions enabled",
               "Enabled virtual functions, and how many the GPU supports (dashed).",
               [(of_node(told_apart(f"intel_gpu_sriov_vfs_enabled{{{GPU}}}")), "{{node}} {{of}} enabled"),
                (of_node(told_apart(f"intel_gpu_sriov_vfs_supported{{{GPU}}}")), "{{node}} {{of}} supported")],
               "short", decimals=0, step=True, calcs=("lastNotNull",),
               dashed=("/supported$/",), empty="No GPU offers virtual functions"),
        table("Virtual functions",
              "Each virtual function, the driver that has it, and the guest that holds it.",
              f"max by ({BY_GPU}, vf, vf_pci, vf_driver, vmid, guest) "
              f"(intel_gpu_sriov_vf_info{{{GPU}}})",
              [host(), column("vf", "VF", width=50), column("vf_pci", "Address", width=120),
               column("vf_driver", "Driver", width=90), column("vmid", "Guest id", width=85),
               column("guest", "Guest")],
              size=(12, 8), empty="No virtual function is enabled", sort=("Host", "Address")),
        collapsed=True)


def counters():
    return row(
        "Counters",
        table("Host counters include guests",
              "Whether the engine counters of a GPU include the work of virtual machines: with GVT-g "
              "they do; with SR-IOV the host does not see it.",
              named(f"max by ({BY_GPU}) (intel_gpu_engine_covers_guests{{{GPU}}})"),
              [node_column(), column("gpu", "GPU"),
               column("Value", "Include guests", mappings=words(v0=says(PLAIN, "no"), v1=says(GOOD, "yes")), width=130)],
              size=(12, 6), empty="No GPU seen", sort=("Node",)),
        table("Whole GPUs given to VMs",
              "GPUs bound to vfio-pci, the VM whose configuration has them, and whether it holds "
              "them now.",
              [f"max by ({BY_GPU}, vmid, guest) (intel_gpu_passthrough_info{{{GPU}}})",
               f"max by ({BY_GPU}) (intel_gpu_passthrough_in_use{{{GPU}}})"],
              [host(), column("pci", "GPU", width=120),
               column("vmid", "Guest id", width=85), column("guest", "Guest"),
               column("Value #B", "In use", mappings=YES_NO, empty="not known", width=90)],
              size=(12, 6), empty="No GPU is given to a VM", sort=("Host",)),
        collapsed=True)


def make():
    return dashboard(
        VIRTUALIZATION, "Intel GPU / Virtual machines",
        "From the host through the virtual machine to the pod: vGPUs, virtual functions, whole GPUs, "
        "and whether encoding works at the end.",
        [row("", *glance(), chain(), guests(), *load()), vgpus(), functions(), counters()])
