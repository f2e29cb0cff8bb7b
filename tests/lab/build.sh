#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes what a guest boots from, unless it is there already, and prints its
# folder: vmlinux, initrd, lib/modules, real/lib/modules (with Debian's own driver), bin, silicon.so.
# Everything goes below $LAB_DIR.
# LAB_KERNEL: empty for the kernel of this Debian release, "backports" for that
# of its backports, "trixie-backports" for that of another release's.
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
LAB_DIR=$(realpath -m "${LAB_DIR:-$repo/build/lab}")

# What the initramfs needs to reach the machine's root, before the overlay.
boot_modules="virtio_pci 9pnet_virtio 9p overlay virtio_console virtio_net"

# What the packages of packages.txt bring, if they were taken as installed.
programs="qemu-system-x86_64 busybox make cpio depmod modprobe readelf strip xz zstd dpkg-deb apt-get"

# A kernel with its headers, unpacked, and what is downloaded for it.
kernel_mb=1500

# The output of a step is in this file, and its reason if it fails.
log=/dev/null
step='prepare the lab'

say() { echo "lab: $*" >&3; }

# The last line that is a message rather than a summary of make or apt.
reason() {
	if [ "$(free_mb)" -lt 20 ]; then
		echo "no space left in $LAB_DIR"
	else
		{ grep -E 'error:|Error |^E: |: not found|[Cc]annot |No such file|ERROR' "$log" | grep -v '^make' |
			head -n 1; tail -n 1 "$log"; } 2>/dev/null | head -n 1
	fi
}

# Enough, if df cannot tell.
free_mb() {
	local mb
	mb=$(df --output=avail -BM "$LAB_DIR" 2>/dev/null | tail -n 1 | tr -dc '0-9' || true)
	echo "${mb:-$kernel_mb}"
}

fail() {
	say "cannot $step: $*"
	if [ -s "$log" ]; then
		say "the end of $log:"
		tail -n 15 "$log" | sed 's/^/  | /' >&3
	fi
	exit 125
}

failed() { # CODE COMMAND
	local why
	# What fails in a subshell fails again outside, where it is said.
	[ "$BASH_SUBSHELL" = 0 ] || exit "$1"
	trap - ERR
	set +e
	why=$(reason)
	[ -n "$why" ] || why="'$2' ended with code $1"
	fail "$why"
}

exec 3>&2 4>&1
trap 'failed $? "$BASH_COMMAND"' ERR

# From here to the next step, every output goes to the log.
begin() {
	step=$1
	exec >"$log" 2>&1
}

apt_options=(-o APT::Sandbox::User=root)
apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -q "${apt_options[@]}" "$@" </dev/null; }
apt_cache() { apt-cache "${apt_options[@]}" "$@"; }

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

# Backports by the machine's own mirror, in lists of our own: what the machine takes from where
# stays as it is.
use_backports() {
	local mirror dir=$LAB_DIR/apt-$suite
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME)' 'Created-By: Packages' |
		awk -v name="$codename" '$2 == name || $3 == name { print $1; exit }')
	[ -n "$mirror" ] || fail "apt has no mirror of Debian $codename"
	mkdir -p "$dir"/{lists,cache/archives}/partial
	echo "deb $mirror $suite main" >"$dir/sources.list"
	[ -z "$foreign" ] || echo "deb $mirror ${suite%-backports} main" >>"$dir/sources.list" # has its libc
	printf 'Package: *\nPin: release n=%s\nPin-Priority: 990\n' "$suite" >"$dir/preferences"
	apt_options+=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=-
		-o "Dir::Etc::preferences=$dir/preferences"
		-o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache")
}

