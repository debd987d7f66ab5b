{{/*
The server: its version, image, routes and flags.
*/}}

{{/* The Prometheus release with a leading v; before v3.0.0 there is no configuration reload to rely on. */}}
{{- define "prometheus-cluster.version" -}}
{{- $version := printf "v%s" (.Values.version | default .Chart.AppVersion | trimPrefix "v") -}}
{{- if semverCompare "<3.0.0-0" $version -}}
{{- fail (printf "version: %s cannot reload its configuration by itself; use v3.0.0 or later" $version) -}}
{{- end -}}
{{- $version -}}
{{- end -}}

{{- define "prometheus-cluster.image" -}}
{{- $image := .Values.image -}}
{{- $repository := $image.repository -}}
{{- with $image.registry -}}
{{- $repository = printf "%s/%s" . $repository -}}
{{- end -}}
{{- if $image.reference -}}
{{- $image.reference -}}
{{- else if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository ($image.tag | default (include "prometheus-cluster.version" . | replace "+" "_")) -}}
{{- end -}}
{{- end -}}

{{/* The prefix of all routes, without a slash at the end: empty or /prometheus. The rule is Prometheus' own. */}}
{{- define "prometheus-cluster.prefix" -}}
{{- $path := .Values.routePrefix | default "" -}}
{{- if and (not $path) .Values.externalUrl -}}
{{- $path = (urlParse .Values.externalUrl).path -}}
{{- end -}}
{{- with $path | trimAll "/" -}}
{{- printf "/%s" . -}}
{{- end -}}
{{- end -}}

{{/* Flags as a YAML list. */}}
{{- define "prometheus-cluster.args" -}}
{{- $version := include "prometheus-cluster.version" . -}}
{{- $features := .Values.enableFeatures | default list -}}
{{- $args := list "--config.file=/etc/prometheus/config/prometheus.yml" -}}
{{- if semverCompare ">=3.12.0-0" $version -}}
{{- $args = append $args "--config.auto-reload" -}}
{{- else -}}
{{- $features = prepend $features "auto-reload-config" | uniq -}}
{{- end -}}
{{- with .Values.reloadInterval -}}
{{- $args = append $args (printf "--config.auto-reload-interval=%s" .) -}}
{{- end -}}
{{- $args = append $args "--storage.tsdb.path=/prometheus" -}}
{{- if not (include "prometheus-cluster.retentionInConfig" .) -}}
{{- with .Values.retention.time -}}
{{- $args = append $args (printf "--storage.tsdb.retention.time=%s" .) -}}
{{- end -}}
{{- with .Values.retention.size -}}
{{- $args = append $args (printf "--storage.tsdb.retention.size=%s" .) -}}
{{- end -}}
{{- end -}}
{{- with .Values.externalUrl -}}
{{- $args = append $args (printf "--web.external-url=%s" .) -}}
{{- end -}}
{{- with .Values.routePrefix -}}
{{- $args = append $args (printf "--web.route-prefix=%s" .) -}}
{{- end -}}
{{- if not (include "prometheus-cluster.logLevelInConfig" .) -}}
{{- with .Values.logLevel -}}
{{- $args = append $args (printf "--log.level=%s" .) -}}
{{- end -}}
{{- end -}}
{{- with .Values.logFormat -}}
{{- $args = append $args (printf "--log.format=%s" .) -}}
{{- end -}}
{{- with $features -}}
{{- $args = append $args (printf "--enable-feature=%s" (join "," .)) -}}
{{- end -}}
{{- range $i, $arg := .Values.additionalArgs -}}
{{- $args = append $args (include "prometheus-cluster.additionalArg" (dict "index" $i "arg" $arg)) -}}
{{- end -}}
{{- toYaml $args -}}
{{- end -}}

{{/*
One of additionalArgs. Prometheus refuses to start when a flag is given twice, so a flag that belongs to another
value is refused here, where the message can say which.
*/}}
{{- define "prometheus-cluster.additionalArg" -}}
{{- $owners := dict
  "config.file" "config"
  "config.auto-reload" ""
  "config.auto-reload-interval" "reloadInterval"
  "storage.tsdb.path" ""
  "storage.tsdb.retention.time" "retention.time"
  "storage.tsdb.retention.size" "retention.size"
  "web.external-url" "externalUrl"
  "web.route-prefix" "routePrefix"
  "web.listen-address" ""
  "log.level" "logLevel"
  "log.format" "logFormat"
  "enable-feature" "enableFeatures" -}}
{{- $flag := "" -}}
{{- if kindIs "string" .arg -}}
{{- $flag = trimPrefix "--" .arg -}}
{{- else -}}
{{- $flag = trimPrefix "--" .arg.name -}}
{{- with .arg.value -}}
{{- $flag = printf "%s=%s" $flag . -}}
{{- end -}}
{{- end -}}
{{- $name := splitList "=" $flag | first | trimPrefix "no-" -}}
{{- if hasKey $owners $name -}}
{{- $owner := get $owners $name -}}
{{- fail (printf "additionalArgs[%d]: --%s is set by the chart; %s" .index $name (ternary (printf "use the value %s" $owner) "leave it out" (ne $owner ""))) -}}
{{- end -}}
{{- printf "--%s" $flag -}}
{{- end -}}

{{/* Prometheus reads the retention from its configuration, and again on reload, from v3.12.0 on; true or empty. */}}
{{- define "prometheus-cluster.retentionInConfig" -}}
{{- semverCompare ">=3.12.0-0" (include "prometheus-cluster.version" .) | ternary "true" "" -}}
{{- end -}}

{{/* The same of the log level, from v3.15.0 on. */}}
{{- define "prometheus-cluster.logLevelInConfig" -}}
{{- semverCompare ">=3.15.0-0" (include "prometheus-cluster.version" .) | ternary "true" "" -}}
{{- end -}}
