#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rules.yml for the Prometheus operator: prometheusrule.sh [RUNBOOK] | kubectl apply -n NAMESPACE -f -
# There an instance is a node, and no pod can be reached by its name. RUNBOOK is where your people read runbook.md; by
# default what opens while kubectl port-forward -n NAMESPACE daemonset/intel-gpu-exporter 10057 runs.
set -eu
cat <<'TXT'
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: intel-gpu-exporter
  labels:
    app.kubernetes.io/name: intel-gpu-exporter
spec:
TXT
sed -e 's/^./  &/' -e "s|http://[^#]*/runbook#|${1-http://localhost:10057/runbook}#|" "$(dirname "$0")/rules.yml"
