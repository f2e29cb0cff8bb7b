#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages of the last commit.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)

usage() {
	cat <<-TXT
	usage: deploy/debian/build.sh [--release 12|13] [--out DIR] [--version] [-- OPTION...]
	Builds the source package and the package for the Debian that it runs on, which installs
	what is missing first. Two builds of one commit are equal, wherever and whenever.
	  --release R  for Debian 12 or 13, in a root directory of its own, as root: made below
	               build/package and kept
	  --out DIR    where the packages go (build/deb)
	  --version    print the version that the package would have here, and build nothing
	  OPTION       for dpkg-buildpackage, such as -b: no source package
	The version is that of CMakeLists.txt; after it +gitDATE.COMMIT where the commit has no tag
	vVERSION, and the Debian that the package is for. Beside each package is its SBOM, in SPDX 2.3.
	TXT
}

release='' only_version='' out=$repo/build/deb
while [ $# -gt 0 ]; do
	case $1 in
	--release|--out) [ $# -ge 2 ] || { usage >&2; exit 2; } ;;&
	--release) release=$2; shift ;;
	--out) out=$(realpath -m "$2"); shift ;;
	--version) only_version=1 ;;
	--help|-h) usage; exit 0 ;;
	--) shift; break ;;
	*) echo "build.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
	esac
	shift
done
if [ -n "$release" ]; then
	root=$repo/build/package/$release
	mkdir -p "$out"
	"$repo/tests/chroot/run.sh" --root "$root" "$release" -- deploy/debian/build.sh --out /var/tmp/deb -- "$@"
	cp "$root"/var/tmp/deb/* "$out/"
	rm -r "$root/var/tmp/deb"
	exit
fi

cd "$repo"
# shellcheck source=/dev/null
. /etc/os-release
# Another user's checkout is fine.
git() { command git -c safe.directory='*' "$@"; }
version=$(deploy/version.sh)
epoch=$(git log -1 --format=%ct)
upstream=$version
[ "$(git tag --points-at HEAD "v$version")" = "v$version" ] ||
	upstream+=+git$(date -u -d "@$epoch" +%Y%m%d%H%M).$(git rev-parse --short=7 HEAD)
debian=$upstream-1~deb${VERSION_ID}u1
[ -z "$only_version" ] || { echo "$debian"; exit; }

deploy/install-packages.sh deploy/packages.txt deploy/debian/packages.txt
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
git archive --format=tar --prefix="intel-gpu-exporter-$upstream/" HEAD |
	gzip -9n >"$work/intel-gpu-exporter_$upstream.orig.tar.gz"
tar -C "$work" -xf "$work/intel-gpu-exporter_$upstream.orig.tar.gz"
cd "$work/intel-gpu-exporter-$upstream"
mv deploy/debian/debian debian.new
mkdir -p deploy/debian/debian && cp -r debian.new/. deploy/debian/debian/ && mv debian.new debian
cat >debian/changelog <<-TXT
	intel-gpu-exporter ($debian) $VERSION_CODENAME; urgency=medium

	  * Version $upstream; changelog.gz has what users see.

	 -- $(sed -n 's/^Maintainer: //p' debian/control)  $(date -u -R -d "@$epoch")
TXT
dpkg-buildpackage -us -uc "$@"
cd "$work"
for deb in intel-gpu-exporter_*.deb; do
	"$here/sbom.py" "$deb" ./*.buildinfo >"${deb%.deb}.spdx.json"
done
find . -maxdepth 1 -type f -exec cp {} "$out/" \;
