#!/usr/bin/env bats
# Limits of what a pod sends and receives: the bandwidth plugin, and peapod's own.
# shellcheck disable=SC2030,SC2031,SC2119,SC2016,SC2153 # each test has its own variables; jq's are no shell's
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
	requires tc
	LIMITS='{ingressRate: 8000000, ingressBurst: 800000, egressRate: 4000000, egressBurst: 400000}'
}

teardown() {
	teardown_cni
}

# chain FILTER: a bridge's result in prevResult of a bandwidth config
chain() {
	local prev
	conf '.type = "bridge" | .cniVersion = "1.0.0"'
	prev=$(plugin "$BIN/bridge" ADD)
	conf '.type = "bandwidth"'
	jq --argjson prev "$prev" '.prevResult = $prev | '"$1" "$CONF" >"$CONF.chain"
	mv "$CONF.chain" "$CONF"
}

bandwidth() {
	plugin "$BIN/bandwidth" "$@"
}

# queue DEVICE: kind, rate and burst of its root queue
queue() {
	on_host tc -j qdisc show dev "$1" root | jq -c '.[0] | [.kind, .options.rate, .options.burst]'
}

# not_faster BYTES MICROSECONDS RATE(bytes a second) BURST: more than that cannot have passed
not_faster() {
	echo "$1 bytes in $2 us" >&2
	[ "$1" -le $(($4 + $2 * $3 / 1000000 + 20000)) ]
}

# moved FROM TO ADDRESS BYTES: the time in which so much goes from one namespace to the other
moved() {
	local start end pid
	nsenter --net="/run/netns/$2" timeout 60 socat -u "TCP4-LISTEN:99,bind=$3,reuseaddr" "CREATE:$BATS_TEST_TMPDIR/got" 3>&- &
	pid=$!
	wait_until 30 nsenter --net="/run/netns/$2" sh -c 'ss -Htln "sport = :99" | grep -q .'
	start=${EPOCHREALTIME/[.,]/}
	head -c "$4" /dev/zero | nsenter --net="/run/netns/$1" timeout 60 socat -u - "TCP4:$3:99"
	wait "$pid"
	end=${EPOCHREALTIME/[.,]/}
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/got")" = "$4" ]
	ELAPSED=$((end - start))
}

@test "both directions: queues, the ifb in the result; CHECK; DEL removes the ifb and may come again" {
	local host ifb
	chain ". += $LIMITS"
	host=$(pairs)
	run -0 bandwidth ADD
	ifb=$(jq -r '.interfaces[-1].name' <<<"$output")
	assert_equal "$ifb" "bwp$(printf %s netc1 | sha512sum | cut -c 1-12)"
	assert_equal "$(jq '.interfaces | length' <<<"$output")" 4
	assert_equal "$(jq -r '.interfaces[-1].mac' <<<"$output")" "$(on_host ip -j link show "$ifb" | jq -r '.[0].address')"
	assert_equal "$(queue "$host")" '["tbf",1000000,100000]'
	assert_equal "$(queue "$ifb")" '["tbf",500000,50000]'
	on_host tc filter show dev "$host" ingress | grep -q "Egress Redirect to device $ifb"
	bandwidth CHECK
	on_host tc qdisc del dev "$ifb" root
	fails_with 999 bandwidth CHECK
	assert_output --partial 'has not that limit'
	fails_with 999 bandwidth ADD
	bandwidth DEL
	run ! on_host ip link show "$ifb"
	bandwidth DEL
	conf '.type = "bandwidth"'
	bandwidth DEL CNI_NETNS=
}

# ifbs: the devices by which packets of pods make a detour
ifbs() {
	on_host ip -o link show type ifb | awk -F'[ @:]+' '{ print $2 }'
}

