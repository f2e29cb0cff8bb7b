{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "exporter.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "exporter.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* They never change in a release's life, so neither the version nor the chart's is among them. */ -}}
{{- define "exporter.selector" -}}
app.kubernetes.io/name: {{ include "exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "exporter.labels" -}}
{{ include "exporter.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "exporter.image" -}}
{{- with .Values.image -}}
{{- $va := ternary (ne $.Values.access.mode "sysfs") (eq .variant "va") (eq .variant "auto") -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ ternary "-va" "" $va }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The flags that say how it listens, one a line. */ -}}
{{- define "exporter.web" -}}
{{- with .Values.webConfig.secret -}}
--web.config.file=/etc/intel-gpu-exporter/web.yml
{{ end -}}
{{- range .Values.extraArgs -}}
{{- if hasPrefix "--web." . -}}
{{ . }}
{{ end -}}
{{- end -}}
{{- end -}}

{{- /* "true" or nothing: are there objects for the operator? */ -}}
{{- define "exporter.monitoring" -}}
{{- $enabled := toString .Values.monitoring.enabled -}}
{{- if or (eq $enabled "true") (and (eq $enabled "auto") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}
true
{{- end -}}
{{- end -}}

{{- /* An endpoint of either monitor. */ -}}
{{- define "exporter.endpoint" -}}
port: metrics
# namespace, pod and container of a series say who uses the GPU, not who measures it.
honorLabels: true
interval: {{ .Values.monitoring.interval }}
scrapeTimeout: {{ .Values.monitoring.scrapeTimeout }}
{{- with .Values.monitoring.endpoint }}
{{ toYaml . }}
{{- end }}
relabelings:
  - targetLabel: job
    replacement: {{ .Values.monitoring.job }}
  # The node, not the pod's address, and no name of the exporter's pod: a GPU keeps its series
  # when that pod is replaced.
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: instance
  - action: labeldrop
    regex: pod|container|endpoint{{ if eq .Values.monitoring.kind "ServiceMonitor" }}|service{{ end }}
{{- end -}}
