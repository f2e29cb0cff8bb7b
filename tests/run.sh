#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs the tests.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/.." && pwd)

usage() {
	cat <<-TXT
	usage: tests/run.sh [--all] [--only LABEL]
	Installs the Debian packages that are missing (and names them), builds in build/,
	and runs the unit, golden, integration and lab tests: about 30 minutes on 2 cores.
	The lab boots a Debian kernel with an emulated Intel GPU under QEMU.
	  --all         also the page in a headless Chromium, AddressSanitizer,
	                UndefinedBehaviorSanitizer and ThreadSanitizer, fuzzing, and the
	                tests in an empty Debian 12 and 13: about 60 minutes
	  --only LABEL  only the tests of one label: unit, golden, integration, lab, bench,
	                page; chroot: the README's commands in an empty Debian 12 and 13,
	                and beside Proxmox VE's packages; debian13: the part of that on 13,
	                with the unit, golden and integration tests and some of the lab
	TXT
}

all='' only=''
while [ $# -gt 0 ]; do
	case $1 in
	--all) all=1 ;;
	--only) [ $# -ge 2 ] || { usage >&2; exit 2; }; only=$2; shift ;;
	--help) usage; exit 0 ;;
	*) echo "run.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
	esac
	shift
done

started=$SECONDS
step() { printf '\n== %s (after %d s)\n' "$*" $((SECONDS - started)); }

build() {
	step "building: $1"
	cmake --preset "$1" >"$repo/build/$1.log" 2>&1 || { cat "$repo/build/$1.log"; exit 1; }
	cmake --build --preset "$1" | tail -n 1
}

# run PRESET [ctest options]: one after the other, because many tests look at times.
run() {
	local preset=$1
	shift
	step "testing: $preset $*"
	ctest --test-dir "$repo/build/$preset" --output-on-failure --no-tests=error \
		--no-label-summary "$@"
}

cd "$repo"
mkdir -p build
packages=(deploy/packages.txt tests/packages.txt tests/{lab,va_driver,bench,prometheus}/packages.txt)
[ -z "$all" ] || packages+=(tests/packages-all.txt tests/chroot/packages.txt)
# A browser is large, and only this test wants it.
[ -z "$all" ] && [ "$only" != page ] || packages+=(tests/page/packages.txt)
step "packages"
deploy/install-packages.sh "${packages[@]}"

build release
if [ -n "$only" ]; then
	# Of what takes minutes each line is shown as it comes.
	run release -L "$only" $([[ $only != chroot && $only != debian13 ]] || echo -V)
	exit
fi
run release -L 'unit|golden'
run release -L integration
run release -L lab
[ -n "$all" ] || { step "done"; exit 0; }

run release -L bench
run release -L page
run release -L va -j 2 # they look at no times
build asan
SANITIZED=1 run asan -L 'unit|golden|sanitize'
build tsan
SANITIZED=1 run tsan -L 'unit|sanitize'
step "fuzzing"
tests/fuzz/run.sh
run release -L chroot -V
step "done"
