#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures what the exporter costs, beside others, in one run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)

usage() {
	cat <<-TXT
	usage: tests/bench/run.sh [options]
	Installs the Debian packages that are missing (and names them), builds in
	build/release, boots the lab with its emulated GPU and measures there, in turn:
	  exporter       this exporter, default collectors
	  floor          a bare libmicrohttpd that serves a constant body of the same size
	  limit          the fewest system calls for the same data, see limit.c
	  node_exporter  Debian's, default collectors
	  intel_gpu_top  -J -s 1000: serves nothing; many exporters keep one as a child
	Then: what 1, 2 and 4 GPUs cost (copied: 0 to 8), 1 to 40 scrapers, and each
	collector; system calls, memory and, on copied trees, instructions, and up to
	10,000 processes and 5,000 clients. About 3 minutes, 6 on copied trees. The tables
	are followed by the same figures as lines "bench KEY=VALUE". Exits with 1 when a
	program failed or a scrape did, never because something was slow.
	  --host           on this machine instead of in the lab, the exporter reading
	                   tests/fixtures/meteorlake-two-gts: speeds mean more, but no PMU
	  --beside BINARY  one more exporter in the same rounds, to compare two builds
	  --build DIR      the programs of this build folder, as they are
	  --rounds N       of scrapes, whose median is printed (7)
	  --scrapes N      in a round, at most (200; a round of a server ends after 2 s)
	  --quick          just shows that it works, about 20 s
	TXT
}

say() { echo "bench: $*" >&2; }
# A server that is installed, or only unpacked, since its package would start it.
find_server() {
	PATH=$PATH:$repo/build/unpacked/usr/bin command -v "$1" || { say "$1 is not there"; return 1; }
}
bad() { say "$*"; usage >&2; exit 2; }

mode=lab build='' beside='' quick='' rounds='' scrapes=''
while [ $# -gt 0 ]; do
	case $1 in
	--beside|--build|--rounds|--scrapes) [ $# -ge 2 ] || bad "$1 needs a value" ;;
	esac
	case $1 in
	--host) mode=host ;;
	--beside) beside=$(realpath "$2"); shift ;;
	--build) build=$(realpath "$2"); shift ;;
	--rounds) rounds=$2; shift ;;
	--scrapes) scrapes=$2; shift ;;
	--quick) quick=1 ;;
	--help) usage; exit 0 ;;
	*) bad "unknown option $1" ;;
	esac
	shift
done
[ -z "$beside" ] || [ -x "$beside" ] || bad "$beside is not a program"
rounds=${rounds:-${quick:+2}} scrapes=${scrapes:-${quick:+3}}
rounds=${rounds:-7} scrapes=${scrapes:-200}
[[ $rounds$scrapes =~ ^[0-9]+$ ]] || bad "--rounds and --scrapes take numbers"

cd "$repo"
packages=(deploy/packages.txt tests/bench/packages.txt)
[ "$mode" = host ] || packages+=(tests/lab/packages.txt)
deploy/install-packages.sh "${packages[@]}"
export PATH=$PATH:$repo/build/unpacked/usr/bin

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$build" ]; then
	say "building in build/release"
	{ cmake --preset release &&
		cmake --build --preset release \
			--target intel_gpu_exporter intel_gpu_probe floor limit bench_load
	} >"$work/build" 2>&1 || { cat "$work/build" >&2; say "the build failed"; exit 1; }
	build=$repo/build/release
fi
# Without the probe a collector fails, and a scrape costs less than it should.
for program in "$build"/{intel_gpu_exporter,intel_gpu_probe,tests/bench/{floor,limit,bench_load}}; do
	[ -x "$program" ] || bad "$program is not there"
done
node_exporter=$(find_server prometheus-node-exporter)
settings=("EXPORTER=$build/intel_gpu_exporter" "FLOOR=$build/tests/bench/floor"
	"LIMIT=$build/tests/bench/limit"
	"LOAD=$build/tests/bench/bench_load" "NODE_EXPORTER=$node_exporter" "BESIDE=$beside" "QUICK=$quick"
	"ROUNDS=$rounds" "SCRAPES=$scrapes")

say "measuring ($mode)"
case $mode in
lab)
	args=(--timeout $((quick ? 60 : 120 + rounds * 60)))
	for setting in "${settings[@]}"; do args+=(--env "$setting"); done
	tests/lab/run.sh "${args[@]}" -- "$here/measure.sh" >"$work/lines"
	;;
host)
	env "${settings[@]}" "ROOTFS=$repo/tests/fixtures/meteorlake-two-gts" \
		"$here/measure.sh" >"$work/lines"
	;;
esac
awk -f "$here/report.awk" "$work/lines"
echo
cat "$work/lines"
