{{ define "defines.blank" }}kept{{ end }}
{{ define "defines.override" }}second{{ end }}
{{ define "defines.late" }}from other{{ end }}
