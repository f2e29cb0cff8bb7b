#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The roles of deploy/ansible in two Debian systems that systemd has booted: Debian 12 with GRUB, and Debian 13 as a
# Proxmox VE host is that boots by systemd-boot.
# usage: run.sh [CASE]     grub, proxmox, or both; with STEPS="lint modes" some of the steps of roles.py
# build/ansible has their packages, which take two minutes; each run changes a layer above them that is then
# thrown away, and has no network.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
ANSIBLE_DIR=$(realpath -m "${ANSIBLE_DIR:-$repo/build/ansible}")
PATH=$PATH:$repo/build/unpacked/usr/bin

[ $# -gt 0 ] || set -- grub proxmox
"$repo/deploy/install-packages.sh" "$here/packages.txt"
mkdir -p "$ANSIBLE_DIR"
exec 8>"$ANSIBLE_DIR/lock"
flock 8
prepare() { "$repo/tests/chroot/run.sh" --root "$ANSIBLE_DIR/$1" "$2" -- tests/ansible/prepare.sh "${@:3}" 8>&-; }
for case; do
	case $case in
	grub) prepare grub 12 deploy/packages.txt tests/ansible/grub.txt ;;
	proxmox) prepare proxmox 13 tests/ansible/proxmox.txt ;;
	*) echo "run.sh: no case $case" >&2; exit 2 ;;
	esac
done

exchange=$(mktemp -d)
trap 'rm -rf "$exchange"' EXIT
# With process 1 of its namespace everything in it ends.
boot() {
	unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
		"$here/boot.sh" "$ANSIBLE_DIR/$1" "$repo" "$exchange" "$1" 8>&-
}
# Both at the same time: the second waits for the package that the first builds.
failed=0
[ $# = 1 ] || { boot "$2" >"$exchange/log" 2>&1 & }
boot "$1" || failed=1
if [ $# -gt 1 ]; then
	wait $! || failed=1
	printf '\n== %s\n' "$2"
	cat "$exchange/log"
fi
exit $failed
