#!/usr/bin/env bats
# Host ports: who reaches the pod by them, who holds them, and what DEL leaves (nothing).
# shellcheck disable=SC2030,SC2031,SC2119,SC2016 # each test has its own variables; jq's are no shell's
load ../lib/common
load ../lib/cni

# $HOST between $POD and a world beyond, from which and from itself connections come.
setup() {
	setup_cni
	WORLD=$(unique w)
	new_netns "$WORLD"
	on_host ip link set lo up
	on_host ip link add up0 type veth peer name eth0 netns "$WORLD"
	on_host ip addr add 192.0.2.1/24 dev up0
	on_host ip addr add 192.0.2.9/24 dev up0
	on_host ip -6 addr add 2001:db8::1/64 dev up0 nodad
	on_host ip link set up0 up
	ip -n "$WORLD" addr add 192.0.2.2/24 dev eth0
	ip -n "$WORLD" -6 addr add 2001:db8::2/64 dev eth0 nodad
	ip -n "$WORLD" link set eth0 up
	ip -n "$WORLD" link set lo up
	SERVERS=()
}

teardown() {
	local pid
	for pid in "${SERVERS[@]}"; do
		kill "$pid" 2>/dev/null || :
	done
	teardown_cni
}

# ports LIST [FILTER]: a config with these mappings
ports() {
	conf '.runtimeConfig.portMappings = '"$1"' | '"${2:-.}"
}

# serve NETNS ADDRESS(as socat's, without options) WORD: answer every connection with the word and
# the address of who asks
serve() {
	nsenter --net="/run/netns/$1" socat "$2,fork" \
		SYSTEM:"read -r _; echo $3 from \$SOCAT_PEERADDR" 3>&- &
	SERVERS+=($!)
	wait_until 5 listens "$1" "$2"
}

listens() {
	local proto=${2%%[46]*} port=${2#*:}
	case $proto in
	TCP) nsenter --net="/run/netns/$1" ss -Htln "sport = :${port%%,*}" ;;
	UDP) nsenter --net="/run/netns/$1" ss -Huln "sport = :${port%%,*}" ;;
	*) nsenter --net="/run/netns/$1" ss -HSln "sport = :${port%%,*}" ;;
	esac | grep -q .
}

# bridged_packets 0|1: do they pass the rules for routed ones (where the kernel can do that)?
bridged_packets() {
	on_host sh -c "[ ! -d /proc/sys/net/bridge ] ||
		echo $1 | tee /proc/sys/net/bridge/bridge-nf-call-iptables /proc/sys/net/bridge/bridge-nf-call-ip6tables"
}

# asks NETNS ADDRESS: what the server answers
asks() {
	nsenter --net="/run/netns/$1" timeout $((60 * PATIENCE)) socat -t 30 - "$2" </dev/null
}

# udp_answers ANSWER NETNS ADDRESS: that is what comes back within two seconds. (There is no end of
# the stream to wait for.)
udp_answers() {
	[ "$(echo x | nsenter --net="/run/netns/$2" timeout $((60 * PATIENCE)) socat -t 2 - "$3")" = "$1" ]
}

# Nothing of a pod is in the table. The bridge's pair of names may stay.
no_elements() {
	[ "$(on_host nft -j list ruleset |
		jq '[.nftables[] | .set? // .map? // empty | select(.name | test("ports|snat|self")) | .elem // [] | .[]] | length')" = 0 ]
}

@test "from elsewhere, from the host by any of its addresses, from the pod itself" {
	ports '[{hostPort: 8080, containerPort: 80, protocol: "tcp"}]'
	cni ADD
	serve "$POD" TCP4-LISTEN:80 pod
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.1:8080)" "pod from 192.0.2.2"
	assert_equal "$(asks "$HOST" TCP4:192.0.2.9:8080)" "pod from 192.0.2.1"
	assert_equal "$(asks "$HOST" TCP4:127.0.0.1:8080)" "pod from 10.1.0.1"
	assert_equal "$(asks "$POD" TCP4:192.0.2.1:8080)" "pod from 10.1.0.1"
	cni DEL
	no_elements
	run ! asks "$WORLD" TCP4:192.0.2.1:8080,connect-timeout=2
}

