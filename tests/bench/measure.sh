#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benchmark itself, in the guest, or on this machine when ROOTFS is set: starts the servers
# and prints figures as lines "bench KEY=VALUE". tests/bench/run.sh sets the variables.
set -euo pipefail
: "$EXPORTER" "$FLOOR" "$LOAD" "$NODE_EXPORTER" "$ROUNDS" "$SCRAPES"
: "${BESIDE:=}" "${QUICK:=}" "${ROOTFS:=}"

say() { echo "bench: $*" >&2; }

declare -A pids=() ports=()
work=$(mktemp -d)
: >"$work/curl"

# listeners PORT: the inodes of the sockets that listen there, at whatever address (proc_net_tcp.rst).
listeners() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$(printf ':%04X' "$1")" \
		'$4 == "0A" && substr($2, length($2) - 4) == port { print "socket:[" $10 "]" }'
}

# Below the ports that the kernel gives to clients, one that nobody listens at and no server here has.
pick_port() {
	local port
	while true; do
		port=$((20000 + RANDOM % 10000))
		[[ " ${ports[*]} " = *" $port "* ]] || [ -n "$(listeners "$port")" ] || break
	done
	ports[$1]=$port
}

# owns NAME: it is our process that listens at the port, and no stranger who came first.
owns() {
	local of_port
	of_port=$(listeners "${ports[$1]}")
	[ -n "$of_port" ] && find "/proc/${pids[$1]}/fd" -printf '%l\n' 2>/dev/null | grep -qxF "$of_port"
}

stop() {
	local name pid i
	for name; do
		pid=${pids[$name]:-}
		[ -n "$pid" ] || continue
		kill "$pid" 2>/dev/null || true
		for ((i = 0; i < 100; i++)); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.05
		done
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		unset "pids[$name]"
	done
}
trap 'stop "${!pids[@]}"; rm -rf "$work"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

fail() {
	say "$1 failed"
	tail -n 20 "$work/$1.log" >&2
	exit 1
}

get() { curl -sS -f --max-time 30 "http://127.0.0.1:${ports[$1]}$2" 2>"$work/curl"; }

# start NAME PATH COMMAND...: at ${ports[NAME]}, until it answers for PATH.
start() {
	local name=$1 path=$2 i
	shift 2
	"$@" >"$work/$name.log" 2>&1 </dev/null &
	pids[$name]=$!
	for ((i = 0; i < 300; i++)); do
		kill -0 "${pids[$name]}" 2>/dev/null || fail "$name"
		if owns "$name" && get "$name" "$path" >/dev/null; then return 0; fi
		sleep 0.1
	done
	owns "$name" || say "it does not listen at port ${ports[$name]}"
	cat "$work/curl" >&2
	fail "$name"
}

# No VA driver: what a scrape costs is the matter, and not the work of a round of tests.
start_exporter() {
	local -x LIBVA_DRIVERS_PATH=/nonexistent

	pick_port "$1"
	start "$1" /-/ready "$2" "--web.listen-address=127.0.0.1:${ports[$1]}" \
		${ROOTFS:+"--path.rootfs=$ROOTFS"}
}

# start_floor GPUS: with the exporter's body. Counters have to be open, and the GPUs' names known,
# before that has its size. An exporter that finds too little would look fast.
start_floor() {
	local i
	for i in 1 2 3; do
		get exporter /metrics >"$work/body" || fail exporter
		sleep 0.3
	done
	if [ "$(grep -c '^intel_gpu_info{' "$work/body")" != "$1" ] ||
		grep '^intel_gpu_scrape_collector_success.* 0$' "$work/body" >&2; then
		say "not $1 GPU(s) with all collectors"
		fail exporter
	fi
	pick_port floor
	start floor /metrics "$FLOOR" "${ports[floor]}" "$work/body"
}

# measure OPTION... TARGET...: the client's lines.
measure() {
	local name
	"$LOAD" "$@" && return
	for name in "${!pids[@]}"; do tail -n 5 "$work/$name.log" | sed "s/^/$name: /" >&2; done
	say "a server or a scrape failed"
	exit 1
}

# target NAME SERVER [QUERY]: as the client takes it.
target() { echo "$1=${pids[$2]}:${ports[$2]}:/metrics${3:-}"; }

