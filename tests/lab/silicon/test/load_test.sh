#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The GPU in this machine's QEMU, without a guest: it is a device like any other, and another QEMU or
# a setting that is none is refused with one line.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
silicon=$here/..
boot=$("$silicon/../build.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # TEXT COMMAND...
	local text=$1
	shift
	if "$@"; then
		echo "ok: $text"
		passed=$((passed + 1))
	else
		echo "NOT OK: $text"
		sed 's/^/  | /' "$work/out"
		failed=$((failed + 1))
	fi
}

qemu() { # PLUGIN ARGUMENTS...: what the monitor shows of its devices
	local plugin=$1
	shift
	(echo info pci; echo quit) | timeout 30 qemu-system-x86_64 -accel tcg -S -nodefaults -display none \
		-monitor stdio -plugin "$plugin" "$@" >"$work/out" 2>&1 || true
}
shows() { grep -qF "$1" "$work/out"; }
refused() { # TEXT: that line, and no device
	grep -qE "$1" "$work/out" && ! grep -q "PCI device" "$work/out"
}

models=$(grep -oE '\{ 0x[0-9a-f]{4}, ' "$silicon/pci.c" | grep -oE '[0-9a-f]{4}')
for model in $models; do
	qemu "$boot/silicon.so" -device "silicon-$model,addr=2"
	check "$model is a PCI device" shows "PCI device 8086:$model"
done
qemu "$boot/silicon.so,aperture_mb=256" -device silicon-3e92,addr=2 -device silicon-9a49,addr=6
check "two at once" shows "PCI device 8086:9a49"
qemu "$boot/silicon.so,apperture_mb=256" -device silicon-3e92,addr=2
check "a setting that is none is refused" refused 'silicon: there is no setting apperture_mb=256'

mapfile -t rest < <(printf '%s\n' "$silicon"/*.c | grep -v '/qemu\.c$')
(cd "$work" && gcc -std=gnu17 -w -fPIC -c "${rest[@]}")
build() { # QEMU.C ARGUMENTS...: silicon.so with another qemu.c
	gcc -std=gnu17 -w -fPIC -shared -I"$silicon" -o "$work/silicon.so" "$@" "$work"/*.o
}

cat >"$work/version.c" <<-C
	static struct { long long major, minor, micro; } version = { 9, 1, 2 };
	static struct { void *qemu; char *package; } info = { &version, "" };
	void *other_version(void **errp) { return &info; }
C
build "$silicon/qemu.c" -Dqmp_query_version=other_version "$work/version.c"
qemu "$work/silicon.so" -device silicon-3e92,addr=2
check "another QEMU is refused" refused 'silicon: QEMU 9.1.2: only 7.2 and 10.0 are known'

# QEMUs of a known version whose objects are others: in the table each offset is 8 bytes off.
row='{ \([0-9]*, [0-9]*, [0-9]*\), \([0-9]*\), \([0-9]*\), \([0-9]*\) }'
for other in '\2 + 8, \3, \4' '\2 - 8, \3, \4' '\2, \3 + 8, \4' '\2, \3 - 8, \4' '\2, \3, \4 + 8'; do
	sed "s/$row/{ \\1, $other }/" "$silicon/qemu.c" >"$work/qemu.c"
	build "$work/qemu.c"
	qemu "$work/silicon.so" -device silicon-3e92,addr=2
	check "a QEMU with other objects is refused ($other)" refused 'PCIDevice(Class)? is not as measured'
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
