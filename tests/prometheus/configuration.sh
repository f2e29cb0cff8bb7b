#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# configuration.sh FOLDER: are the scrape configurations Prometheus', and honor_labels in all?
set -u
PATH=$PATH:$(dirname "$0")/../../build/unpacked/usr/bin # see deploy/install-packages.sh
command -v promtool >/dev/null || { echo "promtool is missing: deploy/install-packages.sh tests/prometheus/packages.txt"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

cp "$1/scrape-static.yml" "$work/static.yml"
# Debian's Prometheus is built without Kubernetes' service discovery: all but that is checked.
sed -e 's/^    kubernetes_sd_configs:$/    static_configs:/' \
  -e 's/^      - role: pod$/      - targets: [node1:10057]/' "$1/scrape-kubernetes.yml" >"$work/kubernetes.yml"
cmp -s "$1/scrape-kubernetes.yml" "$work/kubernetes.yml" && { echo "no kubernetes_sd_configs"; bad=1; }
# Compose's has the rules beside it already.
grep -v '^rule_files:' "$1/../compose/prometheus/prometheus.yml" >"$work/compose.yml"
for name in static kubernetes compose; do
  # In a configuration with the rules, as it is used.
  { cat "$work/$name.yml"; printf 'rule_files:\n  - %s/rules.yml\n' "$(realpath "$1")"; } >"$work/prometheus.yml"
  promtool check config "$work/prometheus.yml" || bad=1
  grep -q '^    honor_labels: true$' "$work/$name.yml" || { echo "$name: no honor_labels"; bad=1; }
done
grep -q '^      honorLabels: true$' "$1/podmonitor.yml" || { echo "podmonitor: no honorLabels"; bad=1; }

# One interval: Grafana takes rates over four of what its data source says.
datasource=$1/../../dashboards/provisioning/datasource.yaml
compose=$1/../compose
for file in "$1"/scrape-*.yml "$1/podmonitor.yml" "$datasource" "$compose/prometheus/prometheus.yml" \
  "$compose/grafana/datasource.yaml"; do
  sed -nE "s|^ *(scrape_interval\|interval\|timeInterval): (.*)|${file##*/} \2|p" "$file"
done >"$work/intervals"
[ "$(cut -d ' ' -f 2 "$work/intervals" | sort -u | wc -l)" = 1 ] && [ "$(wc -l <"$work/intervals")" = 6 ] ||
  { echo "not one interval in six files:"; cat "$work/intervals"; bad=1; }

# What the operator gets are the same rules, with the runbook where it is asked to be.
there=https://wiki.example.com/runbook
sed "s|http://[^#]*/runbook#|$there#|" "$1/rules.yml" >"$work/moved.yml"
[ "$(grep -c "runbook_url: $there#intelgpu" "$work/moved.yml")" = "$(grep -c -- '- alert: ' "$1/rules.yml")" ] ||
  { echo "not each alert's runbook can be elsewhere"; bad=1; }
"$1/prometheusrule.sh" "$there" | sed '1,/^spec:$/d; s/^  //' | diff - "$work/moved.yml" || bad=1
[ "$("$1/prometheusrule.sh" | grep -c "runbook_url: http://localhost:10057/runbook#")" = \
  "$(grep -c -- '- alert: ' "$1/rules.yml")" ] || { echo "not each alert has a link"; bad=1; }
exit $bad
