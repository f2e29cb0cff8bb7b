#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Do the manual pages and the shells' completion have each flag, as --usage lists them, and each metric of
# --list-metrics, and no others?
# usage: manual.sh BUILD [--self-test]
set -euo pipefail
build=$1 manual=$1/deploy/manual
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
bad() { echo "NOT OK: $*"; bad=1; }

usage() { "$build/$1" --usage | grep -oE -- '--[a-z][a-z0-9.-]+' | sort -u; }
# Flags that a file names; those of collectors have a negative form, which --usage hides.
named() { sed 's/\\-/-/g' "$1" | grep -oE -- '--[a-z][a-z0-9.-]*[a-z0-9]' | sort -u; }

compare() { # PROGRAM DIR
	local file name
	usage "$1" >"$work/usage"
	[ "$(wc -l <"$work/usage")" -ge 10 ] || bad "$1: --usage has too few flags"
	sed -nE 's/^--(collector\.[a-z]+)$/--no-\1/p' "$work/usage" | sort -u - "$work/usage" >"$work/wanted"
	for file in "$2/$1.1" "$2/$1.bash" "$2/_$1"; do
		name=$(basename "$file")
		# "each with its --no- form" is the head of a section.
		named "$file" | grep -vx -- --no >"$work/named"
		comm -23 "$work/wanted" "$work/named" >"$work/missing"
		[ ! -s "$work/missing" ] || bad "$name lacks $(xargs <"$work/missing")"
		comm -13 "$work/wanted" "$work/named" >"$work/unknown"
		[ ! -s "$work/unknown" ] || bad "$name has $(xargs <"$work/unknown")"
		! grep -n '@[A-Z]*@' "$file" || bad "$name: something was not filled in"
	done
	bash -n "$2/$1.bash" || bad "$1.bash is no bash"
}

metrics() { # DIR
	"$build/intel_gpu_exporter" --list-metrics | grep -oE '^\| `[a-z0-9_]+`' | tr -d '|` ' | sort >"$work/metrics"
	sed -n '/^\.SH METRICS/,/^\.SH SIGNALS/s/^\\fB\([a-z0-9_]*\)\\fR$/\1/p' "$1/intel_gpu_exporter.1" | sort |
		diff "$work/metrics" - || bad "metrics of the page are not those of --list-metrics"
}

all() { # DIR
	bad=0
	compare intel_gpu_exporter "$1"
	compare intel_gpu_probe "$1"
	metrics "$1"
}

if [ "${2-}" = --self-test ]; then
	failed=0
	spoil() { # WHAT FILE SED
		rm -rf "$work/copy"
		cp -r "$manual" "$work/copy"
		sed -i "$3" "$work/copy/$2"
		! cmp -s "$manual/$2" "$work/copy/$2" || { echo "NOT OK: $1: nothing was changed"; failed=1; }
		all "$work/copy" >"$work/said"
		if [ $bad = 0 ]; then echo "NOT OK: $1 went unseen"; failed=1; else echo "ok: $1 is seen"; fi
	}
	spoil "a flag that is missing in a page" intel_gpu_probe.1 's/size/length/'
	spoil "a flag that is missing in zsh's file" _intel_gpu_exporter '/--web.notice/d'
	spoil "a collector's other form that is missing" intel_gpu_exporter.bash '/--no-collector.vgpu/d'
	spoil "a flag that there is no more" intel_gpu_exporter.1 's/^\.SH SEE ALSO/\\-\\-old.flag\n&/'
	spoil "a metric that is missing" intel_gpu_exporter.1 '/fBintel_gpu_up/d'
	spoil "a metric that there is no more" intel_gpu_exporter.1 's/fBintel_gpu_up/fBintel_gpu_old/'
	exit $failed
fi
all "$manual"
[ $bad = 0 ] && echo "$(wc -l <"$work/metrics") metrics"
exit $bad
