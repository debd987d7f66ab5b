{{ define "names.order" }}from x/_c{{ end }}