# The packages on which the given ones depend, of the kernel's own source: they have its version.
# What it is cut into changes from release to release.
kernel_packages() { # VERSION PACKAGE...
	local version=$1 package queue seen=' '
	shift
	queue=("$@")
	while [ ${#queue[@]} -gt 0 ]; do
		package=${queue[0]}
		queue=("${queue[@]:1}")
		[[ $seen != *" $package "* && $package != *-unsigned ]] || continue
		apt_cache show "$package" 2>/dev/null |
			awk -v version="$version" '$1 == "Version:" && $2 == version { found = 1 } END { exit !found }' || continue
		seen+="$package "
		echo "$package=$version"
		mapfile -t -O ${#queue[@]} queue < <(apt_cache depends "$package" |
			awk '$1 ~ /Depends:$/ && $2 ~ /^linux-/ { print $2 }')
	done
}

# The package that a Debian meta package depends on now.
depends() { apt_cache depends "$1" | awk -v of="${1%-amd64}-" '$1 == "Depends:" && index($2, of) == 1 { print $2 }'; }

# apt's lists may be absent, or name a version that is no longer there.
download_kernel() { # DIRECTORY
	local image version packages
	image=$(depends linux-image-amd64)
	[ -n "$image" ] || { echo "E: apt does not know the Debian package linux-image-amd64"; return 1; }
	version=$(apt_cache show "$image" | awk '/^Version:/ { print $2; exit }')
	say "fetching $image $version"
	mapfile -t packages < <(kernel_packages "$version" "$image" "${image/image/headers}")
	[ -z "$foreign" ] || packages+=(libc6)
	(cd "$1" && apt_get download "${packages[@]}") || return
	echo "$version" >"$1/version"
}

# The programs of another release's headers need its libc, which is newer than the machine's. Two of them
# only choose the program for a processor, which they would start without that libc.
wrap_tools() { # DIRECTORY
	local tool from lib=$kernel/libc/usr/lib/x86_64-linux-gnu
	for tool in "$1"/root/usr/lib/linux-kbuild-*/{scripts/basic/fixdep,scripts/mod/modpost,tools/objtool/objtool}; do
		for from in "$tool".real-{x86,lsb-64} "$tool"; do if [ -e "$from" ]; then break; fi; done
		mv "$from" "$tool.elf"
		printf '#!/bin/sh\nexec %q --library-path %q:/usr/lib/x86_64-linux-gnu "$0.elf" "$@"\n' \
			"$lib/ld-linux-x86-64.so.2" "$lib" >"$tool"
		chmod +x "$tool"
	done
}

# Unpacked, never installed: the machine keeps its own kernel.
fetch_kernel() {
	local deb work="$LAB_DIR/kernel.new"
	begin "fetch the kernel"
	[ "$(free_mb)" -ge "$kernel_mb" ] || fail "$(free_mb) MB are free in $LAB_DIR, and $kernel_mb MB are needed"
	[ -z "$suite" ] || use_backports
	rm -rf "$work"
	mkdir -p "$work/debs" "$work/root"
	if ! download_kernel "$work/debs"; then
		say "updating apt's lists"
		# Of several repositories one that fails need not be the one that is needed.
		apt_get update || true
		download_kernel "$work/debs"
	fi
	begin "unpack the kernel's packages"
	for deb in "$work"/debs/*.deb; do
		case $deb in
		*/libc6_*) dpkg-deb -x "$deb" "$work/libc" ;;
		*) dpkg-deb -x "$deb" "$work/root" ;;
		esac
	done
	[ -z "$foreign" ] || wrap_tools "$work"
	mv "$work/debs/version" "$work/"
	# Debian's /lib is /usr/lib; a package may name either.
	if [ ! -e "$work/root/lib" ]; then ln -s usr/lib "$work/root/lib"; fi
	rm -rf "$work/debs" "$kernel"
	mv "$work" "$kernel"
}

