#!/usr/bin/env bats
# What is forwarded to and from pods: the firewall plugin, and peapod's ingressPolicy.
# shellcheck disable=SC2030,SC2031,SC2119,SC2016,SC2153 # each test has its own variables; jq's are no shell's
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	teardown_cni
}

# pod NUMBER BRIDGE POLICY: another pod in $POD behind both plugins; the result is printed
pod() {
	local prev
	POD=$(unique "p$1")
	new_netns "$POD"
	bridged "$1" "$2"
	prev=$(plugin "$BIN/bridge" ADD CNI_CONTAINERID="c$1")
	walled "$1" "$3" "$prev"
	plugin "$BIN/firewall" ADD CNI_CONTAINERID="c$1"
}

# bridged NUMBER BRIDGE: a config in which each bridge has a subnet of its own
bridged() {
	conf '.type = "bridge" | .bridge = "'"$2"'" | .name = "net-'"$2"'" | .ipam.ranges = [[{subnet: "10.'"${2#br}"'.0.0/24"}]]'
}

# walled NUMBER POLICY PREV
walled() {
	conf '.type = "firewall" | .ingressPolicy = "'"$2"'"'
	jq --argjson prev "${3:-null}" '.prevResult = $prev' "$CONF" >"$CONF.chain"
	mv "$CONF.chain" "$CONF"
}

# admitted: the addresses in the sets of pods
admitted() {
	on_host nft -j list ruleset | jq -r '.nftables[] | .set? // empty | select(.name | startswith("pods"))
		| .elem // [] | .[] | .elem.val' | sort | tr '\n' ' '
}

@test "pods are admitted with their owner, the result is handed on; DEL needs no prevResult, and may come twice" {
	run -0 pod 1 br7 ""
	assert_equal "$(jq -r '.ips[0].address' <<<"$output")" 10.7.0.2/24
	assert_equal "$(admitted)" "10.7.0.2 "
	on_host nft list set inet peapod pods4 | grep -q 'comment "net c1 eth0"'
	plugin "$BIN/firewall" CHECK
	on_host nft flush set inet peapod pods4
	fails_with 999 plugin "$BIN/firewall" CHECK
	plugin "$BIN/firewall" ADD
	assert_equal "$(admitted)" "10.7.0.2 "
	walled 1 "" null
	plugin "$BIN/firewall" DEL CNI_NETNS=
	assert_equal "$(admitted)" ""
	plugin "$BIN/firewall" DEL
}

@test "same-bridge: beside each other yes, from another such bridge no; isolated: not beside each other either" {
	local one two three
	bridge_rules 1
	pod 1 br7 same-bridge
	one=$POD
	pod 2 br7 same-bridge
	two=$POD
	pod 3 br8 same-bridge
	three=$POD
	pings "$one" 10.7.0.3
	pings "$three" 10.8.0.1
	pings_not "$three" 10.7.0.2
	pings_not "$one" 10.8.0.2
	on_host nft list ruleset | grep -q 'iifname @walls oifname @walls drop'
	pod 4 br9 isolated
	pod 5 br9 isolated
	pings "$POD" 10.9.0.1
	# Where the kernel shows bridged packets to the rules for routed ones.
	[ ! -d /proc/sys/net/bridge ] || pings_not "$POD" 10.9.0.2
	pings_not "$POD" 10.7.0.2
	pings "$two" 10.7.0.2
}

# bridge_rules 0|1: do bridged packets pass the rules for routed ones (where the kernel can do that)?
bridge_rules() {
	on_host sh -c "[ ! -d /proc/sys/net/bridge ] ||
		echo $1 >/proc/sys/net/bridge/bridge-nf-call-iptables"
}

pings() {
	nsenter --net="/run/netns/$1" ping -c 1 -W 30 "$2"
}

# pings_not NETNS ADDRESS: nothing comes back in two seconds
pings_not() {
	run ! nsenter --net="/run/netns/$1" ping -c 1 -W 2 "$2"
}

@test "open: every bridge reaches every other; the administrator's chain goes first, and is never emptied" {
	local one
	pod 1 br7 open
	one=$POD
	pod 2 br8 open
	pings "$one" 10.8.0.2
	on_host nft add rule inet peapod CNI-ADMIN ip saddr 10.7.0.2 ip daddr 10.8.0.2 drop
	pings_not "$one" 10.8.0.2
	pings "$POD" 10.7.0.1
	on_host nft flush set inet peapod pods4
	pod 3 br9 isolated
	on_host nft list chain inet peapod CNI-ADMIN | grep -q 'ip daddr 10.8.0.2 drop'
	pings_not "$one" 10.8.0.2
}

@test "an address that a vanished pod left is the new one's; the late DEL of the old one does not touch it" {
	pod 1 br7 ""
	cp "$CONF" "$CONF.new"
	CONF=$CONF.new plugin "$BIN/firewall" ADD CNI_CONTAINERID=c2
	on_host nft list set inet peapod pods4 | grep -q 'comment "net c2 eth0"'
	plugin "$BIN/firewall" DEL CNI_CONTAINERID=c1
	assert_equal "$(admitted)" "10.7.0.2 "
	conf '.type = "firewall" | .cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = [{containerID: "c2", ifname: "eth0"}]'
	plugin "$BIN/firewall" GC
	assert_equal "$(admitted)" "10.7.0.2 "
	conf '.type = "firewall" | .cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = []'
	plugin "$BIN/firewall" GC
	assert_equal "$(admitted)" ""
}

@test "no prevResult, no bridge, keys without a meaning: errors; versions from 0.4.0 as the reference's" {
	walled 1 "" null
	fails_with 7 plugin "$BIN/firewall" ADD
	assert_output --partial 'missing prevResult'
	walled 1 same-bridge '{"cniVersion": "1.0.0", "ips": [{"address": "10.7.0.2/24"}]}'
	fails_with 7 plugin "$BIN/firewall" ADD
	assert_output --partial 'needs a bridge'
	walled 1 sometimes '{"cniVersion": "1.0.0"}'
	fails_with 7 plugin "$BIN/firewall" ADD
	conf '.type = "firewall" | .firewalldZone = "public"'
	fails_with 2 plugin "$BIN/firewall" ADD
	assert_output --partial firewalldZone
	assert_equal "$(on_host nft list tables)" ""
}

@test "peapod: ingressPolicy in the one call, DEL and GC free it" {
	local one
	conf '.ingressPolicy = "same-bridge" | .ipam.ranges += [[{subnet: "fd01::/64"}]]'
	cni ADD
	one=$POD
	assert_equal "$(admitted)" "10.1.0.2 fd01::2 "
	POD=$(unique q)
	new_netns "$POD"
	conf '.ingressPolicy = "same-bridge" | .bridge = "br9" | .name = "net9" | .ipam.ranges = [[{subnet: "10.9.0.0/24"}]]'
	cni ADD CNI_CONTAINERID=c9
	pings "$POD" 10.9.0.1
	pings_not "$POD" 10.1.0.2
	pings_not "$one" 10.9.0.2
	cni DEL CNI_CONTAINERID=c9 CNI_NETNS=
	assert_equal "$(admitted)" "10.1.0.2 fd01::2 "
	conf '.ingressPolicy = "same-bridge" | .cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = []'
	cni GC
	assert_equal "$(admitted)" ""
	conf '.ingressPolicy = "isolated" | .mode = "ptp"'
	fails_with 7 cni ADD
}