@test "GC and peapod-cni gc collect the ifb devices of pods that are gone, and no others" {
	chain ". += $LIMITS"
	bandwidth ADD
	on_host ip link add mine type ifb
	assert_equal "$(ifbs | wc -l)" 2
	gc_with() {
		jq --argjson v "$1" '.cniVersion = "1.1.0" | del(.prevResult) | ."cni.dev/valid-attachments" = $v' "$CONF" >"$CONF.gc"
		CONF=$CONF.gc bandwidth GC
	}
	gc_with '[{"containerID": "c1", "ifname": "eth0"}]'
	assert_equal "$(ifbs | wc -l)" 2
	gc_with null
	assert_equal "$(ifbs | wc -l)" 2
	gc_with '[]'
	assert_equal "$(ifbs)" mine
	# A pod whose namespace has gone took its pair along.
	on_host tc qdisc del dev "$(pairs)" root
	on_host tc qdisc del dev "$(pairs)" ingress
	bandwidth ADD
	run -0 on_host "$BIN/peapod-cni" gc --data-dir "$LEASES" --alias-dir "$BATS_TEST_TMPDIR/none"
	refute_output
	on_host ip link del "$(pairs)"
	run -0 on_host "$BIN/peapod-cni" gc --dry-run --data-dir "$LEASES" --alias-dir "$BATS_TEST_TMPDIR/none"
	assert_output --regexp "^would remove interface bwp[0-9a-f]* \(net c1 eth0\): its pod's is gone$"
	assert_equal "$(ifbs | wc -l)" 2
	run -0 on_host "$BIN/peapod-cni" gc --data-dir "$LEASES" --alias-dir "$BATS_TEST_TMPDIR/none"
	assert_equal "$(ifbs)" mine
}

@test "peapod: GC takes the ifb device along with the pair" {
	conf ". += $LIMITS"
	cni ADD
	cni ADD CNI_IFNAME=eth1
	assert_equal "$(ifbs | wc -l)" 2
	conf '.cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = [{containerID: "c1", ifname: "eth1"}]'
	cni GC
	assert_equal "$(ifbs | wc -l) $(pairs | wc -l)" "1 1"
	cni DEL CNI_IFNAME=eth1
	assert_equal "$(ifbs)" ""
}

@test "traffic is really that slow, in both directions" {
	requires socat
	chain ". += $LIMITS"
	bandwidth ADD
	moved "$HOST" "$POD" 10.1.0.2 1000000
	not_faster 1000000 "$ELAPSED" 1000000 100000
	moved "$POD" "$HOST" 10.1.0.1 1000000
	not_faster 1000000 "$ELAPSED" 500000 50000
}

@test "what containerd sends: keys in capitals, and a burst of 4 Gbit, also at 1 Mbit/s" {
	local host
	chain '.runtimeConfig.bandwidth = {IngressRate: 1000000, IngressBurst: 4294967295}'
	host=$(pairs)
	bandwidth ADD
	assert_equal "$(queue "$host" | jq -c '.[:2]')" '["tbf",125000]'
	bandwidth CHECK
	in_pod ping -c 1 -W 30 10.1.0.1
}

@test "no limits: the result is handed on; no prevResult, a rate without burst, no veth: errors" {
	chain .
	run -0 bandwidth ADD
	assert_equal "$(jq '.interfaces | length' <<<"$output")" 3
	jq '.ingressRate = 8000' "$CONF" >"$CONF.new" && mv "$CONF.new" "$CONF"
	fails_with 7 bandwidth ADD
	conf '.type = "bandwidth"'
	fails_with 7 bandwidth ADD
	assert_output --partial 'required prevResult missing'
	conf ".type = \"bandwidth\" | .prevResult = {cniVersion: \"1.0.0\", ips: []} | . += $LIMITS"
	in_pod ip link add dummy0 type bridge
	fails_with 999 bandwidth ADD CNI_IFNAME=dummy0
	assert_output --partial 'no veth peer'
}

@test "when a part fails nothing of it is left" {
	local host
	chain ". += $LIMITS"
	host=$(pairs)
	on_host tc qdisc add dev "$host" ingress
	fails_with 999 bandwidth ADD
	assert_equal "$(on_host ip -o link show type ifb)" ""
	assert_equal "$(queue "$host" | jq -r '.[0]')" noqueue
}

@test "peapod: limits of its own keys or the runtime's, in both modes; DEL leaves nothing" {
	local mode host ifb
	for mode in bridge ptp; do
		conf ".mode = \"$mode\" | .runtimeConfig.bandwidth = $LIMITS"
		run -0 cni ADD
		host=$(jq -r '[.interfaces[] | select(.name | startswith("veth"))][0].name' <<<"$output")
		ifb=$(jq -r '.interfaces[-1].name' <<<"$output")
		assert_equal "$(queue "$host")" '["tbf",1000000,100000]'
		assert_equal "$(queue "$ifb")" '["tbf",500000,50000]'
		in_pod ping -c 1 -W 30 10.1.0.1
		cni DEL CNI_NETNS=
		assert_equal "$(on_host ip -o link show type ifb)" ""
		assert_equal "$(pairs)" ""
	done
	conf ". += $LIMITS"
	cni ADD
	cni ADD CNI_IFNAME=eth1
	assert_equal "$(on_host ip -o link show type ifb | wc -l)" 2
}
