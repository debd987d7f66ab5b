{{- define "recursion.count" -}}
{{- if gt (int .n) 0 }}{{ include "recursion.count" (dict "n" (sub (int .n) 1)) }}{{ else }}bottom{{ end }}
{{- end -}}
{{- define "recursion.tree" -}}
{{ .name }}({{ range .kids }}{{ include "recursion.tree" . }} {{ end }})
{{- end -}}
{{- define "recursion.template" -}}
{{- if gt (int .n) 0 }}{{ template "recursion.template" (dict "n" (sub (int .n) 1)) }}{{ else }}ground{{ end }}
{{- end -}}
{{- define "recursion.forever" }}{{ include "recursion.forever" . }}{{ end }}
