# SPDX-License-Identifier: Apache-2.0
"""From the host through the virtual machine to the pod: vGPUs, virtual functions, whole GPUs."""
from common import ACCELERATION, VIDEO
from grafana import BY_GPU, GPU, MACHINE, RATE, VIRTUALIZATION, column, dashboard, node_column, row, series, stat, table, to_node
from grammar import ALL_OR_NOTHING, GOOD, LOAD, NONE_IS_BETTER, NONE_IS_GOOD, NO_PORT, PLAIN, RUNS_IN, WARN, YES_NO, says, words

JOB = 'job=~"$job"'
SHARE = f"{BY_GPU}, share, id, vmid, guest, vm_uuid"


def shares(selector):
    """What a host hands to guests, as rows of one form: (share, id) says which part of the GPU."""
    def named(metric, share, label, ident):
        return (f'label_replace(label_replace({metric}{{{selector}}}, "share", "{share}", "{label}", '
                f'"(.*)"), "id", "$1", "{ident}", "(.*)")')

    parts = (named("intel_gpu_vgpu_info", "vGPU $1", "vgpu_type", "uuid"),
             named("intel_gpu_sriov_vf_info", "VF $1", "vf", "vf_pci"),
             named("intel_gpu_passthrough_info", "whole GPU", "pci", "pci"))
    return f"max by ({SHARE}) ({' or '.join(parts)})"


def inside(value):
    """A value by (job, instance) of an exporter in a VM, by the VM's UUID and that instance."""
    machine = f'{value} * on (job, instance) group_left (machine_uuid) ' \
              f'intel_gpu_machine_info{{{JOB},machine_uuid!=""}}'
    return ('topk by (vm_uuid) (1, max by (vm_uuid, vm_instance) (label_replace(label_replace('
            f'{machine}, "vm_uuid", "$1", "machine_uuid", "(.+)"), "vm_instance", "$1", '
            '"instance", "(.+)")))')


def joined(value):
    return (f"{shares(GPU + chr(44) + 'vm_uuid!=' + chr(34) * 2)} "
            f"* on (vm_uuid) group_left (vm_instance) {inside(value)}")


def glance():
    return row(
        "At a glance",
        stat("vGPUs", "vGPUs (GVT-g) that exist on the hosts now.",
             f"sum(intel_gpu_vgpu_instances{{{GPU}}})", empty="no GPU offers any"),
        stat("Virtual functions",
             "SR-IOV virtual functions that are enabled now.",
             f"sum(intel_gpu_sriov_vfs_enabled{{{GPU}}})", empty="no GPU offers any"),
        stat("Whole GPUs", "GPUs that are bound to vfio-pci.",
             f'sum(intel_gpu_info{{{GPU},driver="vfio-pci"}}) or sum(0 * intel_gpu_info{{{GPU}}})',
             empty="no GPU seen"),
        stat("vGPUs unused",
             "vGPUs that exist while no process has them open: left behind, or of a VM that does "
             "not run. No number where the exporter cannot read all processes.",
             f"sum(1 - intel_gpu_vgpu_in_use{{{GPU}}})", "none", NONE_IS_BETTER),
        stat("GPUs unused",
             "GPUs bound to vfio-pci that no VM has open: neither host nor guest can use them.",
             f"sum(1 - intel_gpu_passthrough_in_use{{{GPU}}})", "none", NONE_IS_GOOD,
             empty="none given away"),
        stat("Works in guests",
             "Share of expected codecs that work, over the GPUs that exporters in virtual machines "
             "and containers see.",
             f"avg({ACCELERATION} and on (job, instance) "
             f'intel_gpu_machine_info{{{MACHINE},virtualization!="none"}})', "percentunit",
             ALL_OR_NOTHING, empty="not tested"))


