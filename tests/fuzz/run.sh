#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/run.sh [RUNS]: builds the fuzz targets with clang and runs each RUNS times; parsers of
# what any process of the machine can write, ten times as often.
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

for source in "$here"/fuzz_*.c; do
  name=$(basename "$source" .c)
  name=${name#fuzz_}
  # What libFuzzer finds stays in the build; the seeds in the tree are read only.
  found=$build/corpus/$name
  mkdir -p "$found" "$build/crashes"
  case $name in
  cgroup | command | fdinfo | guest | guest_command | pods | process | transcoder) runs=$((10 * base)) ;;
  *) runs=$base ;;
  esac
  echo "fuzz_$name: $runs runs"
  if ! "$build/tests/fuzz/fuzz_$name" -runs="$runs" -max_len=2048 -timeout=10 -verbosity=0 \
    -print_final_stats=0 -artifact_prefix="$build/crashes/$name-" "$found" "$here/corpus/$name" \
    >"$build/$name.log" 2>&1; then
    cat "$build/$name.log"
    echo "fuzz_$name failed; the input is in $build/crashes"
    exit 1
  fi
done
