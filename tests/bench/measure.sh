#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benchmark itself, in the guest, or on this machine when ROOTFS is set: starts the servers
# and prints figures as lines "bench KEY=VALUE". tests/bench/run.sh sets the variables.
set -euo pipefail
: "$EXPORTER" "$FLOOR" "$LIMIT" "$LOAD" "$NODE_EXPORTER" "$ROUNDS" "$SCRAPES"
: "${BESIDE:=}" "${QUICK:=}" "${ROOTFS:=}"

say() { echo "bench: $*" >&2; }

declare -A pids=() ports=()
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
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

# start_limit: the fewest system calls for the same data, which is what the exporter keeps open.
start_limit() {
	local files
	mapfile -t files < <(find "/proc/${pids[exporter]}/fd" -lname "${ROOTFS:-}/sys/*" -printf '%l\n')
	[ ${#files[@]} -gt 0 ] || { say "the exporter keeps no file open"; exit 1; }
	pick_port limit
	start limit /metrics "$LIMIT" "${ports[limit]}" "$work/body" "${files[@]}"
	echo "bench limit.files=${#files[@]}"
}

# urls NAME N: the same address N times: one connection for all.
urls() {
	local i
	for ((i = 0; i < $2; i++)); do echo "http://127.0.0.1:${ports[$1]}/metrics"; done
}

# count_calls SERVER...: of a scrape.
count_calls() {
	local name calls
	for name; do
		calls=$(/usr/bin/python3 -B "$tests/bench/calls.py" "${pids[$name]}" "${ports[$name]}")
		echo "bench $name.calls=$calls"
	done
}

# memory SERVER...: what is its own, and its share of what others have mapped, too.
memory() {
	local name
	for name; do
		awk -v name="$name" '/^Pss:/ { pss = $2 } /^Private_/ { uss += $2 }
			END { printf "bench %s.pss_kb=%d\nbench %s.uss_kb=%d\n", name, pss, name, uss }' \
			"/proc/${pids[$name]}/smaps_rollup"
	done
}

# cpu_ns SERVER: of its threads.
cpu_ns() { cat "/proc/${pids[$1]}/task/"*/schedstat | awk '{ ns += $1 } END { printf "%.0f", ns }'; }

# scrapers: what a scrape costs when several ask at the same time, each 50 times.
scrapers() {
	local k i before n=50 clients
	say "several scrapers"
	for k in 1 4 16 40; do
		before=$(cpu_ns exporter)
		clients=()
		for ((i = 0; i < k; i++)); do
			# One address has 32 connections at most.
			# shellcheck disable=SC2046 # words
			curl -sS --interface "127.0.0.$((2 + i % 4))" -o /dev/null \
				$(urls exporter $n | sed '2,$s/^/-o \/dev\/null /') &
			clients+=($!)
		done
		wait "${clients[@]}"
		awk -v k="$k" -v n=$n -v us="$((($(cpu_ns exporter) - before) / 1000))" \
			'BEGIN { printf "bench scrapers%d.exporter.cpu_us=%.1f\n", k, us / k / n }'
	done
}

# instructions NAME COMMAND...: in user space, of a scrape: 40 less 20 of them. @port@ is its port.
instructions() {
	local name=$1 n counted=() pid i
	shift
	command -v valgrind >/dev/null || return 0
	for n in 20 40; do
		pick_port counted
		valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \
			"${@//@port@/${ports[counted]}}" >"$work/counted" 2>&1 </dev/null &
		pid=$!
		for ((i = 0; i < 300; i++)); do
			get counted /metrics >/dev/null && break
			sleep 0.1
		done
		# shellcheck disable=SC2046 # words
		curl -sS -o /dev/null $(urls counted $((n + 5)) | sed '2,$s/^/-o \/dev\/null /')
		kill "$pid"
		wait "$pid" || true
		counted+=("$(sed -n 's/.*I *refs: *//p' "$work/counted" | tr -d ,)")
	done
	echo "bench $name.instructions=$(((counted[1] - counted[0]) / 20))"
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
	local servers=(exporter floor node_exporter) watched=() others=() name
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
	start_limit
	servers+=(limit)
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
	say "system calls and memory"
	[ -z "${pids[beside]:-}" ] || others=(beside)
	memory exporter floor limit node_exporter "${others[@]}"
	if command -v strace >/dev/null; then count_calls exporter floor limit "${others[@]}"; fi
	stop intel_gpu_top node_exporter beside
	if [ -n "$ROOTFS" ]; then
		say "instructions"
		instructions exporter "$EXPORTER" --web.listen-address=127.0.0.1:@port@ "--path.rootfs=$ROOTFS"
		instructions floor "$FLOOR" @port@ "$work/body"
	fi
	scrapers
	stop limit
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

# copy_gpus N: a copy of the machine with so many of its GPU, in $work/machine.
copy_gpus() {
	local i first=0000:00:02.0 bus=sys/bus/pci/devices devices card pci
	rm -rf "$work/machine"
	cp -a "$machine" "$work/machine"
	chmod -R u+w "$work/machine"
	(
		cd "$work/machine"
		devices=$(dirname "$(readlink -f "$bus/$first")")
		card=$(basename "$devices/$first/drm/"card[0-9])
		for ((i = 1; i < $1; i++)); do
			pci=$(printf '0000:%02x:00.0' $((0x40 + i)))
			cp -a "$devices/$first" "$devices/$pci"
			mv "$devices/$pci/drm/$card" "$devices/$pci/drm/card$((40 + i))"
			mv "$devices/$pci/drm/renderD128" "$devices/$pci/drm/renderD$((140 + i))"
			ln -s "$(readlink "$bus/$first" | sed "s/$first/$pci/")" "$bus/$pci"
			ln -s "../../devices/$(basename "$devices")/$pci/drm/card$((40 + i))" \
				"sys/class/drm/card$((40 + i))"
		done
	)
}

# The same of a copied tree, whose files are cheaper than sysfs.
host_growth() {
	local gpus machine=$ROOTFS
	for gpus in 0 1 2 4 8; do
		stop exporter floor
		ROOTFS=${machine%/*}/no-intel-gpu
		if [ "$gpus" -gt 0 ]; then
			copy_gpus "$gpus"
			ROOTFS=$work/machine
		fi
		start_exporter exporter "$EXPORTER"
		start_floor "$gpus"
		say "$gpus GPU(s)"
		measure_each "gpus$gpus." -r "$ROUNDS" -n "$SCRAPES" -s 1 -- exporter floor
		measure -i 1 "gpus$gpus.exporter=${pids[exporter]}" "gpus$gpus.floor=${pids[floor]}" |
			grep -F .rss_kb
	done
	ROOTFS=$machine
}

# The same with processes and DRM clients of theirs, "PROCESSES:CLIENTS". What has just come is looked at more often, and
# what is measured is what it costs later.
crowds() {
	local crowd machine=$ROOTFS
	for crowd in $crowds; do
		stop exporter floor
		copy_gpus 1
		python3 -B "$tests/support/many_processes.py" "$work/machine" "${crowd%:*}" "${crowd#*:}"
		ROOTFS=$work/machine
		start_exporter exporter "$EXPORTER"
		start_floor 1
		say "${crowd%:*} processes, ${crowd#*:} clients"
		sleep "$young_s"
		measure_each "crowd$crowd." -r "$ROUNDS" -n "$SCRAPES" -s 1 -- exporter
		measure -i 1 "crowd$crowd.exporter=${pids[exporter]}" | grep -F .rss_kb
	done
	ROOTFS=$machine
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

rested_rounds=15 rest_ms=1000 idle_s=15 numbers="1 2 4" young_s=11
crowds="0:0 500:0 2000:0 10000:0 2000:100 2000:1000 2000:5000"
if [ -n "$QUICK" ]; then rested_rounds=2 rest_ms=100 idle_s=1 numbers=2 young_s=0 crowds=20:5; fi
# A quarter of them is for clients.
ulimit -n "$(ulimit -Hn)"
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
if [ -n "$ROOTFS" ]; then
	host_growth
	crowds
else
	growth
fi
stop exporter floor
