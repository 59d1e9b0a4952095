# shellcheck shell=bash
# cni: plugins run in a "host" of the test's own, a network namespace that vanishes with all in it.
#
# setup() { setup_cni; }        $HOST, $POD: names of namespaces; $LEASES; $BIN: the plugins by name
# teardown() { teardown_cni; }

# The reference plugins, for comparison.
# shellcheck disable=SC2034
REFERENCE=/usr/lib/cni

setup_cni() {
	local name
	requires root ip nft jq
	HOST=$(unique h)
	POD=$(unique p)
	LEASES=$BATS_TEST_TMPDIR/leases
	BIN=$BATS_TEST_TMPDIR/bin
	CONF=$BATS_TEST_TMPDIR/conf.json
	mkdir -p "$BIN"
	for name in peapod bridge ptp bandwidth host-local loopback portmap static tuning firewall peapod-cni; do
		ln -s "$B/peapod-cni" "$BIN/$name"
	done
	new_netns "$HOST"
	new_netns "$POD"
	conf .
}

# new_netns NAME: removed by teardown
new_netns() {
	ip netns add "$1"
	echo "$1" >>"$BATS_TEST_TMPDIR/netns"
}

teardown_cni() {
	local name
	[ -f "$BATS_TEST_TMPDIR/netns" ] || return 0
	while read -r name; do
		ip netns del "$name" 2>/dev/null || :
	done <"$BATS_TEST_TMPDIR/netns"
}

# conf [FILTER]: write $CONF: an IPv4 network with gateway, changed by a jq filter
# shellcheck disable=SC2120
conf() {
	jq -n --arg dir "$LEASES" '{cniVersion: "1.0.0", name: "net", type: "peapod", bridge: "br0",
		isDefaultGateway: true, ipam: {type: "host-local", dataDir: $dir,
		ranges: [[{subnet: "10.1.0.0/24"}]]}} | '"${1:-.}" >"$CONF"
}

# on_host COMMAND..., in_pod COMMAND...
on_host() {
	nsenter --net="/run/netns/$HOST" "$@"
}

in_pod() {
	nsenter --net="/run/netns/$POD" "$@"
}

# plugin PROGRAM COMMAND [VARIABLE=VALUE...]: one call, with $CONF on stdin
plugin() {
	local program=$1 command=$2
	shift 2
	on_host env CNI_COMMAND="$command" CNI_CONTAINERID=c1 CNI_NETNS="/run/netns/$POD" \
		CNI_IFNAME=eth0 CNI_PATH="$BIN" "$@" "$program" <"$CONF"
}

# cni COMMAND [VARIABLE=VALUE...]
cni() {
	plugin "$BIN/peapod" "$@"
}

# fails_with CODE COMMAND...: exit status 1, and exactly one error document, of that code
fails_with() {
	local code=$1
	shift
	run -1 --separate-stderr "$@"
	# shellcheck disable=SC2154 # set by run
	assert_equal "$(jq -s 'map(.code) | @csv' -r <<<"$output")" "$code"
	[ "$(jq -r .msg <<<"$output")" != "" ]
}

# nothing_made: no bridge, no pair, no table, no lease
nothing_made() {
	assert_equal "$(on_host ip -o link | grep -v ' lo: ')" ""
	assert_equal "$(in_pod ip -o link | grep -v ' lo: ')" ""
	assert_equal "$(on_host nft list tables)" ""
	assert_equal "$(leases)" ""
}

# leases: the addresses given out, one a line
leases() {
	find "$LEASES/net" -name '[0-9a-f]*[.:]*' ! -name 'last*' -printf '%f\n' 2>/dev/null | sort
}

# pairs: the host ends that there are
pairs() {
	on_host ip -o link show type veth | awk -F'[ @:]+' '{ print $2 }'
}
