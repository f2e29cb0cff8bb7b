# SPDX-License-Identifier: Apache-2.0
"""Machines made of few words: files, links and nodes as their kernels would show them."""
import json
import os
import pathlib

DISTRIBUTIONS = {
    "debian12": 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
    "debian13": 'NAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n',
    "ubuntu": 'NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n',
    "talos": 'NAME="Talos"\nID=talos\nVERSION_ID=v1.13.2\n',
    "fedora": 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=42\n',
}
MODULES = ["i915", "xe", "kvmgt", "vfio-pci"]
EFIVAR = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


class Tree:
    def __init__(self, distribution="debian13", kernel="6.12.48+deb13-amd64", host="box"):
        self.files, self.links, self.nodes, self.log = {}, {}, [], []
        self.file("etc/os-release", DISTRIBUTIONS[distribution])
        self.file("proc/sys/kernel/osrelease", kernel + "\n")
        self.file("proc/sys/kernel/hostname", host + "\n")
        self.file("proc/cmdline", f"BOOT_IMAGE=/boot/vmlinuz-{kernel} root=/dev/sda1 ro quiet\n")
        self.file("proc/cpuinfo", "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5-8500T CPU @ 2.10GHz\n"
                                  "flags\t\t: fpu vme msr vmx sse2\n")
        self.file("proc/self/status", "Name:\tintel_gpu_expor\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 \n")
        self.file("proc/self/uid_map", "         0          0 4294967295\n")
        self.file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
        self.file("etc/group", "root:x:0:\nvideo:x:44:\nrender:x:992:\n")
        self.file("sys/bus/pci/devices/0000:00:00.0/vendor", "0x8086\n")
        self.file("sys/bus/pci/devices/0000:00:00.0/class", "0x060000\n")
        self.file("sys/bus/pci/devices/0000:00:00.0/device", "0x3e30\n")
        self.kernel = kernel
        self.suffix = ".xz" if "deb13" in kernel else ""  # Debian 12 compresses no modules
        self.modules()
        self.listed, self.render_gid = True, 992

    def file(self, path, text):
        self.files[path] = text
        return self

    def append(self, path, text):
        self.files[path] = self.files.get(path, "") + text
        return self

    def without(self, *paths):
        for path in paths:
            for kind in (self.files, self.links):
                for name in [n for n in kind if n == path or n.startswith(path + "/")]:
                    del kind[name]
            self.nodes = [n for n in self.nodes if n.split()[0] != path and not n.startswith(path + "/")]
        return self

    def link(self, path, target):
        self.links[path] = target
        return self

    def cmdline(self, *words):
        return self.file("proc/cmdline", f"BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro quiet {' '.join(words)}\n")

    def node(self, path, gid=None, mode="660", minor=128, uid=0, kind="c", major=226):
        self.file(path, "")  # readers that only ask whether it is there
        self.nodes.append(f"{path} {kind} {mode} {uid} {self.render_gid if gid is None else gid} {major} {minor}")
        return self

    def kmsg(self, text, pci="0000:00:02.0", seconds=3):
        """A record of the kernel's log; what is in it is the driver's own text."""
        device = f"\n SUBSYSTEM=pci\n DEVICE=+pci:{pci}" if pci else ""
        self.log.append(f"6,{len(self.log) + 1},{int(seconds * 1e6)},-;{text}{device}\n")
        return self

    def booted(self):
        """The log reaches back to the boot."""
        self.log.insert(0, "5,0,0,-;Linux version of this boot\n")
        return self

    def modules(self, *missing, dkms=()):
        base = f"lib/modules/{self.kernel}"
        dep = "".join(f"updates/dkms/{m}.ko:\n" if m in dkms else f"kernel/drivers/gpu/drm/{m}/{m}.ko{self.suffix}: kernel/lib/a.ko\n"
                      for m in MODULES if m not in missing)
        self.file(f"{base}/modules.dep", dep)
        self.file(f"{base}/modules.builtin", "kernel/drivers/vfio/vfio.ko\n")
        ids = ["1912", "3e92", "9bc5", "4680", "46d0", "46d1", "56a5", "56a0", "7d55", "5917", "4e61", "4692", "e20b"]
        self.file(f"{base}/modules.alias", "".join(f"alias pci:v00008086d{i.upper():0>8}sv*sd*bc03sc*i* i915\n" for i in ids))
        return self

    def loaded(self, *modules):
        for module in modules:
            self.file(f"sys/module/{module}/refcnt", "1\n")
            self.file(f"sys/module/{module}/taint", "\n")
        return self

    def gpu(self, device="3e92", pci="0000:00:02.0", driver="i915", card=0, render=128, vendor="8086",
            display="030000", boot_vga=1, group=None, status="active", node=True, bar2=0x10000000, vf_of=None):
        base = f"sys/bus/pci/devices/{pci}"
        self.file(f"{base}/vendor", f"0x{vendor}\n").file(f"{base}/device", f"0x{device}\n")
        self.file(f"{base}/class", f"0x{display}\n").file(f"{base}/boot_vga", f"{boot_vga}\n")
        self.file(f"{base}/power/runtime_status", status + "\n").file(f"{base}/power/control", "auto\n")
        self.file(f"{base}/driver_override", "(null)\n")
        zero = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        self.file(f"{base}/resource", "0x00000000f6000000 0x00000000f6ffffff 0x0000000000140204\n" + zero +
                  f"0x{0x4000000000:016x} 0x{0x4000000000 + bar2 - 1:016x} 0x000000000014220c\n" + zero * 3)
        if driver:
            self.link(f"{base}/driver", f"../../../../bus/pci/drivers/{driver}")
            self.loaded(driver.replace("-", "_"))
        if driver in ("i915", "xe", "virtio-pci") and render:
            self.file(f"{base}/drm/card{card}/dev", f"226:{card}\n")
            self.file(f"{base}/drm/renderD{render}/dev", f"226:{render}\n")
            if node:
                self.node(f"dev/dri/renderD{render}", minor=render)
        if group is not None:
            self.link(f"{base}/iommu_group", f"../../../kernel/iommu_groups/{group}")
            self.file(f"sys/kernel/iommu_groups/{group}/type", "DMA-FQ\n")
            self.link(f"sys/kernel/iommu_groups/{group}/devices/{pci}", f"../../../../bus/pci/devices/{pci}")
            # The link above leads to a path below sys, where the tree has the directory.
            self.links[f"{base}/iommu_group"] = f"../../../../kernel/iommu_groups/{group}"
        if vf_of:
            self.link(f"{base}/physfn", f"../{vf_of}")
        return self

    def secure_boot(self, on=False):
        return self.file(EFIVAR, "\x06\0\0\0" + ("\x01" if on else "\0"))

    def iommu(self):
        self.file("sys/class/iommu/dmar0/.keep", "")
        self.file("sys/firmware/acpi/tables/DMAR", "")
        return self.file("proc/interrupts", "  16: 0 IR-IO-APIC 16-fasteoi i801_smbus\n 130: 5 IR-PCI-MSI-0000:00:02.0 i915\n")

    def proxmox(self):
        self.render_gid = 104
        self.file("usr/bin/pveversion", "#!/usr/bin/perl\n").file("etc/pve/qemu-server/.keep", "")
        return self.file("etc/group", "root:x:0:\nvideo:x:44:\nrender:x:104:\n")

    def vm(self, vmid, text, runs=False):
        self.file(f"etc/pve/qemu-server/{vmid}.conf", text)
        return self.file(f"run/qemu-server/{vmid}.pid", "4242\n") if runs else self

    def lxc(self, vmid, text):
        return self.file(f"etc/pve/lxc/{vmid}.conf", text)

    def guest(self, product="Standard PC (Q35 + ICH9, 2009)", bios="Proxmox distribution of EDK II"):
        self.file("proc/cpuinfo", "processor\t: 0\nmodel name\t: Common KVM processor\nflags\t\t: fpu vme sse2 hypervisor\n")
        self.file("sys/class/dmi/id/product_name", product + "\n").file("sys/class/dmi/id/bios_vendor", bios + "\n")
        return self.file("sys/class/dmi/id/product_uuid", "5c1a9f0e-6d43-4b0f-8a55-3f1e7d2c9b01\n")

    def docker(self):
        return self.file(".dockerenv", "").without("lib/modules")

    def container_lxc(self, unprivileged=True):
        self.file("run/systemd/container", "lxc").without("lib/modules", "dev/kmsg")
        return self.file("proc/self/uid_map", "         0     100000      65536\n") if unprivileged else self

    def pod(self):
        self.file("proc/self/environ", "PATH=/usr/bin\0KUBERNETES_SERVICE_HOST=10.43.0.1\0")
        return self.without("lib/modules", "dev/kmsg")

    def kubelet(self, *sockets, devices=None, containers=()):
        """A node of Kubernetes: sockets of plugins, and for each resource what the kubelet has registered."""
        base = "var/lib/kubelet/device-plugins"
        for name in ("kubelet.sock", *sockets):
            self.file(f"{base}/{name}", "")
        entries = [{"PodUID": "2f1b8c1e-0d43-4b0f-8a55-3f1e7d2c9b02", "ContainerName": "jellyfin", "ResourceName": f"gpu.intel.com/{name}",
                    "DeviceIDs": {"-1": ["card0-0"]}, "AllocResp": "CgA="} for name in containers]
        if devices is None:
            return self
        return self.file(f"{base}/kubelet_internal_checkpoint", json.dumps(
            {"Data": {"PodDeviceEntries": entries or None,
                      "RegisteredDevices": {"example.com/fpga": ["f-0"], **{f"gpu.intel.com/{k}": v for k, v in devices.items()}}},
             "Checksum": 2 ** 64 - 1}, separators=(",", ":")))

    def user(self, name, uid, *groups):
        self.append("etc/passwd", f"{name}:x:{uid}:{uid}::/:/usr/sbin/nologin\n")
        for group in groups:
            self.file("etc/group", "".join(
                line + (("," if line[-1] != ":" else "") + name if line.startswith(group + ":") else "") + "\n"
                for line in self.files["etc/group"].splitlines()))
        return self.append("etc/group", f"{name}:x:{uid}:\n")

    def va(self, *drivers, directory="usr/lib/x86_64-linux-gnu/dri"):
        for driver in drivers or ("iHD",):
            self.file(f"{directory}/{driver}_drv_video.so", "")
        return self

    def firmware(self, which, status, file="i915/tgl_huc.bin", pci="0000:00:02.0", gt=0):
        name = which[0].upper() + which[1] + which[2].upper()
        return self.file(f"sys/kernel/debug/dri/{pci}/gt{gt}/uc/{which}_info",
                         f"{name} firmware: {file}\n\tstatus: {status}\n\tversion: found 7.9.3\n")

    def mdev_type(self, name, available, uuids=(), pci="0000:00:02.0"):
        base = f"sys/bus/pci/devices/{pci}/mdev_supported_types/{name}"
        self.file(f"{base}/available_instances", f"{available}\n").file(f"{base}/device_api", "vfio-pci\n")
        self.file(f"{base}/devices/.keep", "")
        self.file(f"{base}/description", "low_gm_size: 128MB\nhigh_gm_size: 512MB\nfence: 4\nresolution: 1920x1200\nweight: 4\n")
        for uuid in uuids:
            self.file(f"sys/bus/pci/devices/{pci}/{uuid}/remove", "")
            self.link(f"{base}/devices/{uuid}", f"../../../{uuid}")
        return self

    def write(self, root):
        root = pathlib.Path(root)
        if self.log:
            self.file("dev/kmsg", "".join(self.log))
        if self.listed:
            self.file("nodes.txt", "".join(n + "\n" for n in self.nodes))
        for path, text in self.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if text == "" and any(n.startswith(path + " d ") for n in self.nodes):
                target.mkdir(exist_ok=True)
            else:
                target.write_bytes(text.encode("latin-1"))
        for path, text in self.links.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(text, target)
