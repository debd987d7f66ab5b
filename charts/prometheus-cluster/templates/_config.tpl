{{/*
prometheus.yml: the user's text, plus what the other values add to it.

The text is parsed and the additions are merged into the tree; that tree is what Prometheus has to read. It is then
inserted into the text by hand, so that comments, layout and the spelling of every scalar stay as written (`1.10` and
`yes` are labels that a printed tree would turn into `1.1` and `true`). The edited text is used only if it parses to
exactly that tree; a layout that cannot be edited (flow style, CRLF) gets the printed tree.
*/}}

{{- define "prometheus-cluster.defaultConfig" -}}
scrape_configs:
- job_name: prometheus
{{- with include "prometheus-cluster.prefix" . }}
  metrics_path: {{ printf "%s/metrics" . | quote }}
{{- end }}
{{- if eq .Values.probes.scheme "HTTPS" }}
  scheme: https
  tls_config:
    insecure_skip_verify: true
{{- end }}
  static_configs:
  - targets: ["localhost:9090"]
{{ end -}}

{{- define "prometheus-cluster.config" -}}
{{- $text := .Values.config | default (include "prometheus-cluster.defaultConfig" .) -}}
{{- $tree := include "prometheus-cluster.parse" (dict "where" "config" "text" $text) | fromJson -}}
{{- $edit := dict "text" $text "tree" (deepCopy $tree) -}}
{{- include "prometheus-cluster.addLabels" (dict "root" . "edit" $edit) -}}
{{- include "prometheus-cluster.addRules" (dict "root" . "edit" $edit) -}}
{{- include "prometheus-cluster.addRetention" (dict "root" . "edit" $edit) -}}
{{- include "prometheus-cluster.addLogLevel" (dict "root" . "edit" $edit) -}}
{{- if deepEqual $tree $edit.tree -}}
{{- $text -}}
{{- else if deepEqual (fromYaml $edit.text) $edit.tree -}}
{{- $edit.text -}}
{{- else -}}
{{- printf "%s\n" (toYaml $edit.tree) -}}
{{- end -}}
{{- end -}}

{{/* A YAML text as JSON; a failure names the value that holds the text. Takes a dict: where, text. */}}
{{- define "prometheus-cluster.parse" -}}
{{- $tree := fromYaml .text -}}
{{- with $tree.Error -}}
{{- fail (printf "%s: not a YAML map: %s" $.where (trimPrefix "error converting YAML to JSON: " (toString .))) -}}
{{- end -}}
{{- toJson $tree -}}
{{- end -}}

{{/*
Each of the following adds to `edit.tree` what has to be read, and to `edit.text` the same by hand; none prints anything.
*/}}

{{/* external_labels, and for replicas the alert relabeling that hides what tells them apart. */}}
{{- define "prometheus-cluster.addLabels" -}}
{{- $values := .root.Values -}}
{{- $edit := .edit -}}
{{- $replica := gt (int $values.replicas) 1 | ternary $values.replicaLabel "" -}}
{{- $had := include "prometheus-cluster.section" (dict "tree" $edit.tree "path" (list "global" "external_labels")) | fromJson -}}
{{- $labels := deepCopy $had -}}
{{- if and $replica (not (hasKey $labels $replica)) -}}
{{- $_ := set $labels $replica "${POD_NAME}" -}}
{{- end -}}
{{- range $name, $value := $values.externalLabels -}}
{{- $_ := set $labels $name $value -}}
{{- end -}}
{{- if not (deepEqual $labels $had) -}}
{{- $new := dict -}}
{{- range $name, $value := $labels -}}
{{- if not (hasKey $had $name) -}}
{{- $_ := set $new $name $value -}}
{{- end -}}
{{- end -}}
{{- include "prometheus-cluster.insertMap" (dict "edit" $edit "path" (list "global" "external_labels") "new" $new) -}}
{{- $global := include "prometheus-cluster.section" (dict "tree" $edit.tree "path" (list "global")) | fromJson -}}
{{- $_ := set $edit.tree "global" (set $global "external_labels" $labels) -}}
{{- end -}}
{{- $alerting := include "prometheus-cluster.section" (dict "tree" $edit.tree "path" (list "alerting")) | fromJson -}}
{{- if and $replica $alerting -}}
{{- $rules := list (dict "action" "labeldrop" "regex" (regexQuoteMeta $replica)) -}}
{{- include "prometheus-cluster.insertList" (dict "edit" $edit "path" (list "alerting" "alert_relabel_configs") "new" $rules) -}}
{{- $had := include "prometheus-cluster.items" (dict "node" $alerting "key" "alert_relabel_configs" "where" "config: alerting.") | fromJsonArray -}}
{{- $_ := set $edit.tree "alerting" (set $alerting "alert_relabel_configs" (concat $rules $had)) -}}
{{- end -}}
{{- end -}}