def chain():
    working = f"avg by (job, instance) (intel_gpu_vaapi_codec_working{{{JOB}}})"
    pods = f'sum by (job, instance) (intel_gpu_clients{{{JOB},pod!=""}} > bool 0)'
    seen = f"intel_gpu_exporter_build_info{{{JOB}}}"
    seen = f"max by (job, instance) ({seen})"
    return table(
        "From host to virtual machine to pod",
        "Each part of a GPU that a host hands to a guest, the guest, the exporter that runs inside "
        "it, and whether encoding works there. A dash under \"Exporter in it\" means that no "
        "exporter with that machine's UUID is scraped; it needs to run as root to know the UUID.",
        [f"{shares(GPU)}", f"{joined(seen)}", f"{joined(working)}", f"{joined(pods)}"],
        [column("instance", "Host", mappings=NO_PORT, link=to_node()), column("pci", "GPU", width=120),
         column("share", "Part"), column("id", "UUID or address", width=330),
         column("vmid", "Guest id", width=80), column("guest", "Guest"),
         column("vm_instance", "Exporter in it", mappings=NO_PORT, link=to_node()),
         column("Value #C", "Encoding in it", "percentunit", ALL_OR_NOTHING, decimals=0, width=120),
         column("Value #D", "Pods' workloads", "short", decimals=0, width=130)],
        size=(24, 8), empty="–", sort=("Host", "UUID or address"))


def guests():
    machine = f"max by (job, instance, virtualization, kernel) (intel_gpu_machine_info{{{MACHINE}}})"
    gpu = (f"max by ({BY_GPU}, model, function, driver, virtualization, kernel) "
           f"(intel_gpu_info{{{GPU}}} * on (job, instance) group_left (virtualization, kernel) "
           f"{machine})")
    return table(
        "Where exporters run and what they see",
        "Each exporter: on hardware, in a VM or in a container; the GPUs there, and "
        "whether encoding works. A guest that should have a GPU and is missing here sees none.",
        [gpu, ACCELERATION, VIDEO],
        [node_column(),
         column("virtualization", "Runs in", mappings=RUNS_IN, width=90),
         column("kernel", "Kernel", width=150),
         column("pci", "GPU", width=120), column("model", "Model", width=290),
         column("function", "Function", width=90), column("driver", "Driver", width=90),
         column("Value #B", "Encoding", "percentunit", ALL_OR_NOTHING, decimals=0, width=100,
                empty="not tested"),
         column("Value #C", "Video busy", "percentunit", LOAD, decimals=1, width=100)],
        size=(24, 7), sort=("Node", "GPU"))


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
              [column("instance", "Host", mappings=NO_PORT), column("pci", "GPU", width=120),
               column("vgpu_type", "Type"), column("resolution", "Largest screen", width=130),
               column("weight", "Weight", width=80),
               column("Value #B", "Exist", "short", decimals=0, width=60),
               column("Value #C", "Still fit", "short", [(None, WARN), (1, "transparent")], decimals=0,
                      width=80),
               column("Value #D", "Aperture", "bytes", width=90),
               column("Value #E", "Other memory", "bytes", width=130)],
              size=(24, 6), sort=("Host",)),
        series("vGPUs that exist", "vGPUs of each type over time.",
               (f"intel_gpu_vgpu_instances{{{GPU}}}", "{{instance}} {{pci}} {{vgpu_type}}"),
               "short", decimals=0, step=True, size=(12, 9), empty="No GPU offers vGPUs",
               calcs=("lastNotNull", "max")),
        series("Room in the pool",
               "How many more vGPUs of each type could be created. The smallest type shows 0 when "
               "the pool is exhausted. Never add them up.",
               (f"intel_gpu_vgpu_available_instances{{{GPU}}}",
                "{{instance}} {{pci}} {{vgpu_type}}"), "short", decimals=0, step=True, size=(12, 9),
               empty="No GPU offers vGPUs",
               calcs=("lastNotNull", "min")),
        table("vGPUs in use",
              "Whether a process holds each vGPU. One that stays unused although a guest's "
              "configuration has it was left behind, and takes room in the pool.",
              [f"max by ({BY_GPU}, uuid, vgpu_type, vmid, guest) (intel_gpu_vgpu_info{{{GPU}}})",
               f"max by ({BY_GPU}, uuid) (intel_gpu_vgpu_in_use{{{GPU}}})"],
              [column("instance", "Host", mappings=NO_PORT), column("pci", "GPU", width=120),
               column("uuid", "UUID", width=330), column("vgpu_type", "Type"),
               column("vmid", "Guest id", width=80), column("guest", "Guest"),
               column("Value #B", "In use", mappings=YES_NO, empty="not known", width=90)],
              size=(24, 6), empty="No vGPU exists", sort=("Host",)))


