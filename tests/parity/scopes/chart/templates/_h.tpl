{{ define "s.change" }}{{ $_ := set .Values.a "changed" (add (.Values.a.changed | default 0) 1) }}{{ end }}
{{ define "s.with" }}{{ .extra }} of {{ .Chart.Name }} {{ .Values.a.changed }}{{ end }}
