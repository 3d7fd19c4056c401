{{/* Containers and volumes, for the chart's own pods and for pods that take the sidecar. */}}

{{/* The container of a role: (dict "root" $ "role" "edge" "command" "sidecar" "ports" (list)). */}}
{{- define "outrigger.container" -}}
{{- $values := index .root.Values .role -}}
{{- $config := $values.config -}}
name: outrigger
image: {{ include "outrigger.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: [{{ .command }}, -c, /etc/outrigger/config/outrigger.yaml]
env:
  {{- range $name, $field := dict "POD_IP" "status.podIP" "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "NODE_NAME" "spec.nodeName" "HOST_IP" "status.hostIP" }}
  - name: {{ $name }}
    valueFrom:
      fieldRef:
        fieldPath: {{ $field }}
  {{- end }}
  {{- with $values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  {{- toYaml .ports | nindent 2 }}
startupProbe:
  httpGet:
    path: /startup
    port: {{ .statusPortName }}
  periodSeconds: 1
  timeoutSeconds: 1
  failureThreshold: {{ $values.startupSeconds | int }}
readinessProbe:
  httpGet:
    path: /ready
    port: {{ .statusPortName }}
  periodSeconds: 2
  timeoutSeconds: 1
  failureThreshold: 2
livenessProbe:
  httpGet:
    path: /live
    port: {{ .statusPortName }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- if and (gt ($values.preStopSeconds | int) 0) (ne ($values.mode | default "") "native") (not (include "outrigger.sleepsByDelay" .)) }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ $values.preStopSeconds | int }}
{{- end }}
securityContext:
  {{- include "outrigger.containerSecurity" .root | nindent 2 }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: outrigger-config
    mountPath: /etc/outrigger/config
    readOnly: true
  - name: outrigger-tmp
    mountPath: /tmp
  {{- with $config.snapshot_dir }}
  - name: outrigger-state
    mountPath: {{ . }}
  {{- end }}
  {{- if .root.Values.consul.tokenSecret.name }}
  - name: outrigger-consul-token
    mountPath: /etc/outrigger/consul-token
    readOnly: true
  {{- end }}
  {{- if .root.Values.consul.tls.secretName }}
  - name: outrigger-consul-tls
    mountPath: /etc/outrigger/consul-tls
    readOnly: true
  {{- end }}
  {{- with $values.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* What the restricted Pod Security Standard asks of a container. Complete by itself: a sidecar's pod is not ours. */}}
{{- define "outrigger.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- range $field := list "runAsNonRoot" "runAsUser" "runAsGroup" "seccompProfile" }}
{{- if hasKey $.Values.podSecurityContext $field }}
{{ $field }}: {{ index $.Values.podSecurityContext $field | toJson }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Volumes of a role: (dict "root" $ "role" "edge"). */}}
{{- define "outrigger.volumes" -}}
{{- $consul := .root.Values.consul -}}
- name: outrigger-config
  configMap:
    name: {{ printf "%s-%s" (include "outrigger.fullname" .root) .role }}
- name: outrigger-tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if (index .root.Values .role).config.snapshot_dir }}
- name: outrigger-state
  emptyDir:
    sizeLimit: 256Mi
{{- end }}
{{- with $consul.tokenSecret }}
{{- if .name }}
- name: outrigger-consul-token
  secret:
    secretName: {{ .name }}
    defaultMode: {{ $.secretMode | default 288 }}
    items:
      - key: {{ .key }}
        path: token
{{- end }}
{{- end }}
{{- with $consul.tls }}
{{- if .secretName }}
- name: outrigger-consul-tls
  secret:
    secretName: {{ .secretName }}
    defaultMode: {{ $.secretMode | default 288 }}
    items:
      - key: {{ .caKey }}
        path: ca.crt
      {{- if .certKey }}
      - key: {{ .certKey }}
        path: tls.crt
      {{- end }}
      {{- if .keyKey }}
      - key: {{ .keyKey }}
        path: tls.key
      {{- end }}
{{- end }}
{{- end }}
{{- end -}}
