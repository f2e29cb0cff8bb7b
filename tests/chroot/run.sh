#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command in an empty Debian, with a clone of this checkout as its directory.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
CHROOT_DIR=$(realpath -m "${CHROOT_DIR:-$repo/build/chroot}")

usage() {
	cat <<-TXT
	usage: tests/chroot/run.sh [--root DIR] [--archive] RELEASE [-- COMMAND [ARGUMENT...]]
	RELEASE is 12 (bookworm) or 13 (trixie). As root. The root directory has Debian's
	required packages and apt and nothing more; it comes from the mirrors that apt has
	here. The command's processes have their own process numbers and mounts, and end with
	it; the network is this machine's, its GPU is hidden. Without a command it only makes
	the archive (some 30 s), which later runs unpack in a second.
	  --root DIR  this root directory, made if it is not there, and kept; otherwise one of
	              the run's own
	  --archive   the archive is in it, too, as /var/tmp/debian.tar: an empty Debian to
	              make others from
	Environment: CHROOT_DIR has the archives (build/chroot), CHROOT_MIRROR is the URL of a
	Debian mirror, for machines whose own apt has none.
	TXT
}

say() { echo "chroot: $*" >&2; }
fail() { say "$*"; exit 125; }

root='' release='' with_archive=''
while [ $# -gt 0 ]; do
	case $1 in
	--root) [ $# -ge 2 ] || { usage >&2; exit 2; }; root=$(realpath -m "$2"); shift ;;
	--archive) with_archive=1 ;;
	--help) usage; exit 0 ;;
	--) shift; break ;;
	12|bookworm) release=bookworm ;;
	13|trixie) release=trixie ;;
	*) say "unknown option or release $1"; usage >&2; exit 2 ;;
	esac
	shift
done
[ -n "$release" ] || { usage >&2; exit 2; }
[ "$(id -u)" = 0 ] || fail "not root"
"$repo/deploy/install-packages.sh" "$here/packages.txt" || fail "packages are missing"

# mirror [-security]: where apt has Debian's archive from, or its security updates.
mirror() {
	local codename
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v of="^($codename|oldstable|stable|testing)$1\$" '$1 ~ of { print $2; exit }'
}

# What apt needs to know of the way to the mirrors, and of how old they may be.
apt_settings() {
	apt-config dump --no-empty --format '%F "%v";%n' Acquire |
		grep -E '^Acquire::(https?::|Check-|ForceIPv|Retries)' || true
}

make_archive() {
	local archive=$1 debian security lines
	debian=${CHROOT_MIRROR:-$(mirror '')}
	[ -n "$debian" ] || fail "apt has no mirror of Debian here; set CHROOT_MIRROR"
	security=$(mirror -security)
	lines=("deb $debian $release main" "deb $debian $release-updates main")
	[ -z "$security" ] || lines+=("deb $security $release-security main")
	mkdir -p "$CHROOT_DIR"
	say "making an empty Debian $release (about 30 s)"
	apt_settings >"$CHROOT_DIR/apt.conf"
	# Without a sync after each file: it is thrown away. Without our descriptors: it has apt's shell write to
	# one of its own, which is "cat >&10" when 9 are taken, and dash knows one digit.
	mmdebstrap --mode=root --variant=minbase --dpkgopt=force-unsafe-io \
		--aptopt="$CHROOT_DIR/apt.conf" $([[ ${lines[*]} != *https:* ]] || echo --include=ca-certificates) \
		"$release" "$archive.new.tar" "${lines[@]}" >"$CHROOT_DIR/$release.log" 2>&1 8>&- 9>&- ||
		{ cat "$CHROOT_DIR/$release.log" >&2; fail "mmdebstrap failed"; }
	mv "$archive.new.tar" "$archive"
}

# The last commit, as anybody gets it.
clone() {
	local to=$root/src/intel-gpu-exporter uncommitted
	if ! git -C "$repo" rev-parse --git-dir >/dev/null 2>&1; then
		mkdir -p "$to"
		tar -C "$repo" --exclude=./build -c . | tar -C "$to" -x
		return
	fi
	uncommitted=$(git -C "$repo" status --porcelain | wc -l)
	[ "$uncommitted" = 0 ] || say "$uncommitted files are changed and not committed: not in the clone"
	[ -e "$to" ] || git clone -q --no-hardlinks "$repo" "$to"
	git -C "$to" fetch -q "$repo" HEAD
	git -C "$to" reset -q --hard FETCH_HEAD
}

mkdir -p "$CHROOT_DIR"
archive=$CHROOT_DIR/$release.tar
# Who comes second waits, and finds it there.
exec 9>"$CHROOT_DIR/$release.lock"
flock 9
[ -e "$archive" ] || make_archive "$archive"
exec 9>&-
[ $# -gt 0 ] || exit 0

inside=''
cleanup() {
	# With its process 1, which dies with unshare(1), the kernel ends all others of the namespace.
	if [ -n "$inside" ] && kill -KILL "$inside" 2>/dev/null; then wait "$inside" 2>/dev/null || true; fi
	[ -z "$own" ] || rm -rf --one-file-system "$root"
}
own=''
if [ -z "$root" ]; then
	own=1
	root=$(mktemp -d "$CHROOT_DIR/root.XXXXXX")
fi
trap cleanup EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

mkdir -p "$root"
if [ ! -e "$root/etc/debian_version" ]; then
	tar -C "$root" -xf "$archive" --numeric-owner --exclude='./dev/*'
	chmod 755 "$root"
fi
if [ -n "$with_archive" ] && [ ! "$root/var/tmp/debian.tar" -ef "$archive" ]; then
	rm -f "$root/var/tmp/debian.tar"
	ln "$archive" "$root/var/tmp/debian.tar" 2>/dev/null || cp -p "$archive" "$root/var/tmp/debian.tar"
fi
# A name that the machine's own files know has to resolve there, too.
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
clone
unshare --mount --pid --fork --kill-child "$here/enter.sh" "$root" "$@" <&0 &
inside=$!
code=0
wait "$inside" || code=$?
inside=''
exit "$code"
