#!/usr/bin/env bats
# Routed pods: the ptp plugin, and peapod in that mode.
# shellcheck disable=SC2030,SC2031,SC2119,SC2016,SC2153 # each test has its own variables; jq's are no shell's
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
	conf '.type = "ptp" | .ipam.ranges += [[{subnet: "fd01::/64"}]]
		| .ipam.routes = [{dst: "0.0.0.0/0"}, {dst: "::/0"}]'
}

teardown() {
	teardown_cni
}

ptp() {
	plugin "$BIN/ptp" "$@"
}

# second_pod: another namespace in $POD
second_pod() {
	POD=$(unique q)
	new_netns "$POD"
}

@test "a pod without a bridge: both ends, routes, the result; DEL takes all away" {
	local host
	run -0 ptp ADD
	host=$(pairs)
	assert_equal "$(jq -c '[.interfaces[].name]' <<<"$output")" "[\"$host\",\"eth0\"]"
	assert_equal "$(jq -c '[.ips[] | [.interface, .address, .gateway]]' <<<"$output")" \
		'[[1,"10.1.0.2/24","10.1.0.1"],[1,"fd01::2/64","fd01::1"]]'
	assert_equal "$(on_host ip -j addr show "$host" | jq -c '[.[0].addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"]')" \
		'["10.1.0.1/32","fd01::1/128"]'
	assert_equal "$(on_host ip route show 10.1.0.2 | tr -s ' ')" "10.1.0.2 dev $host scope host "
	assert_equal "$(in_pod ip route | sort | tr -s ' ')" "$(printf '%s\n' '10.1.0.0/24 via 10.1.0.1 dev eth0 src 10.1.0.2 ' \
		'10.1.0.1 dev eth0 scope link src 10.1.0.2 ' 'default via 10.1.0.1 dev eth0 ' | sort)"
	in_pod ping -c 1 -W 30 10.1.0.1
	in_pod ping -6 -c 1 -W 30 fd01::1
	assert_equal "$(on_host cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding | tr '\n' ' ')" "1 1 "
	run -0 ptp DEL
	assert_output ""
	assert_equal "$(pairs)$(leases)" ""
	assert_equal "$(on_host ip route show 10.1.0.2)" ""
	ptp DEL CNI_NETNS=
}

@test "two pods reach each other through the host; nothing of one is seen by broadcast" {
	local first=$POD
	ptp ADD
	second_pod
	ptp ADD CNI_CONTAINERID=c2
	in_pod ping -c 1 -W 30 10.1.0.2
	in_pod ping -6 -c 1 -W 30 fd01::2
	assert_equal "$(in_pod ip neigh | grep -c '10.1.0.2')" 0
	POD=$first
	ptp DEL
	in_pod ip -o link | grep -v ' lo: ' && return 1
	assert_equal "$(leases | tr '\n' ' ')" "10.1.0.3 fd01::3 "
}

@test "CHECK sees each thing that is missing; GC frees what is not valid" {
	local result host
	result=$(ptp ADD)
	host=$(pairs)
	jq --argjson prev "$result" '.prevResult = $prev' "$CONF" >"$CONF.check"
	mv "$CONF.check" "$CONF"
	ptp CHECK
	on_host ip route del 10.1.0.2 dev "$host"
	fails_with 999 ptp CHECK
	assert_output --partial 'route 10.1.0.2/32 is missing'
	on_host ip route add 10.1.0.2 dev "$host" scope host
	ptp CHECK
	on_host ip addr del 10.1.0.1/32 dev "$host"
	fails_with 999 ptp CHECK
	assert_output --partial 'address 10.1.0.1/32 is missing'
	conf '.type = "ptp" | .cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = []'
	ptp GC
	assert_equal "$(leases)" ""
}

@test "a route or rule that refuses the pods' subnet: DEL and GC give the addresses back" {
	local refusal
	conf '.type = "ptp" | .cniVersion = "1.1.0" | .ipam.ranges += [[{subnet: "fd01::/64"}]] | .["cni.dev/valid-attachments"] = []'
	for refusal in "-6 route add blackhole fd01::/64" "-6 route replace throw fd01::/64" \
		"-6 route replace prohibit fd01::/64" "route add blackhole 10.1.0.0/24" "rule add to 10.1.0.0/24 prohibit"; do
		# shellcheck disable=SC2086 # words
		on_host ip $refusal
		ptp ADD
		ptp DEL
		assert_equal "$(leases)" ""
		ptp ADD
		ptp GC
		assert_equal "$(pairs)$(leases)" ""
	done
}

@test "the administrator's proxy entries on the uplink stay, whatever takes a pod away" {
	local network how ours
	on_host ip link add up0 type bridge
	on_host ip link add up1 master up0 type veth peer name up2
	on_host ip link set up0 up
	on_host ip link set up1 up
	on_host ip link set up2 up
	on_host ip route add default dev up0
	on_host ip -6 route add default dev up0
	on_host ip neigh add proxy 10.1.0.2 dev up0
	on_host ip neigh add proxy fd01::2 dev up0
	ours=$(on_host ip neigh show proxy)
	for network in '.type = "ptp"' '.mode = "ptp"' '.type = "bridge"' .; do
		for how in DEL GC gc; do
			conf "$network"' | .cniVersion = "1.1.0" | .isDefaultGateway = false | .ipam.ranges += [[{subnet: "fd01::/64"}]]
				| .["cni.dev/valid-attachments"] = []'
			plugin "$BIN/$(jq -r .type "$CONF")" ADD
			on_host ip link del "$(pairs | grep -v up)"
			case $how in
			gc) on_host "$BIN/peapod-cni" gc --data-dir "$LEASES" --grace 0 ;;
			*) plugin "$BIN/$(jq -r .type "$CONF")" "$how" ;;
			esac
			assert_equal "$(leases)" ""
			assert_equal "$(on_host ip neigh show proxy)" "$ours"
			rm -r "$LEASES"
		done
	done
}

