{{ define "r.x" }}x of {{ .Chart.Name }}{{ end }}
{{- define "r.render" -}}
{{- $text := kindIs "string" .value | ternary .value (toYaml .value) -}}
{{- if contains "{{" (toJson .value) -}}
{{- if .scope }}{{ tpl (cat "{{- with $.Inner -}}" $text "{{- end }}") (merge (dict "Inner" .scope) .context) }}
{{- else }}{{ tpl $text .context }}{{ end -}}
{{- else }}{{ $text }}{{ end -}}
{{- end -}}
