#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In a root: what needs the network. The mutable part of each run is a layer above it.
# usage: prepare.sh LIST...
set -euo pipefail
# Debian's way to say that packages start no service.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
deploy/install-packages.sh "$@"
rm /usr/sbin/policy-rc.d
