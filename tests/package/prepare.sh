#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the root, what is the same for each commit: the tools, and two more Debians, an empty one as piuparts
# wants it and one that can be booted.
set -euo pipefail
started=$SECONDS
step() { printf '\n== package: %s (after %d s)\n' "$*" $((SECONDS - started)); }
cache=/var/cache/package

# Debian's way to say that packages start no service.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/unsafe-io
step "tools"
deploy/install-packages.sh deploy/packages.txt deploy/debian/packages.txt tests/package/tools.txt
mkdir -p "$cache"
stamp=$(stat -c %Y /var/tmp/debian.tar)
if [ "$(cat $cache/stamp 2>/dev/null)" != "$stamp" ]; then
	step "an empty Debian for piuparts, and one to boot"
	rm -rf "${cache:?}"/*
	# Under any other name it is taken for one that is not compressed.
	gzip -1 </var/tmp/debian.tar >$cache/base.tar.gz
	mkdir $cache/system
	tar -C $cache/system -xf /var/tmp/debian.tar --numeric-owner --exclude='./dev/*'
	chmod 755 $cache/system
	cp /etc/dpkg/dpkg.cfg.d/unsafe-io $cache/system/etc/dpkg/dpkg.cfg.d/
	echo "$stamp" >$cache/stamp
fi
step "done"
