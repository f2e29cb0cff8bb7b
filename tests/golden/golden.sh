#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# golden.sh PROGRAM FIXTURE: compares what PROGRAM shows of the machine with its expected.prom.
# UPDATE=1 in the environment writes the file instead. Left out are the exporter's own process and
# build, and how long things took.
set -eu
program=$1 fixture=$2
expected=$fixture/expected.prom
got=$(mktemp)
trap 'rm -f "$got" "$got.all"' EXIT

"$program" "$fixture" >"$got.all"
LC_ALL=C grep -avE \
  '^(# (HELP|TYPE) )?(process_[a-z_]+|intel_gpu_exporter_build_info|[a-z_]+_duration_seconds)[ {]' \
  "$got.all" >"$got"

if [ "${UPDATE:-}" = 1 ]; then
  cp "$got" "$expected"
  exit 0
fi
if [ ! -f "$expected" ]; then
  echo "$expected is missing: write it with UPDATE=1, and read it against the machine's files"
  exit 1
fi
diff -u "$expected" "$got" || {
  echo "if this is meant: UPDATE=1 ctest --test-dir BUILD -R '^golden.$(basename "$fixture")\$', and read git diff"
  exit 1
}
