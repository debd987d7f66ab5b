{{ define "names.order" }}from _b{{ end }}