# measure_each PREFIX OPTION... -- SERVER...
measure_each() {
	local prefix=$1 name args=()
	shift
	while [ "$1" != -- ]; do args+=("$1"); shift; done
	shift
	for name; do args+=("$(target "$prefix$name" "$name")"); done
	measure "${args[@]}"
}

compare() {
	local servers=(exporter floor node_exporter) watched=() name
	start_exporter exporter "$EXPORTER"
	pick_port node_exporter
	start node_exporter /metrics "$NODE_EXPORTER" \
		"--web.listen-address=127.0.0.1:${ports[node_exporter]}"
	if [ -n "$BESIDE" ]; then
		start_exporter beside "$BESIDE"
		get beside /metrics >/dev/null
		servers+=(beside)
	fi
	start_floor 1
	say "back to back"
	measure_each '' -r "$ROUNDS" -n "$SCRAPES" -s 2 -- "${servers[@]}"
	say "after a rest"
	measure_each rested. -r "$rested_rounds" -n 1 -p "$rest_ms" -- "${servers[@]}"
	if compgen -G '/sys/bus/event_source/devices/i915*' >/dev/null; then
		intel_gpu_top -J -s 1000 >"$work/intel_gpu_top.log" 2>&1 </dev/null &
		pids[intel_gpu_top]=$!
		servers+=(intel_gpu_top)
		sleep 1
	fi
	say "without scrapes"
	for name in "${servers[@]}"; do watched+=("$name=${pids[$name]}"); done
	measure -i "$idle_s" "${watched[@]}"
	stop intel_gpu_top node_exporter beside
}

# Each collector alone, and none: what remains is HTTP, the runner and the exporter's own metrics.
collectors() {
	local name names args=() none=''
	names=$(sed -n 's/^intel_gpu_scrape_collector_[a-z]*{collector="\([^"]*\)".*/\1/p' \
		"$work/body" | sort -u)
	for name in $names; do
		[ "$name" != discovery ] || continue
		none+="&exclude[]=$name"
		args+=("$(target "collector.$name" exporter "?collect[]=$name")")
	done
	args+=("$(target collector.none exporter "?${none#&}")" "$(target collector.all exporter)")
	say "by collector"
	measure -r "$ROUNDS" -n "$SCRAPES" -s 0.5 "${args[@]}"
}

# What the collector check has done in a child, once a minute: the mean of ten runs.
checks() {
	local TIMEFORMAT='%U %S' user system i
	say "a run of the checks"
	read -r user system < <({ time for ((i = 0; i < 10; i++)); do
		"$EXPORTER" --check=rows ${ROOTFS:+"--path.rootfs=$ROOTFS"} >/dev/null 2>&1 || true
	done; } 2>&1)
	awk -v u="$user" -v s="$system" 'BEGIN { printf "bench checks.run_cpu_ms=%.1f\n", (u + s) * 100 }'
}

growth() {
	local gpus
	for gpus in $numbers; do
		stop exporter floor
		lab_unload
		lab_load "gpus=$gpus"
		start_exporter exporter "$EXPORTER"
		start_floor "$gpus"
		say "$gpus GPU(s)"
		measure_each "gpus$gpus." -r "$ROUNDS" -n "$SCRAPES" -s 1 -- exporter floor
		measure -i 1 "gpus$gpus.exporter=${pids[exporter]}" "gpus$gpus.floor=${pids[floor]}" |
			grep -F .rss_kb
	done
}

rested_rounds=15 rest_ms=1000 idle_s=15 numbers="1 2 4"
if [ -n "$QUICK" ]; then rested_rounds=2 rest_ms=100 idle_s=1 numbers=2; fi
if [ -n "$ROOTFS" ]; then
	echo "bench mode=host"
else
	echo "bench mode=lab"
	# shellcheck source=tests/lab/guest.sh
	. "$LAB_SRC/guest.sh"
	lab_load gpus=1
fi
revision=$("$EXPORTER" --version | sed "s/.*revision: \([^)]*\).*/\1/")
printf 'bench %s\n' "rounds=$ROUNDS" "cpus=$(nproc)" "kernel=$(uname -r)" "revision=$revision"
compare
collectors
checks
[ -n "$ROOTFS" ] || growth
stop exporter floor