{{/* rule_files: every file of `rules` by name, because a pattern would also match what a ConfigMap's folder hides. */}}
{{- define "prometheus-cluster.addRules" -}}
{{- $edit := .edit -}}
{{- $had := include "prometheus-cluster.items" (dict "node" $edit.tree "key" "rule_files" "where" "config: ") | fromJsonArray -}}
{{- $new := list -}}
{{- range $file := keys (.root.Values.rules | default dict) | sortAlpha -}}
{{- $path := printf "/etc/prometheus/rules/%s" $file -}}
{{- if not (has $path $had) -}}
{{- $new = append $new $path -}}
{{- end -}}
{{- end -}}
{{- if $new -}}
{{- include "prometheus-cluster.insertList" (dict "edit" $edit "path" (list "rule_files") "new" $new) -}}
{{- $_ := set $edit.tree "rule_files" (concat $new $had) -}}
{{- end -}}
{{- end -}}

{{- define "prometheus-cluster.addRetention" -}}
{{- $edit := .edit -}}
{{- $new := dict -}}
{{- range $key := list "time" "size" -}}
{{- with get $.root.Values.retention $key -}}
{{- $_ := set $new $key . -}}
{{- end -}}
{{- end -}}
{{- if and $new (include "prometheus-cluster.retentionInConfig" .root) -}}
{{- $storage := include "prometheus-cluster.section" (dict "tree" $edit.tree "path" (list "storage")) | fromJson -}}
{{- $tsdb := include "prometheus-cluster.section" (dict "tree" $edit.tree "path" (list "storage" "tsdb")) | fromJson -}}
{{- $retention := include "prometheus-cluster.section" (dict "tree" $edit.tree "path" (list "storage" "tsdb" "retention")) | fromJson -}}
{{- include "prometheus-cluster.insertMap" (dict "edit" $edit "path" (list "storage" "tsdb" "retention") "new" $new) -}}
{{- range $key, $value := $new -}}
{{- $_ := set $retention $key $value -}}
{{- end -}}
{{- $_ := set $edit.tree "storage" (set $storage "tsdb" (set $tsdb "retention" $retention)) -}}
{{- end -}}
{{- end -}}

{{- define "prometheus-cluster.addLogLevel" -}}
{{- $edit := .edit -}}
{{- $level := .root.Values.logLevel -}}
{{- if and $level (include "prometheus-cluster.logLevelInConfig" .root) -}}
{{- $runtime := include "prometheus-cluster.section" (dict "tree" $edit.tree "path" (list "runtime")) | fromJson -}}
{{- include "prometheus-cluster.insertMap" (dict "edit" $edit "path" (list "runtime") "new" (dict "log_level" $level)) -}}
{{- $_ := set $edit.tree "runtime" (set $runtime "log_level" $level) -}}
{{- end -}}
{{- end -}}

{{/* The map at a path of the configuration as JSON, {} when absent; anything else there is an error. */}}
{{- define "prometheus-cluster.section" -}}
{{- $node := .tree -}}
{{- $at := list -}}
{{- range .path -}}
{{- $at = append $at . -}}
{{- $node = get $node . | default dict -}}
{{- if not (kindIs "map" $node) -}}
{{- fail (printf "config: %s must be a map" (join "." $at)) -}}
{{- end -}}
{{- end -}}
{{- toJson $node -}}
{{- end -}}

