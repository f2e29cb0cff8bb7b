#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the root: what needs the network. Packages, and the base that the images are built on, with the packages
# that building one installs, so that a build later needs none.
set -euo pipefail
started=$SECONDS
step() { printf '\n== container: %s (after %d s)\n' "$*" $((SECONDS - started)); }

# Debian's way to say that packages start no service.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
# Packages that are installed are not kept, neither here nor in what images are built on.
echo 'APT::Keep-Downloaded-Packages "false";' >/etc/apt/apt.conf.d/keep-none
mount -t tmpfs tmpfs /run
step "packages"
deploy/install-packages.sh tests/container/buildah.txt
# While the first image is built, which also is downloads and dpkg, of another root directory.
deploy/install-packages.sh tests/container/engines.txt >/var/tmp/engines.log 2>&1 &
engines=$!
# Limits that are not above this process's own, which engines otherwise raise.
mkdir -p /etc/containers/containers.conf.d
cat >/etc/containers/containers.conf.d/tests.conf <<-CONF
	[containers]
	default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
	# Where the unified hierarchy has no controllers, because the old one has them.
	pids_limit = 0
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "file"
	runtime = "runc"
CONF

step "the base of the images"
export BUILDAH_ISOLATION=chroot
stamp=$(stat -c %Y /var/tmp/debian.tar)
if [ "$(buildah inspect --type image --format '{{index .OCIv1.Config.Labels "stamp"}}' localhost/debian:13 2>/dev/null)" != "$stamp" ]; then
	container=$(buildah from scratch)
	buildah add -q "$container" /var/tmp/debian.tar /
	buildah add -q "$container" /etc/apt/apt.conf.d/keep-none /etc/apt/apt.conf.d/
	buildah config --label "stamp=$stamp" "$container"
	buildah commit -q --rm "$container" localhost/debian:13
fi
build() { buildah build -q --layers --network host "$@" >/dev/null; }
# The stage of the image itself, so that its list of packages is one that an empty Debian is enough for.
build --file deploy/container/Containerfile --target packages --build-arg DEBIAN=localhost/debian:13 \
	--tag localhost/packages .
build --file tests/container/base.Containerfile --tag localhost/base . &
base=$!
build --file tests/container/arm64.Containerfile --target arm64-packages --tag localhost/arm64-packages .
wait "$base"
step "the engines"
wait "$engines" || { cat /var/tmp/engines.log; exit 1; }
buildah images --format '{{.Name}}:{{.Tag}} {{.Size}}' | grep localhost
step "done"
