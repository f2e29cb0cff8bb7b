#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# unshare --mount machine.sh VENDOR UUID GPU,GPU... PROGRAM...: the program sees a machine of that
# vendor and UUID which has these GPUs of the lab and no others.
set -euo pipefail
vendor=$1 uuid=$2 gpus=$3
shift 3
seen=$(mktemp -d /tmp/machine.XXXXXX)
echo "$vendor" >"$seen/sys_vendor"
echo "$vendor" >"$seen/product_name"
echo "$uuid" >"$seen/product_uuid"
mount --bind "$seen" /sys/class/dmi/id/
if [ "$vendor" = QEMU ]; then
	# A VM that is no Proxmox VE node itself.
	[ ! -d /etc/pve ] || mount -t tmpfs none /etc/pve
else
	sed 's/ hypervisor\b//' /proc/cpuinfo >"$seen/cpuinfo"
	mount --bind "$seen/cpuinfo" /proc/cpuinfo
fi
mount -t tmpfs none /sys/bus/pci/devices
for gpu in ${gpus//,/ }; do
	ln -s "../../../devices/pci0000:00/$gpu" "/sys/bus/pci/devices/$gpu"
done
exec "$@"
