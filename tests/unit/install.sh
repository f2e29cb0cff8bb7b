#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Does everything arrive where systemd, sysctl and people look for it, and is the unit one that
# systemd takes, and as closed as promised?
# usage: install.sh BUILD
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
bad() { echo "NOT OK: $*"; bad=1; }

put() { cmake --install "$build" "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }
unit=lib/systemd/system/intel-gpu-exporter.service
field() { sed -n "s/^$2=//p" "$1"; }

# expect ROOT CONFIG_DIR PREFIX: each file, and what the unit calls them.
expect() {
	local file root=$1 config=$2 prefix=$3
	for file in "$prefix"/bin/intel_gpu_{exporter,probe} "$prefix/$unit" \
		"$prefix/lib/sysctl.d/10-intel-gpu-exporter.conf" "$config/default/intel-gpu-exporter" \
		"$prefix"/share/doc/intel-gpu-exporter/{README.md,LICENSE} \
		"$prefix"/share/man/man1/intel_gpu_{exporter,probe}.1 "$prefix/share/intel-gpu-exporter/proxmox/intel-gpu-exporter-hook" \
		"$prefix"/share/bash-completion/completions/intel_gpu_{exporter,probe} \
		"$prefix"/share/zsh/site-functions/_intel_gpu_{exporter,probe}; do
		[ -f "$root$file" ] || bad "$prefix: no $file"
	done
	[ "$(field "$root$prefix/$unit" ExecStart)" = "$prefix/bin/intel_gpu_exporter \$ARGS" ] ||
		bad "$prefix: ExecStart=$(field "$root$prefix/$unit" ExecStart)"
	[ "$(field "$root$prefix/$unit" EnvironmentFile)" = "-$config/default/intel-gpu-exporter" ] ||
		bad "$prefix: EnvironmentFile=$(field "$root$prefix/$unit" EnvironmentFile)"
	[ "$(field "$root$prefix/$unit" Documentation)" = \
		"man:intel_gpu_exporter(1) file:$prefix/share/doc/intel-gpu-exporter/README.md" ] ||
		bad "$prefix: Documentation=$(field "$root$prefix/$unit" Documentation)"
	! grep -rn '@[A-Z_]*@' "$root$prefix/lib" || bad "$prefix: something was not filled in"
}

# links ROOT: does each link of a document lead to a file, and to a heading of it?
links() {
	local file target path anchor n=0
	while IFS=: read -r file target; do
		n=$((n + 1))
		path=${target%%#*} anchor=''
		[[ $target != *#* ]] || anchor=${target#*#}
		path=${path:+$(dirname "$file")/$path}
		path=${path:-$file}
		[ -e "$path" ] || bad "${file#"$1"}: a link to $target"
		[ -z "$anchor" ] || headings "$path" | grep -qxF -- "$anchor" ||
			bad "${file#"$1"}: no heading $anchor"
	done < <(find "$1" -name '*.md' -exec grep -oHP '\]\(\K(?!https?:)[^)]+' {} +)
	[ "$n" -ge 10 ] || bad "only $n links found"
}
# As GitHub makes anchors of them.
headings() { sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -d '\140?!.,:()'; }

for prefix in /usr /usr/local; do
	DESTDIR=$work/root put --prefix "$prefix"
	expect "$work/root" /etc "$prefix"
done
DESTDIR=$work/opt put --prefix /opt/exporter
expect "$work/opt" /opt/exporter/etc /opt/exporter
links "$work/root"
links "$work/opt"

# Uninstalled, nothing is left but flags that were changed, and what others have put there.
uninstall() { cmake --build "$build" --target uninstall >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }
left() { find "$1" -not -type d | sort; }
DESTDIR=$work/gone put --prefix /usr
DESTDIR=$work/gone put --prefix /usr
DESTDIR=$work/gone uninstall
[ -z "$(left "$work/gone")" ] || bad "uninstalled, and left are: $(left "$work/gone")"
[ -z "$(find "$work/gone" -name intel-gpu-exporter)" ] || bad "uninstalled, and directories of ours are left"
DESTDIR=$work/gone put --prefix /usr
: >"$work/gone/usr/share/intel-gpu-exporter/mine"
echo 'ARGS="--no-collector.idle"' >"$work/gone/etc/default/intel-gpu-exporter"
DESTDIR=$work/gone uninstall
[ "$(left "$work/gone" | xargs -n 1 basename | xargs)" = "intel-gpu-exporter mine" ] ||
	bad "uninstalled, and left are: $(left "$work/gone")"

# What the administrator has written stays; the rest is renewed.
echo 'ARGS="--no-collector.idle"' >"$work/root/etc/default/intel-gpu-exporter"
# CMake compares times, by the second.
: >"$work/root/usr/$unit" && touch -d '1 hour ago' "$work/root/usr/$unit"
DESTDIR=$work/root put --prefix /usr
grep -q no-collector.idle "$work/root/etc/default/intel-gpu-exporter" || bad "the flags were overwritten"
[ -s "$work/root/usr/$unit" ] || bad "the unit was not renewed"

# Where its program is: systemd looks for that, too. An unknown key is said, and no failure.
put --prefix "$work/here"
said=$(systemd-analyze verify --man=no "$work/here/$unit" 2>&1) || bad "systemd-analyze verify fails"
[ -z "$said" ] || bad "systemd-analyze verify: $said"
security=$(systemd-analyze security --offline=yes --no-pager --threshold=26 "$work/here/$unit") ||
	bad "more exposed than 2.6"
echo "$security" | tail -n 1
sysctl=$(sed 's/[#;].*//; /^ *$/d' "$work/here/lib/sysctl.d/10-intel-gpu-exporter.conf")
[ "$sysctl" = "kernel.perf_event_paranoid = 2" ] || bad "sysctl: $sysctl"
# Sourced by a shell the file must mean what systemd takes it for.
# shellcheck source=/dev/null
[ -z "$(. "$work/here/etc/default/intel-gpu-exporter" && echo "$ARGS")" ] ||
	bad "flags that nobody asked for"
exit $bad
