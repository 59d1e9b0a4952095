#!/usr/bin/env bats
# Options of the bridge, and bridges that are there already.
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	teardown_cni
}

@test "an interface of the bridge's name that is no bridge is refused" {
	on_host ip link add br0 type veth peer name other
	fails_with 999 cni ADD
	assert_output --partial 'not a bridge'
	assert_equal "$(leases)" ""
	assert_equal "$(in_pod ip -o link | grep -v ' lo: ')" ""
}

@test "a bridge with another address: refused, or replaced with forceAddress" {
	on_host ip link add br0 type bridge
	on_host ip addr add 10.8.0.1/24 dev br0
	fails_with 999 cni ADD
	assert_output --partial "already has an IP address different from 10.1.0.1/24"
	assert_equal "$(leases)" ""
	assert_equal "$(pairs)" ""
	conf '.forceAddress = true'
	cni ADD
	assert_equal "$(on_host ip -j -4 addr show br0 | jq -r '.[].addr_info[].local')" 10.1.0.1
	in_pod ping -c 1 -W 30 10.1.0.1
}

@test "a bridge that is down and has another MTU is used as it is, but up" {
	local mac
	on_host ip link add br0 type bridge
	on_host ip link set br0 mtu 1300
	mac=$(on_host ip -j link show br0 | jq -r '.[0].address')
	conf '.mtu = 1400'
	cni ADD
	on_host ip -j link show br0 | jq -e '.[0] | .mtu == 1300 and (.flags | index("UP"))'
	in_pod ip -j link show eth0 | jq -e '.[0].mtu == 1400'
	assert_equal "$(on_host ip -j link show br0 | jq -r '.[0].address')" "$mac"
	in_pod ping -c 1 -W 30 10.1.0.1
}

@test "the MAC of the bridge stays when pods come and go" {
	local mac
	cni ADD
	mac=$(on_host ip -j link show br0 | jq -r '.[0].address')
	cni ADD CNI_IFNAME=eth1 CNI_ARGS=MAC=02:00:00:00:00:01
	cni DEL
	assert_equal "$(on_host ip -j link show br0 | jq -r '.[0].address')" "$mac"
	in_pod ip -j link show eth1 | jq -e '.[0].address == "02:00:00:00:00:01"'
}

@test "hairpin, isolation and promiscuous mode reach the kernel" {
	local port
	conf '.hairpinMode = true | .portIsolation = true'
	cni ADD
	port=$(pairs)
	on_host ip -j -d link show "$port" |
		jq -e '.[0].linkinfo.info_slave_data | .hairpin and .isolated'
	cni DEL
	conf '.promiscMode = true'
	cni ADD
	on_host ip -j link show br0 | jq -e '.[0].flags | index("PROMISC")'
}

@test "routes with all their attributes are in the kernel" {
	conf '.ipam.routes = [{dst: "198.51.100.0/24", mtu: 1300, advmss: 1200, priority: 7},
		{dst: "203.0.113.0/24", gw: "10.1.0.9", table: 300},
		{dst: "192.0.2.0/24", table: 50, scope: 0}]'
	cni ADD
	in_pod ip route show 198.51.100.0/24 |
		grep -qE 'via 10.1.0.1 dev eth0 .*metric 7 mtu 1300 advmss 1200'
	in_pod ip route show table 300 | grep -q '^203.0.113.0/24 via 10.1.0.9'
	in_pod ip route show table 50 | grep -q '^192.0.2.0/24 via 10.1.0.1'
	in_pod ip route | grep -q '^default via 10.1.0.1'
}

@test "default routes of two IPv6 networks, which the kernel makes one: CHECK finds each, and which is missing" {
	local i
	for i in 1 2; do
		conf ".name = \"net$i\" | .bridge = \"br$i\" | .ipam.ranges = [[{subnet: \"fd0$i::/64\"}]]"
		cni ADD CNI_IFNAME="eth$i" >"$CONF.result"
		jq --slurpfile r "$CONF.result" '.prevResult = $r[0]' "$CONF" >"$CONF.$i"
	done
	assert_equal "$(in_pod ip -6 -j route show default | jq -c '[.[] | .nexthops | length]')" '[2]'
	CONF=$CONF.1 cni CHECK CNI_IFNAME=eth1
	CONF=$CONF.2 cni CHECK CNI_IFNAME=eth2
	in_pod ip -6 route del default via fd01::1 dev eth1
	CONF=$CONF.1 fails_with 999 cni CHECK CNI_IFNAME=eth1
	assert_output --partial 'route ::/0 is missing'
	CONF=$CONF.2 cni CHECK CNI_IFNAME=eth2
	in_pod ip -6 route append default via fd01::9 dev eth1
	CONF=$CONF.1 fails_with 999 cni CHECK CNI_IFNAME=eth1
}

