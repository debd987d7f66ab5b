{{- define "v.mode" }}{{ if not (has .Values.mode (list "a" "b")) }}mode: {{ .Values.mode }} is none of a, b
   choose one of these{{ end }}{{ end -}}
{{- define "v.replicas" }}{{ if and (eq .Values.mode "b") (lt (int .Values.replicas) 2) -}}
replicas: mode b needs 2
{{- end }}{{ end -}}
{{- define "v.all" -}}
{{- $m := list (include "v.mode" .) (include "v.replicas" .) -}}
{{- $m = without $m "" -}}
{{- with join "\n" $m }}{{ printf "\nVALUES:\n%s" . | fail }}{{ end -}}
{{- end -}}
