// SPDX-License-Identifier: Apache-2.0
// What of a GPU belongs to virtual machines: vGPUs, virtual functions, or all of it.
import { breakable, h, mark, part, soft, table } from "./elements.js";
import { DASH, unit } from "./metrics.js";

const owner = ({ guest, vmid }, nobody = "nobody") => {
  const vm = vmid && unit("VM", vmid);
  return guest ? [guest, vm ? [" ", soft(vm)] : null] : vm || nobody;
};

// Unknown is not "unused": where not every process could be scanned, there is no number.
const use = (value) => (value === undefined ? DASH : value ? mark("good", unit("in", "use")) : "unused");

export function passthrough(reading, pci) {
  const [given] = reading.find("passthrough_info", { pci });
  if (!given) return null;
  const used = reading.value("passthrough_in_use", { pci });
  return part(
    "Given to a virtual machine",
    h(
      "p",
      owner(given.labels, "Owner not known"),
      " ",
      used === 0 ? mark("warn", "nobody has it open") : use(used),
    ),
    used === 0 ? h("p.soft", "Neither this machine nor a virtual machine uses it.") : null,
  );
}

export function vgpus(reading, pci) {
  const types = reading.find("vgpu_available_instances", { pci });
  const made = reading
    .find("vgpu_info", { pci })
    .map(({ labels: v }) => [
      owner(v),
      v.vgpu_type ?? DASH,
      use(reading.value("vgpu_in_use", { pci, uuid: v.uuid })),
    ]);
  if (!types.length && !made.length) return null;
  const free = types.filter((s) => s.value > 0).map((s) => `${s.value} × ${s.labels.vgpu_type}`);
  const room = free.length ? `Room for ${free.join(" or ")}.` : "No room for another one.";
  return part(
    "vGPUs",
    made.length ? table("vGPUs", ["Owner", "Type", "Used"], made) : h("p", "None created."),
    types.length ? h("p.soft", room) : null,
  );
}

export function functions(reading, pci) {
  const most = reading.value("sriov_vfs_supported", { pci });
  const rows = reading
    .find("sriov_vf_info", { pci })
    .map(({ labels: f }) => [
      owner(f),
      breakable(`VF ${f.vf}`),
      breakable(f.vf_driver === "none" ? "no driver" : f.vf_driver ?? DASH),
    ]);
  if (!most && !rows.length) return null;
  return part(
    "Virtual functions",
    rows.length
      ? table("Virtual functions", ["Owner", "Function", "Driver"], rows)
      : h("p", "None enabled."),
    most ? h("p.soft", `The GPU supports ${most}.`) : null,
  );
}

// For the details: what tells them apart where names do not.
export const addresses = (reading, pci) => [
  ...reading
    .find("vgpu_info", { pci })
    .map(({ labels: v }) => [`vGPU of ${v.guest || (v.vmid ? unit("VM", v.vmid) : "nobody")}`, v.uuid]),
  ...reading.find("sriov_vf_info", { pci }).map(({ labels: f }) => [`VF ${f.vf}`, f.vf_pci]),
];