# Names what a boot folder is made from; another content is another folder.
fingerprint() {
	{ cat "$kernel/version"
	  cd "$here" && cat build.sh guest-init ./*.[ch] module/* silicon/*.[ch] silicon/guest/*
	} | sha256sum | cut -c1-16
}

build_modules() {
	local headers=$kernel/root/usr/src/linux-headers-$release more=()
	begin "build the kernel modules"
	# Its makefile names itself and the other half of the headers by absolute path.
	sed -i "s|[^ =]*/usr/src/linux-headers-|$kernel/root/usr/src/linux-headers-|" "$headers/Makefile"
	cp -r "$here/module" "$1/module"
	# Types of their own (BTF) need another tool, and nothing here asks for them. A compiler that is older
	# than the kernel's does not know one of its options, without which the headers do, too.
	[ -z "$foreign" ] || more=(CC="$compiler" CROSS_COMPILE= CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=)
	make -s -C "$headers" M="$1/module" W=1 -j"$(nproc)" CONFIG_DEBUG_INFO_BTF_MODULES= "${more[@]}" modules
	# A warning is none of the build's business, but of who changed the module.
	grep -E '\.[ch]:[0-9].*warning' "$log" >&3 || true
	strip --strip-debug "$1"/module/*.ko
}

# The real drivers of the names that the lab takes are left out.
make_module_tree() {
	local from=$kernel/root/lib/modules/$release to=$1/lib/modules/$release
	begin "collect the kernel's modules"
	mkdir -p "$to/updates"
	(cd "$from" &&
		find kernel \( -path '*/sound' -o -path '*/wireless' -o -path '*/media' \
			-o -path '*/infiniband' -o -path '*/staging' -o -path '*/scsi' \
			-o -path '*/drm/*/*' -o -path '*/usb' -o -path '*/iio' \
			-o -path '*/isdn' -o -path '*/net/ethernet' \) -prune \
			-o -name '*.ko*' ! -name 'i915.ko*' ! -name 'vfio-pci.ko*' ! -name 'kvmgt.ko*' -print |
		cpio -pdl --quiet "$to")
	# Now, once, rather than in the emulated processor at each use. (-f: of a file with two names.)
	find "$to" -name '*.ko.xz' -print0 | xargs -0 -r -n 32 -P "$(nproc)" xz -df
	cp "$from"/modules.{order,builtin,builtin.modinfo} "$to/"
	cp "$1"/module/*.ko "$to/updates/"
	depmod -b "$1" "$release"
}

# The same with Debian's own driver instead of the lab's, and with what it needs.
make_real_tree() {
	local from=$kernel/root/lib/modules/$release to=$1/real/lib/modules/$release
	begin "collect the modules of Debian's driver"
	mkdir -p "$to"
	cp -al "$1/lib/modules/$release/"{kernel,modules.{order,builtin,builtin.modinfo}} "$to/"
	(cd "$from" &&
		find kernel/drivers -regextype posix-extended \
			-regex 'kernel/drivers/(gpu/drm/(i915|display|ttm|clients)|media/(cec|rc)|vfio)/.*[.]ko.*' |
		cpio -pdlu --quiet "$to")
	find "$to" -name '*.ko.xz' -print0 | xargs -0 -r -n 32 -P "$(nproc)" xz -df
	depmod -b "$1/real" "$release"
	modprobe -d "$1/real" -S "$release" --show-depends i915
}

# The GPU that it drives; and nothing of it is in the guest.
build_silicon() {
	begin "build the GPU of QEMU"
	"$compiler" -std=gnu17 -O2 -Wall -Wextra -Wno-unused-parameter -fPIC -shared -o "$1/silicon.so" \
		"$here"/silicon/*.c
}

make_initrd() {
	local dir=$1/initrd.d m file
	begin "make the initramfs"
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
unpack_vmlinux() { # VMLINUZ VMLINUX
	local magic offset
	begin "unpack the kernel"
	for magic in 'xz \xFD7zXZ\x00' 'zstd \x28\xB5\x2F\xFD'; do
		# What follows the stream is not part of it; they say so after the last byte.
		while read -r offset; do
			tail -c "+$((offset + 1))" "$1" | "${magic%% *}" -dc >"$2" || true
			# It says so if the file is too short for what is in it, but ends well.
			if [ -s "$2" ] && [ -z "$(readelf -lS "$2" 2>&1 >/dev/null)" ]; then return; fi
		done < <(LC_ALL=C grep -aobP "${magic#* }" "$1" | cut -d: -f1 | head -n 8)
	done
	fail "no kernel that xz or zstd can unpack in $1"
}

build_program() { # FILE SOURCE...
	local to=$1
	shift
	(cd "$here" && "$compiler" -std=gnu17 -O2 -Wall -Wextra -I/usr/include/libdrm -o "$to" "$@")
}

build_programs() {
	begin "build the lab's programs"
	build_program "$1/bin/lab_submit" submit.c batch.c
	build_program "$1/bin/batch.so" -shared -fPIC batch.c # for Python
	build_program "$1/bin/lab_pmu_read" pmu_read.c
	build_program "$1/bin/lab_gpu_set" silicon/guest/gpu_set.c
	build_program "$1/tsc_khz" tsc_khz.c
}

# By the name that the kernel was built with: its headers ask for no other.
find_compiler() {
	begin "find the compiler of the kernel's headers"
	compiler=gcc
	[ -z "$foreign" ] || return 0
	compiler=$(grep -oE 'gcc-[0-9]+' "$kernel/root/usr/src/linux-headers-$release/.kernelvariables")
	if ! command -v "$compiler"; then
		install_packages <(echo "$compiler")
	fi
}

make_boot() {
	local work="$LAB_DIR/boot.new"
	say "building the lab's kernel modules and boot files"
	rm -rf "$work"
	mkdir -p "$work/bin"
	find_compiler
	build_modules "$work"
	make_module_tree "$work"
	make_real_tree "$work"
	build_silicon "$work"
	make_initrd "$work"
	build_programs "$work"
	unpack_vmlinux "$(find "$kernel"/root/{boot,lib/modules/*/} -maxdepth 1 -name 'vmlinuz*')" "$work/vmlinux"
	mv "$work" "$1"
}

install_packages() { "$repo/deploy/install-packages.sh" "$@" 2>&1 | tee "$log" >&3; }

check_programs() {
	local program
	begin "find the lab's programs"
	for program in $programs; do
		command -v "$program" || fail "there is no $program, which a package of $here/packages.txt has"
	done
}

suite='' foreign=''
case ${LAB_KERNEL:=} in
'') ;;
backports) suite=$codename-backports ;;
[a-z]*-backports)
	suite=$LAB_KERNEL
	[ "$suite" = "$codename-backports" ] || foreign=1 ;;
*) fail "LAB_KERNEL is '$LAB_KERNEL', which is neither empty nor the backports of a release" ;;
esac
kernel=$LAB_DIR/kernel-${suite:-$codename}

mkdir -p "$LAB_DIR"
# Who comes second waits, and finds everything there.
exec 8>"$LAB_DIR/lock"
flock 8
log=$LAB_DIR/build.log
begin "install the packages of $here/packages.txt"
install_packages "$here/packages.txt"
check_programs
compgen -G "$kernel/root/usr/src/linux-headers-*" >/dev/null || fetch_kernel
release=$(basename "$kernel"/root/lib/modules/*)
boot=$LAB_DIR/boot-$(fingerprint)
[ -e "$boot" ] || make_boot "$boot"
# Older contents stay for guests that still run on them.
touch "$boot"
find "$LAB_DIR" -maxdepth 1 -name 'boot-*' -mmin +1440 -exec rm -rf {} +
echo "$boot" >&4
