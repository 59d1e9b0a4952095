#!/usr/bin/env bats
# ADD and DEL of the peapod and bridge plugins: what is made, and that all of it goes.
# shellcheck disable=SC2030,SC2031 # each test has its own variables
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	teardown_cni
}

# nothing_left: only the bridge stays
nothing_left() {
	assert_equal "$(pairs)" ""
	assert_equal "$(in_pod ip -o link | grep -v ' lo: ')" ""
	assert_equal "$(leases)" ""
}

@test "ADD gives an interface that works; DEL takes it away" {
	run -0 cni ADD
	assert_equal "$(jq -c '[.interfaces[].name]' <<<"$output")" "[\"br0\",\"$(pairs)\",\"eth0\"]"
	assert_equal "$(jq -r '.interfaces[2].sandbox' <<<"$output")" "/run/netns/$POD"
	assert_equal "$(jq -c '.ips' <<<"$output")" \
		'[{"interface":2,"address":"10.1.0.2/24","gateway":"10.1.0.1"}]'
	assert_equal "$(jq -r '.interfaces[2].mac' <<<"$output")" 0a:58:0a:01:00:02
	in_pod ping -c 1 -W 30 10.1.0.1
	assert_equal "$(on_host cat /proc/sys/net/ipv4/ip_forward)" 1
	assert_equal "$(on_host cat /proc/sys/net/ipv6/conf/br0/accept_ra)" 0
	assert_equal "$(in_pod cat /proc/sys/net/ipv4/conf/eth0/arp_notify)" 1
	run -0 cni DEL
	assert_output ""
	nothing_left
}

@test "every version gets the result of its shape, the same as the reference plugin's" {
	local version
	requires "$REFERENCE/bridge"
	for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0; do
		conf ".cniVersion = \"$version\" | .type = \"bridge\" | .ipMasq = false
			| .ipam.routes = [{dst: \"0.0.0.0/0\"}] | del(.isDefaultGateway) | .isGateway = true
			| .dns = {nameservers: [\"10.1.0.9\"]}"
		cni ADD >"$BATS_TEST_TMPDIR/ours"
		cni DEL
		rm -r "$LEASES"
		on_host env CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS="/run/netns/$POD" \
			CNI_IFNAME=eth0 CNI_PATH="$REFERENCE" "$REFERENCE/bridge" <"$CONF" \
			>"$BATS_TEST_TMPDIR/theirs"
		cni DEL
		rm -r "$LEASES"
		run diff <(jq -S "$NAMELESS" "$BATS_TEST_TMPDIR/ours") \
			<(jq -S "$NAMELESS" "$BATS_TEST_TMPDIR/theirs")
		assert_output ""
	done
	conf '.cniVersion = "1.1.0"'
	run -0 cni ADD
	assert_equal "$(jq -r .cniVersion <<<"$output")" 1.1.0
}

# MACs, and names of host ends, are not the same on purpose.
NAMELESS='del(.interfaces[]?.mac) | if .interfaces then .interfaces[1].name = "veth" else . end'

@test "the wired pods are like the reference plugin's: addresses, routes, neighbours" {
	local twin
	requires "$REFERENCE/bridge"
	conf '.type = "bridge" | .ipam.routes = [{dst: "198.51.100.0/24"}] | .mtu = 1400'
	cni ADD
	state_of_pod "$POD" >"$BATS_TEST_TMPDIR/ours"
	cni DEL
	rm -r "$LEASES"
	twin=$POD
	POD=$(unique q)
	new_netns "$POD"
	plugin "$REFERENCE/bridge" ADD CNI_PATH="$REFERENCE"
	run -0 diff "$BATS_TEST_TMPDIR/ours" <(state_of_pod "$POD")
	assert_not_equal "$twin" "$POD"
}

# is_up NETNS: the kernel has told eth0 so
is_up() {
	ip -n "$1" -j link show eth0 | jq -e '.[0].operstate == "UP"' >/dev/null
}

state_of_pod() {
	local ns=$1
	wait_until 30 is_up "$ns"
	ip -n "$ns" -j addr show eth0 |
		jq -S '.[0] | {mtu, operstate, a: [.addr_info[] | select(.scope == "global") | {local, prefixlen, broadcast}]}'
	ip -n "$ns" -j route | jq -S 'sort_by(.dst)'
}

@test "ADD twice is an error and leaves the first attachment as it is" {
	cni ADD
	fails_with 999 cni ADD
	assert_output --partial 'duplicate allocation is not allowed'
	in_pod ping -c 1 -W 30 10.1.0.1
	assert_equal "$(leases)" 10.1.0.2
	cni DEL
	nothing_left
}

@test "an interface of that name in the pod is an error that leaves nothing" {
	in_pod ip link add eth0 type bridge
	fails_with 999 cni ADD
	assert_output --partial "'eth0' already exists in the container"
	in_pod ip link del eth0
	nothing_left
}

@test "DEL never added, and DEL twice" {
	cni DEL
	cni ADD
	cni DEL
	cni DEL
	nothing_left
}

@test "DEL with no netns: empty, removed, or never there" {
	cni ADD
	cni DEL CNI_NETNS=
	nothing_left
	cni ADD
	ip netns del "$POD"
	cni DEL
	assert_equal "$(leases)" ""
	assert_equal "$(pairs)" ""
	cni DEL CNI_NETNS=/nonexistent/ns
}

@test "DEL after a reboot: the path of the netns is a plain file" {
	cni ADD
	touch "$BATS_TEST_TMPDIR/left"
	cni DEL CNI_NETNS="$BATS_TEST_TMPDIR/left"
	nothing_left
}

@test "DEL needs nothing but config, id and interface name" {
	cni ADD
	conf '{name, cniVersion, type, ipam: {type: .ipam.type, dataDir: .ipam.dataDir}}'
	cni DEL CNI_NETNS=
	nothing_left
}

@test "a netns that is none: ADD is code 8 and makes nothing, DEL succeeds" {
	local path
	touch "$BATS_TEST_TMPDIR/file"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for path in /nonexistent "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/fifo" \
		"$BATS_TEST_TMPDIR" /proc/cpuinfo /proc/self/ns/mnt /dev/null; do
		fails_with 8 cni ADD CNI_NETNS="$path"
		cni DEL CNI_NETNS="$path"
	done
	nothing_made
}

@test "the plugin's own netns is refused before anything is made" {
	fails_with 8 cni ADD CNI_NETNS="/run/netns/$HOST"
	cni DEL CNI_NETNS="/run/netns/$HOST"
	fails_with 8 cni ADD CNI_NETNS=/proc/self/ns/net
	nothing_made
}

@test "two interfaces of one pod, on one network and on two" {
	cni ADD
	cni ADD CNI_IFNAME=eth1
	assert_equal "$(leases | tr '\n' ' ')" "10.1.0.2 10.1.0.3 "
	cni DEL
	in_pod ip link show eth1
	assert_equal "$(leases)" 10.1.0.3
	cni DEL CNI_IFNAME=eth1
	nothing_left
}
