# SPDX-License-Identifier: Apache-2.0
# A virtual machine with a part of the GPU, by a resource mapping: an API token may do that, if it has Mapping.Use on
# /mapping/pci/igpu and VM.Config.HWType. The mapping itself wants Mapping.Modify on /mapping.

terraform {
  required_version = ">= 1.6"
  required_providers {
    proxmox = {
      source  = "bpg/proxmox"
      version = ">= 0.109"
    }
  }
}

variable "endpoint" {
  description = "Address of Proxmox VE's API, such as https://pve.example:8006/"
  type        = string
}

variable "api_token" {
  description = "USER@REALM!NAME=UUID"
  type        = string
  sensitive   = true
}

variable "node" {
  type    = string
  default = "pve"
}

variable "template" {
  description = "Number of a template with Debian that boots by UEFI"
  type        = number
}

variable "gpu" {
  description = "What the host says of its GPU: lspci -nns 0000:00:02.0, its iommu_group in /sys"
  type = object({
    id           = string
    subsystem_id = string
    iommu_group  = number
  })
  default = {
    id           = "8086:3e92"
    subsystem_id = "8086:2212"
    iommu_group  = 0
  }
}

variable "functions" {
  description = "With SR-IOV its virtual functions and their IOMMU groups; empty with GVT-g. Never 0000:00:02.0 itself"
  type        = map(number)
  default     = {}
}

provider "proxmox" {
  endpoint  = var.endpoint
  api_token = var.api_token
}

# Without the group and the subsystem's id Proxmox VE calls a mapping incomplete.
resource "proxmox_hardware_mapping_pci" "igpu" {
  name             = "igpu"
  comment          = "Intel GPU"
  mediated_devices = length(var.functions) == 0
  map = length(var.functions) == 0 ? [{
    node         = var.node
    path         = "0000:00:02.0"
    id           = var.gpu.id
    subsystem_id = var.gpu.subsystem_id
    iommu_group  = var.gpu.iommu_group
    }] : [for path, group in var.functions : {
    node         = var.node
    path         = path
    id           = var.gpu.id
    subsystem_id = var.gpu.subsystem_id
    iommu_group  = group
  }]
}

resource "proxmox_virtual_environment_vm" "worker" {
  name      = "gpu-worker"
  node_name = var.node

  # Only pcie = true needs q35. OVMF is what the template boots by; a vGPU works with SeaBIOS, too.
  machine = "q35"
  bios    = "ovmf"

  clone {
    vm_id = var.template
  }

  cpu {
    cores = 4
    type  = "host"
  }

  memory {
    dedicated = 8192
  }

  # A distribution's signed kernel has signed drivers; of i915-sriov-dkms no firmware knows the key.
  efi_disk {
    datastore_id      = "local-lvm"
    type              = "4m"
    pre_enrolled_keys = length(var.functions) == 0
  }

  # The console stays the emulated card's: the GPU is for computing.
  vga {
    type = "std"
  }

  hostpci {
    device  = "hostpci0"
    mapping = proxmox_hardware_mapping_pci.igpu.name
    # Its size decides how large a picture it can encode. See available_instances on the host.
    mdev = length(var.functions) == 0 ? "i915-GVTg_V5_4" : null
    pcie = true
  }
}
