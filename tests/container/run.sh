#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The images, Docker, Compose and Podman for real: in a Debian 13 of tests/chroot, with mounts and
# processes of its own, and, once everything is installed, with no network but its own loopback.
# usage: run.sh [CASE...]     all of images docker compose podman quadlet, or some of them
# build/container/root is kept: a second run takes a third of the time. Remove it to begin anew.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
CHROOT_DIR=$(realpath -m "${CHROOT_DIR:-$repo/build/chroot}")
CONTAINER_DIR=$(realpath -m "${CONTAINER_DIR:-$repo/build/container}")
export CHROOT_DIR
root=$CONTAINER_DIR/root

# Two at a time would start two engines on one directory.
mkdir -p "$root"
exec 8>"$CONTAINER_DIR/lock"
flock 8
# Control groups are the machine's. Those that the engines make are gone with them.
groups() { find /sys/fs/cgroup -maxdepth 2 -type d \( -name docker -o -name libpod_parent \) 2>/dev/null | sort; }
before=$(groups)
trap 'comm -13 <(echo "$before") <(groups) | while read -r new; do find "$new" -depth -type d -exec rmdir {} \;; done' EXIT
# The archive is the base of the images, as from a registry: an empty Debian.
inside() { "$repo/tests/chroot/run.sh" --root "$root" --archive 13 -- "$@" 8>&-; }
inside tests/container/prepare.sh
# As in an LXC container, which is a machine to the exporter: whoever sees process 1 sees all processes.
inside unshare --net --pid --fork --kill-child --mount-proc env container=lxc tests/container/engines.sh "$@"