@test "a pod beside it reaches the port, also when bridged packets pass no rules" {
	local first=$POD
	bridged_packets 0
	ports '[{hostPort: 8080, containerPort: 80}]'
	cni ADD
	serve "$first" TCP4-LISTEN:80 pod
	assert_equal "$(asks "$first" TCP4:192.0.2.1:8080)" "pod from 10.1.0.1"
	conf .
	POD=$(unique q)
	new_netns "$POD"
	cni ADD CNI_CONTAINERID=c2
	assert_equal "$(asks "$POD" TCP4:192.0.2.1:8080)" "pod from 10.1.0.1"
	# The other way the bridge itself sees the answers, and the source may stay.
	bridged_packets 1
	assert_equal "$(asks "$POD" TCP4:192.0.2.1:8080 | cut -d ' ' -f 1)" pod
}

@test "a mapping to one address is for that one, and goes before one to all" {
	local first=$POD
	ports '[{HostPort: 8080, ContainerPort: 80, Protocol: "tcp", HostIP: "192.0.2.9"}]'
	cni ADD
	serve "$first" TCP4-LISTEN:80 one
	run ! asks "$WORLD" TCP4:192.0.2.1:8080,connect-timeout=2
	ports '[{hostPort: 8080, containerPort: 80, hostIP: "0.0.0.0"}]'
	POD=$(unique q)
	new_netns "$POD"
	cni ADD CNI_CONTAINERID=c2
	serve "$POD" TCP4-LISTEN:80 all
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.9:8080)" "one from 192.0.2.2"
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.1:8080)" "all from 192.0.2.2"
}

@test "UDP and IPv6" {
	ports '[{hostPort: 53, containerPort: 5353, protocol: "udp"},
		{hostPort: 8080, containerPort: 80, protocol: "TCP"}]' \
		'.ipam.ranges += [[{subnet: "fd01::/64"}]]'
	cni ADD
	serve "$POD" UDP4-LISTEN:5353 udp4
	serve "$POD" UDP6-LISTEN:5353,ipv6only=1 udp6
	serve "$POD" TCP6-LISTEN:80,ipv6only=1 tcp6
	ip -n "$WORLD" -6 route add default via 2001:db8::1
	wait_until 30 udp_answers "udp4 from 192.0.2.2" "$WORLD" UDP4:192.0.2.1:53
	assert_equal "$(asks "$WORLD" 'TCP6:[2001:db8::1]:8080')" \
		"tcp6 from [2001:0db8:0000:0000:0000:0000:0000:0002]"
	wait_until 30 udp_answers "udp6 from [2001:0db8:0000:0000:0000:0000:0000:0002]" "$WORLD" 'UDP6:[2001:db8::1]:53'
	assert_equal "$(asks "$POD" 'TCP6:[2001:db8::1]:8080')" \
		"tcp6 from [fd01:0000:0000:0000:0000:0000:0000:0001]"
	cni DEL
	no_elements
}

@test "SCTP" {
	grep -q SCTP /proc/net/protocols || modprobe sctp 2>/dev/null || skip "the kernel has no SCTP"
	ports '[{hostPort: 99, containerPort: 9, protocol: "sctp"}]'
	cni ADD
	serve "$POD" SCTP4-LISTEN:9 sctp
	# Nothing may be half closed: an association of which one side has ended takes no answer.
	run -0 nsenter --net="/run/netns/$WORLD" timeout $((60 * PATIENCE)) socat -,ignoreeof SCTP4:192.0.2.1:99 <<<x
	assert_output "sctp from 192.0.2.2"
}

@test "a UDP flow of before goes to the new pod, and no flow is left after DEL" {
	requires conntrack
	local first=$POD
	ports '[{hostPort: 53, containerPort: 53, protocol: "udp"}]'
	cni ADD
	serve "$first" UDP4-LISTEN:53 first
	ask_udp() { udp_answers "$1" "$WORLD" UDP4:192.0.2.1:53,sourceport=4000; }
	wait_until 30 ask_udp "first from 192.0.2.2"
	on_host conntrack -L -p udp 2>/dev/null | grep -q 'dport=53 '
	cni DEL
	run ! bash -c "nsenter --net=/run/netns/$HOST conntrack -L -p udp 2>/dev/null | grep 'dport=53 '"
	# One that does not know of the pod: made while nobody has the port.
	run ! ask_udp "first from 192.0.2.2"
	on_host conntrack -L -p udp 2>/dev/null | grep -q 'dport=53 '
	POD=$(unique q)
	new_netns "$POD"
	cni ADD CNI_CONTAINERID=c2
	serve "$POD" UDP4-LISTEN:53 second
	wait_until 30 ask_udp "second from 192.0.2.2"
}

