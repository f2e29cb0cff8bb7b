#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reason for the exporter's watch: an unbind of Debian's own i915 while anybody has its events open
# kills a kernel before 6.16.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$("$here/run.sh" --gpu 3e92 "$@" -- /usr/bin/python3 "$here/cases/stranger.py" 2>&1)
rc=$?
echo "$out"
if [ $rc = 126 ] && grep -q '^lab: guest panicked' <<<"$out"; then
	echo "1 passed, 0 failed"
else
	echo "NOT OK: the guest was expected to panic, and exits with $rc"
	echo "0 passed, 1 failed"
	exit 1
fi
