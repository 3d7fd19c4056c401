{{/* Combinations that cannot work, refused before anything is installed, with what to set instead: all of them at once.
     What the schema of the values can say is not repeated here. Each check renders one line for each problem. */}}

{{- define "outrigger.checks" -}}
{{- with include "outrigger.problems" . | trim -}}
{{- fail (printf "these values cannot work:\n  - %s" (splitList "\n" . | join "\n  - ")) -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.problems" -}}
{{- if not (or .Values.edge.enabled .Values.dns.enabled .Values.sidecar.enabled) -}}
{{- println "edge, dns and sidecar are all disabled: there is nothing to install" -}}
{{- end -}}
{{- range $role := list "edge" "dns" "sidecar" -}}
{{- if (index $.Values $role).enabled -}}
{{- $config := include "outrigger.config" (dict "root" $ "role" $role) | fromJson -}}
{{- $scope := dict "root" $ "role" $role "values" (index $.Values $role) "config" $config -}}
{{- include "outrigger.checkAddresses" $scope -}}
{{- include "outrigger.checkConsul" $scope -}}
{{- include "outrigger.checkFiles" $scope -}}
{{- if eq $role "dns" -}}
{{- include "outrigger.checkDns" $scope -}}
{{- else -}}
{{- include "outrigger.checkProxy" $scope -}}
{{- end -}}
{{- if ne $role "sidecar" -}}
{{- include "outrigger.checkDrain" $scope -}}
{{- include "outrigger.checkRegister" $scope -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- include "outrigger.checkService" . -}}
{{- end -}}

{{- define "outrigger.checkAddresses" -}}
{{- $admin := dig "admin" "listen" "" .config -}}
{{- if not $admin -}}
{{- println (printf "%s.config.admin.listen is not set; set it to 127.0.0.1:15000" .role) -}}
{{- end -}}
{{- if not (include "outrigger.isLoopback" $admin) -}}
{{- println (printf "%s.config.admin.listen: %s can be reached from other pods; the admin address stays on loopback (kubectl port-forward reaches it)" .role $admin) -}}
{{- end -}}
{{- $status := dig "status" "listen" "" .config -}}
{{- if not $status -}}
{{- println (printf "%s.config.status.listen is not set: the kubelet's probes ask there; set it to [::]:15020" .role) -}}
{{- end -}}
{{- if include "outrigger.isLoopback" $status -}}
{{- println (printf "%s.config.status.listen: %s cannot be reached by the kubelet's probes; set it to [::]:15020" .role $status) -}}
{{- end -}}
{{- $ports := dict -}}
{{- $dns := dig "dns" "listen" list .config -}}
{{- range $address := concat (list $admin $status) $dns (include "outrigger.listens" . | fromJsonArray) -}}
{{- if not (hasPrefix "unix:" $address) -}}
{{- if not (regexMatch ":[0-9]+$" $address) -}}
{{- println (printf "%s.config: %s has no port that the chart can read; write the number itself" $.role $address) -}}
{{- end -}}
{{- $port := include "outrigger.port" $address -}}
{{- if lt ($port | int) 1024 -}}
{{- println (printf "%s.config: %s is a port below 1024, which a container without privileges cannot bind; listen on 1024 or above and map it in the Service" $.role $address) -}}
{{- end -}}
{{- /* DNS has a socket for each family, so it may have one port twice. */ -}}
{{- if and (hasKey $ports $port) (not (and (has $address $dns) (has (get $ports $port) $dns))) -}}
{{- println (printf "%s.config: port %s is used twice, by %s and %s" $.role $port (get $ports $port) $address) -}}
{{- end -}}
{{- $_ := set $ports $port $address -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.listens" -}}
{{- $listens := list -}}
{{- range .config.listeners -}}{{- $listens = append $listens .listen -}}{{- end -}}
{{- toJson $listens -}}
{{- end -}}

{{- define "outrigger.checkConsul" -}}
{{- if dig "consul" "token" "" .config -}}
{{- println (printf "%s.config.consul.token would be readable in a ConfigMap; put it into a Secret and name that in consul.tokenSecret.name" .role) -}}
{{- end -}}
{{- $address := ternary (dig "consul" "address" "" .config) (include "outrigger.consulAddress" .) (not (empty .config.consul)) -}}
{{- range .values.env -}}{{- if eq .name "CONSUL_HTTP_ADDR" -}}{{- $address = .name -}}{{- end -}}{{- end -}}
{{- if and (not $address) (include "outrigger.usesConsul" .) -}}
{{- println (printf "%s.config uses Consul, and there is no address for it; set consul.address, for example to http://${HOST_IP}:8500 for the agent on each node" .role) -}}
{{- end -}}
{{- with .root.Values.consul.tls -}}
{{- if ne (empty .certKey) (empty .keyKey) -}}
{{- println "consul.tls: certKey and keyKey belong together; set both or neither" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Not empty when a cluster or a member comes from Consul, or the process registers itself there. */}}
{{- define "outrigger.usesConsul" -}}
{{- if .config.register -}}true{{- end -}}
{{- range .config.clusters -}}{{- if dig "discover" "consul" nil . -}}true{{- end -}}{{- end -}}
{{- range dig "dns" "zones" dict .config -}}
{{- range .records -}}
{{- range .pools -}}{{- if dig "members" "consul" nil . -}}true{{- end -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.checkFiles" -}}
{{- range $name, $cluster := .config.clusters -}}
{{- if and (dig "discover" "file" "" $cluster) (not $.values.volumeMounts) -}}
{{- println (printf "%s.config.clusters.%s reads its endpoints from a file, and nothing is mounted; set %s.volumeMounts" $.role $name $.role) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.checkProxy" -}}
{{- if .config.dns -}}
{{- println (printf "%s.config.dns belongs to the name server: move it to dns.config.dns" .role) -}}
{{- end -}}
{{- if not .config.clusters -}}
{{- println (printf "%s.config.clusters is empty: name at least one service to balance over (the example does it only while nothing is configured), for example --set %s.config.clusters.users.discover.consul.service=users --set 'consul.address=http://${HOST_IP}:8500'; or set %s.enabled=false" .role .role .role) -}}
{{- end -}}
{{- if and (not .config.listeners) (gt (len .config.clusters) 1) -}}
{{- println (printf "%s.config.listeners is empty and there are several clusters: write the listeners and their routes" .role) -}}
{{- end -}}
{{- $names := dict -}}
{{- range .config.listeners -}}
{{- $listener := . -}}
{{- if hasKey $names .name -}}
{{- println (printf "%s.config.listeners: the name %s is used twice" $.role .name) -}}
{{- end -}}
{{- $_ := set $names .name true -}}
{{- range concat (compact (list .to)) (include "outrigger.routeTargets" . | fromJsonArray) -}}
{{- if not (hasKey $.config.clusters .) -}}
{{- println (printf "%s.config.listeners: %s sends to %s, which is not one of the clusters (%s)" $.role $listener.name . (keys $.config.clusters | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.routeTargets" -}}
{{- $targets := list -}}
{{- range .routes -}}{{- if .to -}}{{- $targets = append $targets .to -}}{{- end -}}{{- end -}}
{{- toJson $targets -}}
{{- end -}}

{{- define "outrigger.checkDns" -}}
{{- if or .config.listeners .config.clusters -}}
{{- println "dns.config.listeners and dns.config.clusters have no effect in a name server: move them to edge.config" -}}
{{- end -}}
{{- if not (dig "dns" "zones" nil .config) -}}
{{- println "dns.config.dns.zones is empty: write the zone that the name server answers for (docs/kubernetes.md shows one; the example's is there only while nothing is configured); or set dns.enabled=false" -}}
{{- end -}}
{{- $first := include "outrigger.port" (first .config.dns.listen) -}}
{{- range .config.dns.listen -}}
{{- if include "outrigger.isLoopback" . -}}
{{- println (printf "dns.config.dns.listen: %s cannot be reached through the Service; set it to 0.0.0.0:5353" .) -}}
{{- end -}}
{{- if ne (include "outrigger.port" .) $first -}}
{{- println (printf "dns.config.dns.listen: %s has another port than the first, and the Service leads to one" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.checkDrain" -}}
{{- with .values.rollout -}}
{{- if and (has (toString .maxSurge) (list "0" "0%")) (has (toString .maxUnavailable) (list "0" "0%")) -}}
{{- println (printf "%s.rollout: maxSurge and maxUnavailable are both 0, so no pod could ever be replaced" $.role) -}}
{{- end -}}
{{- end -}}
{{- $given := .values.terminationGracePeriodSeconds -}}
{{- if $given -}}
{{- $needed := include "outrigger.drainSeconds" . | int -}}
{{- if lt ($given | int) $needed -}}
{{- println (printf "%s.terminationGracePeriodSeconds: %d is less than the %d seconds that preStopSeconds, drain.delay and drain.grace take; the pod would be killed in the middle of its drain" .role ($given | int) $needed) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.checkRegister" -}}
{{- with .config.register -}}
{{- if not (contains "${" .address) -}}
{{- println (printf "%s.config.register.address: %s would be the same for every pod; write ${POD_IP}" $.role .address) -}}
{{- end -}}
{{- if and .id (not (contains "${" .id)) -}}
{{- println (printf "%s.config.register.id: %s would be the same for every pod, and each would replace the other in Consul; write ${POD_NAME} into it or leave it out" $.role .id) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "outrigger.checkService" -}}
{{- $config := include "outrigger.config" (dict "root" . "role" "edge") | fromJson -}}
{{- if and .Values.edge.enabled (or $config.listeners (eq (len $config.clusters) 1)) -}}
{{- $open := include "outrigger.openListeners" (dict "root" . "role" "edge") | fromJsonArray -}}
{{- if not $open -}}
{{- println "edge.config.listeners: none of them can be reached from outside the pod, so the Service would have no port" -}}
{{- end -}}
{{- $names := list -}}{{- $ports := dict -}}
{{- range $open -}}
{{- $names = append $names .name -}}
{{- $port := get $.Values.edge.service.ports .name | default .port | int | toString -}}
{{- if hasKey $ports $port -}}
{{- println (printf "edge.service.ports: the listeners %s and %s both get port %s" (get $ports $port) .name $port) -}}
{{- end -}}
{{- $_ := set $ports $port .name -}}
{{- end -}}
{{- range $name, $_ := .Values.edge.service.ports -}}
{{- if not (has $name $names) -}}
{{- println (printf "edge.service.ports: there is no listener %s that can be reached from outside the pod (there is %s)" $name (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
