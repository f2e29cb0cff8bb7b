#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Are the programs the same, byte by byte, from a copy of the source elsewhere, built outside of it?
# usage: reproducible.sh SOURCE BUILD COMPILER BUILD_TYPE FLAGS
set -euo pipefail
source=$1 build=$2 bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/source"
tar -C "$source" --exclude='./build*' --exclude=./.git -c . | tar -x -C "$work/source"
# A repository's revision is in the program.
[ ! -e "$source/.git" ] ||
	echo "gitdir: $(git -c safe.directory='*' -C "$source" rev-parse --absolute-git-dir)" >"$work/source/.git"
export CCACHE_DISABLE=1
cmake -S "$work/source" -B "$work/elsewhere" -G Ninja -D CMAKE_C_COMPILER="$3" -D CMAKE_BUILD_TYPE="$4" \
	-D CMAKE_C_FLAGS="$5" -D CMAKE_C_COMPILER_LAUNCHER= -D BUILD_TESTING=OFF >"$work/log" 2>&1 &&
	cmake --build "$work/elsewhere" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmp "$build/include/base/version.h" "$work/elsewhere/include/base/version.h" || {
	echo "the source has changed since $build was built"
	exit 1
}
for program in intel_gpu_exporter intel_gpu_probe; do
	sha256sum "$build/$program" "$work/elsewhere/$program"
	cmp "$build/$program" "$work/elsewhere/$program" || bad=1
	# No paths of the build machine either.
	! grep -q -aF -e "$source" -e "$build" -e "$work" "$build/$program" || bad=1
done
exit $bad
