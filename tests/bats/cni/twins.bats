#!/usr/bin/env bats
# The same conflists, wired by the reference plugins and by ours: the same picture, element by
# element. What differs on purpose is listed in ../lib/twins.bash, with the reason.
# shellcheck disable=SC2030,SC2031,SC2034,SC2119,SC2016,SC2153 # each test has its own variables; jq's are no shell's
load ../lib/common
load ../lib/cni
load ../lib/twins

setup() {
	setup_cni
	requires tc socat
}

teardown() {
	teardown_cni
}

# list PLUGINS [VERSION]: a conflist
list() {
	printf '{"cniVersion":"%s","name":"twins","plugins":[%s]}' "${2:-1.0.0}" "$1"
}

LOCAL4='"ipam":{"type":"host-local","ranges":[[{"subnet":"10.9.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}'
LOCAL46='"ipam":{"type":"host-local","ranges":[[{"subnet":"10.9.0.0/24"}],[{"subnet":"fd09::/64"}]],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}'

@test "bridge: gateway, IPv4, every version" {
	local version FAILING=pod-world
	for version in 0.3.1 0.4.0 1.0.0; do
		same_as_reference "bridge-$version" \
			"$(list '{"type":"bridge","bridge":"br9","isGateway":true,'"$LOCAL4"'}' "$version")" \
			pod-gateway host-pod pod-world
	done
}

@test "bridge: dual stack with masquerading (theirs by iptables, ours by nftables), MTU, hairpin" {
	same_as_reference dual "$(list '{"type":"bridge","bridge":"br9","isGateway":true,"ipMasq":true,"mtu":1400,"hairpinMode":true,'"$LOCAL46"'}')" \
		pod-gateway pod-gateway6 host-pod host-pod6 pod-world pod-world6
}

@test "bridge: default gateway, promiscuous mode, DNS, other routes" {
	local FAILING=pod-world
	same_as_reference options "$(list '{"type":"bridge","bridge":"br9","isDefaultGateway":true,"promiscMode":true,"dns":{"nameservers":["10.9.0.1"],"search":["x"]},"ipam":{"type":"host-local","subnet":"10.9.0.0/24","routes":[{"dst":"198.51.100.0/24"},{"dst":"203.0.113.0/24","gw":"10.9.0.7"}]}}')" \
		pod-gateway host-pod pod-world
}

@test "bridge: without addresses" {
	local FAILING=pod-gateway
	same_as_reference l2 "$(list '{"type":"bridge","bridge":"br9"}')" pod-gateway
}

@test "bridge: static addresses without a gateway, with isGateway" {
	same_as_reference static "$(list '{"type":"bridge","bridge":"br9","isGateway":true,"ipam":{"type":"static","addresses":[{"address":"10.9.0.2/24"},{"address":"fd09::2/64"}],"routes":[{"dst":"198.51.100.0/24","gw":"10.9.0.1"}]}}')" \
		pod-gateway pod-gateway6 host-pod
	REFERENCE=/nonexistent # Debian's bridge drops what address management says of DNS
	same_as_reference dns "$(list '{"type":"bridge","bridge":"br9","ipam":{"type":"static","addresses":[{"address":"10.9.0.2/24"}],"dns":{"domain":"d"}}}')"
}

@test "bridge: newer keys: portIsolation, disableContainerInterface, enabledad, forceAddress" {
	REFERENCE=/nonexistent # Debian's has them not
	same_as_reference isolated "$(list '{"type":"bridge","bridge":"br9","isGateway":true,"portIsolation":true,"enabledad":true,"forceAddress":true,'"$LOCAL46"'}')" \
		pod-gateway pod-gateway6 host-pod
	same_as_reference idle "$(list '{"type":"bridge","bridge":"br9","disableContainerInterface":true}')"
}

