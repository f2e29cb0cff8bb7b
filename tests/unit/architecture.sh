#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# architecture.sh ROOT BUILD: the rules of the tree that a search can check. Prints the graph of the
# rooms, which are the directories of src/, as includes and compiled calls have it, and each breach.
# architecture.sh --self-test ROOT BUILD: in a copy, every arrow turned round is a breach.
set -u
self_test=
if [ "$1" = --self-test ]; then
  self_test=yes
  shift
fi
cd "$1" || exit 2
build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
breaches=$scratch/breaches
: >"$breaches"

# What each room may include and call. No circle: a room is understood with those to its right alone.
cat >"$scratch/arrows" <<'END'
sources/gpu: base
sources/proc: base sources/gpu
sources/workload: base sources/gpu sources/proc
sources/transcode: base sources/gpu sources/proc sources/workload
sources/vaapi: base sources/gpu
sources/kubelet: base
sources/doctor: base
exposition: base
collectors: base exposition sources/gpu sources/proc sources/workload sources/transcode sources/vaapi sources/kubelet sources/doctor
check: base sources/gpu sources/workload sources/vaapi
scrape: base exposition collectors sources/gpu sources/proc sources/workload sources/vaapi sources/kubelet sources/doctor
web: base exposition collectors scrape
main: base check collectors scrape web sources/gpu sources/transcode sources/vaapi sources/doctor
probe/base: base sources/proc sources/vaapi
probe/h264: base probe/base
probe/hevc: base probe/base
probe/vp9: base probe/base
probe/av1: base probe/base
probe/jpeg: base probe/base
probe: base sources/vaapi probe/base probe/h264 probe/hevc probe/vp9 probe/av1 probe/jpeg
END

# room() of a file: its directory below src/ or include/, "main" for those that are in none.
room='function room(path) {
  sub(/^(src|include)\//, "", path)
  return sub(/\/[^\/]*$/, "", path) ? path : "main"
}'

