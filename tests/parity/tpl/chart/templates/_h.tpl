{{ define "tpl.helper" }}help{{ end }}
{{ define "tpl.uses-tpl" }}{{ tpl .text .ctx }}{{ end }}
