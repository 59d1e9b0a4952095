#!/usr/bin/env bats
# Sysctls and properties of a pod's interface: the tuning plugin, and peapod's own.
# shellcheck disable=SC2030,SC2031,SC2119,SC2016,SC2153 # each test has its own variables; jq's are no shell's
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
	SAVED=$BATS_TEST_TMPDIR/saved
}

teardown() {
	teardown_cni
}

# chain FILTER: a tuning config behind a bridge
chain() {
	local prev
	conf '.type = "bridge"'
	prev=$(plugin "$BIN/bridge" ADD)
	tuning_conf "$1" "$prev"
}

tuning_conf() {
	conf '.type = "tuning"'
	jq --argjson prev "${2:-null}" --arg dir "$SAVED" '.dataDir = $dir | .prevResult = $prev | '"$1" "$CONF" >"$CONF.chain"
	mv "$CONF.chain" "$CONF"
}

tuning() {
	plugin "$BIN/tuning" "$@"
}

state() {
	in_pod ip -j -d link show eth0 | jq -c '.[0] | [.address, .mtu, .promiscuity, .txqlen, (.flags | contains(["ALLMULTI"]))]'
}

@test "all properties: set, told in the result, seen by CHECK, put back by DEL" {
	local before
	chain '. += {mac: "02:00:00:00:00:42", mtu: 1400, promisc: true, allmulti: true, txQLen: 77}'
	before=$(state)
	run -0 tuning ADD
	assert_equal "$(jq -c '[.interfaces[] | .mac][2]' <<<"$output")" '"02:00:00:00:00:42"'
	assert_equal "$(state)" '["02:00:00:00:00:42",1400,1,77,true]'
	assert_equal "$(stat -c %a "$SAVED/c1_eth0.json")" 600
	tuning CHECK
	in_pod ip link set eth0 mtu 1401
	fails_with 999 tuning CHECK
	assert_output --partial 'has MTU 1401, not 1400'
	tuning DEL
	assert_equal "$(state)" "$before"
	assert_equal "$(ls "$SAVED")" ""
	tuning DEL
	tuning DEL CNI_NETNS=
}

@test "a MAC that tuning has set: CHECK of the plugin in front of it goes by the result, as the reference's" {
	local type prev
	for type in bridge ptp peapod; do
		conf ".type = \"$type\""
		cp "$CONF" "$CONF.front"
		prev=$(plugin "$BIN/$type" ADD)
		tuning_conf '.mac = "02:00:00:00:00:42"' "$prev"
		prev=$(tuning ADD)
		jq --argjson prev "$prev" '.prevResult = $prev' "$CONF.front" >"$CONF"
		plugin "$BIN/$type" CHECK
		[ ! -x "$REFERENCE/$type" ] || plugin "$REFERENCE/$type" CHECK CNI_PATH="$REFERENCE"
		in_pod ip link set eth0 address 02:00:00:00:00:43
		fails_with 999 plugin "$BIN/$type" CHECK
		assert_output --partial "has MAC 02:00:00:00:00:43, not 02:00:00:00:00:42"
		plugin "$BIN/$type" DEL
	done
}

@test "sysctls of the pod and of its interface; only below net, and never the host's" {
	local host
	host=$(on_host cat /proc/sys/net/ipv4/tcp_rmem)
	chain '.sysctl = {"net.ipv4.tcp_rmem": "4096 8192 16384", "net.ipv4.conf.IFNAME.arp_filter": "1"}'
	tuning ADD
	assert_equal "$(in_pod cat /proc/sys/net/ipv4/tcp_rmem | tr -s '\t' ' ')" "4096 8192 16384"
	assert_equal "$(in_pod cat /proc/sys/net/ipv4/conf/eth0/arp_filter)" 1
	assert_equal "$(on_host cat /proc/sys/net/ipv4/tcp_rmem)" "$host"
	tuning CHECK
	in_pod sh -c 'echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_filter'
	fails_with 999 tuning CHECK
	assert_output --partial 'arp_filter is not 1'
	tuning_conf '.sysctl = {"kernel.hostname": "x"}' '{"cniVersion": "1.0.0"}'
	fails_with 7 tuning ADD
	tuning_conf '.sysctl = {"net.no.such": "x"}' '{"cniVersion": "1.0.0"}'
	fails_with 999 tuning ADD
	assert_output --partial 'net/no/such'
}

