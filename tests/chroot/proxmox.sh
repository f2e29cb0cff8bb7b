#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In an empty Debian with stand-ins for the packages of Proxmox VE, with their relations: what the
# README's commands and every list of packages leave alone there, and what they say.
set -uo pipefail
work=$(mktemp -d)
packages=deploy/install-packages.sh
failures=0

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "ok: $what"
	else
		echo "FAILED: $what"
		sed 's/^/  | /' "$work/said"
		failures=$((failures + 1))
	fi
}

# stand_in NAME VERSION [FIELD...]: installs an empty package; with a file $work/root, what is there.
stand_in() {
	local dir=$work/package
	rm -rf "$dir"
	mkdir -p "$dir/DEBIAN"
	[ ! -e "$work/root" ] || cp -r "$work/root/." "$dir/"
	{ printf '%s\n' "Package: $1" "Version: $2" 'Architecture: amd64' 'Maintainer: nobody <nobody@localhost>' \
		'Description: stand-in'
	  printf '%s\n' "${@:3}"; } >"$dir/DEBIAN/control"
	dpkg-deb -b "$dir" "$work/$1.deb" >/dev/null && dpkg -i "$work/$1.deb" >/dev/null
}

versions() { dpkg-query -W -f='${Package} ${Version} ${db:Status-Status}\n'; }
is_installed() { versions | grep -x "$1 $2 installed"; }
nothing_removed() { ! grep -E '^(Remove|Purge|Downgrade):' /var/log/apt/history.log; }

# says CODE TEXT COMMAND...: the command ends with that code and has TEXT as a line.
says() {
	local code=0
	"${@:3}" >"$work/out" 2>&1 </dev/null || code=$?
	[ "$code" = "$1" ] && grep -qxF -- "$2" "$work/out" || { echo "exit $code:"; cat "$work/out"; return 1; }
}

# unchanged COMMAND...: the command ends well or not, and no package is another than before.
unchanged() {
	versions >"$work/before"
	"$@" || return
	versions | diff "$work/before" - >&2
}

served() {
	local i
	deploy/quickstart.sh --host >"$work/quickstart" 2>&1 &
	for ((i = 0; i < 1200; i++)); do
		! curl -sf localhost:10057/metrics >"$work/metrics" 2>/dev/null || break
		kill -0 $! 2>/dev/null || break
		sleep 0.1
	done
	kill $! 2>/dev/null
	wait $! || true
	cat "$work/quickstart"
	grep '^intel_gpu_exporter_build_info{' "$work/metrics"
}

apt-get update -qq
kvm='qemu-system-arm, qemu-system-x86, qemu-utils'
stand_in pve-qemu-kvm 10.0.2-4 "Provides: $kvm" "Replaces: $kvm, pve-kvm" \
	"Conflicts: kvm, pve-kvm, qemu, qemu-kvm, qemu-system-common, qemu-system-data, $kvm"
stand_in qemu-server 9.0.20 'Depends: pve-qemu-kvm (>= 7.1~)' 'Breaks: pve-ha-manager (<< 4.0.1)'
stand_in pve-manager 9.0.10 'Depends: qemu-server (>= 9.0.2)'
stand_in proxmox-ve 9.0.0 'Depends: pve-manager, pve-qemu-kvm'
remv() { apt-get install -s --no-install-recommends qemu-system-x86 | grep "^Remv $1 "; }
check "what is at stake: apt by itself removes proxmox-ve" remv proxmox-ve
check "and pve-manager" remv pve-manager

refusal='packages: this is a Proxmox VE host (proxmox-ve): run the lab and the tests in a Debian virtual machine or container instead (deploy/quickstart.sh --host runs here)'
for list in $(find tests -name "*packages*.txt" | sort); do
	check "$list is refused" unchanged says 1 "$refusal" $packages "$list"
done
for command in deploy/quickstart.sh tests/run.sh 'tests/run.sh --all' tests/bench/run.sh \
	'tests/bench/run.sh --host'; do
	check "$command is refused" unchanged says 1 "$refusal" $command
done
check "tests/lab/run.sh is refused" unchanged says 125 "$refusal" tests/lab/run.sh -- /bin/true
check "deploy/packages.txt is installed, named first" says 0 'packages: missing: cmake gcc ninja-build pkgconf libc6-dev libcrypt-dev libdrm-dev libgnutls28-dev libjansson-dev libmicrohttpd-dev libnghttp2-dev libpciaccess-dev libva-dev libyaml-dev pci.ids zlib1g-dev curl' $packages deploy/packages.txt
check "deploy/quickstart.sh --host serves, with no more than that" unchanged served
for package in 'pve-qemu-kvm 10.0.2-4' 'qemu-server 9.0.20' 'pve-manager 9.0.10' 'proxmox-ve 9.0.0'; do
	check "$package is still there" is_installed $package
done
check "apt installed something" grep '^Install:' /var/log/apt/history.log
check "apt removed nothing" nothing_removed

# Another machine, where the same would happen without Proxmox's names: apt itself is held back.
dpkg --purge proxmox-ve pve-manager qemu-server pve-qemu-kvm >/dev/null
conflicts="Conflicts: qemu-system-common, qemu-system-data, $kvm"
stand_in other-qemu 1 "$conflicts"
check "a package in the way is named, and stays" unchanged says 1 \
	'packages: nothing was installed: apt would remove other-qemu' $packages tests/lab/packages.txt
check "it is still there" is_installed other-qemu 1
mkdir -p "$work/root/usr/bin"
printf '#!/bin/sh\n' >"$work/root/usr/bin/qemu-system-x86_64"
chmod 755 "$work/root/usr/bin/qemu-system-x86_64"
stand_in other-qemu 2 "$conflicts"
grep qemu tests/lab/packages.txt >"$work/list"
check "its program is taken instead" unchanged $packages "$work/list"

rm -rf "$work/root"
stand_in libcmocka0 99
echo libcmocka-dev >"$work/list"
check "no newer package becomes older" unchanged says 1 'packages: apt cannot install libcmocka-dev' \
	$packages "$work/list"
check "apt removed nothing" nothing_removed

rm -rf "$work"
echo "proxmox: $failures failures"
[ "$failures" = 0 ]
