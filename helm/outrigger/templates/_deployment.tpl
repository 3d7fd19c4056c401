{{/* The Deployment of a role: (dict "root" $ "role" "edge" "command" "sidecar" "ports" (list …)). */}}
{{- define "outrigger.deployment" -}}
{{- $values := index .root.Values .role -}}
{{- $selector := include "outrigger.selectorLabels" . | fromYaml -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "outrigger.metadata" . | nindent 2 }}
spec:
  replicas: {{ $values.replicas | int }}
  selector:
    matchLabels:
      {{- toYaml $selector | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: {{ $values.rollout.maxSurge }}
      maxUnavailable: {{ $values.rollout.maxUnavailable }}
  template:
    metadata:
      labels:
        {{- include "outrigger.podLabels" (merge (dict "more" $values.podLabels) .) | nindent 8 }}
      annotations:
        # A changed configuration replaces the pods one by one, so a bad one stops at the first.
        outrigger.dev/config-checksum: {{ include "outrigger.configuration" . | sha256sum }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "outrigger.serviceAccountName" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml .root.Values.podSecurityContext | nindent 8 }}
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds | default (add (include "outrigger.drainSeconds" .) 5) | int }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      containers:
        - {{ include "outrigger.container" (merge (dict "statusPortName" "status") .) | nindent 10 | trim }}
      volumes:
        {{- include "outrigger.volumes" . | nindent 8 }}
        {{- with $values.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $values.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- range . }}
        - {{ omit . "labelSelector" "matchLabelKeys" | toYaml | nindent 10 | trim }}
          labelSelector:
            {{- .labelSelector | default (dict "matchLabels" $selector) | toYaml | nindent 12 }}
          matchLabelKeys:
            {{- .matchLabelKeys | default (list "pod-template-hash") | toYaml | nindent 12 }}
        {{- end }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}

{{/* The ConfigMap of a role: (dict "root" $ "role" "edge"). */}}
{{- define "outrigger.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "outrigger.metadata" . | nindent 2 }}
data:
  outrigger.yaml: |
    {{- include "outrigger.configuration" . | nindent 4 }}
{{- end -}}

{{/* The PodDisruptionBudget of a role: (dict "root" $ "role" "edge"). */}}
{{- define "outrigger.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "outrigger.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ (index .root.Values .role).pdb.maxUnavailable }}
  # A pod that is not ready anyway never blocks the drain of its node.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "outrigger.selectorLabels" . | nindent 6 }}
{{- end -}}

{{/* The Service of a role: (dict "root" $ "role" "edge" "ports" (list …)). */}}
{{- define "outrigger.service" -}}
{{- $service := (index .root.Values .role).service -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "outrigger.metadata" (merge (dict "annotations" $service.annotations) .) | nindent 2 }}
spec:
  type: {{ $service.type }}
  {{- with $service.clusterIP }}
  clusterIP: {{ . | quote }}
  {{- end }}
  {{- if ne $service.type "ClusterIP" }}
  externalTrafficPolicy: {{ $service.externalTrafficPolicy }}
  {{- end }}
  {{- if eq $service.type "LoadBalancer" }}
  {{- with $service.loadBalancerClass }}
  loadBalancerClass: {{ . }}
  {{- end }}
  {{- with $service.loadBalancerSourceRanges }}
  loadBalancerSourceRanges:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  ipFamilyPolicy: {{ $service.ipFamilyPolicy }}
  {{- with $service.ipFamilies }}
  ipFamilies:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  selector:
    {{- include "outrigger.selectorLabels" . | nindent 4 }}
  ports:
    {{- toYaml .ports | nindent 4 }}
{{- end -}}
