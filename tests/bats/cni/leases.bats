#!/usr/bin/env bats
# `peapod-cni leases` and `peapod-cni gc`: who holds what, and what dead pods left.
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	teardown_cni
}

# admin COMMAND...: on the test's host, with its leases
admin() {
	local command=$1
	shift
	on_host "$BIN/peapod-cni" "$command" --data-dir "$LEASES" "$@"
}

# pod NAME: a namespace more, and its pod on the network
pod() {
	local name
	name=$(unique p)
	new_netns "$name"
	cni ADD CNI_CONTAINERID="$1" CNI_NETNS="/run/netns/$name" \
		CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$1" >/dev/null
	echo "$name"
}

# state ADDRESS
state() {
	admin leases --json "${@:2}" | jq -r --arg ip "$1" 'map(select(.address == $ip)) | .[].state'
}

@test "leases: a table and JSON, with pods, of our and other makers" {
	local ns
	run -0 admin leases
	assert_output --regexp '^NETWORK +ADDRESS +CONTAINER +INTERFACE +POD +STATE +SINCE$'
	ns=$(pod web-0)
	cni ADD CNI_CONTAINERID=plain
	mkdir -p "$LEASES/other"
	printf 'go\r\neth0' >"$LEASES/other/10.9.0.9"
	printf 'go\r\neth0' >"$LEASES/other/10.1.0.3"
	run -0 admin leases
	assert_line --regexp '^net +10.1.0.2 +web-0 +eth0 +default/web-0 +used +20[0-9T:-]+Z$'
	assert_line --regexp '^net +10.1.0.3 +plain +eth0 +- +shared '
	assert_line --regexp '^other +10.9.0.9 +go +eth0 +- +unknown '
	run -0 admin leases --json --network net
	assert_equal "$(jq -r '.[0] | [.network, .address, .containerID, .ifname, .pod, .netns, .state] | join(" ")' <<<"$output")" \
		"net 10.1.0.2 web-0 eth0 default/web-0 /run/netns/$ns used"
	assert_equal "$(jq length <<<"$output")" 2
}

@test "gc: leases of dead pods go, with index and interface; the living and the foreign stay" {
	local gone bare
	gone=$(pod gone)
	bare=$(pod bare)
	cni ADD
	mkdir -p "$LEASES/net"
	printf 'go\r\neth0' >"$LEASES/net/10.1.0.90"
	: >"$LEASES/net/10.1.0.91"
	echo 'no lease / at all' >"$LEASES/net/10.1.0.92"
	: >"$LEASES/net/.lease"
	ln -s "10.1.0.77 - - -" "$LEASES/.peapod/net/left:eth0"
	ip netns del "$gone"
	ip -n "$bare" link del eth0
	assert_equal "$(state 10.1.0.2)" no-namespace
	assert_equal "$(state 10.1.0.3)" used
	assert_equal "$(state 10.1.0.3 --grace 0)" no-interface
	assert_equal "$(state 10.1.0.4 --grace 0)" used
	assert_equal "$(state 10.1.0.90)" unknown
	assert_equal "$(state 10.1.0.91)" garbage
	assert_equal "$(state 10.1.0.92)" garbage
	run -0 admin gc --dry-run --grace 0
	assert_line "would remove lease 10.1.0.2 of network net (gone eth0), pod default/gone: its namespace is gone"
	assert_line "would remove lease 10.1.0.3 of network net (bare eth0), pod default/bare: its interface is gone"
	assert_line "would remove 2 index entries of network net: no lease is theirs"
	assert_equal "$(leases | wc -l)" 6
	run -0 admin gc --grace 0
	assert_line "removed lease 10.1.0.91 of network net: it is no lease"
	assert_equal "$(leases | xargs)" "10.1.0.4 10.1.0.90"
	assert_equal "$(find "$LEASES/.peapod/net" -name '*:*' -printf '%f\n')" c1:eth0
	[ ! -e "$LEASES/net/.lease" ]
	in_pod ping -c 1 -W 5 10.1.0.1
	run -0 admin gc --grace 0
	assert_output ""
}

@test "gc: leases of an earlier boot" {
	local end
	cni ADD
	end=$(pairs)
	ln -sfn another "$LEASES/.peapod/net/boot-id"
	assert_equal "$(state 10.1.0.2)" earlier-boot
	run -0 admin gc
	assert_output "removed lease 10.1.0.2 of network net (c1 eth0): it is of an earlier boot"$'\n'"removed interface $end (net c1 eth0): it has no lease"
	assert_equal "$(leases)" ""
	assert_equal "$(pairs)" ""
}

@test "leases and gc: nothing there, a wrong command line, no such directory to read" {
	run -0 admin gc
	assert_output ""
	run -2 on_host "$BIN/peapod-cni" frob
	run -2 admin leases --frob
	run -2 admin leases operand
	touch "$LEASES"
	run -1 admin leases
	assert_output --partial "$LEASES"
}

@test "every command and option of peapod-cni is in the man page, the help and the completion" {
	local command option
	mandoc "$TOP/cni/peapod-cni.8" | col -b >"$BATS_TEST_TMPDIR/page"
	for command in leases gc completion; do
		run -0 "$BIN/peapod-cni" --help
		assert_line --regexp "^  $command "
		grep -q "^ *$command *" "$BATS_TEST_TMPDIR/page"
		run -0 "$BIN/peapod-cni" completion bash
		assert_output --partial " $command"
		run -0 "$BIN/peapod-cni" "$command" --help
		grep -E '^  .*--' <<<"$output" | grep -oE -- '--[a-z-]+' >"$BATS_TEST_TMPDIR/options"
		while read -r option; do
			grep -q -- "$option" "$BATS_TEST_TMPDIR/page"
			"$BIN/peapod-cni" completion zsh | grep -qe "$option"
		done <"$BATS_TEST_TMPDIR/options"
	done
	# The script works.
	run -0 bash -c '. <("$1" completion bash); COMP_WORDS=(peapod-cni gc --d); COMP_CWORD=2; _peapod_cni; echo "${COMPREPLY[@]}"' \
		bash "$BIN/peapod-cni"
	assert_output "--data-dir --dry-run"
}
