{{ define "three.t" }}t of {{ .Chart.Name }}{{ end }}
