#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh itself: exit codes, what a command sees, and that nothing outlives it.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CHROOT_DIR=$(realpath -m "${CHROOT_DIR:-$here/../../build/chroot}")
export CHROOT_DIR
work=$(mktemp -d)
failures=0

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then echo "ok: $what"; else echo "FAILED: $what"; failures=$((failures + 1)); fi
}

# code EXPECTED COMMAND...
code() {
	local got=0
	"${@:2}" >"$work/out" 2>&1 </dev/null || got=$?
	[ "$got" = "$1" ] || { echo "exit code $got:"; cat "$work/out"; return 1; }
}

inside() { "$here/run.sh" --root "$work/$release" "$release" -- bash -c "$1" "$work"; }
left() { pgrep -fx "sleep $1" >/dev/null; }

for release in 12 13; do
	check "$release: the command's exit code" code 7 inside 'exit 7'
	check "$release: that release" code 0 inside "grep -q '^$release' /etc/debian_version"
	check "$release: at the clone" code 0 inside 'test -x deploy/quickstart.sh -a ! -e build'
	check "$release: as process 1 and its child" code 0 inside 'test $PPID = 1'
	check "$release: no GPU" code 0 inside 'test -z "$(ls /sys/bus/pci)"'
	check "$release: SIGINT works" code 130 inside 'kill -INT $$'
done
number=$((RANDOM + 100000))
check "a process that is left behind" code 0 inside "sleep $number & test -d /proc/\$!"
check "is ended" eval '! left $number'

# In a directory of its own, where nobody else's root directories are.
mkdir "$work/own"
ln -s "$CHROOT_DIR/trixie.tar" "$work/own/"
CHROOT_DIR=$work/own "$here/run.sh" 13 -- sleep "$number" >"$work/out" 2>&1 &
run=$!
until left "$number" || ! kill -0 "$run" 2>/dev/null; do sleep 0.1; done
check "a command runs" left "$number"
kill -TERM "$run"
code=0
wait "$run" || code=$?
check "SIGTERM: exit code 143" [ "$code" = 143 ]
check "its command is ended" eval '! left $number'
check "its root directory is gone" [ -z "$(find "$work/own" -name 'root.*')" ]
check "no mount is left" eval '! grep -q " $work/" /proc/self/mountinfo'
check "an unknown release" code 2 "$here/run.sh" 11 -- true

rm -rf "$work"
echo "chroot: $failures failures"
[ "$failures" = 0 ]
