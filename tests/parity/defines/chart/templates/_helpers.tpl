{{- define "defines.name" -}}
{{ .Values.name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- define "defines.labels" -}}
{{- range $k, $v := .Values.labels }}
{{ $k }}: {{ $v | quote }}
{{- end }}
release: {{ include "defines.name" . }}
{{- end -}}
{{- define "defines.args" -}}
{{ index . 0 }}/{{ index . 1 }}/{{ (index . 2).Release.Name }}
{{- end -}}
{{- define "defines.dict" -}}
{{ .a }}{{ with .ctx }}-{{ .Chart.Name }}{{ end }}
{{- end -}}
{{- define "defines.bool" }}{{ if .Values.name }}true{{ end }}{{ end }}
{{- define "defines.override" }}first{{ end }}
