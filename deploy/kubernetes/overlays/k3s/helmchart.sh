#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# helmchart.sh [VALUES]: the whole chart as one file for K3s' own Helm controller, without a registry:
#   helmchart.sh >/var/lib/rancher/k3s/server/manifests/intel-gpu-exporter.yaml
# VALUES is a file, values.yaml beside this script by default.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
chart=$(cd "$here/../../../helm" && pwd)
values=${1-$here/values.yaml}
cat <<TXT
apiVersion: v1
kind: Namespace
metadata:
  name: intel-gpu-exporter
  labels:
    pod-security.kubernetes.io/enforce: privileged
---
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata:
  name: intel-gpu-exporter
  namespace: kube-system
spec:
  targetNamespace: intel-gpu-exporter
  valuesContent: |
$(sed 's/^./    &/' "$values")
  chartContent: $(tar -C "$chart" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - intel-gpu-exporter | gzip -9n | base64 -w 0)
TXT
