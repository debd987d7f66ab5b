//! Numbers turned into charts of the size and the habits of the large public ones.
//!
//! What they do is what such charts do: labels by `include`, whole tables by `toYaml | nindent`, texts through `tpl`,
//! switches around nearly everything, subcharts behind conditions, dashboards as long literal texts, rules by the dozen.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A chart with five subcharts, all switched on: a server with an alertmanager, exporters and a gateway.
pub fn prometheus_like(root: &Path) {
    chart(root, "monitoring", &SUBCHARTS);
    for name in SUBCHARTS {
        let folder = root.join("charts").join(name);
        chart(&folder, name, &[]);
        workload(&folder, name, 4);
    }
    workload(root, "monitoring", 12);
}

/// An operator's stack: 7 MB, nearly all of it definitions and dashboards, which print as 600 KB.
pub fn stack_like(root: &Path) {
    let subcharts = ["crds", "grafana", "kube-state-metrics", "node-exporter"];
    chart(root, "stack", &subcharts);
    for name in &subcharts[1..] {
        let folder = root.join("charts").join(name);
        chart(&folder, name, &[]);
        workload(&folder, name, 8);
    }
    let crds = root.join("charts/crds");
    chart(&crds, "crds", &[]);
    for number in 0..10 {
        save(&crds.join(format!("crds/crd-{number}.yaml")), &definition(number, 480_000));
    }
    workload(root, "stack", 12);
    for number in 0..30 {
        save(&root.join(format!("templates/dashboards/{number}.yaml")), &dashboard(number, 70));
        save(&root.join(format!("templates/rules/{number}.yaml")), &rules(number, 12));
    }
    // Dashboards that the default values leave out, as those for other systems are.
    for number in 30..90 {
        save(&root.join(format!("templates/dashboards/{number}.yaml")), &dashboard(number, 150));
    }
}

const SUBCHARTS: [&str; 5] =
    ["alertmanager", "kube-state-metrics", "node-exporter", "pushgateway", "blackbox"];

fn save(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder in the bed");
    fs::write(path, text).expect("a file in the bed");
}

fn chart(root: &Path, name: &str, subcharts: &[&str]) {
    let mut text =
        format!("apiVersion: v2\nname: {name}\nversion: 1.2.3\nappVersion: v3.4.5\ntype: application\n");
    for (at, subchart) in subcharts.iter().enumerate() {
        let head = if at == 0 { "dependencies:\n" } else { "" };
        writeln!(text, "{head}- name: {subchart}\n  version: 1.x\n  condition: {subchart}.enabled")
            .expect("text");
    }
    save(&root.join("Chart.yaml"), &text);
    let mut values = VALUES.to_owned();
    for subchart in subcharts {
        writeln!(values, "{subchart}:\n  enabled: true\n  replicas: 2").expect("text");
    }
    save(&root.join("values.yaml"), &values);
    save(&root.join("templates/_helpers.tpl"), &HELPERS.replace("NAME", name));
}

/// So many of each object that a workload is made of.
fn workload(root: &Path, name: &str, count: usize) {
    for (file, text) in OBJECTS {
        for number in 0..count {
            let text = text.replace("NAME", name).replace("NUMBER", &number.to_string());
            save(&root.join(format!("templates/{file}-{number}.yaml")), &text);
        }
    }
}

const VALUES: &str = r#"enabled: true
replicas: 1
dashboards: 30
nameOverride: ""
image:
  registry: registry.example
  repository: team/server
  tag: ""
  pullPolicy: IfNotPresent
commonLabels:
  team: observability
  release: "{{ .Release.Name }}"
service:
  type: ClusterIP
  port: 9090
  annotations: {}
resources:
  limits: {cpu: 500m, memory: 512Mi}
  requests: {cpu: 100m, memory: 128Mi}
securityContext:
  runAsNonRoot: true
  runAsUser: 65534
  fsGroup: 65534
nodeSelector:
  kubernetes.io/os: linux
tolerations:
- key: dedicated
  operator: Equal
  value: monitoring
  effect: NoSchedule
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
extraArgs:
  web.enable-lifecycle: true
  log.level: info
  storage.tsdb.retention.time: 15d
config: |
  global:
    scrape_interval: 30s
    external_labels:
      release: {{ .Release.Name }}
  scrape_configs:
  - job_name: nodes
    kubernetes_sd_configs:
    - role: node
global:
  imageRegistry: ""
  labels:
    part-of: monitoring
"#;

