#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install.sh BUILD SOURCE DATADIR: everything that is for Grafana and Prometheus gets installed, and works there.
set -euo pipefail
where=$(mktemp -d)
trap 'rm -rf "$where"' EXIT
DESTDIR=$where cmake --install "$1" >/dev/null
data=$where$3/intel-gpu-exporter
for file in "$2"/dashboards/*.json "$2"/dashboards/provisioning/*; do
	cmp "$file" "$data/dashboards/${file#"$2"/dashboards/}"
done
for file in "$2"/deploy/prometheus/*.*; do
	# The links of the runbook are others there.
	[[ $file = */@(CMakeLists.txt|runbook.md) ]] || cmp "$file" "$data/prometheus/${file##*/}"
done
[[ $("$data/prometheus/prometheusrule.sh") = *'kind: PrometheusRule'*'IntelGpuGone'* ]]
! find "$data" -name '*.py' -o -name CMakeLists.txt -o -name '*.png' | grep .
