#!/usr/bin/env bats
# Killed at each netlink message, things deleted underneath, garbage on disk: a clear error, and DEL
# or GC leaves nothing.
# shellcheck disable=SC2030,SC2031 # each test has its own variables
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	# who removed an interface for us may not have let go of it yet
	[ -z "${DISK:-}" ] || wait_until 30 umount "$DISK"
	teardown_cni
}

# whole: all that a pod can have, so that every kind of message is sent
whole() {
	conf '.cniVersion = "1.1.0" | .ipMasq = true | .ipam.ranges += [[{subnet: "fd01::/64"}]] | .ipam.sticky = true
		| .macspoofchk = true | .ingressPolicy = "open" | .egressRate = 8000000 | .egressBurst = 800000
		| .aliasDir = "'"$BATS_TEST_TMPDIR/hosts"'" | .runtimeConfig.aliases = ["web"] | .runtimeConfig.portMappings = [
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
	assert_equal "$(on_host nft list ruleset | grep -E 'net c1 ' || :)" ""
	assert_equal "$(on_host ip -o link show type ifb)" ""
	assert_equal "$(find "$BATS_TEST_TMPDIR/hosts" -type f 2>/dev/null)" ""
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
	in_pod ping -c 1 -W 30 10.1.0.1
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

@test "the bridge is deleted underneath: DEL cleans up, and the next ADD makes another" {
	whole
	add_one
	on_host ip link del br0
	cni DEL
	nothing_left
	add_one
	in_pod ping -c 1 -W 30 10.1.0.1
}

@test "the namespace is deleted underneath, with or without its path: DEL cleans up" {
	local ns i
	whole
	for i in 1 2 3; do
		ns=$(unique n)
		new_netns "$ns"
		cni ADD CNI_NETNS="/run/netns/$ns" >/dev/null
		ip netns del "$ns"
		case $i in
		1) cni DEL CNI_NETNS="/run/netns/$ns" ;;
		2) cni DEL CNI_NETNS= ;;
		3) touch "/run/netns/$ns" && cni DEL CNI_NETNS="/run/netns/$ns" && rm "/run/netns/$ns" ;;
		esac
		nothing_left
	done
}

@test "the pair, the table, the lease directory are deleted underneath: DEL cleans up" {
	whole
	add_one
	on_host ip link del "$(pairs)"
	cni DEL
	nothing_left
	add_one
	on_host nft delete table inet peapod
	cni DEL
	nothing_left
	add_one
	rm -r "$LEASES"
	cni DEL
	nothing_left
}

@test "garbage among the leases: ADD, CHECK, DEL, GC, STATUS and leases work all the same" {
	mkdir -p "$LEASES/net/10.1.0.2" "$LEASES/.peapod/net/sticky"
	head -c 100000 /dev/urandom >"$LEASES/net/10.1.0.3"
	ln -s /etc/passwd "$LEASES/net/10.1.0.4"
	mkfifo "$LEASES/net/10.1.0.5"
	: >"$LEASES/net/10.1.0.6"
	head -c 1000 /dev/urandom >"$LEASES/net/last_reserved_ip.0"
	ln -s 'x y z' "$LEASES/.peapod/net/c1:eth0"
	ln -s /dev/zero "$LEASES/.peapod/net/boot-id"
	ln -s /dev/zero "$LEASES/.peapod/net/sticky/next"
	conf '.cniVersion = "1.1.0" | .ipam.sticky = true'
	run -0 --separate-stderr add_result
	assert_equal "$(jq -r '.ips[0].address' <<<"$output")" 10.1.0.6/24
	cni STATUS
	on_host "$BIN/peapod-cni" leases --data-dir "$LEASES" >/dev/null
	cni DEL
	conf '.cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = []'
	cni GC
	assert_equal "$(pairs)" ""
	[ -L "$LEASES/net/10.1.0.4" ] || [ ! -e "$LEASES/net/10.1.0.4" ]
	[ -s /etc/passwd ]
}

add_result() {
	cni ADD CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p'
}

@test "leases on a disk that became read-only: DEL says so, but the pod is off the network" {
	DISK=$BATS_TEST_TMPDIR/disk
	mkdir "$DISK"
	mount -t tmpfs none "$DISK"
	LEASES=$DISK/leases
	whole
	add_one
	mount -o remount,ro "$DISK"
	fails_with 999 cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1
	fails_with 999 cni DEL
	assert_output --partial 'Read-only file system'
	assert_equal "$(pairs)" ""
	assert_equal "$(on_host nft list table inet peapod | grep -E 'net c1 ' || :)" ""
	cni DEL CNI_CONTAINERID=never
	mount -o remount,rw "$DISK"
	cni DEL
	nothing_left
}

@test "a disk that is full: DEL and GC give back, ADD fails and leaves nothing" {
	DISK=$BATS_TEST_TMPDIR/disk
	mkdir "$DISK"
	mount -t tmpfs -o nr_inodes=64,size=64k none "$DISK"
	LEASES=$DISK/leases
	whole
	add_one
	head -c 1000000 /dev/zero >"$DISK/fill" 2>/dev/null || :
	while touch "$DISK/i$((i += 1))" 2>/dev/null; do :; done
	fails_with 999 cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1
	assert_output --partial 'No space left on device'
	assert_equal "$(pairs | wc -l)" 1
	cni DEL
	nothing_left
	rm "$DISK"/i* "$DISK/fill"
	add_one
	while touch "$DISK/i$((i += 1))" 2>/dev/null; do :; done
	gc_all
	nothing_left
}

@test "malformed and hostile configs: one error document with a code, nothing made" {
	local text
	while read -r text; do
		printf '%b' "$text" >"$CONF"
		run --separate-stderr cni ADD
		[ "$status" = 1 ] || { echo "taken: $text" >&2 && return 1; }
		jq -e '.code > 0 and (.msg | length > 0)' <<<"$output" >/dev/null
		[ "$(jq -s length <<<"$output")" = 1 ]
		run --separate-stderr cni DEL
		[ "$status" -le 1 ]
	done <<-'END'

		{
		{"cniVersion":"1.0.0"}
		[]
		nul
		{"cniVersion":"1.0.0","name":"n","type":"peapod","ipam":7}
		{"cniVersion":"1.0.0","name":"../n","type":"peapod"}
		{"cniVersion":"1.0.0","name":"n","type":"peapod","ipam":{"type":"../../bin/sh"}}
		{"cniVersion":"1.0.0","name":"n","type":"peapod","bridge":"../br0"}
		{"cniVersion":"1.0.0","name":"n","type":"peapod","ipam":{"ranges":[[{"subnet":"::/0"},{"subnet":"10.0.0.0/8"}]]}}
		{"cniVersion":"1.0.0","name":"n","type":"peapod","ipam":{"type":"host-local","subnet":"10.0.0.0/8","sticky":"yes"}}
		{"cniVersion":"1.0.0","name":"n","type":"peapod","sticky":true,"ipam":{"type":"static","addresses":[{"address":"10.1.0.5/24"}]}}
		{"cniVersion":"1.0.0","name":"n","type":"peapod","spill":"no","ipam":{"subnet":"10.0.0.0/8"}}
		{"cniVersion":"1.0.0","name":"n","type":"peapod"}\0
		\xff\xfe{}
	END
	assert_equal "$(pairs)" ""
	assert_equal "$(on_host nft list tables)" ""
	[ ! -e "$LEASES" ]
}
