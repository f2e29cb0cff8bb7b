#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In an empty Debian 13: the first use, then the tests, and the emulated GPU in its kernel.
set -euo pipefail
started=$SECONDS
step() { printf '\n== Debian 13: %s (after %d s)\n' "$*" $((SECONDS - started)); }

# What an init would start: units and init scripts.
enabled() { find /etc/systemd/system /etc/rc?.d -type l -printf '%f\n' | sort -u; }

enabled >/tmp/enabled
step "first use"
tests/chroot/first_use.sh
step "unit, golden and integration tests, and the encode tests' driver"
tests/run.sh --only unit,golden,integration
# The first use has booted the lab already: an emulated GPU in Debian 13's kernel, in its QEMU.
ctest --test-dir build/release --output-on-failure --no-tests=error --no-label-summary -j 2 -L '^va$' -E '^va\.lab$'

step "what is enabled now, with all test packages"
find tests -name "*packages*.txt" -exec deploy/install-packages.sh {} +
# systemd's own and what sets up the machine at boot, which this one did not have: no servers.
enabled | comm -13 /tmp/enabled - | grep -vxE \
	'(getty@tty1|systemd-pstore|systemd-networkd-wait-online)\.service|remote-fs\.target|S[0-9]+(procps|x11-common)' >/tmp/new || true
if [ -s /tmp/new ]; then
	echo "packages of tests enabled what was not enabled before:"
	cat /tmp/new
	exit 1
fi
echo "nothing more than before"
step "done"
