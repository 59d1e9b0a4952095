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
	in_pod ping -c 1 -W 30 10.1.0.1
	run -0 admin gc --grace 0
	assert_output ""
}

@test "gc: host ports of the dead, whose lease is gone with them or was before" {
	local one two port
	for port in 1 2 3; do
		conf ".runtimeConfig.portMappings = [{hostPort: 800$port, containerPort: 80, protocol: \"tcp\"}]"
		case $port in
		1) one=$(pod one) ;;
		2) two=$(pod two) ;;
		3) cni ADD ;;
		esac
	done
	ip netns del "$one"
	ip netns del "$two"
	rm "$LEASES/net/10.1.0.3"
	run -0 admin gc --dry-run
	assert_line "would remove host ports of net one eth0: it is gone"
	assert_line "would remove host ports of net two eth0: it is gone"
	refute_line --partial "net c1"
	assert_equal "$(on_host nft list map inet peapod ports4 | grep -oE 'net (c1|one|two) ' | sort | xargs)" "net c1 net one net two"
	run -0 admin gc
	assert_line "removed host ports of net one eth0: it is gone"
	assert_equal "$(on_host nft list table inet peapod | grep -cE 'net (one|two) ')" 0
	assert_equal "$(on_host nft list map inet peapod ports4 | grep -c 'net c1 ')" 1
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

# gc_of ID...: the GC verb as libcni asks for it: its list under both names, capabilities left in
gc_of() {
	local ids
	ids=$(printf '%s\n' "$@" | jq -Rnc '[inputs | select(length > 0) | {containerID: ., ifname: "eth0"}]')
	conf ".cniVersion = \"1.1.0\" | .capabilities = {portMappings: true}
		| .\"cni.dev/valid-attachments\" = $ids | .\"cni.dev/attachments\" = $ids"
	cni GC CNI_CONTAINERID= CNI_NETNS= CNI_IFNAME=
}

@test "GC: interfaces, host ports and leases of attachments that are not valid" {
	local id
	for id in one two three; do
		conf ".runtimeConfig.portMappings = [{HostPort: $((8000 + ${#id})), ContainerPort: 80, Protocol: \"$([ $id = two ] && echo udp || echo tcp)\"}]"
		pod $id >/dev/null
	done
	assert_equal "$(pairs | wc -l)" 3
	conf '.name = "other" | .bridge = "br1" | .ipam.ranges = [[{subnet: "10.3.0.0/24"}]]'
	cni ADD CNI_IFNAME=eth1
	gc_of two
	assert_equal "$(pairs | wc -l)" 2
	assert_equal "$(leases)" 10.1.0.3
	assert_equal "$(on_host nft list table inet peapod | grep -oE 'net (one|two|three) ' | sort -u | xargs)" "net two"
	gc_of
	assert_equal "$(leases)" ""
	assert_equal "$(on_host nft list table inet peapod | grep -cE 'net (one|two|three) ')" 0
	# The other network's pod is as it was.
	assert_equal "$(pairs | wc -l)" 1
	in_pod ping -c 1 -W 30 10.3.0.1
}

@test "STATUS: 50 for a full range and for a directory that cannot be written, else nothing" {
	conf '.cniVersion = "1.1.0" | .ipam.ranges = [[{subnet: "10.1.0.0/30"}]]'
	run -0 cni STATUS CNI_CONTAINERID= CNI_NETNS= CNI_IFNAME=
	assert_output ""
	cni ADD
	fails_with 50 cni STATUS
	cni DEL
	touch "$BATS_TEST_TMPDIR/file"
	LEASES=$BATS_TEST_TMPDIR/file conf '.cniVersion = "1.1.0"'
	fails_with 50 cni STATUS
}

# sticky ID POD: ADD of that pod's container; prints its address
sticky() {
	cni ADD CNI_CONTAINERID="$1" CNI_IFNAME="$1" \
		CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=$2;K8S_POD_INFRA_CONTAINER_ID=$1" |
		jq -r '.ips[0].address'
}

unstick() {
	cni DEL CNI_CONTAINERID="$1" CNI_IFNAME="$1"
}

@test "sticky: a pod's next container has its address, after DEL and after a reboot" {
	conf '.ipam.sticky = true'
	# The name of the interface in the pod is part of it, so one is used for all.
	one() { cni ADD CNI_CONTAINERID="$1" CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=$2" | jq -r '.ips[0].address'; }
	assert_equal "$(one a1 db-0)" 10.1.0.2/24
	cni DEL CNI_CONTAINERID=a1
	assert_equal "$(one b1 other)" 10.1.0.3/24
	cni DEL CNI_CONTAINERID=b1
	assert_equal "$(one a2 db-0)" 10.1.0.2/24
	# The host starts again: another boot id, no interface.
	on_host ip link del "$(pairs)"
	ln -sfn another "$LEASES/.peapod/net/boot-id"
	assert_equal "$(one c1 third)" 10.1.0.4/24
	cni DEL CNI_CONTAINERID=c1
	assert_equal "$(one a3 db-0)" 10.1.0.2/24
	cni DEL CNI_CONTAINERID=a3
	# Without the key it is as ever.
	conf .
	assert_equal "$(one a4 db-0)" 10.1.0.5/24
}

@test "sticky: in a small range others get it last, and the pod a new one then" {
	local i
	conf '.ipam.sticky = true | .ipam.ranges = [[{subnet: "10.1.0.0/29"}]]'
	for i in 2 3 4 5 6; do
		assert_equal "$(sticky "c$i" "p$i")" "10.1.0.$i/29"
		unstick "c$i"
	done
	assert_equal "$(sticky c4 p4)" 10.1.0.4/29
	assert_equal "$(cni ADD CNI_CONTAINERID=n1 CNI_IFNAME=n1 CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=new' | jq -r '.ips[0].address')" 10.1.0.2/29
	assert_equal "$(sticky c2 p2)" 10.1.0.3/29
	assert_equal "$(sticky c5 p5)" 10.1.0.5/29
}