@test "a sysctl that stands there twice is refused, as the reference does; DEL does not mind" {
	conf '.type = "tuning" | .prevResult = {cniVersion: "1.0.0", interfaces: [], ips: []} | .sysctl = {"net.core.somaxconn": "300"}'
	sed -i 's/"net.core.somaxconn": "300"/&, "net.core.somaxconn": "400"/' "$CONF"
	grep -q 400 "$CONF"
	fails_with 7 plugin "$BIN/tuning" ADD
	assert_output --partial "'net.core.somaxconn' is there twice"
	plugin "$BIN/tuning" DEL
}

@test "the host's allow list" {
	chain '.sysctl = {"net.ipv4.conf.IFNAME.arp_filter": "1"}'
	# listed LINE: ADD where that is the only line; /etc is another one for this process alone
	listed() {
		on_host unshare -m sh -c 'mount -t tmpfs none /etc && mkdir -p /etc/cni/tuning &&
			echo "$1" >/etc/cni/tuning/allowlist.conf && shift && exec env "$@"' sh "$1" \
			CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS="/run/netns/$POD" CNI_IFNAME=eth0 \
			"$BIN/tuning" <"$CONF"
	}
	fails_with 7 listed '^net\.ipv6\.'
	assert_output --partial 'net.ipv4.conf.IFNAME.arp_filter is not allowed by /etc/cni/tuning/allowlist.conf'
	assert_equal "$(in_pod cat /proc/sys/net/ipv4/conf/eth0/arp_filter)" 0
	listed '^net\.ipv4\.conf\.IFNAME\.[a-z_]*$'
	assert_equal "$(in_pod cat /proc/sys/net/ipv4/conf/eth0/arp_filter)" 1
}

@test "a failed ADD puts back what it changed; garbage and absence of what was saved are no obstacle" {
	local before
	chain '.mtu = 1400 | .mac = "02:00:00:00:00:42"'
	before=$(state)
	jq '.mtu = 70000' "$CONF" >"$CONF.new" && mv "$CONF.new" "$CONF"
	fails_with 999 tuning ADD
	assert_equal "$(state)" "$before"
	assert_equal "$(ls "$SAVED")" ""
	tuning_conf . null
	fails_with 7 tuning ADD
	assert_output --partial 'required prevResult missing'
	echo nonsense >"$SAVED/c1_eth0.json"
	tuning DEL
	assert_equal "$(ls "$SAVED")" ""
	tuning_conf '.mtu = 1400' '{"cniVersion": "1.0.0"}'
	fails_with 999 tuning ADD CNI_IFNAME=eth7
	assert_output --partial eth7
}

@test "the reference's saved file is put back by our DEL" {
	local before
	[ -x "$REFERENCE/tuning" ] || skip "needs the reference plugins"
	chain '.mtu = 1400 | .mac = "02:00:00:00:00:42"'
	before=$(state)
	plugin "$REFERENCE/tuning" ADD
	assert_equal "$(state | jq -c '.[:2]')" '["02:00:00:00:00:42",1400]'
	tuning DEL
	assert_equal "$(state)" "$before"
}

@test "peapod: sysctl, promisc, allmulti, txQLen and a static MAC, in the one call" {
	conf '.sysctl = {"net.ipv4.conf.IFNAME.arp_filter": "1", "net.core.somaxconn": "321"} | .promisc = true
		| .allmulti = true | .txQLen = 77 | .mac = "02:00:00:00:00:42"'
	run -0 cni ADD
	assert_equal "$(jq -r '.interfaces[2].mac' <<<"$output")" 02:00:00:00:00:42
	assert_equal "$(state)" '["02:00:00:00:00:42",1500,1,77,true]'
	assert_equal "$(in_pod cat /proc/sys/net/ipv4/conf/eth0/arp_filter /proc/sys/net/core/somaxconn | tr '\n' ' ')" "1 321 "
	in_pod ping -c 1 -W 30 10.1.0.1
	cni DEL
	conf '.mac = "02:00:00:00:00:42" | .runtimeConfig.mac = "02:00:00:00:00:43"'
	run -0 cni ADD
	assert_equal "$(jq -r '.interfaces[2].mac' <<<"$output")" 02:00:00:00:00:43
	cni DEL
	conf '.sysctl = {"kernel.hostname": "x"}'
	fails_with 7 cni ADD
	assert_equal "$(pairs)$(leases)" ""
}
