#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In a booted Debian with nothing of ours: the package from a signed repository, from its installation to its
# purge. /srv/test has the repositories, /srv/source the source.
set -uo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root
cd /root || exit
failures=0
work=$(mktemp -d)
unit=intel-gpu-exporter
flags=/etc/default/intel-gpu-exporter
level=/proc/sys/kernel/perf_event_paranoid

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$work/said" 2>&1 </dev/null; then
		echo "ok: $what"
	else
		echo "NOT OK: $what"
		tail -n 40 "$work/said" | cut -c 1-300 | sed 's/^/  | /'
		failures=$((failures + 1))
	fi
}
fails() { ! "$@"; }
is() { [ "$1" = "$2" ] || { echo "\"$1\" instead of \"$2\""; return 1; }; }

# Every file and link, but for what is written all the time and what apt and dpkg know.
files() {
	find / -xdev \( -path /root -o -path /srv -o -path /tmp -o -path /var/tmp -o -path /var/log -o -path /var/cache \
		-o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd/random-seed -o -path /run \
		-o -path /proc -o -path /sys -o -path /dev -o -path /etc/apt \) -prune -o -printf '%y %p\n' | sort
}
# added: what is there and was not before.
added() { files | comm -13 "$work/before" - | grep -v '^d'; }
install_it() { apt-get install -y -q --no-install-recommends intel-gpu-exporter; }
scrape() { curl -sf "http://localhost:$1/metrics" | grep '^intel_gpu_exporter_build_info{'; }
# Debian 13's systemd applies sysctl.d again with each package that has files there, and refuses what comes more often
# than five times in ten seconds, which no machine but this one sees.
later() { systemctl reset-failed systemd-sysctl.service; }
version() { dpkg-query -W -f '${Version}' intel-gpu-exporter; }

# A file instead of the machine's own level, with what Proxmox VE's kernels start with.
echo 4 >/srv/level
mount --bind /srv/level $level || exit
files >"$work/before"
echo "# $(. /etc/os-release && echo "$PRETTY_NAME"), $(systemctl --version | head -n 1), as process 1: $(cat /proc/1/comm)"
check "nothing has failed so far" is "$(systemctl --failed --no-legend --plain)" ""

# The repository.
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
mkdir -p /etc/apt/keyrings
use() { rm -rf /srv/repository && cp -r "/srv/test/$1" /srv/repository && chown -R root: /srv/repository; }
use first
. /etc/os-release
sed "s/CODENAME/$VERSION_CODENAME/" /srv/repository/intel-gpu-exporter.sources \
	>/etc/apt/sources.list.d/intel-gpu-exporter.sources
cp /srv/test/other.asc /etc/apt/keyrings/intel-gpu-exporter.asc
check "a repository that another key has signed is refused" fails apt-get update -q
cp /srv/repository/intel-gpu-exporter.asc /etc/apt/keyrings/
apt-get update -q >"$work/update" 2>&1
check "ours is taken without a warning" fails grep -E '^[WEN]:' "$work/update"
use changed
check "a package that was changed is refused" fails install_it
use first

# Installation.
check "installed" install_it
check "the service runs, in its sandbox, and is scraped" sh /srv/source/deploy/debian/debian/tests/service
check "it is enabled at boot" test -L /etc/systemd/system/multi-user.target.wants/$unit.service
check "the sysctl is applied" is "$(cat $level)" 2
check "its files are as they were packed" is "$(dpkg --verify intel-gpu-exporter)" ""
check "the programs as well" env AUTOPKGTEST_TMP="$work" sh /srv/source/deploy/debian/debian/tests/programs
check "man finds both pages" man -w 1 intel_gpu_exporter intel_gpu_probe
check "and renders them" bash -c "MANWIDTH=80 man intel_gpu_exporter | grep -qx '       --web.listen-address=ADDRESS'"
check "apropos knows them" is "$(mandb -q && apropos -e -a intel_gpu_exporter prometheus | wc -l)" 1
check "completion in bash" python3 /srv/source/tests/package/completion.py bash
check "completion in zsh" python3 /srv/source/tests/package/completion.py zsh
grep -m 1 -A 1 '^  install -D -m 755 ' /usr/share/doc/intel-gpu-exporter/README.Debian >"$work/line"
check "README.Debian's line installs the hookscript" sh -e "$work/line"
check "which runs" /var/lib/vz/snippets/intel-gpu-exporter-hook 100 pre-start
rm -r /var/lib/vz
for file in dashboards/node.json prometheus/rules.yml proxmox/intel-gpu-exporter-hook; do
	check "there is $file" test -s "/usr/share/intel-gpu-exporter/$file"
done

later
# Upgrade: what the administrator has decided stays.
sed -i 's/^ARGS=.*/ARGS="--web.listen-address=:10058"/' $flags
systemctl disable -q $unit
cp $flags "$work/flags"
old=$(version)
use second
check "a newer version is there" apt-get update -q
check "upgraded" apt-get upgrade -y -q
check "it is the newer one" is "$(version)" "$old+next"
check "flags are as they were" cmp $flags "$work/flags"
check "the running service has them now" scrape 10058
check "it is still disabled at boot" is "$(systemctl is-enabled $unit)" disabled

later
# Removal and purge.
check "removed" apt-get remove -y -q intel-gpu-exporter
check "nothing listens" fails scrape 10058
check "the unit is gone" is "$(systemctl show -p LoadState --value $unit | sed s/masked/not-found/)" not-found
check "nothing but the flags is left" is "$(added | grep -v ' /var/lib/systemd/deb-systemd-helper-\| /etc/systemd/system/intel-gpu-exporter.service$')" "f $flags"
check "the sysctl is what it was" is "$(cat $level)" 4
check "purged" apt-get purge -y -q intel-gpu-exporter
check "nothing is left" is "$(added)" ""
check "nothing that was there is gone" is "$(files | comm -23 "$work/before" -)" ""
check "dpkg knows nothing of it" is "$(find /var/lib/dpkg -name '*intel-gpu-exporter*')" ""

later
# An administrator's own level has the last word.
echo 'kernel.perf_event_paranoid = 3' >/etc/sysctl.d/99-local.conf
echo 3 >$level
check "installed again" install_it
check "a later file below /etc/sysctl.d has the last word" is "$(cat $level)" 3
check "removed and purged at once" apt-get purge -y -q intel-gpu-exporter
check "also afterwards" is "$(cat $level)" 3
rm /etc/sysctl.d/99-local.conf
check "nothing is left of that either" is "$(added)" ""
check "no unit has failed" is "$(systemctl --failed --no-legend --plain)" ""

rm -r "$work"
echo "# booted system: $failures failures, $SECONDS s"
[ "$failures" = 0 ]
