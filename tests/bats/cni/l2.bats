#!/usr/bin/env bats
# What a port of the bridge is made of: VLANs, checked MACs, duplicate detection, an idle end.
# shellcheck disable=SC2030,SC2031,SC2119,SC2016 # each test has its own variables; jq's are no shell's
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	teardown_cni
}

second_pod() {
	POD=$(unique q)
	new_netns "$POD"
}

# Kernels may be built without bridges that filter by VLAN.
has_vlans() {
	on_host ip link add vlan-probe type bridge vlan_filtering 1 2>/dev/null || return 1
	on_host ip link del vlan-probe
}

@test "VLANs on a kernel whose bridges cannot filter: refused by name, nothing is left but the bridge" {
	has_vlans && skip "the kernel has bridge VLAN filtering"
	conf '.vlan = 7'
	fails_with 2 cni ADD
	assert_output --partial 'vlan, vlanTrunk: not supported'
	assert_equal "$(pairs)$(leases)" ""
	on_host ip link add br0 type bridge
	fails_with 2 cni ADD
	assert_output --partial 'vlan, vlanTrunk: not supported'
	conf '.vlanTrunk = [{id: 5}]'
	fails_with 2 cni ADD
	assert_equal "$(pairs)$(leases)" ""
}

@test "vlan: pods of one VLAN see each other and their gateway, those of others nothing" {
	has_vlans || skip "the kernel has no bridge VLAN filtering"
	local first=$POD
	conf '.vlan = 7'
	run -0 cni ADD
	assert_equal "$(jq -c '[.interfaces[].name]' <<<"$output" | jq -c '[.[0], .[2], .[3]]')" '["br0","eth0","br0.7"]'
	assert_equal "$(on_host bridge -j vlan show dev "$(jq -r '.interfaces[1].name' <<<"$output")" | jq -c '.[0].vlans')" \
		'[{"vlan":7,"flags":["PVID","Egress Untagged"]}]'
	assert_equal "$(on_host ip -j -4 addr show br0 | jq -c '[.[].addr_info // [] | .[].local]')" '[]'
	assert_equal "$(on_host ip -j -4 addr show br0.7 | jq -r '.[0].addr_info[0].local')" 10.1.0.1
	in_pod ping -c 1 -W 30 10.1.0.1
	second_pod
	cni ADD CNI_CONTAINERID=c2
	in_pod ping -c 1 -W 30 10.1.0.2
	conf '.vlan = 8 | .name = "net2" | del(.isDefaultGateway)'
	second_pod
	cni ADD CNI_CONTAINERID=c3
	run ! in_pod ping -c 1 -W 2 10.1.0.3
	POD=$first
	conf '.vlan = 7'
	cni DEL
	cni DEL CNI_CONTAINERID=c2 CNI_NETNS=
	assert_equal "$(leases)" ""
}