@test "a port that a living pod holds is refused, and nothing is left of the attempt" {
	ports '[{hostPort: 8080, containerPort: 80}, {hostPort: 8081, containerPort: 81}]'
	cni ADD
	before=$(on_host nft list ruleset)
	fails_with 7 cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1
	assert_output --regexp "tcp 808[01] is taken by 'net c1 eth0'"
	assert_equal "$(on_host nft list ruleset)" "$before"
	assert_equal "$(leases)" 10.1.0.2
	assert_equal "$(pairs | grep -c ^veth)" 1
	# Its DEL leaves what is another's.
	cni DEL CNI_CONTAINERID=c2 CNI_IFNAME=eth1
	assert_equal "$(on_host nft list ruleset)" "$before"
}

@test "a port of a pod that went without DEL is taken over" {
	ports '[{hostPort: 8080, containerPort: 80}]'
	cni ADD
	ip netns del "$POD"
	wait_until 5 no_pairs
	POD=$(unique q)
	new_netns "$POD"
	cni ADD CNI_CONTAINERID=c2
	serve "$POD" TCP4-LISTEN:80 new
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.1:8080)" "new from 192.0.2.2"
	cni DEL CNI_NETNS= # of the first one, late
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.1:8080)" "new from 192.0.2.2"
	cni DEL CNI_CONTAINERID=c2
	no_elements
}

no_pairs() {
	! pairs | grep -q ^veth
}

@test "DEL needs no mappings, no namespace and no result" {
	ports '[range(40) | {hostPort: (3000 + .), containerPort: 80, protocol: "tcp"}]' \
		'.ipam.ranges += [[{subnet: "fd01::/64"}]]'
	cni ADD
	run -0 on_host nft list map inet peapod ports4
	assert_output --partial 'tcp . 3039 comment "net c1 eth0 veth'
	conf .
	cni DEL CNI_NETNS=
	no_elements
	cni DEL
}

@test "a table that was lost is made again; CHECK sees a mapping that was" {
	local result
	ports '[{hostPort: 8080, containerPort: 80}]'
	result=$(cni ADD)
	jq --argjson prev "$result" '.prevResult = $prev' "$CONF" >"$CONF.check"
	mv "$CONF.check" "$CONF"
	cni CHECK
	on_host nft delete element inet peapod ports4 '{ tcp . 8080 }'
	fails_with 999 cni CHECK
	assert_output --partial 'host port tcp 8080 is not mapped'
	on_host nft flush ruleset
	cni DEL
	ports '[{hostPort: 8080, containerPort: 80}]'
	cni ADD
	serve "$POD" TCP4-LISTEN:80 pod
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.1:8080)" "pod from 192.0.2.2"
	# What is missing is no obstacle for the rest.
	on_host nft flush set inet peapod self4
	cni DEL
	no_elements
}

@test "snat off: no masquerading, no route_localnet; masqAll: the host's address for all" {
	ports '[{hostPort: 8080, containerPort: 80}]' '.snat = false'
	cni ADD
	assert_equal "$(on_host cat /proc/sys/net/ipv4/conf/br0/route_localnet)" 0
	serve "$POD" TCP4-LISTEN:80 pod
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.1:8080)" "pod from 192.0.2.2"
	cni DEL
	ports '[{hostPort: 8080, containerPort: 80}]' '.masqAll = true'
	POD=$(unique q)
	new_netns "$POD"
	cni ADD
	serve "$POD" TCP4-LISTEN:80 all
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.1:8080)" "all from 10.1.0.1"
	cni DEL
	no_elements
}

@test "GC frees the ports of this network's owners that are gone, and no others'" {
	ports '[{hostPort: 8080, containerPort: 80}]'
	cni ADD
	ports '[{hostPort: 8081, containerPort: 80}]'
	cni ADD CNI_IFNAME=eth1
	ports '[{hostPort: 8082, containerPort: 80}]' '.name = "net2" | .ipam.ranges[0][0].rangeStart = "10.1.0.100"'
	cni ADD CNI_IFNAME=eth2
	conf '.cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = [{containerID: "c1", ifname: "eth1"}]'
	cni GC
	run -0 on_host nft list map inet peapod ports4
	refute_output --partial 8080
	assert_output --partial 8081
	assert_output --partial 8082
}

