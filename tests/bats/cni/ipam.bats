#!/usr/bin/env bats
# Addresses: what disks and other implementations do to leases.
# shellcheck disable=SC2030,SC2031,SC2119 # each test has its own variables
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

# unwired: an ADD that failed in address management left nothing in the network
unwired() {
	assert_equal "$(pairs)" ""
	assert_equal "$(in_pod ip -o link | grep -v ' lo: ')" ""
}

@test "an exhausted range: ADD fails and names it, STATUS is 50, a DEL helps" {
	conf '.ipam.ranges = [[{subnet: "10.1.0.0/30"}]] | .cniVersion = "1.1.0"'
	cni STATUS
	cni ADD
	fails_with 999 cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1
	assert_output --partial 'no IP addresses available in range set: 10.1.0.1-10.1.0.2'
	fails_with 50 cni STATUS
	cni DEL
	unwired
	cni STATUS
	cni ADD CNI_CONTAINERID=c2
}

@test "ranges that the runtime gives with ADD: STATUS, which it tells none, does without; a bad directory is 50" {
	local type
	conf '.cniVersion = "1.1.0" | .capabilities = {ipRanges: true} | del(.ipam.ranges)'
	for type in peapod bridge host-local; do
		plugin "$BIN/$type" STATUS
		fails_with 7 plugin "$BIN/$type" ADD
		assert_output --partial 'no IP ranges specified'
	done
	conf '.cniVersion = "1.1.0" | .capabilities = {ipRanges: false} | del(.ipam.ranges)'
	fails_with 7 cni STATUS
	fails_with 7 plugin "$BIN/host-local" STATUS
	touch "$BATS_TEST_TMPDIR/file"
	LEASES=$BATS_TEST_TMPDIR/file conf '.cniVersion = "1.1.0" | .capabilities = {ipRanges: true} | del(.ipam.ranges)'
	fails_with 50 cni STATUS
}

@test "a requested address: given, taken, the gateway, of no range" {
	run -0 cni ADD CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.1.0.77'
	assert_equal "$(jq -r '.ips[0].address' <<<"$output")" 10.1.0.77/24
	fails_with 999 cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1 CNI_ARGS=IP=10.1.0.77
	fails_with 7 cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1 CNI_ARGS=IP=10.1.0.1
	fails_with 7 cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1 CNI_ARGS=IP=10.9.0.1
	assert_equal "$(leases)" 10.1.0.77
}

@test "a bad range is refused by ADD; DEL works all the same" {
	cni ADD
	conf '.ipam.ranges = [[{subnet: "10.1.0.0/24", rangeStart: "10.9.0.1"}]]'
	fails_with 7 cni ADD CNI_IFNAME=eth1
	cni DEL
	assert_equal "$(leases)" ""
}

@test "dataDir is a file, or cannot be written: an error and nothing made; DEL succeeds" {
	touch "$BATS_TEST_TMPDIR/file"
	LEASES=$BATS_TEST_TMPDIR/file conf
	fails_with 999 cni ADD
	unwired
	cni DEL
	DISK=$BATS_TEST_TMPDIR/disk
	mkdir "$DISK"
	mount -t tmpfs -o ro none "$DISK"
	LEASES=$DISK/net conf
	fails_with 999 cni ADD
	unwired
	cni DEL
}

# A disk with room for n blocks and inodes: each step of ADD fails once, and nothing stays.
@test "a disk that is full at any step of a lease: no lease, no pair" {
	local inodes
	DISK=$BATS_TEST_TMPDIR/disk
	mkdir "$DISK"
	LEASES=$DISK
	mount -t tmpfs -o nr_inodes=64,size=64k none "$DISK"
	conf
	cni ADD
	cni DEL
	head -c 1000000 /dev/zero >"$DISK/fill" || :
	fails_with 999 cni ADD
	unwired
	assert_equal "$(leases)" ""
	rm "$DISK/fill"
	rm "$DISK/net/last_reserved_ip.0"
	for inodes in 1 2 3; do
		fill_inodes "$inodes"
		run cni ADD
		[ "$status" = 0 ] || assert_equal "$(leases)" ""
		cni DEL
		unwired
		assert_equal "$(leases)" ""
		rm "$DISK"/i*
	done
	cni ADD
}

# fill_inodes N: leave room for N files
fill_inodes() {
	local i=0
	while touch "$DISK/i$i" 2>/dev/null; do
		i=$((i + 1))
	done
	while [ "$(stat -f -c %d "$DISK")" -lt "$1" ]; do
		i=$((i - 1))
		rm "$DISK/i$i"
	done
}

@test "leases are shared with the reference plugin: each sees and frees the other's" {
	requires "$REFERENCE/host-local"
	cni ADD
	run -0 plugin "$REFERENCE/host-local" ADD CNI_CONTAINERID=go
	assert_equal "$(jq -r '.ips[0].address' <<<"$output")" 10.1.0.3/24
	run -0 plugin "$BIN/host-local" ADD CNI_CONTAINERID=c3
	assert_equal "$(jq -r '.ips[0].address' <<<"$output")" 10.1.0.4/24
	plugin "$BIN/host-local" DEL CNI_CONTAINERID=go
	plugin "$REFERENCE/host-local" DEL CNI_CONTAINERID=c3
	assert_equal "$(leases)" 10.1.0.2
	plugin "$REFERENCE/host-local" DEL
	assert_equal "$(leases)" ""
	cni DEL
	assert_equal "$(cat "$LEASES/net/last_reserved_ip.0")" 10.1.0.4
}

@test "two implementations under load never give out an address twice" {
	local i jobs=()
	requires "$REFERENCE/host-local"
	for i in {1..20}; do
		plugin "$REFERENCE/host-local" ADD CNI_CONTAINERID="go$i" >"$BATS_TEST_TMPDIR/go$i" &
		jobs+=($!)
		plugin "$BIN/host-local" ADD CNI_CONTAINERID="own$i" >"$BATS_TEST_TMPDIR/own$i" &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/{go,own}* | jq -r '.ips[0].address' | sort -u | wc -l)" 40
	assert_equal "$(leases | wc -l)" 40
}

@test "host-local alone: the result of an address manager, CHECK, DEL" {
	run -0 plugin "$BIN/host-local" ADD
	assert_equal "$(jq -c . <<<"$output")" \
		'{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.2/24","gateway":"10.1.0.1"}]}'
	conf '.prevResult = {cniVersion: "1.0.0"}'
	plugin "$BIN/host-local" CHECK
	plugin "$BIN/host-local" DEL
	fails_with 999 plugin "$BIN/host-local" CHECK
	conf 'del(.ipam)'
	fails_with 7 plugin "$BIN/host-local" ADD
}
