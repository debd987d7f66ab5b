{{- define "big.labels" -}}
app.kubernetes.io/name: {{ .ctx.Chart.Name }}
app.kubernetes.io/instance: {{ printf "%s-%d" .ctx.Release.Name .i | trunc 63 | trimSuffix "-" | quote }}
{{- end -}}
