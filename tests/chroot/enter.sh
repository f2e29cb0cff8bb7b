#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: enter.sh ROOT COMMAND...   the part of run.sh in namespaces of its own: makes ROOT the root
# directory, as process 1 of it, and runs the command. Nothing of the mounts outlives that.
set -euo pipefail
root=$1
shift

mount --bind "$root" "$root"
cd "$root"
mkdir -p proc sys dev .old
mount -t proc proc proc
mount --rbind /sys sys
# Otherwise what a command does would depend on the GPU of the machine.
[ ! -e sys/bus/pci ] || mount -t tmpfs tmpfs sys/bus/pci
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
	: >"dev/$node"
	mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for i in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${i%:*}" "dev/${i#*:}"; done

# Not chroot(2): in a changed root nothing may make user namespaces or change it again.
pivot_root . .old
# A shell lets what it starts in the background ignore SIGINT: not here.
exec chroot . /usr/bin/env -i --default-signal=INT --default-signal=QUIT \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	TERM="${TERM:-dumb}" LANG=C.UTF-8 ${CI:+CI="$CI"} /bin/bash -c '
	umount -l /.old && rmdir /.old && cd /src/intel-gpu-exporter || exit 125
	"$@"
	exit $?' init "$@"
