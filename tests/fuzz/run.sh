#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/run.sh [RUNS]: builds the fuzz targets with clang and runs each RUNS times; parsers of
# what any process of the machine can write, ten times as often. Ends with 1 if any of them fails.
set -eu
base=${1:-200000}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${FUZZ_BUILD:-$root/build/fuzz}
command -v clang >/dev/null ||
  { echo "clang is missing: Debian packages clang and libclang-rt-dev"; exit 1; }

cmake -S "$root" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DFUZZ=ON -DWERROR=ON >/dev/null
cmake --build "$build" --target fuzz -- -j 2 >"$build/build.log" 2>&1 ||
  { cat "$build/build.log"; exit 1; }

fuzz() {
  # What libFuzzer finds stays in the build; the seeds in the tree are read only.
  found=$build/corpus/$1
  mkdir -p "$found" "$build/crashes"
  case $1 in
  cgroup | command | containers | fdinfo | guest | guest_command | pod_resources | pods | process | transcode_match) runs=$((10 * base)) ;;
  *) runs=$base ;;
  esac
  "$build/tests/fuzz/fuzz_$1" -runs="$runs" -max_len=2048 -timeout=10 -verbosity=0 \
    -print_final_stats=0 -artifact_prefix="$build/crashes/$1-" "$found" "$here/corpus/$1" \
    >"$build/$1.log" 2>&1 || {
    cat "$build/$1.log"
    echo "fuzz_$1 failed; the input is in $build/crashes"
    return 1
  }
  echo "fuzz_$1: $runs runs"
}

# As many at a time as there are processors; "$@" are those that run.
failed=0
set --
for source in "$here"/fuzz_*.c; do
  name=$(basename "$source" .c)
  fuzz "${name#fuzz_}" &
  set -- "$@" $!
  [ $# -lt "$(nproc)" ] || { wait "$1" || failed=1; shift; }
done
for pid; do wait "$pid" || failed=1; done
exit $failed
