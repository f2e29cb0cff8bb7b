#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whatever step of the lab's build fails, one line says which and why. Every tool that build.sh
# starts is here a script that succeeds or, one after the other, does not; no guest is booted.
# usage: lab_build.sh SOURCE_DIR
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin=$work/bin
tree=$work/tree # the lab without the rest of the repository
mkdir -p "$bin" "$tree"/{tests,deploy}
cp -r "$1/tests/lab" "$tree/tests/"
ln -s "$bin/install-packages.sh" "$tree/deploy/"
failed=0

# What build.sh takes from the machine; everything else it could find is one of the scripts below.
for tool in awk basename bash cat cp cpio cut dirname env find flock grep head ln mkdir mktemp mv nproc \
	readlink realpath rm sed sh sha256sum sort tail tee touch tr xargs; do
	ln -s "$(command -v "$tool")" "$bin/$tool"
done

tool() { printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"; chmod +x "$bin/$1"; }

good_tools() {
	local name
	for name in qemu-system-x86_64 busybox depmod modprobe readelf strip gcc-9 zstd; do tool "$name" 'exit 0'; done
	tool xz 'cat'	# so that the kernel is its own content
	tool df 'echo Avail; echo 9000M'
	tool install-packages.sh 'exit 0'
	tool apt-cache 'case "$*" in
		*depends\ linux-*-amd64) p=${*##* }; case $p in linux-image-9.9* | linux-headers-9.9*) ;;
			*) echo "  Depends: ${p%-amd64}-9.9-amd64" ;; esac ;;
		*show*) echo "Version: 9.9-1" ;;
		esac'
	tool apt-get 'case "$*" in *download*) : >kernel.deb ;; esac'
	tool dpkg-deb 'headers=$3/usr/src/linux-headers-9.9-amd64
		mkdir -p "$3/boot" "$headers" "$3/lib/modules/9.9-amd64/kernel"
		(cd "$3/lib/modules/9.9-amd64/kernel" && mkdir -p fs/9p drivers/vfio drivers/media/cec \
			drivers/media/rc drivers/gpu/drm/i915 drivers/gpu/drm/display drivers/gpu/drm/ttm &&
			: >fs/9p/9p.ko && : >drivers/gpu/drm/i915/i915.ko)
		echo "include /usr/src/linux-headers-9.9-common/Makefile" >"$headers/Makefile"
		echo "CC = gcc-9" >"$headers/.kernelvariables"
		for f in order builtin builtin.modinfo; do : >"$3/lib/modules/9.9-amd64/modules.$f"; done
		printf "\3757zXZ\0" >"$3/boot/vmlinuz-9.9-amd64"'
	tool make 'for a; do case $a in M=*) : >"${a#M=}/i915.ko" ;; esac; done'
}

run() { # [NAME=VALUE]: build.sh, with these tools alone
	code=0
	env -i PATH="$bin" LAB_DIR="$work/lab" "$@" bash "$tree/tests/lab/build.sh" >"$work/out" 2>"$work/err" || code=$?
}

problem() {
	echo "FAIL: $*"
	sed 's/^/    /' "$work/out" "$work/err"
	failed=1
}

# says REGEX [NAME=VALUE]: build.sh ends with 125, prints no directory, and one line of it is this.
says() {
	local expected=$1
	shift
	run "$@"
	[ "$code" = 125 ] || problem "exit code $code instead of 125, where expected: $expected"
	[ ! -s "$work/out" ] || problem "a directory is printed, where expected: $expected"
	grep -qE "^lab: cannot $expected" "$work/err" || problem "not said: $expected"
	! ls -d "$work"/lab/boot-* >"$work/out" 2>&1 || problem "a boot directory is left, where expected: $expected"
	rm -rf "$work"/lab/boot-*
	good_tools
}

good_tools
says "prepare the lab: LAB_KERNEL is 'newest'" LAB_KERNEL=newest

tool install-packages.sh 'echo "packages: apt cannot install busybox-static" >&2; exit 1'
says 'install the packages of .*/packages.txt: packages: apt cannot install busybox-static'

rm "$bin/qemu-system-x86_64"
says "find the lab's programs: there is no qemu-system-x86_64, which a package of .*/packages.txt has"

tool df 'echo Avail; echo 200M'
says 'fetch the kernel: 200 MB are free in .*/lab, and [0-9]+ MB are needed'

tool apt-cache 'exit 0'
says 'fetch the kernel: E: apt does not know the Debian package linux-image-amd64'

says 'fetch the kernel: apt has no mirror of Debian' LAB_KERNEL=backports

tool apt-get 'case "$*" in *download*) echo "E: Failed to fetch http://mirror/linux.deb  404" >&2; exit 100 ;; esac'
says 'fetch the kernel: E: Failed to fetch http://mirror/linux.deb  404'

tool dpkg-deb 'echo "dpkg-deb: error: archive is corrupt" >&2; exit 2'
says "unpack the kernel's packages: dpkg-deb: error: archive is corrupt"

tool make 'echo "drm.c:1:2: error: no such member" >&2; echo "make: *** [all] Error 2" >&2; exit 2'
says 'build the kernel modules: drm.c:1:2: error: no such member'

# A full disk says little by itself, least of all in a log on that disk.
tool make 'exit 2'
tool df 'echo Avail; [ -e "$LAB_DIR/boot.new/module" ] && echo 3M || echo 9000M'
says 'build the kernel modules: no space left in .*/lab'

tool strip 'exit 3'
says "build the kernel modules: 'strip .*' ended with code 3"

tool depmod 'echo "depmod: ERROR: no modules.order" >&2; exit 1'
says "collect the kernel's modules: depmod: ERROR: no modules.order"

tool modprobe 'case "$*" in *i915) echo "modprobe: FATAL: Module i915 not found" >&2; exit 1 ;; esac'
says "collect the modules of Debian's driver: modprobe: FATAL: Module i915 not found"

tool modprobe 'case "$*" in *9p) echo "modprobe: FATAL: Module 9p not found" >&2; exit 1 ;; esac'
says 'make the initramfs: modprobe: FATAL: Module 9p not found'

tool gcc-9 'case "$*" in *-shared*) echo "pci.c:5:1: fatal error: qemu.h: No such file" >&2; exit 1 ;; esac'
says 'build the GPU of QEMU: pci.c:5:1: fatal error: qemu.h'

tool gcc-9 'case "$*" in *-shared*) exit 0 ;; esac; echo "submit.c:5:1: fatal error: xf86drm.h: No such file" >&2; exit 1'
says "build the lab's programs: submit.c:5:1: fatal error: xf86drm.h"

tool readelf 'echo "readelf: Error: Reading 2880 bytes extends past end of file" >&2; exit 0'
says 'unpack the kernel: no kernel that xz or zstd can unpack in .*/vmlinuz-9.9-amd64'

# And with tools that do what they should, all of it passes.
run
[ "$code" = 0 ] && [ -s "$(cat "$work/out")/initrd" ] || problem "exit code $code with good tools"
[ "$failed" = 0 ] && echo "every step that fails is named"
exit "$failed"
