{{/* The NetworkPolicy of a role: (dict "root" $ "role" "edge" "ports" (list …)). */}}
{{- define "outrigger.networkPolicy" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $ours := list -}}
{{- range list "dns" "test" -}}
{{- $ours = append $ours (dict "podSelector" (dict "matchLabels" (include "outrigger.selectorLabels" (dict "root" $.root "role" .) | fromYaml))) -}}
{{- end -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "outrigger.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "outrigger.selectorLabels" . | nindent 6 }}
  policyTypes:
    - Ingress
    {{- if $policy.egress }}
    - Egress
    {{- end }}
  ingress:
    - ports:
        {{- toYaml .ports | nindent 8 }}
      {{- with $policy.from }}
      from:
        {{- concat . $ours | toYaml | nindent 8 }}
      {{- end }}
    - ports:
        - port: status
          protocol: TCP
      from:
        {{- concat $ours $policy.statusFrom | toYaml | nindent 8 }}
  {{- with $policy.egress }}
  egress:
    # The cluster's DNS.
    - ports:
        - port: 53
          protocol: UDP
        - port: 53
          protocol: TCP
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
