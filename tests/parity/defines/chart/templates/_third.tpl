{{ define "defines.blank" }}   {{ end }}
