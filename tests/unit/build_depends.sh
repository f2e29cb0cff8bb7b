#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Does the source package build with the libraries that deploy/packages.txt installs, and no others?
# usage: build_depends.sh SOURCE
set -euo pipefail
cd "$1"
# libc6-dev comes with build-essential, which no package names.
wanted=$(grep -oE '^lib[a-z0-9.+-]+-dev|^zlib1g-dev' deploy/packages.txt | grep -vx libc6-dev | sort)
found=$(sed -nE 's/^ +(lib[a-z0-9.+-]+-dev|zlib1g-dev).*/\1/p' deploy/debian/debian/control | sort)
[ -n "$wanted" ] && diff <(echo "$wanted") <(echo "$found") && exit
echo "NOT OK: deploy/debian/debian/control (>) has other libraries than deploy/packages.txt (<)"
exit 1
