#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the images from this checkout.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)

usage() {
	cat <<-TXT
	usage: deploy/container/build.sh [--va] [--engine ENGINE] [-- OPTION...]
	Builds IMAGE:VERSION, the exporter; with --va IMAGE:VERSION-va, which has Intel's VA
	driver, too. Two builds by buildah or podman of one commit on one base are equal.
	  --engine ENGINE  docker, podman or buildah; otherwise the first of them that is here
	  OPTION           for the engine's build command, such as --build-arg
	                   VA_DRIVER=intel-media-va-driver-non-free, which lists more encoders
	Environment: IMAGE (intel-gpu-exporter), DEBIAN (debian:13-slim) is what it is built on, SOURCE
	the URL of the source for the image's label.
	TXT
}

engine='' target=exporter suffix=''
while [ $# -gt 0 ]; do
	case $1 in
	--va) target=exporter-va suffix=-va ;;
	--engine) [ $# -ge 2 ] || { usage >&2; exit 2; }; engine=$2; shift ;;
	--help|-h) usage; exit 0 ;;
	--) shift; break ;;
	*) echo "build.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
	esac
	shift
done
for one in docker podman buildah; do
	[ -n "$engine" ] || ! command -v $one >/dev/null || engine=$one
done
[ -n "$engine" ] || { echo "build.sh: no docker, podman or buildah here" >&2; exit 1; }

cd "$repo"
version=$(deploy/version.sh)
revision=$(git --git-dir=.git describe --always --dirty --exclude='*' --abbrev=12 2>/dev/null) || revision=''
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git --git-dir=.git log -1 --format=%ct 2>/dev/null || echo 0)}
options=(--file deploy/container/Containerfile --target $target --tag "${IMAGE:-intel-gpu-exporter}:$version$suffix"
	--build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "SOURCE=${SOURCE:-}"
	--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH")
[ -z "${DEBIAN:-}" ] || options+=(--build-arg "DEBIAN=$DEBIAN")
# The time of every file.
[ "$engine" = docker ] || options+=(--timestamp "$SOURCE_DATE_EPOCH")
exec "$engine" build "${options[@]}" "$@" .
