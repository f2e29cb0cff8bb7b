#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In an empty Debian: how long the README's first command takes from nothing to the first sample, and
# the second time. Three times what is promised is a failure.
set -euo pipefail
first_promised=120 second_promised=15
port=10057
log=$(mktemp)
quickstart=''

fail() {
	echo "first use: $*"
	cat "$log"
	exit 1
}

# QEMU takes connections before its guest does, so an answer is what counts.
sample() {
	timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 &&
		grep -q "^intel_gpu_up 1" <&3' sample "$port" 2>/dev/null
}

# Tenths of a second of the clock that is never set.
now() { awk '{ print int($1 * 10) }' /proc/uptime; }

serve() { # NAME PROMISED
	local begin took
	! sample || fail "something else serves port $port"
	echo "first use: $1 ..."
	begin=$(now)
	deploy/quickstart.sh >"$log" 2>&1 &
	quickstart=$!
	until sample; do
		kill -0 "$quickstart" 2>/dev/null || fail "$1 ended without a sample"
		took=$(($(now) - begin))
		[ "$took" -le $(($2 * 30)) ] || fail "$1: no sample after $((took / 10)) s; $2 s are promised"
		sleep 0.2
	done
	took=$(($(now) - begin))
	echo "first use: $1, first sample after $((took / 10)).$((took % 10)) s (promised: $2 s)"
	kill -TERM "$quickstart"
	wait "$quickstart" || true
	! sample || fail "$1 ended, and port $port still answers"
}

serve "from nothing" "$first_promised"
serve "second start" "$second_promised"
