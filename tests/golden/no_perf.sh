#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# no_perf.sh PROGRAM FIXTURE: on a copied tree the exporter opens no perf event, and its exit status
# says whether there is an Intel GPU.
set -eu
program=$1 fixture=$2
command -v strace >/dev/null || { echo "strace is missing"; exit 1; }
wanted=0
[ "$(basename "$fixture")" != no-intel-gpu ] || wanted=1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

status=0
# A leak check cannot work in a process that is traced.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
strace -f -o "$out/trace" -e trace=perf_event_open,execve \
  "$program" "--path.rootfs=$fixture" --scrape.timeout=20s --once=1s \
  >"$out/body" 2>"$out/log" || status=$?
# A trace without a single call would prove nothing.
grep -q execve "$out/trace" || { echo "strace saw nothing"; cat "$out/log"; exit 1; }
if grep perf_event_open "$out/trace"; then
  echo "perf_event_open was called"
  exit 1
fi
if [ $status -ne $wanted ]; then
  echo "exit status $status, not $wanted"
  cat "$out/log"
  exit 1
fi
grep -q "^intel_gpu_up $((1 - wanted))\$" "$out/body"
