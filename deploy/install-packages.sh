#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the given lists name and this machine lacks, after saying what apt will do. It never
# removes or downgrades a package, and starts no service.
# usage: install-packages.sh LIST...
#
# A line of a list is one need; # begins a comment. Of alternatives, "a | b", one is enough: the
# first that apt has is installed.
#   NAME           the Debian package NAME
#   command:NAME   a program of that name in the PATH, from wherever
#   unpacked:NAME  the programs of the Debian package NAME, whose installation would start a server:
#                  unpacked below build/unpacked instead. A command: before it says which programs.
# Lists below tests/ are refused on a Proxmox VE host, whose packages Debian's QEMU would replace.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/.." && pwd)
unpacked=$repo/build/unpacked
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=$PATH:$unpacked/usr/bin

say() { echo "packages: $*" >&2; }

refuse_on_proxmox() {
	local list package
	for package in proxmox-ve pve-manager pve-qemu-kvm; do
		is_installed "$package" || continue
		for list; do
			[[ $(realpath "$list") != "$repo"/tests/* ]] || {
				say "this is a Proxmox VE host ($package): run the lab and the tests in a Debian" \
					"virtual machine or container instead (deploy/quickstart.sh --host runs here)"
				exit 1
			}
		done
	done
}

is_installed() {
	dpkg-query -W -f='${Architecture} ${db:Status-Status}\n' "$1" 2>/dev/null |
		grep -xE "($architecture|all) installed" >/dev/null
}

is_there() {
	case $1 in
	command:*) command -v "${1#*:}" >/dev/null ;;
	unpacked:*) return 1 ;;
	*) is_installed "$1" ;;
	esac
}

# The needs of the lists that nothing here meets, each once: alternatives by |, without spaces.
missing() {
	local need alternative alternatives
	while read -r need; do
		IFS='|' read -r -a alternatives <<<"$need"
		for alternative in "${alternatives[@]}"; do
			! is_there "$alternative" || continue 2
		done
		echo "$need"
	done < <(sed 's/#.*//; s/[[:space:]]//g' "$@" | awk 'NF && !seen[$0]++')
}

# (Not grep -q: it would end before apt-cache has written all.)
has_candidate() { apt-cache policy "$1" 2>/dev/null | grep 'Candidate: [^(]' >/dev/null; }

# Of the alternatives of a need the one to install; the first package if apt has none of them.
choose() {
	local alternative alternatives first=''
	IFS='|' read -r -a alternatives <<<"$1"
	for alternative in "${alternatives[@]}"; do
		[[ $alternative != command:* ]] || continue
		: "${first:=$alternative}"
		! has_candidate "${alternative#unpacked:}" || { echo "$alternative"; return; }
	done
	echo "$first"
}

# What apt has to stay within, whatever its configuration says; another apt is waited for.
options=(-q -y --no-install-recommends --no-remove -o APT::Get::AutomaticRemove=false
	-o DPkg::Lock::Timeout=300)

install_packages() {
	local plan victims upgrades
	if ! plan=$(apt-get install -s "${options[@]}" "$@" 2>&1 </dev/null); then
		victims=$(apt-get install -s "${options[@]}" --remove "$@" 2>/dev/null </dev/null |
			sed -nE 's/^Remv (\S+) .*/\1/p' | paste -sd' ' || true)
		if [ -n "$victims" ]; then
			say "nothing was installed: apt would remove $victims"
			say "install $* in another way, or use a Debian virtual machine or container"
		else
			echo "$plan" >&2
			say "apt cannot install $*"
		fi
		exit 1
	fi
	echo "$plan" >"$repo/build/packages.log"
	say "apt will install $(grep -cE '^Inst \S+ \(' <<<"$plan") packages: build/packages.log"
	upgrades=$(sed -nE 's/^Inst (\S+) \[(.*)\] \((\S+) .*/\1 (\2 -> \3)/p' <<<"$plan" | paste -sd,)
	[ -z "$upgrades" ] || say "and upgrade ${upgrades//,/, }"
	apt-get install "${options[@]}" "$@" </dev/null >"$log" 2>&1 ||
		{ cat "$log" >&2; say "apt cannot install $*"; exit 1; }
}

unpack_packages() {
	local work=$unpacked/new package
	for package in $(printf '%s\n' "$@" | sort -u); do
		say "unpacking $package below build/unpacked"
		rm -rf "$work"
		mkdir -p "$work"
		{ (cd "$work" && apt-get download -q -o APT::Sandbox::User=root "$package") &&
			dpkg-deb -x "$work"/*.deb "$unpacked"; } </dev/null >"$log" 2>&1 ||
			{ cat "$log" >&2; say "cannot unpack $package"; exit 1; }
		rm -rf "$work"
	done
}

architecture=$(dpkg --print-architecture 2>/dev/null || true)
for list; do
	[ -r "$list" ] || { say "cannot read the list $list"; exit 2; }
done
refuse_on_proxmox "$@"
mapfile -t needs < <(missing "$@")
[ ${#needs[@]} -gt 0 ] || exit 0
say "missing: $(sed -E 's/(command:[^ |]*\|)|unpacked://g' <<<"${needs[*]}")"
command -v apt-get >/dev/null || { say "no apt-get here: install them in another way"; exit 1; }

mkdir -p "$repo/build"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists may be old or absent. One repository that cannot be updated (a Proxmox host without a
# subscription has one) need not be the one that has the packages, so its error decides nothing.
[ "$(id -u)" != 0 ] || apt-get update -q -o DPkg::Lock::Timeout=300 </dev/null >"$log" 2>&1 ||
	say "apt-get update failed; trying all the same"
install=() unpack=()
for need in "${needs[@]}"; do
	chosen=$(choose "$need")
	case $chosen in
	unpacked:*) unpack+=("${chosen#unpacked:}") ;;
	*) install+=("$chosen") ;;
	esac
done
if [ ${#install[@]} -gt 0 ]; then
	if [ "$(id -u)" != 0 ]; then
		say "not root; install them with: apt-get install --no-remove --no-install-recommends ${install[*]}"
		exit 1
	fi
	install_packages "${install[@]}"
fi
unpack_packages "${unpack[@]}"
