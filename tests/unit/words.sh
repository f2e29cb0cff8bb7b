#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# words.sh ROOT: words that were replaced by the terms of Linux, Prometheus and video coding stay away
# from the source, its documents and what is deployed.
# words.sh --self-test ROOT: in a copy, each of them is seen.
set -u
self_test=
if [ "$1" = --self-test ]; then
  self_test=yes
  shift
fi
cd "$1" || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The old word as an extended regular expression, the standard one, and an example of the old one.
cat >"$scratch/words" <<'END'
[Ff]older|FOLDER	directory	the Folder
held back	throttled	held back
[Mm]ean clock	average frequency	the mean clock
[Ll]ikeness	PSNR	Likeness
LADDER|[^-]ladder([^-]|$)|ladder(ed|_)	resolution sweep	a ladder
(^|[^_])[Ff]olded|FOLDED	aggregated	folded
large pictures	resolution sweep	large pictures
(last|first|each|the n-th|One|a) look([ ,:.]|$)|looked at|\blooks\b.*;	scan	at the last look
\btold\b	known, reported	is told
\bbeyond\b	over the limit	beyond that
SUBPROCESS_(VERBOSE|LATE)|MOURNING	OUTPUT_LIMIT, TIMED_OUT, REAP_TIMEOUT	SUBPROCESS_LATE
heard of	announced, noticed	is heard of late
slice_lp|entrypoint="?(slice|picture)"?	EncSliceLP, EncSlice, EncPicture	slice_lp
END

# found PATTERN ROOT: where the pattern is.
found() (
  cd "$2" || exit 2
  grep -rnIE "$1" src include README.md CONTRIBUTING.md dashboards deploy CMakeLists.txt 2>/dev/null |
    # Grafana's word for its own.
    grep -vE '^dashboards/provisioning/.*folder'
)

good=0
tab=$(printf '\t')
if [ -n "$self_test" ]; then
  mkdir -p "$scratch/copy/include" "$scratch/copy/dashboards" "$scratch/copy/deploy" "$scratch/copy/src"
  cd "$scratch/copy" || exit 2
  touch README.md CONTRIBUTING.md CMakeLists.txt
  while IFS=$tab read -r old new example; do
    echo "/* $example */" >src/any.c
    found "$old" . >/dev/null || { echo "\"$example\" went unseen"; good=1; }
    echo "/* $new */" >src/any.c
    ! found "$old" . || { echo "\"$new\" is taken for \"$example\""; good=1; }
  done <"$scratch/words"
  exit $good
fi
while IFS=$tab read -r old new example; do
  if found "$old" .; then
    echo "instead of \"$example\": $new"
    good=1
  fi
done <"$scratch/words"
[ $good = 0 ] && echo "$(wc -l <"$scratch/words") words, each found nowhere"
exit $good
