{{/*
Names, labels and metadata.
*/}}

{{/* At most 40 characters: the pod's label with a revision hash and the claim's name fit. */}}
{{- define "promgit.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- .Release.Name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Names of objects outside of the release's namespace: a namespace has no dot, so this is unique. */}}
{{- define "promgit.globalName" -}}
{{- printf "promgit.%s.%s" .Release.Namespace (include "promgit.fullname" .) -}}
{{- end -}}

{{- define "promgit.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "promgit.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | required "serviceAccount.name: name the account that exists, or set serviceAccount.create" -}}
{{- end -}}
{{- end -}}

{{/* The labels that selectors use; they can never change. */}}
{{- define "promgit.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default "promgit" }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "promgit.labels" -}}
{{- $own := include "promgit.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_") -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- merge $own (.Values.commonLabels | default dict) | toYaml -}}
{{- end -}}

{{/* Takes a dict: root, name, namespace ("": none), and optionally labels and annotations of that object alone. */}}
{{- define "promgit.metadata" -}}
{{- $labels := include "promgit.labels" .root | fromYaml -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- merge $labels (.labels | default dict) | toYaml | nindent 2 }}
{{- with merge dict (.annotations | default dict) (.root.Values.commonAnnotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "promgit.image" -}}
{{- $image := .Values.image -}}
{{- $repository := $image.repository -}}
{{- with $image.registry -}}
{{- $repository = printf "%s/%s" . $repository -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* Prints nothing, or fails: a setting that the chart decides would be overruled without a word. */}}
{{- define "promgit.checkConfig" -}}
{{- $owned := list (list "source" "from" "the chart watches the cluster; leave it out") (list "source" "namespaces" "set watchNamespaces instead") (list "repository" "path" "the repository is on the volume of `persistence`; leave it out") (list "server" "listen" "set `server.host` and `server.port` of the chart instead") (list "cluster" "kubeconfig" "the pod uses its service account; leave it out") (list "cluster" "context" "the pod uses its service account; leave it out") -}}
{{- range $owned -}}
{{- $section := get $.Values.config (index . 0) | default dict -}}
{{- if hasKey $section (index . 1) -}}
{{- fail (printf "config.%s.%s: %s" (index . 0) (index . 1) (index . 2)) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.rbac.scope "namespaces") (not .Values.watchNamespaces) -}}
{{- fail "rbac.scope: with namespaces, list them in watchNamespaces" -}}
{{- end -}}
{{- end -}}

{{/* The agent's settings. Rights to make roles that belong to no namespace are of no use to an agent that refuses them. */}}
{{- define "promgit.config" -}}
{{- $config := dict -}}
{{- if and .Values.rbac.discovery (eq .Values.rbac.scope "cluster") -}}
{{- $roles := list "ClusterRole.rbac.authorization.k8s.io" "ClusterRoleBinding.rbac.authorization.k8s.io" -}}
{{- $config = dict "delivery" (dict "clusterScoped" $roles) -}}
{{- end -}}
{{- mustMergeOverwrite $config (deepCopy .Values.config) | toYaml -}}
{{- end -}}