@test "vlanTrunk: tagged VLANs, native 1, and those that a port had already" {
	has_vlans || skip "the kernel has no bridge VLAN filtering"
	local port
	conf '.vlanTrunk = [{minID: 20, maxID: 22}, {id: 9}] | del(.isDefaultGateway) | del(.ipam)'
	run -0 cni ADD
	port=$(jq -r '.interfaces[1].name' <<<"$output")
	assert_equal "$(on_host bridge -j vlan show dev "$port" | jq -c '.[0].vlans | map({
		vlan: range(.vlan; (.vlanEnd // .vlan) + 1), flags: (.flags // [])}) | map([.vlan] + .flags)')" \
		'[[1,"PVID","Egress Untagged"],[9],[20],[21],[22]]'
	cni DEL
	conf '.vlan = 7 | .preserveDefaultVlan = true | del(.isDefaultGateway) | del(.ipam)'
	run -0 cni ADD
	port=$(jq -r '.interfaces[1].name' <<<"$output")
	assert_equal "$(on_host bridge -j vlan show dev "$port" | jq -c '[.[0].vlans[].vlan]')" '[1,7]'
	# One that others made without filtering is not changed for their ports.
	conf '.vlan = 7 | .bridge = "br1" | del(.isDefaultGateway) | del(.ipam)'
	on_host ip link add br1 type bridge
	fails_with 7 cni ADD CNI_CONTAINERID=c2
	assert_output --partial 'does not filter by VLAN'
}

@test "macspoofchk: frames with another MAC are dropped; DEL and GC free the port" {
	conf '.macspoofchk = true'
	cni ADD
	in_pod ping -c 1 -W 30 10.1.0.1
	assert_equal "$(guarded)" 2
	in_pod ip link set eth0 down
	in_pod ip link set eth0 address 02:00:00:00:00:77
	in_pod ip link set eth0 up
	run ! in_pod ping -c 1 -W 2 10.1.0.1
	in_pod ip link set eth0 down
	in_pod ip link set eth0 address 0a:58:0a:01:00:02
	in_pod ip link set eth0 up
	wait_until 30 in_pod ping -c 1 -W 2 10.1.0.1 # when the port forwards again
	cni DEL
	assert_equal "$(guarded)" 0
	cni ADD
	second_pod
	cni ADD CNI_CONTAINERID=c2
	assert_equal "$(guarded)" 4
	conf '.cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = [{containerID: "c2", ifname: "eth0"}]'
	cni GC
	assert_equal "$(guarded)" 2
}

# guarded: ports and their MACs; the index knows as many
guarded() {
	local all
	all=$(on_host nft -j list table bridge peapod | jq '[.nftables[] | .set? // empty | .elem // [] | length] | add')
	echo $((all / 2))
}

@test "macspoofchk: a second ADD of a living pod fails, and takes nothing from the first" {
	conf '.macspoofchk = true | del(.ipam)'
	cni ADD
	assert_equal "$(guarded)" 2
	run --separate-stderr cni ADD
	assert_failure
	assert_equal "$(guarded)" 2
	cni DEL
	assert_equal "$(guarded)" 0
}

@test "macspoofchk: CHECK sees a lost element; a failed ADD leaves none; others' tables are left alone" {
	local result
	on_host nft add table bridge nat
	on_host nft add chain bridge nat PREROUTING '{ type filter hook prerouting priority -300; }'
	conf '.macspoofchk = true'
	result=$(cni ADD)
	jq --argjson prev "$result" '.prevResult = $prev' "$CONF" >"$CONF.check"
	mv "$CONF.check" "$CONF"
	cni CHECK
	on_host nft flush set bridge peapod macs
	fails_with 999 cni CHECK
	assert_output --partial 'its MAC is not checked'
	conf '.macspoofchk = true'
	cni DEL
	assert_equal "$(guarded)" 0
	on_host nft list chain bridge nat PREROUTING
	in_pod ip link add eth0 type bridge
	fails_with 999 cni ADD
	assert_equal "$(guarded)" 0
}

@test "enabledad: an address is used when nobody else has it, and a duplicate is an error" {
	local first=$POD
	conf '.enabledad = true | .ipam = {type: "static", addresses: [{address: "fd01::5/64", gateway: "fd01::1"}]}'
	cni ADD
	assert_equal "$(in_pod cat /proc/sys/net/ipv6/conf/eth0/accept_dad /proc/sys/net/ipv6/conf/eth0/enhanced_dad | tr '\n' ' ')" "1 1 "
	assert_equal "$(in_pod ip -6 addr show dev eth0 tentative)" ""
	in_pod ping -6 -c 1 -W 30 fd01::1
	second_pod
	fails_with 999 cni ADD CNI_CONTAINERID=c2
	assert_output --partial 'used by somebody else'
	run ! in_pod ip link show eth0
	POD=$first
	in_pod ping -6 -c 1 -W 30 fd01::1
}

@test "disableContainerInterface: the pod's end is left down; not with ipam" {
	conf 'del(.ipam) | del(.isDefaultGateway) | .disableContainerInterface = true'
	run -0 cni ADD
	assert_equal "$(jq -r '.interfaces[2].name' <<<"$output")" eth0
	in_pod ip -j link show eth0 | jq -e '.[0].flags | index("UP") | not'
	cni DEL
	assert_equal "$(pairs)" ""
	conf '.disableContainerInterface = true'
	fails_with 7 cni ADD
	assert_equal "$(pairs)$(leases)" ""
}

@test "the gateway is the subnet's first address where address management tells none" {
	conf '.ipam = {type: "static", addresses: [{address: "10.1.0.5/24"}]}'
	run -0 cni ADD
	assert_equal "$(jq -c '[.ips[0].gateway, .routes[0]]' <<<"$output")" '["10.1.0.1",{"dst":"0.0.0.0/0","gw":"10.1.0.1"}]'
	in_pod ping -c 1 -W 30 10.1.0.1
	in_pod ip route | grep -q '^default via 10.1.0.1'
}
