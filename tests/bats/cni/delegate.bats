#!/usr/bin/env bats
# Address management by others: static, and any program in CNI_PATH.
# shellcheck disable=SC2030,SC2031,SC2119,SC2016 # each test has its own variables; the fake's are its own
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
	LOG=$BATS_TEST_TMPDIR/log
	conf '.ipam = {type: "fake"}'
}

teardown() {
	teardown_cni
}

# fake COMMANDS: an IPAM plugin that notes each call, and what it was given, then does these
fake() {
	cat >"$BIN/fake" <<-END
		#!/bin/sh
		echo "\$CNI_COMMAND \$CNI_CONTAINERID \$CNI_IFNAME" >>"$LOG"
		cat >"$LOG.\$CNI_COMMAND"
		ip -o link show dev up0 >/dev/null 2>&1 && echo on host >>"$LOG"
		$1
	END
	chmod 755 "$BIN/fake"
}

GIVES='[ $CNI_COMMAND != ADD ] || echo "{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.1.0.9/24\",\"gateway\":\"10.1.0.1\"}],\"dns\":{\"domain\":\"d\"}}"'

@test "another program gives the address, and is told of every verb" {
	local result
	fake "$GIVES"
	result=$(cni ADD)
	assert_equal "$(jq -c '[.ips[0].address, .ips[0].interface, .dns.domain]' <<<"$result")" '["10.1.0.9/24",2,"d"]'
	in_pod ping -c 1 -W 30 10.1.0.1
	cmp "$LOG.ADD" "$CONF"
	jq --argjson prev "$result" '.prevResult = $prev' "$CONF" >"$CONF.prev"
	cp "$CONF.prev" "$CONF"
	cni CHECK
	conf '.ipam = {type: "fake"} | .cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = []'
	cni STATUS
	cni GC
	cni DEL
	cni DEL CNI_NETNS=
	assert_equal "$(cat "$LOG")" "$(printf '%s\n' 'ADD c1 eth0' 'CHECK c1 eth0' 'STATUS c1 eth0' \
		'GC c1 eth0' 'DEL c1 eth0' 'DEL c1 eth0')"
	assert_equal "$(pairs)" ""
}

@test "it runs in the host's namespace, when the pod's interface is there" {
	on_host ip link add up0 type bridge
	fake 'ip netns exec "${CNI_NETNS##*/}" ip link show "$CNI_IFNAME" >&2 || exit 9; '"$GIVES"
	cni ADD
	grep -q '^on host$' "$LOG"
}

@test "when it fails its code is ours, it gets a DEL, and nothing is left" {
	fake '[ $CNI_COMMAND != ADD ] || { echo "{\"code\":11,\"msg\":\"full\",\"details\":\"of it\"}"; exit 1; }'
	fails_with 11 cni ADD
	assert_output --partial "plugin 'fake': full; of it"
	assert_equal "$(tail -n 1 "$LOG")" "DEL c1 eth0"
	assert_equal "$(pairs)" ""
	run ! in_pod ip link show eth0
}

@test "when a later step fails it gets a DEL" {
	fake 'echo "{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.1.0.9/24\",\"gateway\":\"10.1.0.1\"}],\"routes\":[{\"dst\":\"10.7.0.0/16\",\"gw\":\"10.200.0.1\"}]}"'
	fails_with 999 cni ADD
	assert_output --partial route
	assert_equal "$(cat "$LOG")" "$(printf '%s\n' 'ADD c1 eth0' 'DEL c1 eth0')"
	assert_equal "$(pairs)" ""
}

