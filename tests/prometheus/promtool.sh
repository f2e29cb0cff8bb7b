#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# promtool.sh ARGUMENT...: promtool, and a clear word where there is none.
command -v promtool >/dev/null || { echo "promtool is missing: Debian package prometheus"; exit 1; }
exec promtool "$@"
