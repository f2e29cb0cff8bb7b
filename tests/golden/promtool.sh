#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# promtool.sh FILE...: each must be a clean exposition to Prometheus' own checker.
set -u
PATH=$PATH:$(dirname "$0")/../../build/unpacked/usr/bin # see deploy/install-packages.sh
command -v promtool >/dev/null || { echo "promtool is missing: deploy/install-packages.sh tests/prometheus/packages.txt"; exit 1; }
[ $# -gt 0 ] || { echo "no file to check"; exit 1; }
good=0
for file; do
  said=$(promtool check metrics <"$file" 2>&1)
  status=$?
  if [ $status -ne 0 ] || [ -n "$said" ]; then
    printf '%s: exit %d\n%s\n' "$file" "$status" "$said"
    good=1
  fi
done
exit $good
