#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes what a guest boots from, unless it is there already, and prints its
# folder: vmlinux, initrd, lib/modules, bin. Everything goes below $LAB_DIR.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
LAB_DIR=$(realpath -m "${LAB_DIR:-$repo/build/lab}")

# What the initramfs needs to reach the machine's root, before the overlay.
boot_modules="virtio_pci 9pnet_virtio 9p overlay virtio_console virtio_net"

say() { echo "lab: $*" >&2; }
fail() { say "$*"; exit 125; }

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o APT::Sandbox::User=root "$@" </dev/null; }

# The package that a Debian meta package depends on now.
depends() { apt-cache depends "$1" 2>/dev/null | awk '/Depends: linux-/ { print $2 }'; }

# Unpacked, never installed: the machine keeps its own kernel.
try_fetch_kernel() {
	local image headers version p work="$LAB_DIR/kernel.new"
	image=$(depends linux-image-amd64 | head -n 1)
	[ -n "$image" ] || { say "apt does not know the Debian package linux-image-amd64"; return 1; }
	headers=${image/image/headers}
	version=$(apt-cache show "$image" | awk '/^Version:/ { print $2; exit }')
	say "fetching $image $version and its headers"
	rm -rf "$work" && mkdir -p "$work/debs" "$work/root"
	for p in "$image" "$headers" $(depends "$headers" | grep -v '^linux-image'); do
		(cd "$work/debs" && apt_get download "$p=$version" >&2) ||
			{ say "cannot download the Debian package $p $version"; return 1; }
	done
	for p in "$work"/debs/*.deb; do dpkg -x "$p" "$work/root"; done
	rm -rf "$work/debs" "$LAB_DIR/kernel"
	echo "$version" >"$work/version"
	mv "$work" "$LAB_DIR/kernel"
}

# apt's lists may be absent, or name a version that is no longer there.
fetch_kernel() {
	try_fetch_kernel && return
	say "updating apt's lists"
	apt_get update >&2 || true
	try_fetch_kernel || fail "no kernel to boot"
}

kernel_release() { basename "$LAB_DIR"/kernel/root/lib/modules/*; }

# Names what a boot folder is made from; another content is another folder.
fingerprint() {
	{ cat "$LAB_DIR/kernel/version"
	  cd "$here" && cat build.sh guest-init ./*.c module/*
	} | sha256sum | cut -c1-16
}

build_modules() {
	local release root="$LAB_DIR/kernel/root" headers
	release=$(kernel_release)
	headers=$root/usr/src/linux-headers-$release
	# Its makefile names the other half of the headers by absolute path.
	sed -i "s|^include .*|include $root/usr/src/linux-headers-${release%-amd64}-common/Makefile|" \
		"$headers/Makefile"
	cp -r "$here/module" "$1/module"
	make -s -C "$headers" M="$1/module" W=1 -j"$(nproc)" modules >"$1/module.log" 2>&1 ||
		{ cat "$1/module.log" >&2; fail "the kernel modules do not build"; }
	grep -i warning "$1/module.log" >&2 || true
	strip --strip-debug "$1"/module/*.ko
}

# The real drivers of the names that the lab takes are left out.
make_module_tree() {
	local release to
	release=$(kernel_release)
	to=$1/lib/modules/$release
	mkdir -p "$to/updates"
	(cd "$LAB_DIR/kernel/root/lib/modules/$release" &&
		find kernel \( -path '*/sound' -o -path '*/wireless' -o -path '*/media' \
			-o -path '*/infiniband' -o -path '*/staging' -o -path '*/scsi' \
			-o -path '*/drm/*/*' -o -path '*/usb' -o -path '*/iio' \
			-o -path '*/isdn' -o -path '*/net/ethernet' \) -prune \
			-o -name '*.ko' ! -name i915.ko ! -name vfio-pci.ko ! -name kvmgt.ko -print |
		cpio -pdl --quiet "$to")
	cp "$LAB_DIR/kernel/root/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$to/"
	cp "$1"/module/*.ko "$to/updates/"
	depmod -b "$1" "$release"
}

make_initrd() {
	local release dir=$1/initrd.d m file
	release=$(kernel_release)
	mkdir -p "$dir"/{bin,modules,proc,sys,dev,n}
	cp "$(command -v busybox)" "$dir/bin/"
	cp "$here/guest-init" "$dir/init"
	# In the order of their dependencies, each once.
	for m in $boot_modules; do
		modprobe -d "$1" -S "$release" --show-depends "$m"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		cp "$file" "$dir/modules/"
		basename "$file"
	done >"$1/list"
	mv "$1/list" "$dir/modules/list"
	(cd "$dir" && find . | cpio -o -H newc --quiet) >"$1/initrd"
	rm -rf "$dir"
}

# QEMU starts an uncompressed kernel directly (PVH); emulated decompression
# would take as long as the rest of the boot.
unpack_vmlinux() {
	local offset
	offset=$(LC_ALL=C grep -aobP -m 1 '\xFD7zXZ\x00' "$1" | head -n 1 | cut -d: -f1)
	[ -n "$offset" ] || fail "no xz-compressed kernel in $1"
	# What follows the stream is not part of it; xz says so after the last byte.
	tail -c "+$((offset + 1))" "$1" | xz -dc --single-stream >"$2" 2>/dev/null || true
	readelf -h "$2" >/dev/null || fail "cannot unpack $1"
}

make_boot() {
	local program work="$LAB_DIR/boot.new"
	say "building the lab's kernel modules and boot files"
	rm -rf "$work" && mkdir -p "$work/bin"
	build_modules "$work"
	make_module_tree "$work"
	make_initrd "$work"
	for program in submit pmu_read; do
		gcc-12 -std=gnu17 -O2 -Wall -Wextra -I"$here/module" -I/usr/include/libdrm \
			-o "$work/bin/lab_$program" "$here/$program.c" || fail "$program.c does not build"
	done
	unpack_vmlinux "$LAB_DIR"/kernel/root/boot/vmlinuz-* "$work/vmlinux"
	mv "$work" "$1"
}

mkdir -p "$LAB_DIR"
# Who comes second waits, and finds everything there.
exec 8>"$LAB_DIR/lock"
flock 8
"$repo/deploy/install-packages.sh" "$here/packages.txt" || fail "packages are missing"
[ -e "$LAB_DIR/kernel/version" ] || fetch_kernel
boot=$LAB_DIR/boot-$(fingerprint)
[ -e "$boot" ] || make_boot "$boot"
# Older contents stay for guests that still run on them.
touch "$boot"
find "$LAB_DIR" -maxdepth 1 -name 'boot-*' -mmin +1440 -exec rm -rf {} +
echo "$boot"
