#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual page and the shells' completion of a program, on stdout. Flags come from its --help and metrics
# from --list-metrics, so that neither can be older than the program.
# usage: generate.sh man PROGRAM VERSION TEMPLATE
#        generate.sh bash|zsh PROGRAM
# In the template the lines @OPTIONS@, @METRICS@ and @CLOSING@ (what --help ends with) are replaced.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kind=$1 program=$2 version=${3-} template=${4-}
name=${program##*/}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# argp's own setting: each flag on one line. The programs have texts that are not ASCII, mawk has bytes.
export LC_ALL=C
ARGP_HELP_FMT=rmargin=10000,opt-doc-col=70 "$program" --help >"$work/help"
: >"$work/metrics"
case $kind in
man)
  ! grep -q '^@METRICS@$' "$template" || "$program" --list-metrics >"$work/metrics"
  ;;
bash | zsh) template=/dev/null ;;
*) exit 2 ;;
esac
awk -v kind="$kind" -v name="$name" -v version="$version" -f "$here/help.awk" -f "$here/$kind.awk" \
  part=help "$work/help" part=metrics "$work/metrics" part=page "$template"
