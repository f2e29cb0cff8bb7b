#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the exporter and runs it: on this machine's Intel GPU, or, where there is none, on an
# emulated one in a virtual machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/.." && pwd)
port=10057

usage() {
	cat <<-TXT
	usage: deploy/quickstart.sh [--host] [-- FLAG...]
	1. installs the Debian packages that are missing, and names them first
	2. builds the exporter in build/release
	3. runs it in the foreground on port $port until Ctrl-C
	Without an Intel GPU it boots a Debian kernel with an emulated one under QEMU
	and serves http://localhost:$port/metrics from there.
	  --host  insist on this machine, GPU or not
	  FLAG    for the exporter, see its --help
	TXT
}

host=''
while [ $# -gt 0 ]; do
	case $1 in
	--host) host=1 ;;
	--help) usage; exit 0 ;;
	--) shift; break ;;
	*) echo "quickstart: unknown option $1" >&2; usage >&2; exit 2 ;;
	esac
	shift
done

say() { echo "quickstart: $*" >&2; }

has_intel_gpu() {
	local device vendor class
	for device in /sys/bus/pci/devices/*; do
		read -r vendor 2>/dev/null <"$device/vendor" || continue
		read -r class 2>/dev/null <"$device/class" || continue
		[[ $vendor = 0x8086 && $class = 0x03* ]] && return 0
	done
	return 1
}

cd "$repo"
emulated=''
if [ -z "$host" ] && ! has_intel_gpu; then
	emulated=1
	say "no Intel GPU on this machine: using an emulated one (--host insists on this machine)"
fi
packages=(deploy/packages.txt)
[ -z "$emulated" ] || packages+=(tests/lab/packages.txt)
deploy/install-packages.sh "${packages[@]}"

say "building in build/release"
mkdir -p build
{ cmake --preset release -DBUILD_TESTING=OFF && cmake --build --preset release; } \
	>build/quickstart.log 2>&1 || { cat build/quickstart.log >&2; say "the build failed"; exit 1; }
exporter=$repo/build/release/intel_gpu_exporter

if [ -z "$emulated" ]; then
	say "running it here: curl localhost:$port/metrics"
	exec "$exporter" "$@"
fi
say "booting the emulated GPU (about 10 s); then: curl localhost:$port/metrics"
exec tests/lab/run.sh --timeout 0 --forward "$port:$port" --env "EXPORTER=$exporter" \
	-- "$repo/tests/lab/demo.sh" "$@"
