{{/*
What the agent may do, and nothing else. README.md says why for each; tests/agent_chart.rs holds both to it.
*/}}

{{- define "promgit.rules" -}}
# What it watches; the finalizer is set by patch, the status by patch of the subresource.
- apiGroups: [promgit.dev]
  resources: [prometheusclusters]
  verbs: [get, list, watch, patch]
- apiGroups: [promgit.dev]
  resources: [prometheusclusters/status]
  verbs: [patch]
# Where the API server enforces that owners may be blocked by those who may finalize them.
- apiGroups: [promgit.dev]
  resources: [prometheusclusters/finalizers]
  verbs: [update]
# Whether a namespace is being deleted: nothing in it is waited for then.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
# What it tells.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# Why a pod is not ready. Pods of a StatefulSet that is made anew with another selector get its labels; those of a change that is taken
# back and never came up are deleted, because the StatefulSet waits for them.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, patch, delete]
# Which claims are retained; they are made larger, and never deleted.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, patch]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [get, list]
# What charts/prometheus-cluster is made of.
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
{{- if .Values.rbac.discovery }}
# The roles of `rbac.create` in that chart, and what they grant: nobody can grant what he does not hold.
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings{{ if eq .Values.rbac.scope "cluster" }}, clusterroles, clusterrolebindings{{ end }}]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods, services, endpoints]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
{{- if eq .Values.rbac.scope "cluster" }}
- apiGroups: [""]
  resources: [nodes, namespaces]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes/metrics]
  verbs: [get]
- nonResourceURLs: [/metrics, /metrics/cadvisor]
  verbs: [get]
{{- end }}
{{- end }}
{{- if .Values.rbac.records }}
# Helm's records of the releases that it delivers: Secrets, of which Kubernetes cannot tell one kind from another.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
{{- end }}
{{- if .Values.rbac.locks }}
# The Secrets in which the random values of a chart are held still, and those that a chart renders.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch, delete]
{{- end }}
{{- if .Values.rbac.hooks }}
# Jobs and Pods that a chart renders as hooks. They are made, looked at and deleted, not watched.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [create]
{{- end }}
{{- with .Values.rbac.impersonate }}
# The accounts as which it changes the objects of a namespace (delivery.serviceAccountName).
- apiGroups: [""]
  resources: [serviceaccounts]
  resourceNames: {{ toJson . }}
  verbs: [impersonate]
{{- end }}
{{- with .Values.rbac.extraRules }}
{{ toYaml . }}
{{- end }}
{{- end -}}
