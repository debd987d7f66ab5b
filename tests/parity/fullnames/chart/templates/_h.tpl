{{- define "f.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 20 | trimSuffix "-" -}}
{{- end -}}
{{- define "f.full" -}}
{{- with .Values.fullnameOverride }}{{ . | trunc 20 | trimSuffix "-" }}{{ else -}}
{{- $n := include "f.name" . -}}
{{- if contains $n .Release.Name }}{{ .Release.Name | trunc 20 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name $n | trunc 20 | trimSuffix "-" }}{{ end -}}
{{- end -}}
{{- end -}}
{{- define "f.labels" }}
chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- if .Chart.AppVersion }}
version: {{ .Chart.AppVersion | quote }}
{{- end }}
managed-by: {{ .Release.Service }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
