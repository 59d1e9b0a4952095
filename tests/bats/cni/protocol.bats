#!/usr/bin/env bats
# What the protocol says about variables, documents and their errors.
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	teardown_cni
}

# bare COMMAND [VARIABLE=VALUE...]: only these variables; stdin is the caller's
bare() {
	local command=$1
	shift
	env -i CNI_COMMAND="$command" "$@" "$BIN/peapod"
}

@test "VERSION lists all versions, whatever stdin is" {
	local list='["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]'
	run -0 bare VERSION <<<"junk"
	assert_equal "$(jq -c .supportedVersions <<<"$output")" "$list"
	run -0 bare VERSION <&-
	assert_equal "$(jq -c .supportedVersions <<<"$output")" "$list"
}

@test "no CNI_COMMAND: a text for people on stderr, success" {
	run -0 --separate-stderr env -i "$BIN/bridge"
	assert_equal "$output" ""
	# shellcheck disable=SC2154
	[[ $stderr == *"CNI bridge plugin"*"0.1.0, 0.2.0"* ]]
}

@test "an unknown command is code 4, but only behind a good config" {
	fails_with 4 cni FOO
	fails_with 4 cni add
	echo '{' >"$CONF"
	fails_with 6 cni add
}

@test "all missing variables are named in one error" {
	fails_with 4 bare ADD <"$CONF"
	assert_output --partial '[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME]'
	fails_with 4 bare DEL <"$CONF"
	assert_output --partial '[CNI_CONTAINERID,CNI_IFNAME]'
}

@test "bad container ids are code 4 and change nothing" {
	local id
	for id in 'a b' a/b .a $'a\n' "$(printf 'a%.0s' {1..300})"; do
		fails_with 4 cni ADD CNI_CONTAINERID="$id"
	done
	nothing_made
}

@test "bad interface names are code 4 and change nothing" {
	local name
	for name in 1234567890123456 . .. a/b a:b $'a\tb' eth%d $'a\u00a0b'; do
		fails_with 4 cni ADD CNI_IFNAME="$name"
	done
	nothing_made
}

@test "broken JSON is code 6" {
	local text
	for text in '' '{' 'null' '[]' '{"name":"n"} x' '{"name":"n"}{}' '{"name":1}' \
		"$(printf '[%.0s' {1..5000})" '{"name":"n","type":"peapod","mtu":"1"}' \
		'{"name":"n","type":"peapod","mtu":1e3}' '{"name":"n","type":"peapod","isGateway":1}'; do
		printf '%s' "$text" >"$CONF"
		fails_with 6 cni ADD
	done
	printf '{"name":"n\0"}' >"$CONF"
	fails_with 6 cni ADD
	{
		echo '{"name":"n","x":"'
		head -c 20000000 /dev/zero | tr '\0' a
		echo '"}'
	} >"$CONF"
	fails_with 6 cni ADD
	nothing_made
}

@test "a missing or invalid name is code 7" {
	conf 'del(.name)'
	fails_with 7 cni ADD
	conf '.name = "a/b"'
	fails_with 7 cni ADD
	conf '.name = ".."'
	fails_with 7 cni DEL
}

@test "versions: unknown ones, and commands that came later, are code 1" {
	conf '.cniVersion = "9.9.9"'
	fails_with 1 cni ADD
	assert_equal "$(jq -r .details <<<"$output")" \
		'config is "9.9.9", plugin supports [0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0]'
	conf '.cniVersion = "0.3.1"'
	fails_with 1 cni CHECK
	conf
	fails_with 1 cni GC
	fails_with 1 cni STATUS
	conf '.cniVersion = "1.1.0"'
	run -0 cni STATUS
	assert_output ""
}

@test "keys in the spelling of Go's structs" {
	conf '.cniVersion = "1.1.0" | .ISDEFAULTGATEWAY = .isDefaultGateway | del(.isDefaultGateway)
		| .ipam.RANGES = [[{Subnet: "10.3.0.0/24"}]] | del(.ipam.ranges)'
	run -0 cni ADD
	assert_equal "$(jq -r .ips[0].address <<<"$output")" 10.3.0.2/24
	in_pod ip route get 192.0.2.1 | grep -q 'via 10.3.0.1'
}

@test "ranges of the runtime as go-cni writes them: all keys, the empty ones too" {
	conf 'del(.ipam.ranges) | .runtimeConfig.ipRanges = [[{Subnet: "10.70.0.0/24", RangeStart: "", RangeEnd: "", Gateway: ""}]]'
	run -0 cni ADD
	assert_equal "$(jq -c '.ips[0] | [.address, .gateway]' <<<"$output")" '["10.70.0.2/24","10.70.0.1"]'
}

@test "as peapod-cni the config's type says which plugin" {
	run -0 plugin "$BIN/peapod-cni" ADD
	assert_equal "$(jq -r .interfaces[0].name <<<"$output")" br0
	conf '.type = "nonsense"'
	fails_with 7 plugin "$BIN/peapod-cni" ADD
	conf 'del(.type)'
	fails_with 7 plugin "$BIN/peapod-cni" ADD
}

closed_stdout() {
	"$@" >&-
}

@test "closed stdio: no file of ours takes the place of a closed one" {
	run -0 cni ADD 2>&-
	jq -e .ips <<<"$output"
	run -0 cni DEL 2>&-
	run -1 closed_stdout cni ADD
	run -0 cni DEL
	# shellcheck disable=SC2016
	fails_with 5 env -i CNI_COMMAND=DEL CNI_CONTAINERID=c CNI_IFNAME=e \
		/bin/sh -c '"$0" <&-' "$BIN/peapod"
}

@test "keys and types that are not built are refused by name" {
	conf '.runtimeConfig.deviceID = "0000:00:00.0"'
	fails_with 2 cni ADD
	assert_output --partial deviceID
	conf '.runtimeConfig.bandwidth = {IngressRate: 1000}'
	fails_with 2 plugin "$BIN/bridge" ADD
	assert_output --partial bandwidth
	conf '.type = "vlan"'
	fails_with 7 plugin "$BIN/peapod-cni" ADD
	assert_output --partial vlan
	nothing_made
}
