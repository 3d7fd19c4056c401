{{/* The Outrigger configuration of a role, as it goes into the ConfigMap. */}}

{{/* (dict "root" $ "role" "edge"): the role's `config` with what the chart adds to it, as YAML. */}}
{{- define "outrigger.configuration" -}}
{{- $values := index .root.Values .role -}}
{{- $config := include "outrigger.config" . | fromJson -}}
{{- $consul := $config.consul | default (include "outrigger.consul" . | fromYaml) -}}
{{- if $consul -}}{{- $_ := set $config "consul" $consul -}}{{- end -}}
{{- if and (ne .role "dns") (not $config.listeners) (eq (len $config.clusters) 1) -}}
{{- $route := dict "to" (keys $config.clusters | first) -}}
{{- $place := ternary (dict "name" "outbound" "listen" "127.0.0.1:15001") (dict "name" "http" "listen" "[::]:8080") (eq .role "sidecar") -}}
{{- $_ := set $config "listeners" (list (merge $place (dict "protocol" "http" "routes" (list $route)))) -}}
{{- end -}}
{{- if include "outrigger.sleepsByDelay" . -}}
{{- $delay := add (include "outrigger.seconds" (dict "duration" (dig "drain" "delay" "0s" $config) "of" (printf "%s.config.drain.delay" .role)) | int) ($values.preStopSeconds | int) -}}
{{- $_ := set $config "drain" (merge (dict "delay" (printf "%ds" $delay)) ($config.drain | default dict)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* (dict "root" $ "role" "edge"): the `consul` part of a role that has none of its own; empty when there is no Consul. */}}
{{- define "outrigger.consul" -}}
{{- with include "outrigger.consulAddress" . }}
address: {{ . | quote }}
{{- end }}
{{- with .root.Values.consul -}}
{{- if .datacenter }}
datacenter: {{ .datacenter | quote }}
{{- end }}
{{- if .tokenSecret.name }}
token_file: /etc/outrigger/consul-token/token
{{- end }}
{{- if .tls.secretName }}
tls:
  ca_file: /etc/outrigger/consul-tls/ca.crt
  {{- if .tls.certKey }}
  cert_file: /etc/outrigger/consul-tls/tls.crt
  {{- end }}
  {{- if .tls.keyKey }}
  key_file: /etc/outrigger/consul-tls/tls.key
  {{- end }}
  {{- if .tls.serverName }}
  server_name: {{ .tls.serverName | quote }}
  {{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* (dict "duration" "1.5s" "of" "edge.config.drain.delay"): whole seconds, rounded up. */}}
{{- define "outrigger.seconds" -}}
{{- $text := toString .duration -}}
{{- if not (regexMatch "^[0-9]+([.][0-9]+)?(ms|s|m|h)$" $text) -}}
{{- fail (printf "%s: %s is not a duration that the chart can count with, such as 30s; write it without a variable" .of $text) -}}
{{- end -}}
{{- $seconds := index (dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0) (regexFind "[a-z]+$" $text) -}}
{{- mulf (regexFind "^[0-9.]+" $text | float64) $seconds | ceil | int -}}
{{- end -}}

{{/* (dict "root" $ "role" "edge"): not empty where the cluster has no sleep action and `drain.delay` stands in for it.
     The kubelet's own sleep (no shell needed) is on by default since 1.30. A native sidecar needs neither. */}}
{{- define "outrigger.sleepsByDelay" -}}
{{- $values := index .root.Values .role -}}
{{- $sleeps := and (gt ($values.preStopSeconds | int) 0) (ne ($values.mode | default "") "native") -}}
{{- if and $sleeps (semverCompare "<1.30.0-0" .root.Capabilities.KubeVersion.Version) -}}true{{- end -}}
{{- end -}}

{{/* (dict "root" $ "role" "edge"): the least number of seconds that a drain of the role needs, before SIGTERM included. */}}
{{- define "outrigger.drainSeconds" -}}
{{- $values := index .root.Values .role -}}
{{- $config := include "outrigger.config" . | fromJson -}}
{{- $of := printf "%s.config.drain" .role -}}
{{- $delay := include "outrigger.seconds" (dict "duration" (dig "drain" "delay" "0s" $config) "of" (printf "%s.delay" $of)) -}}
{{- $grace := include "outrigger.seconds" (dict "duration" (dig "drain" "grace" "30s" $config) "of" (printf "%s.grace" $of)) -}}
{{- add ($delay | int) ($grace | int) (ternary 0 ($values.preStopSeconds | int) (eq ($values.mode | default "") "native")) -}}
{{- end -}}

{{/* The port at the end of `host:port`. */}}
{{- define "outrigger.port" -}}
{{- regexFind "[0-9]+$" . -}}
{{- end -}}

{{/* Not empty for a listen address that only the pod itself can reach. */}}
{{- define "outrigger.isLoopback" -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\]|unix:)" . -}}true{{- end -}}
{{- end -}}

{{/* The name of a listener as the name of a port: at most 15 small letters, digits and single dashes. */}}
{{- define "outrigger.portName" -}}
{{- $name := regexReplaceAll "[^a-z0-9]+" (lower .) "-" -}}
{{- if or (gt (len $name) 15) (regexMatch "^[0-9-]+$" $name) -}}
{{- printf "l-%s" (sha256sum . | trunc 12) -}}
{{- else -}}
{{- $name | trimAll "-" -}}
{{- end -}}
{{- end -}}

{{/* (dict "root" $ "role" "edge"): JSON list of the listeners that others may reach: name, protocol, port, portName. */}}
{{- define "outrigger.openListeners" -}}
{{- $open := list -}}
{{- range (include "outrigger.configuration" . | fromYaml).listeners -}}
{{- if not (include "outrigger.isLoopback" .listen) -}}
{{- $open = append $open (dict "name" .name "protocol" .protocol "port" (include "outrigger.port" .listen | int) "portName" (include "outrigger.portName" .name)) -}}
{{- end -}}
{{- end -}}
{{- toJson $open -}}
{{- end -}}
