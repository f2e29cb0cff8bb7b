#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: boot.sh ROOT REPOSITORY EXCHANGE CASE    the part of run.sh in namespaces of its own: boots a layer above ROOT
# and runs roles.py in it. What is in EXCHANGE one case leaves for the next.
set -euo pipefail
root=$1 repo=$2 exchange=$3 case=$4
work=$(mktemp -d)
trap 'umount "$work" 2>/dev/null; rmdir "$work"' EXIT
mount -t tmpfs tmpfs "$work"
mkdir "$work"/{upper,layer,system}
mount -t overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/layer" overlay "$work/system"

# systemd of Debian 13 wants to be asked for control groups of version 1, which the machine may have.
systemd-nspawn --quiet --directory="$work/system" --register=no --keep-unit --private-network \
	--capability=CAP_PERFMON 	--bind-ro="$repo:/src/repo" --bind="$exchange:/srv/exchange" --console=pipe --boot -- \
	SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 </dev/null >"$work/console" 2>&1 &
nspawn=$!
init=''
for ((i = 0; i < 300; i++)); do
	init=$(pgrep -P "$nspawn" -x systemd || true)
	[ -z "$init" ] || ! nsenter -t "$init" -a systemctl is-system-running 2>/dev/null | grep -qxE 'running|degraded' || break
	kill -0 "$nspawn" 2>/dev/null || break
	sleep 0.1
done
code=0
if [ -n "$init" ] && nsenter -t "$init" -a systemctl is-system-running 2>/dev/null | grep -qxE 'running|degraded'; then
	nsenter -t "$init" -a env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
		python3 /src/repo/tests/ansible/roles.py "$case" ${STEPS:-} || code=$?
else
	echo "ansible: $case did not boot"
	cat "$work/console"
	code=1
fi
disown "$nspawn"
kill -KILL "$nspawn" 2>/dev/null || true
while kill -0 "$nspawn" 2>/dev/null; do sleep 0.05; done
umount "$work/system" 2>/dev/null || true
exit $code
