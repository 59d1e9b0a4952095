#!/usr/bin/env bats
# Neighbours learn at once who has an address now; rules of others stay as they are.
# shellcheck disable=SC2030,SC2031,SC2119,SC2016,SC2153 # each test has its own variables; jq's are no shell's
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	teardown_cni
}

# neighbour ADDRESS: the MAC that the host has for it
neighbour() {
	on_host ip -j neigh show "$1" dev br0 | jq -r '.[0].lladdr'
}

is_neighbour() {
	[ "$(neighbour "$1")" = "$2" ]
}

# knows NETNS ADDRESS MAC: has it that MAC for the address?
knows() {
	[ "$(ip -n "$1" -j neigh show "$2" dev eth0 | jq -r '.[0].lladdr')" = "$3" ]
}

@test "an address that comes back with another MAC: the host's neighbour table is put right, unasked" {
	conf '.ipam.ranges += [[{subnet: "fd01::/64"}]]'
	cni ADD CNI_IFNAME=eth1 # stays, and with it the bridge's addresses, carrier and neighbours
	conf .
	on_host sh -c 'echo 0 >/proc/sys/net/ipv4/neigh/br0/locktime'
	on_host ip neigh replace 10.1.0.7 lladdr 02:00:00:00:00:99 dev br0 nud stale
	conf '.runtimeConfig.ips = ["10.1.0.7"] | .runtimeConfig.mac = "02:00:00:00:00:05"'
	cni ADD
	wait_until 30 is_neighbour 10.1.0.7 02:00:00:00:00:05
	cni DEL
	on_host ip neigh replace fd01::7 lladdr 02:00:00:00:00:99 dev br0 nud stale
	conf '.ipam = {type: "static", addresses: [{address: "fd01::7/64", gateway: "fd01::1"}]} | .runtimeConfig.mac = "02:00:00:00:00:06"'
	cni ADD
	wait_until 30 is_neighbour fd01::7 02:00:00:00:00:06
}

@test "an address whose MAC follows from it: the host's table is put right, and no other pod hears of it" {
	local first=$POD
	cni ADD CNI_CONTAINERID=c0 # hears what is for all
	on_host sh -c 'echo 0 >/proc/sys/net/ipv4/neigh/br0/locktime'
	in_pod sh -c 'echo 0 >/proc/sys/net/ipv4/neigh/eth0/locktime'
	in_pod ip neigh replace 10.1.0.7 lladdr 02:00:00:00:00:99 dev eth0 nud stale
	in_pod ip neigh replace 10.1.0.8 lladdr 02:00:00:00:00:99 dev eth0 nud stale
	on_host ip neigh replace 10.1.0.7 lladdr 02:00:00:00:00:99 dev br0 nud stale
	POD=$(unique q)
	new_netns "$POD"
	conf '.runtimeConfig.ips = ["10.1.0.7"]'
	cni ADD
	wait_until 30 is_neighbour 10.1.0.7 0a:58:0a:01:00:07
	# nor of the first frame for it: the bridge knows its port
	on_host bridge -j fdb show br br0 | jq -e '.[] | select(.mac == "0a:58:0a:01:00:07" and .master == "br0" and .state != "permanent")'
	assert_equal "$(on_host ip -j neigh show 10.1.0.8)" "[]" # and nobody is noted that none asked for
	POD=$(unique r)
	new_netns "$POD"
	conf '.runtimeConfig.ips = ["10.1.0.8"] | .runtimeConfig.mac = "02:00:00:00:00:05"'
	cni ADD CNI_CONTAINERID=c2 # told to all, and later
	wait_until 30 knows "$first" 10.1.0.8 02:00:00:00:00:05
	knows "$first" 10.1.0.7 02:00:00:00:00:99
}

@test "the ports of our bridges have no IPv6, and so no routes that the host would walk" {
	cni ADD
	local port
	port=$(pairs)
	[ -n "$port" ]
	assert_equal "$(on_host cat "/proc/sys/net/ipv6/conf/$port/disable_ipv6")" 1
	in_pod ping -c 1 -W 30 10.1.0.1 # carries packets
	assert_equal "$(on_host ip -6 route show table all dev "$port")" ""
	assert_equal "$(on_host ip -d -j link show br0 | jq '.[0].linkinfo.info_data.mcast_snooping')" 0
}

@test "an address that comes back has the MAC of before, where none is asked for" {
	local mac
	mac=$(cni ADD | jq -r '.interfaces[2].mac')
	in_pod ping -c 1 -W 30 10.1.0.1
	cni DEL
	rm -r "$LEASES" # so that the next pod gets the same
	assert_equal "$(cni ADD CNI_CONTAINERID=c2 | jq -r '.interfaces[2].mac')" "$mac"
	in_pod ping -c 1 -W 30 10.1.0.1
}

@test "forwarding is switched on for the families that the pod has, and not switched off again" {
	on_host sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'
	conf 'del(.isDefaultGateway)'
	cni ADD
	assert_equal "$(on_host cat /proc/sys/net/ipv4/ip_forward)" 0
	cni DEL
	conf '.isGateway = true'
	cni ADD
	assert_equal "$(on_host cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding | tr '\n' ' ')" "1 0 "
	cni DEL
	assert_equal "$(on_host cat /proc/sys/net/ipv4/ip_forward)" 1
	conf '.isGateway = true | .ipam.ranges = [[{subnet: "fd01::/64"}]]'
	cni ADD
	assert_equal "$(on_host cat /proc/sys/net/ipv6/conf/all/forwarding)" 1
}

@test "what the reference plugins and others have in iptables and nftables stays as it is" {
	local before
	requires iptables
	on_host iptables -t nat -N CNI-twin
	on_host iptables -t nat -A POSTROUTING -s 10.1.0.2 -j CNI-twin
	on_host iptables -t nat -A CNI-twin -d 10.1.0.0/24 -j ACCEPT
	on_host iptables -N CNI-FORWARD
	on_host nft add table inet cni_plugins_masquerade
	on_host nft add table inet mine
	on_host nft add chain inet mine forward '{ type filter hook forward priority 0; }'
	before=$(others)
	conf '.ipMasq = true | .macspoofchk = true | .ingressPolicy = "isolated"
		| .runtimeConfig.portMappings = [{hostPort: 80, containerPort: 80}]'
	cni ADD
	assert_equal "$(others)" "$before"
	cni DEL
	assert_equal "$(others)" "$before"
	conf '.ipMasq = true | .macspoofchk = true | .cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = []'
	cni GC
	assert_equal "$(others)" "$before"
}

# others: all tables but ours
others() {
	local family table
	on_host nft -j list tables | jq -r '.nftables[] | .table? // empty | select(.name != "peapod") | "\(.family) \(.name)"' | sort |
		while read -r family table; do
			on_host nft -s list table "$family" "$table"
		done
}

@test "the reference's dhcp, whose daemon does not run: an error, and nothing is left" {
	[ -x "$REFERENCE/dhcp" ] || skip "needs the reference plugins"
	cp "$REFERENCE/dhcp" "$BIN/dhcp"
	conf '.ipam = {type: "dhcp", daemonSocketPath: "'"$BATS_TEST_TMPDIR"'/none.sock"}'
	run -1 --separate-stderr cni ADD
	assert_output --partial "plugin 'dhcp'"
	assert_equal "$(pairs)" ""
	rm "$BIN/dhcp"
	fails_with 999 cni ADD
	assert_output --partial "there is no plugin 'dhcp'"
	assert_equal "$(pairs)" ""
}
