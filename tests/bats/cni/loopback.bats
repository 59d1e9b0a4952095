#!/usr/bin/env bats
# The loopback plugin.
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
	conf '{cniVersion: "1.0.0", name: "cni-loopback", type: "loopback"}'
}

teardown() {
	teardown_cni
}

lo() {
	plugin "$BIN/loopback" "$@"
}

lo_is_up() {
	in_pod ip -j link show lo | jq -e '.[0].flags | index("UP")'
}

@test "ADD brings lo up and tells its addresses; CHECK sees it; DEL takes it down" {
	run -0 lo ADD CNI_IFNAME=ignored
	assert_equal "$(jq -c '[.interfaces, .ips]' <<<"$output")" \
		"[[{\"name\":\"lo\",\"mac\":\"00:00:00:00:00:00\",\"sandbox\":\"/run/netns/$POD\"}],[{\"interface\":0,\"address\":\"127.0.0.1/8\"},{\"interface\":0,\"address\":\"::1/128\"}]]"
	lo_is_up
	lo CHECK
	lo ADD
	lo DEL
	run ! lo_is_up
	fails_with 999 lo CHECK
}

@test "results have the shape of the version that was asked for" {
	conf '{cniVersion: "0.3.1", name: "cni-loopback", type: "loopback"}'
	run -0 lo ADD
	assert_equal "$(jq -c '[.cniVersion, .ips[].version]' <<<"$output")" '["0.3.1","4","6"]'
	conf '{name: "cni-loopback", type: "loopback"}'
	run -0 lo ADD
	assert_equal "$(jq -c '[.cniVersion, .ip4.ip, .ip6.ip]' <<<"$output")" \
		'["0.1.0","127.0.0.1/8","::1/128"]'
}

@test "in a chain the previous result is handed on" {
	conf '{cniVersion: "1.0.0", name: "n", type: "loopback",
		prevResult: {cniVersion: "1.0.0", ips: [{address: "10.0.0.2/24"}]}}'
	run -0 lo ADD
	assert_equal "$(jq -c . <<<"$output")" '{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}'
}

@test "an address of another kind on lo is an error" {
	in_pod ip addr add 10.9.9.9/32 dev lo
	fails_with 999 lo ADD
	assert_output --partial 10.9.9.9
}

@test "DEL without a netns, and beside the bridge in the same pod at the same time" {
	local other
	lo DEL CNI_NETNS=
	lo DEL CNI_NETNS=/nonexistent
	lo ADD &
	other=$!
	# shellcheck disable=SC2034 # of the helpers
	CONF=$BATS_TEST_TMPDIR/bridge.json
	conf
	cni ADD
	wait "$other"
	lo_is_up
	in_pod ping -c 1 -W 30 10.1.0.1
}
