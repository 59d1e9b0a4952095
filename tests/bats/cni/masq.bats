#!/usr/bin/env bats
# Masquerading: what is rewritten, what is not, and whose elements there are.
# shellcheck disable=SC2030,SC2031,SC2119 # each test has its own variables
load ../lib/common
load ../lib/cni

# $HOST routes between $POD and a world beyond.
setup() {
	setup_cni
	WORLD=$(unique w)
	new_netns "$WORLD"
	on_host ip link set lo up
	on_host ip link add up0 type veth peer name eth0 netns "$WORLD"
	on_host ip addr add 192.0.2.1/24 dev up0
	on_host ip link set up0 up
	ip -n "$WORLD" addr add 192.0.2.2/24 dev eth0
	ip -n "$WORLD" link set eth0 up
	ip -n "$WORLD" route add 10.0.0.0/8 via 192.0.2.1
	conf '.ipMasq = true'
}

teardown() {
	teardown_cni
}

# source_seen NETNS IP: the address from which a packet from the pod to IP arrives in NETNS
source_seen() {
	local port=7000 seen=$BATS_TEST_TMPDIR/seen
	nsenter --net="/run/netns/$1" timeout $((60 * PATIENCE)) socat -u "UDP4-RECVFROM:$port" \
		"SYSTEM:echo \$SOCAT_PEERADDR >$seen" 3>&- &
	wait_until 5 listens "$1" "$port"
	in_pod sh -c "echo x | socat -u - UDP4:$2:$port"
	wait_until 5 test -s "$seen"
	cat "$seen"
	rm "$seen"
}

listens() {
	nsenter --net="/run/netns/$1" ss -Huln "sport = :$2" | grep -q .
}

@test "to elsewhere the source is rewritten; without ipMasq it is not" {
	cni ADD
	assert_equal "$(source_seen "$WORLD" 192.0.2.2)" 192.0.2.1
	cni DEL
	on_host nft delete table inet peapod
	conf '.ipMasq = false'
	cni ADD
	assert_equal "$(source_seen "$WORLD" 192.0.2.2)" 10.1.0.3
}

@test "inside of the subnet the source stays" {
	local first=$POD
	cni ADD
	POD=$(unique q)
	new_netns "$POD"
	cni ADD CNI_CONTAINERID=c2
	# Even when bridged packets pass the routing hooks, as with br_netfilter.
	assert_equal "$(source_seen "$first" 10.1.0.2)" 10.1.0.3
}

@test "pods come and go without a change; a table that was lost is made again" {
	local before
	cni ADD
	before=$(on_host nft list ruleset)
	cni DEL
	cni ADD
	assert_equal "$(on_host nft list ruleset)" "$before"
	cni ADD CNI_IFNAME=eth1
	assert_equal "$(on_host nft list ruleset)" "$before"
	cni DEL CNI_IFNAME=eth1
	on_host nft flush ruleset
	cni DEL
	cni ADD
	assert_equal "$(on_host nft list ruleset)" "$before"
}

@test "elements that were lost come back, rules that were changed too" {
	local before
	cni ADD
	before=$(on_host nft list ruleset)
	cni DEL
	on_host nft flush set inet peapod masq4
	on_host nft flush set inet peapod same4
	on_host nft flush chain inet peapod masq4
	cni ADD
	assert_equal "$(on_host nft list ruleset)" "$before"
}

@test "a subnet of the same network that was changed is replaced" {
	cni ADD
	cni DEL
	conf '.ipMasq = true | .forceAddress = true | .ipam.ranges = [[{subnet: "10.1.0.0/16"}]]'
	cni ADD
	run -0 on_host nft -j list set inet peapod masq4
	assert_equal "$(jq -c '[.nftables[].set? // empty | .elem[].elem.val.prefix | "\(.addr)/\(.len)"]' <<<"$output")" \
		'["10.1.0.0/16"]'
	assert_equal "$(source_seen "$WORLD" 192.0.2.2)" 192.0.2.1
}

@test "an overlapping subnet of another network is refused, and nothing is left of the attempt" {
	cni ADD
	conf '.ipMasq = true | .name = "other" | .bridge = "br1" | .ipam.ranges = [[{subnet: "10.1.0.0/16"}]]'
	fails_with 7 cni ADD CNI_IFNAME=eth1
	assert_output --partial "overlaps 10.1.0.0/24 of network 'net'"
	assert_equal "$(pairs | grep -c ^veth)" 1
	run ! in_pod ip link show eth1
	# The other network is gone: what it left is replaced.
	cni DEL CNI_IFNAME=eth1
	on_host ip link del br0
	cni ADD CNI_IFNAME=eth1
	on_host nft list set inet peapod masq4 | grep -q '10.1.0.0/16 comment "other 10.1.0.0/16"'
}

@test "two networks that share a subnet share the element" {
	cni ADD
	conf '.ipMasq = true | .name = "other" | .ipam.ranges[0][0].rangeStart = "10.1.0.100"'
	cni ADD CNI_IFNAME=eth1
	assert_equal "$(on_host nft list set inet peapod masq4 | grep -c 10.1.0.0/24)" 1
}
