{{- define "i.ref" -}}
{{- $registry := default .image.registry (.global).registry -}}
{{- $sep := ternary "@" ":" (not (empty .image.digest)) -}}
{{- $end := coalesce .image.digest .image.tag .chart.AppVersion | toString -}}
{{- if $registry }}{{ printf "%s/%s%s%s" $registry .image.repository $sep $end }}{{ else }}{{ printf "%s%s%s" .image.repository $sep $end }}{{ end -}}
{{- end -}}
