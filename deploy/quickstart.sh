#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the exporter and runs it: on this machine's Intel GPU, or, where there is none, on an
# emulated one in a virtual machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/.." && pwd)
default_port=10057

usage() {
	cat <<-TXT
	usage: deploy/quickstart.sh [--host | --scene NAME] [-- FLAG...]
	1. installs the Debian packages that are missing, and names them first
	2. builds the exporter in build/release
	3. runs it in the foreground on port $default_port until Ctrl-C
	Without an Intel GPU it boots a Debian kernel with an emulated one under QEMU and
	serves http://127.0.0.1:$default_port/ from there, with stand-ins for who uses it.
	  --host        insist on this machine, GPU or not
	  --scene NAME  the emulated GPU, even where there is a real one, and what is shown:
	                healthy  encode tests pass; a transcode in hardware, one in software
	                         (this is shown without --scene, too)
	                broken   the VA driver fails, all transcodes are in software: what
	                         the alert of lost acceleration is for
	  FLAG          for the exporter, see its --help; for another port:
	                deploy/quickstart.sh -- --web.listen-address=:10058
	TXT
}

say() { echo "quickstart: $*" >&2; }
fail() { say "$*"; exit 1; }
bad() { say "$*"; usage >&2; exit 2; }

host='' scene='' own=''
choose() {
	case $1 in
	healthy|broken) scene=$1 own=" --scene $1" ;;
	*) bad "--scene: \"$1\" is not healthy or broken" ;;
	esac
}
while [ $# -gt 0 ]; do
	case $1 in
	--host) host=1 own=" --host" ;;
	--scene) choose "${2-}"; shift ;;
	--scene=*) choose "${1#*=}" ;;
	--help|-h) usage; exit 0 ;;
	--) shift; break ;;
	*) bad "unknown option $1 (flags for the exporter come after --)" ;;
	esac
	shift
done
[ -z "$host" ] || [ -z "$scene" ] || bad "--scene shows an emulated GPU, --host takes this machine's"

