{{/* The example configuration (files/example), with which the chart installs before anybody has configured it. */}}

{{/* Not empty while the example is in use. It is all or nothing: helm merges mappings of values, so an example among
     the values would end up between clusters and zones of one's own, and a zone of example.com beside an edge pair that
     is somebody's own would be a forgotten one. */}}
{{- define "outrigger.usesExample" -}}
{{- $edge := .Values.edge.config -}}{{- $dns := .Values.dns.config -}}
{{- $edges := or $edge.clusters $edge.listeners $edge.register $edge.dns -}}
{{- $zones := or (dig "dns" "zones" dict $dns) $dns.clusters $dns.listeners -}}
{{- if not (or $edges $zones .Values.sidecar.enabled) -}}true{{- end -}}
{{- end -}}

{{/* (dict "root" $ "role" "edge"): the role's `config` as JSON, with the example in it while that is in use. */}}
{{- define "outrigger.config" -}}
{{- $config := deepCopy (index .root.Values .role).config -}}
{{- if include "outrigger.usesExample" .root -}}
{{- $example := .root.Files.Get (printf "files/example/%s.yaml" .role) | fromYaml -}}
{{- $config = merge $config $example -}}
{{- end -}}
{{- toJson $config -}}
{{- end -}}

{{/* (dict "root" $ "role" "edge"): Consul's address for a role that has no `consul` of its own. The example asks the
     agent on the pod's node when the values name none. */}}
{{- define "outrigger.consulAddress" -}}
{{- $address := .root.Values.consul.address | default "" -}}
{{- $named := false -}}
{{- range (index .root.Values .role).env -}}{{- if eq .name "CONSUL_HTTP_ADDR" -}}{{- $named = true -}}{{- end -}}{{- end -}}
{{- if and (not $address) (not $named) (include "outrigger.usesExample" .root) -}}
{{- $address = "http://${HOST_IP}:8500" -}}
{{- end -}}
{{- $address -}}
{{- end -}}