@test "bridge: a VLAN with its gateway, and a trunk" {
	on_host ip link add vlan-probe type bridge vlan_filtering 1 2>/dev/null || skip "the kernel has no bridge VLAN filtering"
	same_as_reference vlan "$(list '{"type":"bridge","bridge":"br9","isGateway":true,"vlan":7,'"$LOCAL4"'}')" \
		pod-gateway host-pod
	REFERENCE=/nonexistent
	same_as_reference trunk "$(list '{"type":"bridge","bridge":"br9","vlanTrunk":[{"minID":20,"maxID":22},{"id":9}]}')"
}

@test "ptp: dual stack with masquerading" {
	same_as_reference ptp "$(list '{"type":"ptp","ipMasq":true,"mtu":1400,'"$LOCAL46"'}')" \
		pod-gateway pod-gateway6 host-pod host-pod6 pod-world pod-world6
}

@test "loopback" {
	same_as_reference loopback "$(list '{"type":"loopback"}')" pod-lo
}

@test "portmap behind bridge: from outside, from the host, from localhost, from the pod itself; and a hostIP" {
	local FAILING="port-world-192.0.2.1:8081 port-world-192.0.2.1:9090"
	same_as_reference portmap "$(list '{"type":"bridge","bridge":"br9","isGateway":true,"hairpinMode":true,'"$LOCAL4"'},
		{"type":"portmap","capabilities":{"portMappings":true},"runtimeConfig":{"portMappings":[
		{"hostPort":8080,"containerPort":80,"protocol":"tcp"},
		{"hostPort":8081,"containerPort":80,"protocol":"tcp","hostIP":"127.0.0.1"}]}}')" \
		port-world-192.0.2.1:8080 port-host-192.0.2.1:8080 port-host-127.0.0.1:8080 port-pod-192.0.2.1:8080 \
		port-world-192.0.2.1:8081 port-host-127.0.0.1:8081 port-world-192.0.2.1:9090
}

@test "bandwidth behind bridge: both directions" {
	same_as_reference bandwidth "$(list '{"type":"bridge","bridge":"br9","isGateway":true,'"$LOCAL4"'},
		{"type":"bandwidth","ingressRate":8000000,"ingressBurst":800000,"egressRate":4000000,"egressBurst":400000}')" \
		pod-gateway host-pod
}

@test "tuning behind bridge: sysctls, MTU, multicast" {
	same_as_reference tuning "$(list '{"type":"bridge","bridge":"br9","isGateway":true,'"$LOCAL4"'},
		{"type":"tuning","mac":"02:00:00:00:00:09","mtu":1300,"promisc":true,"allmulti":true,"sysctl":{"net.ipv4.conf.IFNAME.arp_filter":"1","net.core.somaxconn":"321"}}')" \
		pod-gateway host-pod
}

@test "firewall behind bridge and ptp: the result is handed on, and nothing else changes" {
	same_as_reference firewall "$(list '{"type":"bridge","bridge":"br9","isGateway":true,"ipMasq":true,'"$LOCAL4"'},{"type":"firewall"}')" \
		pod-gateway host-pod pod-world
	same_as_reference firewall-ptp "$(list '{"type":"ptp","ipMasq":true,'"$LOCAL4"'},{"type":"firewall","backend":"iptables"}')" \
		pod-gateway host-pod pod-world
}

@test "the whole chain of a node, in the runtime's spelling: bridge, portmap, bandwidth, tuning, firewall" {
	# Not isDefaultGateway: beside a default route of address management theirs fails (EEXIST).
	same_as_reference node "$(list '{"type":"bridge","bridge":"br9","isGateway":true,"ipMasq":true,"hairpinMode":true,'"$LOCAL4"'},
		{"type":"portmap","snat":true,"runtimeConfig":{"portMappings":[{"HostPort":8080,"ContainerPort":80,"Protocol":"tcp","HostIP":""}]}},
		{"type":"bandwidth","runtimeConfig":{"bandwidth":{"IngressRate":80000000,"IngressBurst":8000000}}},
		{"type":"tuning","sysctl":{"net.core.somaxconn":"500"}},{"type":"firewall"}')" \
		pod-gateway pod-world port-world-192.0.2.1:8080 port-host-127.0.0.1:8080
}
