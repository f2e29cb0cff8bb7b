#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# architecture.sh ROOT: the rules of the tree that a search can check. Prints each breach.
set -u
cd "$1" || exit 2
breaches=$(mktemp)
trap 'rm -f "$breaches"' EXIT

# breach MESSAGE: for every line on standard input.
breach() {
  sed "s|^|$1: |" >>"$breaches"
}

# code: of lines that grep found, those that are no comment.
code() {
  grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*|//)'
}

# includes FOLDER PATTERN: includes of that pattern in a folder's sources and headers.
includes() {
  grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" \
    "src/$1" "include/$1" 2>/dev/null
}

# Arrows point one way: base <- sources <- collectors <- scrape <- web; exposition beside sources.
upper='main|options|once|list_metrics'
includes base "(\.\./)*(sources|exposition|collectors|scrape|web|$upper)[/.]" |
  breach "base/ includes what stands above it"
includes sources "(\.\./)*(exposition|collectors|scrape|web|$upper)[/.]" |
  breach "sources/ includes what stands above it"
includes exposition "(\.\./)*(sources|collectors|scrape|web|$upper)[/.]" |
  breach "exposition/ includes more than base/"
includes collectors "(\.\./)*(scrape|web|$upper)[/.]" |
  breach "collectors/ includes what stands above it"
includes scrape "(\.\./)*(web|$upper)[/.]" | breach "scrape/ includes what stands above it"
includes web "(\.\./)*($upper)[/.]" | breach "web/ includes what stands above it"
includes "" '.*\.\./' | breach "a path that climbs hides an arrow"
# A private header is its folder's own.
private='src/|scrape/(job|runner)\.h|sources/proc/walk\.h|web/(alive|query|pages|page_files|connections)\.h'
grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*\"($private)" src include |
  breach "a private header of another folder"

# Libraries have one user each.
grep -rnE '#[[:space:]]*include[[:space:]]*[<"]microhttpd' src include | grep -v '^src/web/' |
  breach "libmicrohttpd outside of web/"
grep -rnE '#[[:space:]]*include[[:space:]]*[<"](libdrm/)?(xf86drm|pciaccess|drm)' src include |
  grep -v '^src/base/sys_linux\.c:' | breach "libdrm or libpciaccess outside of base/sys_linux.c"
grep -rnE '#[[:space:]]*include[[:space:]]*[<"]va/' src include | grep -v '^src/probe/' |
  breach "libva outside of the probe"

# What tests replace is reached through base/sys.h and base/fs.h only.
touch='fopen|opendir|openat|clock_gettime|perf_event_open|statfs'
grep -rnE "(^|[^_[:alnum:]])($touch)[[:space:]]*\(" src/sources src/collectors src/exposition |
  code | breach "a touch point that tests cannot replace"
grep -rnE '(^|[^_[:alnum:]])log_(debug|info|warn|error|write)[[:space:]]*\(' \
  src/sources src/collectors src/exposition | code | breach "a library module logs"
grep -rnE '(^|[^_[:alnum:]])(exit|_exit|abort|assert)[[:space:]]*\(' \
  src/sources src/collectors src/exposition src/scrape src/web | code |
  breach "the process ends within a request"
grep -rnE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif)' src | grep -v '^src/base/' |
  grep -vE 'ifndef [A-Z0-9_]+_H$' | breach "a conditional outside of base/"

# Files stay small, and say whose they are.
find src include -name '*.[ch]' | while read -r file; do
  lines=$(wc -l <"$file")
  [ "$lines" -le 450 ] || echo "$file: $lines lines" | breach "longer than 450 lines"
  head -n 1 "$file" | grep -qE '^(//|/\*) SPDX-License-Identifier: Apache-2\.0( \*/)?$' ||
    echo "$file" | breach "no SPDX line"
done
find src -name main.c | while read -r file; do
  [ "$(wc -l <"$file")" -le 150 ] || echo "$file" | breach "main.c is a table of contents"
done

cat "$breaches"
[ ! -s "$breaches" ]
