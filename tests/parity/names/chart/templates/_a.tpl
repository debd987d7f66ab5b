{{ define "names.order" }}from _a{{ end }}