const HELPERS: &str = r#"{{/* The name of the chart */}}
{{- define "NAME.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "NAME.fullname" -}}
{{- $name := include "NAME.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- define "NAME.selectorLabels" -}}
app.kubernetes.io/name: {{ include "NAME.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "NAME.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "NAME.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- range $key, $value := merge (dict) .Values.global.labels .Values.commonLabels }}
{{ $key }}: {{ tpl ($value | toString) $ | quote }}
{{- end }}
{{- end -}}
{{- define "NAME.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- printf "%s/%s:%s" $registry .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
"#;

const OBJECTS: [(&str, &str); 4] = [
    (
        "config",
        r#"{{- if .Values.enabled }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "NAME.fullname" . }}-NUMBER
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "NAME.labels" . | nindent 4 }}
data:
  config.yml: |-
    {{- tpl .Values.config . | nindent 4 }}
{{- end }}
"#,
    ),
    (
        "service",
        r#"{{- if .Values.enabled -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "NAME.fullname" . }}-NUMBER
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "NAME.labels" . | nindent 4 }}
  {{- with .Values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .Values.service.type }}
  ports:
  - name: http
    port: {{ .Values.service.port }}
    targetPort: http
    {{- if and (eq .Values.service.type "NodePort") .Values.service.nodePort }}
    nodePort: {{ .Values.service.nodePort }}
    {{- end }}
  selector:
    {{- include "NAME.selectorLabels" . | nindent 4 }}
{{- end }}
"#,
    ),
    (
        "statefulset",
        r#"{{- if .Values.enabled }}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ include "NAME.fullname" . }}-NUMBER
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "NAME.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  serviceName: {{ include "NAME.fullname" . }}
  selector:
    matchLabels:
      {{- include "NAME.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      annotations:
        checksum/config: {{ tpl .Values.config . | sha256sum }}
      labels:
        {{- include "NAME.labels" . | nindent 8 }}
    spec:
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      containers:
      - name: server
        image: {{ include "NAME.image" . | quote }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        args:
        {{- range $key, $value := .Values.extraArgs }}
        {{- if kindIs "bool" $value }}
        - --{{ $key }}
        {{- else }}
        - --{{ $key }}={{ tpl ($value | toString) $ }}
        {{- end }}
        {{- end }}
        ports:
        - name: http
          containerPort: {{ .Values.service.port }}
        resources:
          {{- toYaml .Values.resources | nindent 10 }}
      {{- with .Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
"#,
    ),
    (
        "rbac",
        r#"{{- if and .Values.enabled (semverCompare ">=1.25-0" .Capabilities.KubeVersion.Version) }}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "NAME.fullname" . }}-NUMBER
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "NAME.labels" . | nindent 4 }}
rules:
{{- range list "configmaps" "secrets" "services" "endpoints" "pods" }}
- apiGroups: [""]
  resources: [{{ . | quote }}]
  verbs: ["get", "list", "watch"]
{{- end }}
{{- end }}
"#,
    ),
];

/// A dashboard of so many panels, its braces kept from the template language as generators do it.
fn dashboard(number: usize, panels: usize) -> String {
    let mut json = String::from("{\"panels\": [\n");
    for panel in 0..panels {
        let comma = if panel + 1 < panels { "," } else { "" };
        writeln!(
            json,
            "        {{\"datasource\": \"$datasource\", \"fieldConfig\": {{\"defaults\": {{\"unit\": \"short\"}}}}, \
             \"gridPos\": {{\"h\": 7, \"w\": 12, \"x\": 0, \"y\": {panel}}}, \"id\": {panel},\n         \"targets\": \
             [{{\"expr\": \"sum by (instance) (rate(requests_total{{job=\\\"job-{number}\\\"}}[5m]))\", \
             \"legendFormat\": \"{{{{`{{{{`}}}}instance{{{{`}}}}`}}}}\"}}], \"title\": \"Panel {panel}\", \"type\": \
             \"timeseries\"}}{comma}"
        )
        .expect("text");
    }
    json.push_str("      ]}");
    format!(
        "{{{{- if and .Values.enabled (gt (int .Values.dashboards) {number}) }}}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{{{ printf \"%s-%s\" (include \"stack.fullname\" $) \"dashboard-{number}\" | trunc 63 | trimSuffix \"-\" }}}}
  namespace: {{{{ .Release.Namespace }}}}
  labels:
    {{{{- include \"stack.labels\" $ | nindent 4 }}}}
data:
  dashboard-{number}.json: |-
      {json}
{{{{- end }}}}
"
    )
}

/// A group of so many alerts.
fn rules(number: usize, alerts: usize) -> String {
    let mut text = format!(
        "{{{{- if .Values.enabled }}}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{{{ include \"stack.fullname\" . }}}}-rules-{number}
  namespace: {{{{ .Release.Namespace }}}}
  labels:
    {{{{- include \"stack.labels\" . | nindent 4 }}}}
spec:
  groups:
  - name: group-{number}
    rules:
"
    );
    for alert in 0..alerts {
        writeln!(
            text,
            "{{{{- if not (.Values.disabledRules | default dict).Alert{alert} }}}}
    - alert: Alert{number}x{alert}
      annotations:
        description: '{{{{`{{{{`}}}} $labels.instance {{{{`}}}}`}}}} has had {{{{`{{{{`}}}} $value {{{{`}}}}`}}}} errors.'
        summary: Something is wrong.
      expr: |-
        sum by (instance) (rate(errors_total{{job=\"job-{number}\"}}[5m])) > {alert}
      for: 10m
      labels:
        severity: warning
{{{{- end }}}}"
        )
        .expect("text");
    }
    text + "{{- end }}\n"
}

/// A custom resource definition of about so many bytes.
fn definition(number: usize, bytes: usize) -> String {
    let mut text = format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things{number}.example.com
spec:
  group: example.com
  names: {{kind: Thing{number}, listKind: Thing{number}List, plural: things{number}, singular: thing{number}}}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
"
    );
    for field in 0.. {
        if text.len() > bytes {
            break;
        }
        writeln!(
            text,
            "              field{field}:
                description: |-
                  What this field means, said at some length, as generated definitions do it, over more than
                  one line.
                type: object
                properties:
                  name: {{description: The name., type: string, maxLength: 63}}
                  values:
                    description: Any number of values.
                    items: {{type: string}}
                    type: array
                    x-kubernetes-list-type: atomic"
        )
        .expect("text");
    }
    text
}
