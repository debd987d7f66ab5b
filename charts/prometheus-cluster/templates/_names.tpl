{{/*
Names and labels: what makes two releases in one namespace different, and the pods of one release alike.
*/}}

{{/*
The name of the release's objects: the release name where that is a valid Service name with room for what
Kubernetes appends (a StatefulSet's pods carry `-<10 characters>` in a label of at most 63). Else, and for a
name that ends as the headless Service of another release would, a shortened name with a digest.
*/}}
{{- define "prometheus-cluster.fullname" -}}
{{- $name := .Release.Name -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if and (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) (le (len $name) 52) (not (hasSuffix "-headless" $name)) -}}
{{- $name -}}
{{- else -}}
{{- $safe := regexReplaceAll "^([0-9])" (replace "." "-" $name) "p${1}" -}}
{{- printf "%s-%s" ($safe | trunc 43 | trimSuffix "-") ($name | sha256sum | trunc 8) -}}
{{- end -}}
{{- end -}}

{{/* Names of objects outside of the namespace, and of roles: a namespace has no dot, so this is unique. */}}
{{- define "prometheus-cluster.globalName" -}}
{{- printf "prometheus.%s.%s" .Release.Namespace (include "prometheus-cluster.fullname" .) -}}
{{- end -}}

{{- define "prometheus-cluster.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "prometheus-cluster.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* The labels that selectors use; they can never change, so nothing that varies may come in. */}}
{{- define "prometheus-cluster.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default "prometheus" }}
app.kubernetes.io/instance: {{ include "prometheus-cluster.instance" . }}
{{- end -}}

{{/* A release name is at most 53 characters, and so a valid label value. */}}
{{- define "prometheus-cluster.instance" -}}
{{- .Release.Name | quote -}}
{{- end -}}

{{- define "prometheus-cluster.labels" -}}
{{- $own := include "prometheus-cluster.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" (include "prometheus-cluster.version" . | replace "+" "_") -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- merge $own (.Values.commonLabels | default dict) | toYaml -}}
{{- end -}}

{{/*
The metadata of an object. Takes a dict: root, name, and optionally labels and annotations of that object alone.
*/}}
{{- define "prometheus-cluster.metadata" -}}
{{- $labels := include "prometheus-cluster.labels" .root | fromYaml -}}
{{- $annotations := merge dict (.annotations | default dict) (.root.Values.commonAnnotations | default dict) -}}
name: {{ .name }}
{{- if not .clusterWide }}
namespace: {{ .namespace | default .root.Release.Namespace }}
{{- end }}
labels:
  {{- merge $labels (.labels | default dict) | toYaml | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