@test "portmap behind the reference bridge: the same reachability, the result handed on" {
	[ -x "$REFERENCE/bridge" ] || skip "needs the reference plugins"
	bridged_packets 0
	local prev
	conf '.type = "bridge"'
	prev=$(plugin "$REFERENCE/bridge" ADD CNI_PATH="$REFERENCE:$BIN")
	jq --argjson prev "$prev" '.prevResult = $prev | .type = "portmap"
		| .runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80}]' "$CONF" >"$CONF.chain"
	cp "$CONF.chain" "$CONF"
	run -0 plugin "$BIN/portmap" ADD
	assert_equal "$(jq -cS 'del(.dns)' <<<"$output")" "$(jq -cS 'del(.dns)' <<<"$prev")"
	plugin "$BIN/portmap" CHECK
	serve "$POD" TCP4-LISTEN:80 pod
	assert_equal "$(asks "$WORLD" TCP4:192.0.2.1:8080)" "pod from 192.0.2.2"
	assert_equal "$(asks "$HOST" TCP4:127.0.0.1:8080)" "pod from 10.1.0.1"
	assert_equal "$(asks "$POD" TCP4:192.0.2.1:8080)" "pod from 10.1.0.1"
	conf '.type = "portmap"'
	plugin "$BIN/portmap" DEL CNI_NETNS=
	no_elements
	plugin "$BIN/portmap" DEL
	conf '.type = "bridge"'
	plugin "$REFERENCE/bridge" DEL CNI_PATH="$REFERENCE:$BIN"
}

# The kernel takes long to close the socket of a deletion. A child waits for it, which has nothing
# of the caller's open: one that reads to the end of a pipe would wait as well.
@test "portmap DEL waits for no grace period: a child has the socket only, and ends" {
	requires strace
	local trace=$BATS_TEST_TMPDIR/trace
	conf '.type = "portmap" | .prevResult = {cniVersion: "1.0.0", interfaces: [{name: "eth0", sandbox: "x"}],
		ips: [{address: "10.1.0.2/24", interface: 0}]} | .runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80}]'
	plugin "$BIN/portmap" ADD >/dev/null
	run ! no_elements
	printf '#!/bin/sh\nexec strace -f -y -o %s -e trace=close,close_range,exit_group %s\n' "$trace" "$BIN/portmap" >"$BATS_TEST_TMPDIR/traced"
	chmod +x "$BATS_TEST_TMPDIR/traced"
	run -0 plugin "$BATS_TEST_TMPDIR/traced" DEL ASAN_OPTIONS=detect_leaks=0
	assert_output ""
	no_elements
	# the parent ends first, and the child after it, with the end of stdio behind it
	run -0 awk '/exit_group/ && !seen[$1]++ { print $1 }' "$trace"
	assert_equal "${#lines[@]}" 2
	assert_equal "${lines[0]}" "$(awk 'NR == 1 { print $1 }' "$trace")"
	run ! grep -E "^${lines[1]} .*NETLINK:\[[A-Z]*NETFILTER" "$trace"
}

@test "portmap: no prevResult is an error, no mappings hand the result on; keys refused by name" {
	local key
	conf '.type = "portmap"'
	fails_with 7 plugin "$BIN/portmap" ADD
	conf '.type = "portmap" | .prevResult = {cniVersion: "1.0.0", ips: [{address: "10.1.0.2/24"}]}'
	run -0 plugin "$BIN/portmap" ADD
	assert_equal "$(jq -c .ips <<<"$output")" '[{"address":"10.1.0.2/24"}]'
	assert_equal "$(on_host nft list tables)" ""
	for key in '.externalSetMarkChain = "X"' '.conditionsV4 = ["-s", "1.2.3.4"]' '.conditionsV6 = ["ip6", "saddr"]'; do
		conf ".type = \"portmap\" | $key"
		fails_with 2 plugin "$BIN/portmap" ADD
		assert_output --partial "$(cut -c 2-12 <<<"${key%% *}")"
	done
	conf '.type = "portmap" | .backend = "ipfw"'
	fails_with 7 plugin "$BIN/portmap" ADD
	conf '.type = "bridge" | .runtimeConfig.portMappings = [{hostPort: 1, containerPort: 1}]'
	fails_with 2 plugin "$BIN/bridge" ADD
	assert_output --partial portMappings
}

