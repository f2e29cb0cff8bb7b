#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# registry.sh DIRECTORY: each collector's file has a line in the registry, and each line a file.
# registry.sh --self-test DIRECTORY: in a copy, a file without a line and a line without a file show.
set -u

check() {
  good=0
  for file in "$1"/*.c; do
    name=$(basename "$file" .c)
    case $name in attribute | collector | registry) continue ;; esac
    grep -qE "^[[:space:]]*X\($name\)" "$1/registry.c" ||
      { echo "$name.c has no line in registry.c"; good=1; }
    grep -q "const struct collector ${name}_collector = {" "$file" ||
      { echo "$name.c does not define ${name}_collector"; good=1; }
  done
  for name in $(sed -nE 's/^[[:space:]]*X\(([a-z_0-9]+)\).*/\1/p' "$1/registry.c"); do
    [ -f "$1/$name.c" ] || { echo "registry.c has $name, and there is no $name.c"; good=1; }
  done
  return $good
}

if [ "$1" != --self-test ]; then
  check "$1"
  exit
fi
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp "$2"/*.c "$copy"
check "$copy" || exit 1
echo 'const struct collector forgotten_collector = { 0 };' >"$copy/forgotten.c"
if check "$copy" >/dev/null; then echo "a file without a line went unseen"; exit 1; fi
rm "$copy/forgotten.c" "$copy/info.c"
if check "$copy" >/dev/null; then echo "a line without a file went unseen"; exit 1; fi
