{{- define "a.map" }}
name: {{ .name }}
roles: {{ .roles | default list | toJson }}
n: {{ len .name }}
{{- end }}
{{- define "a.list" }}
{{- range . }}
- {{ .name }}
{{- end }}
{{- end }}
{{- define "a.bool" }}{{ if gt (len .) 1 }}true{{ end }}{{ end }}
{{- define "a.json" }}{{ dict "a" (list 1 2.5 nil) "b" "<&>" | toJson }}{{ end }}
