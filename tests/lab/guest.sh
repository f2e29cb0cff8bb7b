# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# For scripts that run in the guest: . "$LAB_SRC/guest.sh"
# submit.c and pmu_read.c are there as the programs lab_submit and lab_pmu_read.

lab_die() { echo "lab: $*" >&2; exit 1; }

# The PCI address of GPU N (0 is the first).
lab_bdf() {
	local n=${1:-0} dev vendor class
	for dev in /sys/bus/pci/devices/*; do
		read -r vendor <"$dev/vendor"
		read -r class <"$dev/class"
		[[ $vendor = 0x8086 && $class = 0x03* ]] || continue
		[ "$n" -gt 0 ] || { echo "${dev##*/}"; return; }
		n=$((n - 1))
	done
	return 1
}

lab_pci_dir() { echo "/sys/bus/pci/devices/$(lab_bdf "${1:-0}")"; }

# cardN of GPU N, as a path.
lab_card() { echo "$(lab_pci_dir "${1:-0}")"/drm/card*; }

lab_render() {
	local node
	node=$(echo "$(lab_pci_dir "${1:-0}")"/drm/renderD*)
	echo "/dev/dri/${node##*/}"
}

lab_pmu() {
	local bdf name
	bdf=$(lab_bdf "${1:-0}") || return 1
	name=$(lab_driver)_${bdf//:/_}
	[ -d "/sys/bus/event_source/devices/$name" ] || name=i915
	echo "/sys/bus/event_source/devices/$name"
}

# The render nodes as systemd's udev rules leave them: group "render", here by a number.
LAB_RENDER_GROUP=105
lab_nodes() {
	chgrp $LAB_RENDER_GROUP /dev/dri/renderD* && chmod 0660 /dev/dri/renderD*
}

# The lab's own driver that is loaded, or Debian's.
lab_driver() { if [ -d /sys/module/xe ]; then echo xe; else echo i915; fi; }

# Loads the GPUs and their driver. PARAM=VALUE goes to the module that has it; driver=xe is another
# driver, vfio=1 loads the stub of vfio-pci too. With run.sh --gpu: the same as gpu_load.
lab_load() {
	local arg vfio='' driver=i915 pci=() gpu=()
	[ -z "$LAB_GPU" ] || { gpu_load "$@"; return; }
	for arg; do
		case $arg in
		vfio=*) vfio=${arg#*=} ;;
		driver=*) driver=${arg#*=} ;;
		gpus=*|ids=*|slots=*|aperture_mb=*|vfs=*) pci+=("$arg") ;;
		*) gpu+=("$arg") ;;
		esac
	done
	[ -d /sys/module/lab_pci ] || modprobe lab_pci "${pci[@]}" || return
	modprobe "$driver" "${gpu[@]}" || return
	lab_nodes
	[ "${vfio:-0}" = 0 ] || modprobe vfio-pci
}

# The drivers go, then the devices.
lab_unload() {
	[ ! -d /sys/module/vfio_pci ] || rmmod vfio_pci
	rmmod "$(lab_driver)" && rmmod lab_pci
}

lab_set() { echo "$2" >"/sys/module/$(lab_driver)/parameters/$1"; }
lab_get() { cat "/sys/module/$(lab_driver)/parameters/$1"; }

# With run.sh --gpu: Debian's own driver, with its parameters; enable_gvt=1 loads GVT-g, too.
# lab_submit gives an engine something to do, on either driver.
gpu_load() {
	# A vGPU shows a monitor, and a console on it waits 10 s for each of its frames.
	[ "$LAB_GPU" != vgpu ] || modprobe drm_kms_helper fbdev_emulation=0
	modprobe i915 "$@" || return
	lab_nodes
	[[ " $* " != *' enable_gvt=1 '* ]] || modprobe kvmgt
}

gpu_unload() {
	[ ! -d /sys/module/kvmgt ] || rmmod kvmgt || return
	[ ! -d /sys/module/i915 ] || rmmod i915
}

# gpu_set NAME VALUE [GPU]: a setting of the emulated hardware, see silicon/settings.h
gpu_set() { lab_gpu_set "$(lab_bdf "${3:-0}")" "$1" "$2"; }

lab_unbind() {
	local bdf
	bdf=$(lab_bdf "${1:-0}")
	echo "$bdf" >"/sys/bus/pci/devices/$bdf/driver/unbind"
}
lab_bind() { lab_bdf "${1:-0}" >"/sys/bus/pci/drivers/$(lab_driver)/bind" && lab_nodes; }

# Hands GPU N to a driver by name, as a start of a VM does; "" to none.
lab_give_to() {
	local bdf dir
	bdf=$(lab_bdf "${2:-0}")
	dir=/sys/bus/pci/devices/$bdf
	[ ! -e "$dir/driver" ] || echo "$bdf" >"$dir/driver/unbind"
	echo "$1" >"$dir/driver_override"
	[ -z "$1" ] || echo "$bdf" >/sys/bus/pci/drivers_probe
}

# Lets GPU N sleep and waits until it does; lab_resume keeps it awake again.
lab_suspend() {
	local dir i
	dir=$(lab_pci_dir "${1:-0}")
	echo auto >"$dir/power/control"
	for i in $(seq 100); do
		[ "$(cat "$dir/power/runtime_status")" != suspended ] || return 0
		sleep 0.05
	done
	lab_die "GPU ${1:-0} does not suspend"
}
lab_resume() { echo on >"$(lab_pci_dir "${1:-0}")/power/control"; }

# lab_vfs N [GPU]: how many virtual functions it has now.
lab_vfs() { echo "$1" >"$(lab_pci_dir "${2:-0}")/sriov_numvfs"; }

# vgpu_create GVTg_V5_4 UUID [GPU]
vgpu_create() {
	echo "$2" >"$(lab_pci_dir "${3:-0}")/mdev_supported_types/i915-$1/create"
}
vgpu_remove() { echo 1 >"/sys/bus/mdev/devices/$1/remove"; }
vgpu_available() {
	cat "$(lab_pci_dir "${2:-0}")/mdev_supported_types/i915-$1/available_instances"
}

# lab_wait SECONDS COMMAND...: until the command succeeds.
lab_wait() {
	local i n=$(($1 * 20))
	shift
	for ((i = 0; i < n; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}
