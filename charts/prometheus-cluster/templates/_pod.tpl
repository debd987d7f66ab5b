{{/*
The pod: one Prometheus container on a read-only root file system, and what it mounts.
*/}}

{{- define "prometheus-cluster.podSpec" -}}
serviceAccountName: {{ include "prometheus-cluster.serviceAccountName" . | quote }}
automountServiceAccountToken: {{ include "prometheus-cluster.automountToken" . }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int .Values.terminationGracePeriodSeconds }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") . | quote }}
  {{- end }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- range $key := list "priorityClassName" "schedulerName" "runtimeClassName" "dnsPolicy" }}
{{- with get $.Values $key }}
{{ $key }}: {{ quote . }}
{{- end }}
{{- end }}
{{- range $key := list "nodeSelector" "affinity" "tolerations" "hostAliases" "dnsConfig" }}
{{- with get $.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with include "prometheus-cluster.topologySpread" . }}
topologySpreadConstraints:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.initContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - {{- include "prometheus-cluster.container" . | nindent 4 | trimPrefix "\n   " }}
  {{- with .Values.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  {{- include "prometheus-cluster.volumes" . | nindent 2 }}
{{- end -}}

{{- define "prometheus-cluster.container" -}}
name: prometheus
image: {{ include "prometheus-cluster.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  {{- include "prometheus-cluster.args" . | nindent 2 }}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: POD_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: web
    containerPort: 9090
    protocol: TCP
startupProbe:
  {{- include "prometheus-cluster.probe" (dict "root" . "path" "/-/ready" "timing" .Values.probes.startup) | nindent 2 }}
readinessProbe:
  {{- include "prometheus-cluster.probe" (dict "root" . "path" "/-/ready" "timing" .Values.probes.readiness) | nindent 2 }}
livenessProbe:
  {{- include "prometheus-cluster.probe" (dict "root" . "path" "/-/healthy" "timing" .Values.probes.liveness) | nindent 2 }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  {{- include "prometheus-cluster.volumeMounts" . | nindent 2 }}
{{- end -}}

{{- define "prometheus-cluster.probe" -}}
httpGet:
  path: {{ printf "%s%s" (include "prometheus-cluster.prefix" .root) .path | quote }}
  port: web
  scheme: {{ .root.Values.probes.scheme }}
{{ toYaml .timing }}
{{- end -}}

{{/* Nothing is nested: a ConfigMap or Secret volume is read-only, so no other could be mounted inside. */}}
{{- define "prometheus-cluster.volumeMounts" -}}
- name: config
  mountPath: /etc/prometheus/config
  readOnly: true
- name: rules
  mountPath: /etc/prometheus/rules
  readOnly: true
{{- range $i, $secret := .Values.secrets }}
- name: secret-{{ $i }}
  mountPath: {{ printf "/etc/prometheus/secrets/%s" $secret | quote }}
  readOnly: true
{{- end }}
{{- range $i, $configMap := .Values.configMaps }}
- name: configmap-{{ $i }}
  mountPath: {{ printf "/etc/prometheus/configmaps/%s" $configMap | quote }}
  readOnly: true
{{- end }}
- name: data
  mountPath: /prometheus
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "prometheus-cluster.volumes" -}}
{{- $name := include "prometheus-cluster.fullname" . -}}
- name: config
  configMap:
    name: {{ $name }}-config
- name: rules
  configMap:
    name: {{ $name }}-rules
{{- range $i, $secret := .Values.secrets }}
- name: secret-{{ $i }}
  secret:
    secretName: {{ $secret | quote }}
{{- end }}
{{- range $i, $configMap := .Values.configMaps }}
- name: configmap-{{ $i }}
  configMap:
    name: {{ $configMap | quote }}
{{- end }}
{{- if not .Values.storage.size }}
- name: data
  emptyDir:
    {{- pick (.Values.storage.emptyDir | default dict) "medium" "sizeLimit" | include "prometheus-cluster.withoutEmpty" | nindent 4 }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A map without its empty entries, as YAML. */}}
{{- define "prometheus-cluster.withoutEmpty" -}}
{{- $full := dict -}}
{{- range $key, $value := . -}}
{{- if $value -}}
{{- $_ := set $full $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $full -}}
{{- end -}}

{{/*
Whether the pods get a token. Not derived from the configuration: the first job with kubernetes_sd_configs would
then restart every replica.
*/}}
{{- define "prometheus-cluster.automountToken" -}}
{{- $account := .Values.serviceAccount -}}
{{- if kindIs "bool" $account.automountToken -}}
{{- $account.automountToken -}}
{{- else -}}
{{- or (.Values.rbac).create (and (not $account.create) (not (empty $account.name))) -}}
{{- end -}}
{{- end -}}

{{- define "prometheus-cluster.topologySpread" -}}
{{- if .Values.topologySpreadConstraints -}}
{{- toYaml .Values.topologySpreadConstraints -}}
{{- else if .Values.defaultTopologySpread -}}
{{- $constraints := list -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" -}}
{{- $selector := dict "matchLabels" (include "prometheus-cluster.selectorLabels" $ | fromYaml) -}}
{{- $constraints = append $constraints (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway" "labelSelector" $selector) -}}
{{- end -}}
{{- toYaml $constraints -}}
{{- end -}}
{{- end -}}