{{/* The list under a key as JSON, [] when absent. Takes a dict: node, key, where. */}}
{{- define "prometheus-cluster.items" -}}
{{- $items := get .node .key | default list -}}
{{- if not (kindIs "slice" $items) -}}
{{- fail (printf "%s%s must be a list" .where .key) -}}
{{- end -}}
{{- toJson $items -}}
{{- end -}}

{{/*
Inserts the entries `new` into the map at `path` of the text, making the keys that are missing on the way. A key that
is there without content (`global:`, `rule_files: []`) is left alone: a second one would be read by Helm, which takes
the last, and refused by Prometheus.
*/}}
{{- define "prometheus-cluster.insertMap" -}}
{{- $node := .edit.tree -}}
{{- $parent := "" -}}
{{- $missing := list -}}
{{- $editable := true -}}
{{- range .path -}}
{{- $empty := not (get $node .) -}}
{{- if and $empty (hasKey $node .) -}}
{{- $editable = false -}}
{{- end -}}
{{- $node = get $node . | default dict -}}
{{- if $empty -}}
{{- $missing = prepend $missing . -}}
{{- else -}}
{{- $parent = printf "^%s%s:" (empty $parent | ternary "" " +") . -}}
{{- end -}}
{{- end -}}
{{- $block := .new -}}
{{- range $missing -}}
{{- $block = dict . $block -}}
{{- end -}}
{{- if $editable -}}
{{- include "prometheus-cluster.insert" (dict "edit" .edit "parent" $parent "child" " +" "block" (toYaml $block)) -}}
{{- end -}}
{{- end -}}

{{/* Inserts the items `new` at the start of the list at `path` of the text, which has one or two keys. */}}
{{- define "prometheus-cluster.insertList" -}}
{{- $key := last .path -}}
{{- $holder := .edit.tree -}}
{{- if gt (len .path) 1 -}}
{{- $holder = get $holder (first .path) -}}
{{- end -}}
{{- if get $holder $key -}}
{{- $parent := printf "^%s%s:" (len .path | eq 1 | ternary "" " +") $key -}}
{{- include "prometheus-cluster.insert" (dict "edit" .edit "parent" $parent "child" " *- " "block" (toYaml .new)) -}}
{{- else if not (hasKey $holder $key) -}}
{{- $parent := len .path | eq 1 | ternary "" (printf "^%s:" (first .path)) -}}
{{- include "prometheus-cluster.insert" (dict "edit" .edit "parent" $parent "child" " +" "block" (dict $key .new | toYaml)) -}}
{{- end -}}
{{- end -}}

{{/*
Puts a block below the line that matches `parent`, as deep as what follows it (`child`: spaces, or spaces and a dash);
without a parent, at the end of the text. Text that looks different stays as it is.
*/}}
{{- define "prometheus-cluster.insert" -}}
{{- $text := .edit.text -}}
{{- if .parent -}}
{{- $line := printf "(?m)%s[ \\t]*(?:#.*)?\\n" .parent -}}
{{- $head := regexFind (printf "%s(?:[ \\t]*(?:#.*)?\\n)*%s" $line .child) $text -}}
{{- if $head -}}
{{- $first := regexFind $line $head -}}
{{- $depth := regexFind " *(- )?$" $head | trimSuffix "- " | len -}}
{{- $edited := printf "%s%s\n%s" $first (indent $depth .block) (trimPrefix $first $head) -}}
{{- $_ := set .edit "text" (replace $head $edited $text) -}}
{{- end -}}
{{- else -}}
{{- $_ := set .edit "text" (printf "%s\n%s\n" (trimSuffix "\n" $text) .block) -}}
{{- end -}}
{{- end -}}

{{/* The rule files as a YAML map of file name to text; a tree is printed, a text is checked and kept. */}}
{{- define "prometheus-cluster.rules" -}}
{{- $files := dict -}}
{{- range $file, $rules := .Values.rules -}}
{{- if kindIs "string" $rules -}}
{{- $_ := include "prometheus-cluster.parse" (dict "where" (printf "rules: %s" $file) "text" $rules) -}}
{{- $_ := set $files $file $rules -}}
{{- else -}}
{{- $_ := set $files $file (printf "%s\n" (toYaml $rules)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $files -}}
{{- end -}}
