# SPDX-License-Identifier: Apache-2.0
# A virtual machine with the whole GPU, by its address. For an address without a mapping Proxmox VE wants root@pam with
# the password; a token of root is not root@pam.

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

variable "root_password" {
  type      = string
  sensitive = true
}

variable "node" {
  type    = string
  default = "pve"
}

variable "template" {
  description = "Number of a template with Debian that boots by UEFI"
  type        = number
}

provider "proxmox" {
  endpoint = var.endpoint
  username = "root@pam"
  password = var.root_password
}

resource "proxmox_virtual_environment_vm" "transcoder" {
  name      = "gpu-transcoder"
  node_name = var.node

  # Not legacy-igd=1, which Proxmox VE refuses on q35: that is for a guest whose screen the GPU is.
  machine = "q35"
  bios    = "ovmf"

  # Tells the exporter on the host to close its perf events before the driver is unbound.
  hook_script_file_id = "local:snippets/intel-gpu-exporter-hook"

  clone {
    vm_id = var.template
  }

  cpu {
    cores = 4
    type  = "host"
  }

  # All of it is pinned for the device.
  memory {
    dedicated = 8192
  }

  efi_disk {
    datastore_id      = "local-lvm"
    type              = "4m"
    pre_enrolled_keys = true
  }

  vga {
    type = "std"
  }

  hostpci {
    device = "hostpci0"
    id     = "0000:00:02.0"
    pcie   = true
  }
}