has_intel_gpu() {
	local device vendor class
	for device in /sys/bus/pci/devices/*; do
		read -r vendor 2>/dev/null <"$device/vendor" || continue
		read -r class 2>/dev/null <"$device/class" || continue
		[[ $vendor = 0x8086 && $class = 0x03* ]] && return 0
	done
	return 1
}

# What the exporter's flags say about where it serves; $flags are the others.
addresses=() path=/metrics flags=()
read_flags() {
	while [ $# -gt 0 ]; do
		case $1 in
		--web.listen-address=*) addresses+=("${1#*=}") ;;
		--web.listen-address) addresses+=("${2-}"); shift ;;
		--web.telemetry-path=*) path=${1#*=}; flags+=("$1") ;;
		*) flags+=("$1") ;;
		esac
		shift || break
	done
	[ ${#addresses[@]} -gt 0 ] || addresses=(":$default_port")
}

# Sets $name and $port of an address.
split() {
	local wrong="--web.listen-address: \"$1\" is not HOST:PORT, [IPV6]:PORT or :PORT"
	[[ $1 =~ ^(\[[0-9a-fA-F:.]+\]|[^]:/[]*):([0-9]{1,5})$ ]] || bad "$wrong"
	name=${BASH_REMATCH[1]} port=$((10#${BASH_REMATCH[2]}))
	[ "$port" -lt 65536 ] || bad "$wrong"
}

# Whether somebody listens on an address that would be ours: only bind() itself knows all the rules.
# What else it refuses is for the exporter to say. Perl is on every Debian.
is_busy() {
	perl -MSocket=:all -MErrno -e '
		my ($name, $port) = @ARGV;
		$name =~ s/^\[(.*)\]$/$1/;
		for my $host ($name eq "" ? ("0.0.0.0", "::") : $name) {
			my ($error, @found) = getaddrinfo($host, $port, {flags => AI_PASSIVE,
				socktype => SOCK_STREAM});
			next unless @found;
			socket(my $s, $found[0]{family}, SOCK_STREAM, 0) or next;
			setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
			setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 1) if $found[0]{family} == AF_INET6;
			exit 0 if !bind($s, $found[0]{addr}) && $!{EADDRINUSE};
		}
		exit 1' "$1" "$2"
}

# Who listens there, where that may be known: " by NAME (process PID)".
who_has() {
	local inode fd pid name
	while read -r inode; do
		fd=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null) || true
		pid=${fd#/proc/} pid=${pid%%/*}
		[ -n "$pid" ] || continue
		read -r name <"/proc/$pid/comm"
		echo " by $name (process $pid)"
		return
	done < <(awk -v port="$(printf ':%04X' "$1")" '
		$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' \
		/proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

# Before anything takes time, and again after it did.
check_ports() {
	local address other
	for address in "${addresses[@]}"; do
		split "$address"
		if [ "$port" = 0 ] || ! is_busy "$name" "$port"; then continue; fi
		say "port $port is taken$(who_has "$port")"
		for ((other = port + 1; other < 65535; other++)); do is_busy "$name" $other || break; done
		[ -z "$scene" ] || name=''
		fail "another one: deploy/quickstart.sh$own -- --web.listen-address=$name:$other"
	done
}

# The emulated machine is reached by this one alone. For port 0 any is taken.
localize() {
	local i
	for i in "${!addresses[@]}"; do
		split "${addresses[i]}"
		case $name in
		''|0.0.0.0|'[::]'|127.0.0.1|localhost) ;;
		*) bad "the emulated machine is served on 127.0.0.1 alone, not on ${addresses[i]}: try --web.listen-address=:$port" ;;
		esac
		if [ "$port" = 0 ]; then
			port=$((20000 + RANDOM % 20000))
			while is_busy 127.0.0.1 "$port"; do port=$((port + 1)); done
		fi
		addresses[i]=127.0.0.1:$port
	done
}

# Where people find it.
announce() {
	local address
	for address in "${addresses[@]}"; do
		split "$address"
		case $name in ''|0.0.0.0) name=127.0.0.1 ;; '[::]') name='[::1]' ;; esac
		[ "$port" = 0 ] || say "$1: http://$name:$port/ in a browser, curl http://$name:$port$path"
	done
}

cd "$repo"
read_flags "$@"
if [ -z "$host$scene" ] && ! has_intel_gpu; then
	scene=healthy
	say "no Intel GPU on this machine: an emulated one is shown (--host insists on this machine)"
fi
[ -z "$scene" ] || localize
check_ports
if [ -n "$scene" ]; then
	fails=$([ "$scene" != broken ] || echo ", which fails on purpose")
	say "scene \"$scene\"; nothing in it is real hardware. Real: Debian's kernel and its own i915 driver. Emulated: the GPU. Stand-ins: who uses it, and the project's own test driver for the encode tests$fails"
fi
packages=(deploy/packages.txt)
[ -z "$scene" ] || packages+=(tests/lab/packages.txt tests/lab/demo-packages.txt)
deploy/install-packages.sh "${packages[@]}"

say "building in build/release"
mkdir -p build
{ cmake --preset release -DBUILD_TESTING=OFF "-DDEMO=$([ -n "$scene" ] && echo ON || echo OFF)" &&
	cmake --build --preset release; } \
	>build/quickstart.log 2>&1 || { cat build/quickstart.log >&2; fail "the build failed"; }
exporter=$repo/build/release/intel_gpu_exporter
check_ports

if [ -z "$scene" ]; then
	announce "running it here"
	exec "$exporter" "$@"
fi
forwards=()
for address in "${addresses[@]}"; do
	port=${address##*:}
	[[ " ${forwards[*]} " = *" $port:$port "* ]] || {
		forwards+=(--forward "$port:$port")
		flags=("--web.listen-address=:$port" "${flags[@]}")
	}
done
# Said now, not by a machine that has booted for it.
"$exporter" "${flags[@]}" --version >/dev/null
announce "booting the emulated machine (about 10 s); then"
exec tests/lab/run.sh --timeout 0 --gpu 3e92 --gpu-set display=1 "${forwards[@]}" --env "EXPORTER=$exporter" \
	--env "VA_DRIVER=$repo/build/release/tests/va_driver/fake_drv_video.so" \
	-- /usr/bin/python3 -B "$repo/tests/lab/demo.py" "$scene" "${flags[@]}"