@test "portmap: no route to the pod, or one that refuses, is no error" {
	local refusal
	conf '.type = "portmap" | .prevResult = {cniVersion: "1.0.0", interfaces: [{name: "eth0", sandbox: "x"}],
		ips: [{address: "10.1.0.2/24", interface: 0}]} | .runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80}]'
	for refusal in unreachable prohibit throw blackhole; do
		on_host ip route replace "$refusal" 10.1.0.0/24
		plugin "$BIN/portmap" ADD >/dev/null
		plugin "$BIN/portmap" DEL
	done
	no_elements
}

@test "backend and ipMasqBackend of a conflist for iptables: the same ports and masquerading" {
	conf '.type = "bridge" | .ipMasq = true | .ipMasqBackend = "iptables"'
	plugin "$BIN/bridge" ADD >"$BATS_TEST_TMPDIR/result"
	jq --slurpfile r "$BATS_TEST_TMPDIR/result" '.type = "portmap" | .backend = "iptables" | .prevResult = $r[0]
		| .runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80}]' "$CONF" >"$CONF.ports"
	CONF=$CONF.ports plugin "$BIN/portmap" ADD
	on_host nft get element inet peapod masq4 '{ 10.1.0.2 }'
	on_host nft get element inet peapod ports4 '{ tcp . 8080 }'
	CONF=$CONF.ports plugin "$BIN/portmap" CHECK
	CONF=$CONF.ports plugin "$BIN/portmap" DEL
	fails_with_nft get element inet peapod ports4 '{ tcp . 8080 }'
}

fails_with_nft() {
	run ! on_host nft "$@"
}

@test "20 at once, each with ports of its own: all are mapped, and all are gone again" {
	local i pids=()
	for i in {1..20}; do
		ports "[{hostPort: $((3000 + i)), containerPort: 80}]"
		cp "$CONF" "$CONF.$i"
	done
	for i in {1..20}; do
		CONF=$CONF.$i cni ADD CNI_IFNAME="eth$i" >/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	assert_equal "$(on_host nft list map inet peapod ports4 | grep -o '"net c1 [^"]*"' | sort -u | wc -l)" 20
	pids=()
	for i in {1..20}; do
		cni DEL CNI_IFNAME="eth$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	no_elements
}

# older_table: what an older version left for the mapping of TCP 8080 to 10.1.0.2 port 80, but the
# rule that looks it up, which nft(8) cannot write
older_table() {
	on_host nft -f - <<-'END'
		add map inet peapod snat4 { type inet_proto . inet_service . ipv4_addr . inet_service : verdict; }
		add map inet peapod snat6 { type inet_proto . inet_service . ipv6_addr . inet_service : verdict; }
		flush chain inet peapod hairpin
		add element inet peapod snat4 { tcp . 8080 . 10.1.0.2 . 80 : goto hairpin4 }
		delete set inet peapod snatlocal4
		delete set inet peapod snatall4
		delete set inet peapod snatlocal6
		delete set inet peapod snatall6
	END
}

@test "the table of an older version: its pods keep their ports, new ones get theirs, DEL empties both" {
	local first=$POD
	ports '[{hostPort: 8080, containerPort: 80}]'
	cni ADD
	older_table
	serve "$first" TCP4-LISTEN:80 old
	ports '[{hostPort: 8081, containerPort: 81}]'
	POD=$(unique q)
	new_netns "$POD"
	cni ADD CNI_CONTAINERID=c2
	serve "$POD" TCP4-LISTEN:81 new
	assert_equal "$(asks "$HOST" TCP4:127.0.0.1:8080)" "old from 10.1.0.1"
	assert_equal "$(asks "$HOST" TCP4:127.0.0.1:8081)" "new from 10.1.0.1"
	cni DEL CNI_CONTAINERID=c2
	POD=$first
	ports '[{hostPort: 8080, containerPort: 80}]'
	cni DEL
	no_elements
}
