#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# format.sh ROOT: src/ and include/ are as .clang-format has them, to clang-format 14 (Debian 12's):
# another version may format the same style in another way.
# format.sh --self-test ROOT: a copy of a file with one blank too many is seen.
set -eu
self_test=
if [ "$1" = --self-test ]; then
  self_test=yes
  shift
fi
cd "$1"
format=$(command -v clang-format-14 || command -v clang-format) || { echo "skipped: no clang-format here"; exit 77; }
case $("$format" --version) in
  *"version 14."*) ;;
  *) echo "skipped: $("$format" --version), and not 14"; exit 77 ;;
esac
if [ -n "$self_test" ]; then
  copy=$(mktemp -d)
  trap 'rm -rf "$copy"' EXIT
  cp .clang-format "$copy"
  sed 's/ = /  = /' src/main.c >"$copy/main.c"
  if "$format" --dry-run -Werror "$copy/main.c" 2>/dev/null; then echo "blanks went unseen"; exit 1; fi
  exit 0
fi
find src include -name '*.[ch]' -exec "$format" --dry-run -Werror {} + ||
  { echo "format them with: $format -i FILE..."; exit 1; }
