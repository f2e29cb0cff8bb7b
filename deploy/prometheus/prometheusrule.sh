#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rules.yml for the Prometheus operator: prometheusrule.sh | kubectl apply -n NAMESPACE -f -
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
sed 's/^./  &/' "$(dirname "$0")/rules.yml"
