{{- define "g.ingress" -}}
{{- if semverCompare "<1.14-0" .Capabilities.KubeVersion.GitVersion }}extensions/v1beta1
{{- else if semverCompare "<1.22-0" .Capabilities.KubeVersion.GitVersion }}networking.k8s.io/v1beta1
{{- else }}networking.k8s.io/v1{{ end -}}
{{- end -}}
{{- define "g.pdb" }}{{ ternary "policy/v1" "policy/v1beta1" (.Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget") }}{{ end -}}
