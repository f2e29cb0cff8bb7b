#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# promtool.sh ARGUMENT...: promtool, and a clear word where there is none.
PATH=$PATH:$(dirname "$0")/../../build/unpacked/usr/bin # see deploy/install-packages.sh
command -v promtool >/dev/null || { echo "promtool is missing: deploy/install-packages.sh tests/prometheus/packages.txt"; exit 1; }
exec promtool "$@"