@test "isDefaultGateway beside the address management's default route is one route" {
	conf '.ipam.routes = [{dst: "0.0.0.0/0"}]'
	cni ADD
	assert_equal "$(in_pod ip route show default | wc -l)" 1
}

@test "no ipam: a pair on the bridge without addresses" {
	conf 'del(.ipam) | del(.isDefaultGateway)'
	run -0 cni ADD
	assert_equal "$(jq -c '[(.interfaces | length), .ips]' <<<"$output")" '[3,null]'
	is_up() { in_pod ip -j link show eth0 | jq -e '.[0].operstate == "UP"'; }
	wait_until 30 is_up
	cni DEL
	assert_equal "$(pairs)" ""
	conf 'del(.ipam) | .cniVersion = "0.2.0"'
	fails_with 7 cni ADD
	assert_equal "$(pairs)" ""
}

@test "several range sets: a gateway each on one bridge" {
	conf '.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "10.2.0.0/24"}], [{subnet: "fd01::/64"}]]'
	run -0 cni ADD
	assert_equal "$(jq -c '[.ips[].address]' <<<"$output")" \
		'["10.1.0.2/24","10.2.0.2/24","fd01::2/64"]'
	in_pod ping -c 1 -W 30 10.1.0.1
	in_pod ping -c 1 -W 30 10.2.0.1
	in_pod ping -c 1 -W 30 fd01::1
	cni DEL
	assert_equal "$(leases)" ""
}

@test "dual stack: no address is tentative, IPv6 works at once, also where it was off" {
	conf '.ipam.ranges += [[{subnet: "fd01::/64"}]]'
	# shellcheck disable=SC2016 # expanded in the pod's namespace
	in_pod sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
		echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6'
	cni ADD
	in_pod ping -6 -c 1 -W 30 fd01::1
	assert_equal "$(in_pod ip -6 addr show tentative)" ""
	assert_equal "$(on_host ip -6 addr show dev br0 tentative scope global)" ""
	in_pod ip -6 route show default | grep -q 'via fd01::1'
	assert_equal "$(on_host cat /proc/sys/net/ipv6/conf/all/forwarding)" 1
}

@test "aliases: GC and peapod-cni gc take the files of pods that are gone, and no others" {
	local dir=$BATS_TEST_TMPDIR/hosts
	files() { (cd "$dir/net" && printf '%s ' *); }
	conf '.aliasDir = "'"$dir"'" | .runtimeConfig.aliases = ["web"]'
	cni ADD
	cni ADD CNI_CONTAINERID=a_b_c CNI_IFNAME=eth_1
	cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth2
	echo theirs >"$dir/net/notes"
	conf '.aliasDir = "'"$dir"'" | .cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = [{containerID: "c1", ifname: "eth0"}, {containerID: "a_b_c", ifname: "eth_1"}]'
	cni GC
	assert_equal "$(files)" "a_b_c_eth_1 c1_eth0 notes "
	run -0 on_host "$BIN/peapod-cni" gc --data-dir "$LEASES" --alias-dir "$dir"
	refute_output
	in_pod ip link del eth_1
	run -0 on_host "$BIN/peapod-cni" gc --data-dir "$LEASES" --alias-dir "$dir" --network other
	refute_output
	run -0 on_host "$BIN/peapod-cni" gc --data-dir "$LEASES" --alias-dir "$dir"
	assert_output "removed names of a_b_c_eth_1 in network net: its interface is gone"
	assert_equal "$(files)" "c1_eth0 notes "
}

@test "aliases: a file for the name server; DEL and a failed ADD take it away" {
	local dir=$BATS_TEST_TMPDIR/names
	conf '.aliasDir = "'"$dir"'" | .runtimeConfig.aliases = ["web", "web.local"] | .ipam.ranges += [[{subnet: "fd01::/64"}]]'
	cni ADD
	assert_equal "$(cat "$dir/net/c1_eth0")" "$(printf '10.1.0.2 web web.local\nfd01::2 web web.local')"
	cni DEL CNI_NETNS=
	assert_equal "$(ls "$dir/net")" ""
	conf '.aliasDir = "'"$dir"'" | .runtimeConfig = {aliases: ["web"], portMappings: [{hostPort: 80, containerPort: 80}]}'
	cni ADD
	fails_with 7 cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1
	assert_equal "$(ls "$dir/net")" c1_eth0
}

@test "dns of the runtime goes before that of the config, for peapod" {
	conf '.dns = {nameservers: ["10.1.0.9"]} | .runtimeConfig.dns = {Servers: ["10.1.0.7"], Searches: ["x"], Options: ["ndots:2"]}'
	run -0 cni ADD
	assert_equal "$(jq -c .dns <<<"$output")" '{"nameservers":["10.1.0.7"],"search":["x"],"options":["ndots:2"]}'
}