def functions():
    return row(
        "Virtual functions (SR-IOV) and whole GPUs",
        series("Virtual functions enabled",
               "Enabled virtual functions, and how many the GPU supports (dashed).",
               [(f"intel_gpu_sriov_vfs_enabled{{{GPU}}}", "{{instance}} {{pci}} enabled"),
                (f"intel_gpu_sriov_vfs_supported{{{GPU}}}", "{{instance}} {{pci}} supported")],
               "short", decimals=0, step=True, size=(8, 9), calcs=("lastNotNull",),
               dashed=("/supported$/",), empty="No GPU offers virtual functions"),
        table("Virtual functions",
              "Each virtual function, the driver that has it, and the guest that holds it.",
              f"max by ({BY_GPU}, vf, vf_pci, vf_driver, vmid, guest) "
              f"(intel_gpu_sriov_vf_info{{{GPU}}})",
              [column("instance", "Host", mappings=NO_PORT), column("pci", "GPU", width=120),
               column("vf", "VF", width=50), column("vf_pci", "Address", width=120),
               column("vf_driver", "Driver", width=90), column("vmid", "Guest id", width=80),
               column("guest", "Guest")],
              size=(16, 9), empty="No virtual function is enabled", sort=("Host", "Address")),
        table("Whole GPUs given to VMs",
              "GPUs bound to vfio-pci, the VM whose configuration has them, and whether it holds "
              "them now.",
              [f"max by ({BY_GPU}, vmid, guest) (intel_gpu_passthrough_info{{{GPU}}})",
               f"max by ({BY_GPU}) (intel_gpu_passthrough_in_use{{{GPU}}})"],
              [column("instance", "Host", mappings=NO_PORT), column("pci", "GPU", width=120),
               column("vmid", "Guest id", width=80), column("guest", "Guest"),
               column("Value #B", "In use", mappings=YES_NO, empty="not known", width=90)],
              size=(24, 5), empty="No GPU is given to a VM", sort=("Host",)))


def load():
    busy = f"intel_gpu_client_engine_busy_seconds_total{{{GPU},class=\"video\",%s}}"
    return row(
        "Load of guests and pods",
        series("Video engines by guest",
               "Time that a host's video engines worked for processes of each LXC container or VM, "
               "in engines: 1 is one engine fully used. Work inside a vGPU or virtual function is "
               "seen by the exporter in that VM.",
               (f"sum by (instance, vmid, guest) (rate({busy % 'vmid!=%s' % (chr(34) * 2)}{RATE}))",
                "{{instance}} {{vmid}} {{guest}}"), "short", decimals=2, stack=True, size=(9, 9)),
        series("Video engines by pod",
               "Share of a GPU's video engines that each pod uses.",
               (f"sum by (job, instance, pci, namespace, pod) "
                f"(rate({busy % 'pod!=%s' % (chr(34) * 2)}{RATE})) / on ({BY_GPU}) group_left () "
                f'intel_gpu_engines{{{GPU},class="video"}}',
                "{{instance}} {{namespace}}/{{pod}}"), "percentunit", stack=True, size=(9, 9)),
        stat("Host counters include guests",
             "Whether the engine counters of a GPU include the work of virtual machines: with GVT-g "
             "they do; with SR-IOV the host does not see it.",
             f"max by (instance, pci) (intel_gpu_engine_covers_guests{{{GPU}}})",
             mappings=words(v0=says(PLAIN, "no"), v1=says(GOOD, "yes")), legend="{{instance}} {{pci}}",
             size=(6, 9), text="value_and_name", empty="no GPU seen"))


def make():
    return dashboard(
        VIRTUALIZATION, "Intel GPU / Virtual machines",
        "From the host through the virtual machine to the pod: vGPUs, virtual functions, whole GPUs, "
        "and whether encoding works at the end.",
        [glance(), row("The chain", chain(), guests()), vgpus(), functions(), load()])
