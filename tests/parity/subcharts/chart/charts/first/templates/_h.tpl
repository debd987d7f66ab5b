{{ define "first.name" }}first-{{ .Values.name }}{{ end }}
{{ define "subcharts.shared" }}shared by first{{ end }}
