#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package of this checkout's last commit, in a Debian of tests/chroot of the release that it is for:
# builds it twice, and tries it.
# usage: run.sh RELEASE [CASE...]     12 or 13; all cases of package.sh, or some of them
#        run.sh both                  a repository of what the two have left
# build/package/RELEASE is kept: a second run takes half of the time. Remove it to begin anew.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
PACKAGE_DIR=$(realpath -m "${PACKAGE_DIR:-$repo/build/package}")
release=${1:?release}
shift
both=''
[ "$release" != both ] || both=1 release=13
root=$PACKAGE_DIR/$release

mkdir -p "$root"
exec 8>"$PACKAGE_DIR/$release.lock"
flock 8
# Control groups are the machine's: what a booted system has made there goes with it.
groups() { find /sys/fs/cgroup -maxdepth 2 -type d -name "package-test-$release*" 2>/dev/null | sort; }
trap 'groups | while read -r one; do find "$one" -depth -type d -exec rmdir {} \; ; done' EXIT
inside() { "$repo/tests/chroot/run.sh" --root "$root" --archive "$release" -- "$@" 8>&-; }
if [ -n "$both" ]; then
	rm -rf "$root/var/tmp/other"
	cp -r "$PACKAGE_DIR/12/var/tmp/packages" "$root/var/tmp/other"
	inside tests/package/both.sh
	exit
fi
inside tests/package/prepare.sh
inside tests/package/package.sh "$@"
