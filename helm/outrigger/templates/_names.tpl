{{/* Names and labels. */}}

{{/* The chart's name, or what replaces it. */}}
{{- define "outrigger.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* The prefix of all names: at most 50 characters, so that the longest suffix still fits into 63. */}}
{{- define "outrigger.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "outrigger.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change for a role: (dict "root" $ "role" "edge"). */}}
{{- define "outrigger.selectorLabels" -}}
app.kubernetes.io/name: {{ include "outrigger.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{/* Labels of an object: (dict "root" $ "role" "edge"). */}}
{{- define "outrigger.labels" -}}
{{- $chart := printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- merge (include "outrigger.podLabels" . | fromYaml) (dict "helm.sh/chart" $chart "app.kubernetes.io/managed-by" .root.Release.Service) | toYaml -}}
{{- end -}}

{{/* Labels of a pod: (dict "root" $ "role" "edge" "more" (dict)). What selectors use cannot be replaced; the version of
     the chart is left out, so that a new chart with the same content replaces no pod. */}}
{{- define "outrigger.podLabels" -}}
{{- $selector := include "outrigger.selectorLabels" . | fromYaml -}}
{{- $standard := dict "app.kubernetes.io/version" .root.Chart.AppVersion "app.kubernetes.io/part-of" "outrigger" -}}
{{- merge (dict) $selector (.more | default dict) .root.Values.commonLabels $standard | toYaml -}}
{{- end -}}

{{/* Name, namespace, labels and annotations of an object:
     (dict "root" $ "role" "edge" "name" "…" "annotations" (dict)); name defaults to <fullname>-<role>. */}}
{{- define "outrigger.metadata" -}}
name: {{ .name | default (printf "%s-%s" (include "outrigger.fullname" .root) .role) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "outrigger.labels" . | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "outrigger.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "outrigger.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
