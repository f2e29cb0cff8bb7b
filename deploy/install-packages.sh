#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs those Debian packages of the given lists that are missing, and names them first.
# usage: install-packages.sh LIST...   (files with one package a line; # begins a comment)
set -euo pipefail

say() { echo "packages: $*" >&2; }

missing=()
while read -r package _; do
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
		missing+=("$package")
done < <(sed 's/#.*//' "$@" | awk 'NF && !seen[$1]++')
[ ${#missing[@]} -gt 0 ] || exit 0

say "missing: ${missing[*]}"
if [ "$(id -u)" != 0 ]; then
	say "not root; install them with: apt-get install ${missing[*]}"
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
say "installing them"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() { apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1; }
# The lists may be old or absent. One repository that cannot be updated (a Proxmox host without a
# subscription has one) need not be the one that has the packages, so its error decides nothing.
apt-get update -q </dev/null >>"$log" 2>&1 || say "apt-get update failed; trying all the same"
if ! install; then
	cat "$log" >&2
	say "cannot install ${missing[*]}"
	exit 1
fi
