{{ define "subcharts.shared" }}shared by parent in {{ .Chart.Name }}{{ end }}
