{{/* The sidecar for pods of other charts. Each template takes the scope of this chart: in a chart that depends on it,
     `.Subcharts.outrigger` (or what its alias is). docs/kubernetes.md shows a whole pod. */}}

{{/* One list item: of `initContainers`, first, in mode native; of `containers` in mode container. */}}
{{- define "outrigger.sidecar.container" -}}
{{- $_ := include "outrigger.sidecar.enabled" . -}}
{{- $ports := list (dict "name" "outrigger" "containerPort" (include "outrigger.port" .Values.sidecar.config.status.listen | int) "protocol" "TCP") -}}
- {{ include "outrigger.container" (dict "root" . "role" "sidecar" "command" "sidecar" "ports" $ports "statusPortName" "outrigger") | nindent 2 | trim }}
{{- if eq .Values.sidecar.mode "native" }}
  # Kubernetes starts it before the pod's own containers and ends it after them.
  restartPolicy: Always
{{- end }}
{{- end -}}

{{/* List items of `volumes`. */}}
{{- define "outrigger.sidecar.volumes" -}}
{{- $_ := include "outrigger.sidecar.enabled" . -}}
{{- /* 0444: the pod's fsGroup is not ours to choose, so the file is readable without it. */ -}}
{{- include "outrigger.volumes" (dict "root" . "role" "sidecar" "secretMode" 292) -}}
{{- end -}}

{{/* Annotations for the pod: they change when the configuration does, so the pods are replaced. */}}
{{- define "outrigger.sidecar.annotations" -}}
{{- $_ := include "outrigger.sidecar.enabled" . -}}
outrigger.dev/sidecar-checksum: {{ include "outrigger.configuration" (dict "root" . "role" "sidecar") | sha256sum }}
{{- end -}}

{{/* Seconds that the sidecar needs to end: to be added to what the pod's own containers need in
     `terminationGracePeriodSeconds`. */}}
{{- define "outrigger.sidecar.graceSeconds" -}}
{{- add (include "outrigger.drainSeconds" (dict "root" . "role" "sidecar")) 5 -}}
{{- end -}}

{{- define "outrigger.sidecar.enabled" -}}
{{- if not .Values.sidecar.enabled -}}
{{- fail "the sidecar's named templates are used while sidecar.enabled is false: its ConfigMap would be missing" -}}
{{- end -}}
{{- end -}}