# include_arrows ROOT: "from to" of each include. A header without a directory lies beside the file,
# or else it is one of main's, of which nobody else may have any.
include_arrows() (
  cd "$1" || exit 2
  find src -name '*.h' >"$scratch/headers"
  grep -rHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' src include |
    awk "$room"'
      NR == FNR { is_there[$0]; next }
      { file = header = $0
        sub(/:.*/, "", file); sub(/^[^"]*"/, "", header); sub(/".*/, "", header)
        beside = file; sub(/[^\/]*$/, header, beside)
        print room(file), index(header, "/") || !(beside in is_there) ? room(header) : room(file) }' \
      "$scratch/headers" -
)

# symbols: "file type name" of what each object of src/ defines and needs.
symbols() {
  (cd "$build/CMakeFiles" && find . -path './*.dir/src/*.c.o') | while read -r object; do
    source=${object#./*.dir/}
    # What has moved since leaves its object behind.
    [ -f "${source%.o}" ] && nm "$build/CMakeFiles/$object" | sed "s|^[0-9a-f ]*|${source%.o} |"
  done
}

# calls: "from to" of files, from symbols on standard input.
calls() {
  awk '$2 ~ /^[TDBRV]$/ { file[$3] = $1 }
       $2 == "U" { from[++n] = $1; name[n] = $3 }
       END { for (i = 1; i <= n; i++)
               if (name[i] in file && file[name[i]] != from[i]) print from[i], file[name[i]] }' |
    sort -u
}

call_arrows() {
  awk "$room"'{ print room($1), room($2) }'
}

# unlisted WHAT: arrows on standard input that are not in the table.
unlisted() {
  awk -v what="$1" 'NR == FNR { sub(/:/, "", $1); for (i = 2; i <= NF; i++) may[$1 " " $i]; next }
    $1 != $2 && !(($1 " " $2) in may) && !seen[$0]++ { print $1 "/ " what " " $2 "/" }' \
    "$scratch/arrows" -
}

# breach MESSAGE: for every line on standard input.
breach() {
  sed "s|^|$1: |" >>"$breaches"
}

# code: of lines that grep found, those that are no comment.
code() {
  grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*|//)'
}

# includes DIRECTORY PATTERN: includes of that pattern in a directory's sources and headers.
includes() {
  grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" \
    "src/$1" "include/$1" 2>/dev/null
}

include_arrows . >"$scratch/includes"
symbols >"$scratch/symbols"
calls <"$scratch/symbols" >"$scratch/calls"

if [ -n "$self_test" ]; then
  mkdir "$scratch/copy"
  cp -r src include "$scratch/copy"
  copy=$scratch/copy
  good=0
  n=0
  # bad MESSAGE
  bad() {
    echo "$1"
    good=1
  }
  [ -z "$(include_arrows "$copy" | unlisted includes)" ] || bad "the copy is red before anything"
  while IFS=: read -r from uses; do
    for to in $uses; do
      n=$((n + 1))
      [ "$to" = main ] && continue
      header=$from/any.h
      [ "$from" = main ] && header=options.h
      echo "#include \"$header\"" >"$copy/src/$to/reversed.c"
      include_arrows "$copy" | unlisted includes | grep -qxF "$to/ includes $from/" ||
        bad "an include from $to/ to $from/ went unseen"
      rm "$copy/src/$to/reversed.c"
      name=$(awk -v from="$from" "$room"'room($1) == from && $2 == "T" && $3 != "main" {
        print $3; exit }' "$scratch/symbols")
      { cat "$scratch/symbols"; echo "src/$to/reversed.c U $name"; } | calls | call_arrows |
        unlisted calls | grep -qxF "$to/ calls $from/" ||
        bad "a call from $to/ to $from/ ($name) went unseen"
    done
  done <"$scratch/arrows"
  # fs.c calls text.c: the other way round it is a circle within a room.
  { cat "$scratch/symbols"; echo "src/base/text.c U fs_new"; } | calls | tsort >/dev/null 2>&1 &&
    bad "a circle within a room went unseen"
  echo "$n arrows turned round, as an include and as a call"
  exit $good
fi

unlisted includes <"$scratch/includes" | breach "an arrow that is not listed"
call_arrows <"$scratch/calls" | unlisted calls | breach "an arrow that is not listed"
tsort "$scratch/calls" 2>&1 >/dev/null | sed 's/^tsort: //' | breach "files call each other in a circle"
[ -s "$scratch/calls" ] || echo "$build" | breach "no objects, so no calls, in"
echo "room -> room (includes, calls between files)"
{
  awk '$1 != $2 { print $0, "i" }' "$scratch/includes"
  call_arrows <"$scratch/calls" | awk '$1 != $2 { print $0, "c" }'
} | awk '{ n[$1 " -> " $2, $3]++; all[$1 " -> " $2] }
  END { for (a in all) print a " (" n[a, "i"] + 0 ", " n[a, "c"] + 0 ")" }' | sort

includes "" '.*\.\./' | breach "a path that climbs hides an arrow"
# A private header is its directory's own.
private='src/|base/fs_(names|open)\.h|sources/gpu/pmu_state\.h|scrape/(absence|job|prober_log|rounds|runner)\.h|sources/proc/(walk|module_refs)\.h|sources/kubelet/list_call\.h|sources/workload/json\.h|web/(alive|query|pages|page_files|connections)\.h'
grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*\"($private)" src include |
  breach "a private header of another directory"

# Libraries have one user each.
grep -rnE '#[[:space:]]*include[[:space:]]*[<"]microhttpd' src include | grep -v '^src/web/' |
  breach "libmicrohttpd outside of web/"
grep -rnE '#[[:space:]]*include[[:space:]]*[<"]nghttp2' src include | grep -v '^src/sources/kubelet/list_call\.c:' |
  breach "libnghttp2 outside of sources/kubelet/list_call.c"
grep -rnE '#[[:space:]]*include[[:space:]]*[<"]jansson' src include | grep -vE '^src/(sources/workload/json\.h|check/print_json\.c):' |
  breach "libjansson outside of sources/workload/json.h and check/print_json.c"
grep -rnE '#[[:space:]]*include[[:space:]]*[<"](libdrm/)?(xf86drm|pciaccess|drm)' src include |
  grep -vE '^src/(base/sys_linux|probe/product)\.c:' |
  breach "libdrm outside of base/sys_linux.c, or libpciaccess outside of the probe"
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