@test "no ipam, or an address without a gateway: code 7, and nothing is left" {
	conf '.type = "ptp" | del(.ipam)'
	fails_with 7 ptp ADD
	assert_output --partial 'needs an address'
	conf '.type = "ptp" | .ipam = {type: "static", addresses: [{address: "10.1.0.5/24"}]}'
	fails_with 7 ptp ADD
	assert_output --partial '10.1.0.5/24 has none'
	nothing_made
}

@test "ptp: a single address, without a subnet to route" {
	conf '.type = "ptp" | .ipam = {type: "static", addresses: [{address: "10.1.0.5/32", gateway: "169.254.1.1"}], routes: [{dst: "0.0.0.0/0"}]}'
	ptp ADD
	in_pod ping -c 1 -W 30 169.254.1.1
	ptp DEL
	assert_equal "$(pairs)" ""
}

@test "an IPAM program: it finds the interface; when a later step fails it gets a DEL" {
	cat >"$BIN/fake" <<-END
		#!/bin/sh
		echo "\$CNI_COMMAND" >>"$BATS_TEST_TMPDIR/log"
		[ \$CNI_COMMAND != ADD ] || ip netns exec "\${CNI_NETNS##*/}" ip link show "\$CNI_IFNAME" >&2 || exit 9
		[ \$CNI_COMMAND != ADD ] || echo '{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.9/24","gateway":"10.1.0.1"}]}'
	END
	chmod 755 "$BIN/fake"
	conf '.type = "ptp" | .ipam = {type: "fake"}'
	run -0 --separate-stderr ptp ADD
	assert_equal "$(jq -r '.ips[0].address' <<<"$output")" 10.1.0.9/24
	in_pod ping -c 1 -W 30 10.1.0.1
	ptp DEL
	sed -i 's/,"gateway":"10.1.0.1"//' "$BIN/fake"
	fails_with 7 ptp ADD
	assert_equal "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/log")" "ADD DEL ADD DEL "
	assert_equal "$(pairs)" ""
}

@test "peapod routed: masquerading, and host ports from outside, the host, 127.0.0.1 and the pod itself" {
	local world server pid
	requires socat
	world=$(unique w)
	new_netns "$world"
	on_host ip link set lo up
	on_host ip link add up0 type veth peer name eth0 netns "$world"
	on_host ip addr add 192.0.2.1/24 dev up0
	on_host ip link set up0 up
	ip -n "$world" addr add 192.0.2.2/24 dev eth0
	ip -n "$world" link set eth0 up
	conf '.mode = "ptp" | .ipMasq = true | .ipam.routes = [{dst: "0.0.0.0/0"}]
		| .runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80}]'
	cni ADD
	server=$POD
	nsenter --net="/run/netns/$server" socat TCP4-LISTEN:80,fork SYSTEM:'read -r _; echo from $SOCAT_PEERADDR' 3>&- &
	pid=$!
	wait_until 30 nsenter --net="/run/netns/$server" sh -c 'ss -Htln "sport = :80" | grep -q .'
	asks() {
		nsenter --net="/run/netns/$1" timeout 60 socat -t 30 - "TCP4:$2" </dev/null
	}
	assert_equal "$(asks "$world" 192.0.2.1:8080)" "from 192.0.2.2"
	assert_equal "$(asks "$HOST" 192.0.2.1:8080)" "from 192.0.2.1"
	assert_equal "$(asks "$HOST" 127.0.0.1:8080)" "from 10.1.0.1"
	assert_equal "$(asks "$server" 192.0.2.1:8080)" "from 10.1.0.1"
	in_pod ping -c 1 -W 30 192.0.2.2 # the world has no route to the pod's subnet
	kill "$pid"
	cni DEL
	assert_equal "$(pairs)" "up0"
}

@test "mtu auto: the uplink's, or that of the default route" {
	on_host ip link add up0 mtu 1400 type veth peer name up1
	on_host ip addr add 192.0.2.1/24 dev up0
	on_host ip link set up0 up
	on_host ip link set up1 up
	on_host ip route add default via 192.0.2.2
	on_host ip route add blackhole 198.51.100.0/24 # as firewalls do with documentation's networks
	conf '.mtu = "auto"'
	cni ADD
	in_pod ip -j link show eth0 | jq -e '.[0].mtu == 1400'
	on_host ip -j link show br0 | jq -e '.[0].mtu == 1400'
	cni DEL
	on_host ip route change default via 192.0.2.2 mtu 1300
	conf '.mtu = "auto" | .mode = "ptp"'
	cni ADD
	in_pod ip -j link show eth0 | jq -e '.[0].mtu == 1300'
	cni DEL
	on_host ip route del default
	cni ADD
	in_pod ip -j link show eth0 | jq -e '.[0].mtu == 1500'
}

@test "mtu auto: of a default route through several uplinks, the smallest" {
	local i
	for i in 1 2 3; do
		on_host ip link add "up$i" mtu "$((1500 - (i & 2) * 50))" type veth peer name "peer$i"
		on_host ip addr add "fd0$i::1/64" dev "up$i" nodad
		on_host ip link set "up$i" up
		on_host ip link set "peer$i" up
		on_host ip -6 route append default via "fd0$i::2" dev "up$i"
	done
	assert_equal "$(on_host ip -6 -j route show default | jq -c '[.[] | .nexthops | length]')" '[3]'
	conf '.mtu = "auto" | .mode = "ptp"'
	cni ADD
	in_pod ip -j link show eth0 | jq -e '.[0].mtu == 1400'
}