@test "silence, nonsense, too few addresses and a missing program are told as what they are" {
	fake 'exit 3'
	fails_with 999 cni ADD
	assert_output --partial 'exit status 3'
	fake 'echo nonsense; exit 1'
	fails_with 999 cni ADD
	assert_output --partial 'nonsense'
	fake 'echo "{\"cniVersion\":\"1.0.0\"}"'
	fails_with 999 cni ADD
	assert_output --partial 'gave no address'
	fake 'yes "{" | head -c 2000000'
	run -1 cni ADD
	rm "$BIN/fake"
	fails_with 999 cni ADD
	assert_output --partial "there is no plugin 'fake'"
	fails_with 4 cni ADD CNI_PATH=
	conf '.ipam = {type: "../bridge"}'
	fails_with 7 cni ADD
	assert_equal "$(pairs)" ""
}

@test "DEL removes the interface even when the program is gone, and says that it is" {
	fake "$GIVES"
	cni ADD
	rm "$BIN/fake"
	fails_with 999 cni DEL
	assert_equal "$(pairs)" ""
}

@test "the reference host-local by its program; its leases are freed" {
	[ -x "$REFERENCE/host-local" ] || skip "needs the reference plugins"
	cp "$REFERENCE/host-local" "$BIN/theirs"
	conf '.ipam.type = "theirs"'
	run -0 cni ADD
	assert_equal "$(jq -r '.ips[0].address' <<<"$output")" 10.1.0.2/24
	assert_equal "$(leases)" 10.1.0.2
	cni DEL
	assert_equal "$(leases)" ""
}

@test "static: addresses, routes and dns of the config" {
	conf '.ipam = {type: "static", addresses: [{address: "10.1.0.5/24", gateway: "10.1.0.1"}, {address: "fd01::5/64"}],
		routes: [{dst: "10.9.0.0/16"}], dns: {nameservers: ["10.1.0.1"]}}'
	run -0 cni ADD
	assert_equal "$(jq -c '[.ips[].address, .dns.nameservers[0]]' <<<"$output")" \
		'["10.1.0.5/24","fd01::5/64","10.1.0.1"]'
	in_pod ip route show 10.9.0.0/16 | grep -q 'via 10.1.0.1'
	in_pod ping -c 1 -W 30 10.1.0.1
	cni DEL
	assert_equal "$(pairs)" ""
}

@test "static as a program gives what the reference gives" {
	[ -x "$REFERENCE/static" ] || skip "needs the reference plugins"
	local filter args
	while IFS='#' read -r filter args; do
		conf "$filter"
		assert_equal "$(plugin "$BIN/static" ADD CNI_ARGS="$args" | jq -cS 'del(.dns | select(. == {}))')" \
			"$(plugin "$REFERENCE/static" ADD CNI_ARGS="$args" | jq -cS 'del(.dns | select(. == {}))')"
	done <<-'END'
		.ipam = {type: "static", addresses: [{address: "10.1.0.5/24", gateway: "10.1.0.1"}], routes: [{dst: "0.0.0.0/0", gw: "10.1.0.1"}]}#
		.ipam = {type: "static"}#IP=10.1.0.7/24,fd01::7/64;GATEWAY=10.1.0.1,fd01::1
		.ipam = {type: "static", addresses: [{address: "10.1.0.5/24"}]} | .runtimeConfig.ips = ["10.1.0.8/24"]#
		.ipam = {type: "static", addresses: [{address: "10.1.0.5/24"}]} | .args.cni.ips = ["10.1.0.9/24"]#
		.cniVersion = "0.4.0" | .ipam = {type: "static", addresses: [{address: "fd01::5/64"}], dns: {domain: "d"}}#
	END
}

@test "static: what makes no sense is refused" {
	conf '.ipam = {type: "static"}'
	fails_with 7 cni ADD
	conf '.ipam = {type: "static", addresses: [{address: "10.1.0.5"}]}'
	fails_with 7 cni ADD
	conf '.ipam = {type: "static", addresses: [{address: "10.1.0.5/24", gateway: "fd01::1"}]}'
	fails_with 7 cni ADD
	conf '.ipam = {type: "static", addresses: [{}]}'
	fails_with 6 cni ADD
	assert_equal "$(pairs)" ""
}
