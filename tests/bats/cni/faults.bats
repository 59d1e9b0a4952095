#!/usr/bin/env bats
# Killed at each netlink message, things deleted underneath, garbage on disk: a clear error, and DEL
# or GC leaves nothing.
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	[ -z "${DISK:-}" ] || umount "$DISK"
	teardown_cni
}

# whole: all that a pod can have, so that every kind of message is sent
whole() {
	conf '.cniVersion = "1.1.0" | .ipMasq = true | .ipam.ranges += [[{subnet: "fd01::/64"}]] | .ipam.sticky = true
		| .runtimeConfig.portMappings = [
			{hostPort: 8080, containerPort: 80, protocol: "tcp"},
			{hostPort: 5353, containerPort: 53, protocol: "udp"},
			{hostPort: 81, containerPort: 81, protocol: "tcp", hostIP: "127.0.0.1"}]'"${1:+ | $1}"
}

# nothing_left: of any pod; the bridge and masquerading stay
nothing_left() {
	assert_equal "$(pairs)" ""
	assert_equal "$(leases)" ""
	assert_equal "$(in_pod ip -o link | grep -v ' lo: ')" ""
	assert_equal "$(find "$LEASES/.peapod" -name '*:*' ! -path '*/sticky/*' 2>/dev/null)" ""
	assert_equal "$(on_host nft list table inet peapod 2>/dev/null | grep -E 'net c1 ' || :)" ""
}

# killed VERB --send|--sent N: its Nth message is its last; fails when it sent fewer
killed() {
	local code=0
	on_host env CNI_COMMAND="$1" CNI_CONTAINERID=c1 CNI_NETNS="/run/netns/$POD" CNI_IFNAME=eth0 \
		CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p' \
		ASAN_OPTIONS=detect_leaks=0 "$TOOL/killat" "$2" "$3" "$BIN/peapod" <"$CONF" >/dev/null || code=$?
	case $code in
	137) return 0 ;;
	0) return 1 ;;
	*) echo "$1 $2 $3: exit status $code" >&2 && return 2 ;;
	esac
}

gc_all() {
	CONF=$CONF.gc whole '."cni.dev/valid-attachments" = []'
	CONF=$CONF.gc cni GC
}

# each VERB BEFORE AFTER: kill it at every message, before and after the kernel took it
each() {
	local when n code total=0
	for when in --send --sent; do
		for ((n = 1; n < 500; n++)); do
			$2
			code=0
			killed "$1" "$when" "$n" || code=$?
			[ "$code" -le 1 ]
			$3
			nothing_left
			[ "$code" = 0 ] || break
			total=$((total + 1))
		done
		[ "$n" -lt 500 ]
	done
	echo "$1: $total kills"
	[ "$total" -ge "$4" ]
}

add_one() {
	cni ADD CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p' >/dev/null
}

@test "ADD killed at each netlink message: DEL leaves nothing, and ADD works then" {
	whole
	add_one
	cni DEL
	each ADD : "cni DEL" 30
	add_one
	in_pod ping -c 1 -W 5 10.1.0.1
}

@test "ADD killed at each netlink message: GC leaves nothing" {
	whole
	each ADD : gc_all 30
}

@test "DEL killed at each netlink message: the next one leaves nothing" {
	whole
	each DEL add_one "cni DEL" 10
}

@test "DEL killed at each netlink message: GC leaves nothing" {
	whole
	each DEL add_one gc_all 10
}
