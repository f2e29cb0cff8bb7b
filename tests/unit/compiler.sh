#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Does the build leave out what a compiler does not take? GCC for Arm refuses -fcf-protection: here
# a compiler that refuses it, and the two others, as strictly.
# usage: compiler.sh SOURCE
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/cc" <<'SH'
#!/bin/sh
for flag; do
	case $flag in -fcf-protection* | -fstack-clash-protection | -mbranch-protection=*)
		echo "cc1: error: '$flag' is not supported for this target" >&2
		exit 1 ;;
	esac
done
echo "$*" >>"${0%/*}/calls"
exec cc "$@"
SH
chmod +x "$work/cc"
cmake -S "$1" -B "$work/build" -G Ninja -D CMAKE_C_COMPILER="$work/cc" -D CMAKE_C_COMPILER_LAUNCHER= \
	-D BUILD_TESTING=OFF >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/build" --target exposition >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
# It takes the rest.
grep -q -- '-fstack-protector-strong.*/src/base/text\.c' "$work/calls"
