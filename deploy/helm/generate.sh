#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# generate.sh [--check]: writes the rules and dashboards that the chart and the kustomize components
# hold, from deploy/prometheus and dashboards. A chart is one directory, also when Flux packs it, so
# neither links nor files beside it would do. --check: says which of them are not as it would write them.
set -eu
cd "$(dirname "$0")/../.."
check=
[ "${1-}" != --check ] || check=yes
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# put FILE: from stdin.
put() {
  cat >"$work/file"
  if [ -z "$check" ]; then
    cp "$work/file" "$1"
  elif ! cmp -s "$work/file" "$1"; then
    echo "$1 is not what its source makes of it: run deploy/helm/generate.sh"
    bad=1
  fi
}

for board in dashboards/*.json; do
  put "deploy/helm/intel-gpu-exporter/files/${board##*/}" <"$board"
done
put deploy/helm/intel-gpu-exporter/files/rules.yml <deploy/prometheus/rules.yml
put deploy/kubernetes/components/monitoring/prometheusrule.yaml <<TXT
$(deploy/prometheus/prometheusrule.sh)
TXT
put deploy/kubernetes/components/monitoring/podmonitor.yaml <deploy/prometheus/podmonitor.yml
# What has no source any more.
for file in deploy/helm/intel-gpu-exporter/files/*.json; do
  [ ! -e "dashboards/${file##*/}" ] || continue
  if [ -n "$check" ]; then
    echo "$file has no source"
    bad=1
  else
    rm "$file"
  fi
done
exit $bad
