#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the root, without a network: starts containerd and Docker, and runs the cases. All of it are processes
# of run.sh's namespace, and end with it.
set -uo pipefail
cases=("$@")
[ ${#cases[@]} -gt 0 ] || cases=(images docker compose podman quadlet)
started=$SECONDS
step() { printf '\n== container: %s (after %d s)\n' "$*" $((SECONDS - started)); }

mount -t tmpfs tmpfs /run
ip link set lo up
export BUILDAH_ISOLATION=chroot PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PODMAN_IGNORE_CGROUPSV1_WARNING=1

start_docker() {
	# As in an init's: nothing here has more.
	containerd --config /dev/null --root /var/lib/containerd --state /run/containerd \
		--address /run/containerd/containerd.sock >/var/log/containerd.log 2>&1 &
	for ((i = 0; i < 300; i++)); do [ ! -S /run/containerd/containerd.sock ] || break; sleep 0.1; done
	dockerd --containerd /run/containerd/containerd.sock --storage-driver overlay2 \
		--host unix:///run/docker.sock >/var/log/dockerd.log 2>&1 &
	for ((i = 0; i < 600; i++)); do
		! docker version >/dev/null 2>&1 || return 0
		kill -0 $! 2>/dev/null || break
		sleep 0.1
	done
	tail -n 50 /var/log/containerd.log /var/log/dockerd.log
	echo "FAIL: docker does not start"
	exit 1
}

failed=''
step "starting Docker"
start_docker
for case in "${cases[@]}"; do
	step "$case"
	python3 "tests/container/$case.py" || failed+=" $case"
done
step "end"
# An engine removes the control groups of its containers.
docker ps -aq | xargs -r docker rm -f >/dev/null
podman rm -af >/dev/null 2>&1
[ -z "$failed" ] || { echo "container: failed:$failed"; tail -n 30 /var/log/dockerd.log; exit 1; }
echo "container: all passed"
