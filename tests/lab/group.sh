#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several cases in one guest, one after the other, each with a verdict of its own.
# usage: group.sh run FOLDER [OPTION OF run.sh...] -- CASE.py...   boots the guest, keeps what they say
#        group.sh verdict FOLDER CASE                              says it, and exits with its code
# A case that fails or hangs leaves the guest to the next one. One that makes the guest die, and
# those that should have followed, fail with the reason.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
limit=300 # seconds of one case

# In the guest: as a case finds it after a boot.
clean() {
	local p
	for p in /proc/[0-9]*; do
		p=${p#/proc/}
		# Kernel threads and zombies have no program; this shell's ancestors are the guest's own.
		[[ " $own " = *" $p "* ]] || ! readlink "/proc/$p/exe" >/dev/null || kill -9 "$p"
	done 2>/dev/null
	[ ! -e /sys/module/i915/parameters/block ] || lab_set block ''
	umount -l /etc/pve /tmp/fuse 2>/dev/null
	rm -rf /etc/pve /var/log/pods /var/log/containers
	echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid
	if [ -n "$LAB_GPU" ]; then lab_wait 10 gpu_unload; else [ ! -d /sys/module/lab_pci ] || lab_wait 10 lab_unload; fi
}

guest() {
	local case name start own='' p
	# It ends what it did not start: never on the machine itself.
	grep -qsx lab.ctl /sys/class/virtio-ports/*/name || { echo "group.sh: not in a guest of the lab" >&2; exit 2; }
	. "$LAB_SRC/guest.sh"
	paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
	for p in /proc/[0-9]*; do own+=" ${p#/proc/}"; done
	own+=" $BASHPID"
	for case; do
		name=$(basename "$case" .py)
		start=$SECONDS
		timeout -k 5 $limit /usr/bin/python3 "$case" >"$LAB_OUT/$name.log" 2>&1
		echo $? >"$LAB_OUT/$name.rc"
		echo "$name: exit code $(cat "$LAB_OUT/$name.rc") after $((SECONDS - start)) s"
		clean || { echo "nothing more: what $name left behind cannot be removed"; return; }
	done
}

run() {
	local folder=$1 options=() rc=0
	shift
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	rm -rf "$folder"
	mkdir -p "$folder"
	"$here/run.sh" "${options[@]}" --out "$folder" -- "$here/group.sh" guest "$@" >"$folder/guest" 2>&1 || rc=$?
	cat "$folder/guest"
	# The verdicts are the cases'; only without a guest there are none.
	[ $rc != 125 ]
}

verdict() {
	local folder=$1 name=$2
	cat "$folder/$name.log" 2>/dev/null
	if [ -s "$folder/$name.rc" ]; then
		exit "$(cat "$folder/$name.rc")"
	fi
	if [ -e "$folder/$name.log" ]; then
		echo "NOT OK: the guest ended during this case:"
	else
		echo "NOT OK: the guest ended before this case:"
	fi
	cat "$folder/guest"
	exit 1
}

"$@"
