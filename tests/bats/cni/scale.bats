#!/usr/bin/env bats
# More pods than a bridge gets ports (256, at most the kernel's 1023): the others are routed.
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
	SECOND=$(unique q)
	new_netns "$SECOND"
}

teardown() {
	[ -z "${SERVER:-}" ] || kill "$SERVER" || :
	teardown_cni
}

in_second() {
	nsenter --net="/run/netns/$SECOND" "$@"
}

dual() {
	conf '.cniVersion = "1.1.0" | .ipMasq = true | .bridgePorts = 1023 | .ipam.ranges += [[{subnet: "fd01::/64"}]]'"${1:+ | $1}"
}

second() {
	local verb=$1
	shift
	cni "$verb" CNI_CONTAINERID=c2 CNI_NETNS="/run/netns/$SECOND" "$@"
}

# fill_bridge: interfaces that are down, on all ports that the first pod left
fill_bridge() {
	local i
	for ((i = 1; i <= 511; i++)); do
		echo "link add a$i numtxqueues 1 numrxqueues 1 type veth peer name b$i numtxqueues 1 numrxqueues 1"
		echo "link set a$i master br0"
		echo "link set b$i master br0"
	done | on_host ip -batch -
	assert_equal "$(on_host ip -o link show master br0 | wc -l)" 1023
}

proxies() {
	on_host ip neigh show proxy
	on_host ip -6 neigh show proxy
}

@test "a full bridge: the next pod is routed, and nobody sees a difference" {
	local end
	dual
	cni ADD
	fill_bridge
	second ADD >"$BATS_TEST_TMPDIR/second"
	end=$(jq -r '.interfaces[0].name' "$BATS_TEST_TMPDIR/second")
	assert_equal "$(on_host ip -j link show "$end" | jq -r '.[0].master')" null
	assert_equal "$(jq -r '[.ips[].address] | join(" ")' "$BATS_TEST_TMPDIR/second")" "10.1.0.3/24 fd01::3/64"
	in_second ping -c 1 -W 30 10.1.0.1
	in_second ping -c 1 -W 30 10.1.0.2
	in_second ping -c 1 -W 30 fd01::1
	in_second ping -c 1 -W 30 fd01::2
	in_pod ip neigh flush all
	in_pod ping -c 1 -W 30 10.1.0.3
	in_pod ping -c 1 -W 30 fd01::3
	on_host ping -c 1 -W 30 10.1.0.3
	on_host ping -c 1 -W 30 fd01::3
	jq --slurpfile r "$BATS_TEST_TMPDIR/second" '.prevResult = $r[0]' "$CONF" >"$CONF.new"
	CONF=$CONF.new second CHECK
	on_host ip neigh del proxy 10.1.0.3 dev br0
	CONF=$CONF.new fails_with 999 second CHECK
	# The next one does not try the bridge again, until a port of it is free.
	second DEL
	assert_equal "$(proxies)" ""
	assert_equal "$(leases | xargs)" "10.1.0.2 fd01::2"
	[ -L "$LEASES/.peapod/net/full" ]
	cni DEL
	[ ! -L "$LEASES/.peapod/net/full" ]
	second ADD
	assert_equal "$(on_host ip -j link show "$end" | jq -r '.[0].master')" br0
}

@test "bridgePorts: the bridge gets no more; a pod that finds it full is routed, and leaves no port" {
	local end
	conf '.bridgePorts = 1'
	cni ADD
	second ADD >"$BATS_TEST_TMPDIR/second"
	end=$(jq -r '.interfaces[0].name' "$BATS_TEST_TMPDIR/second")
	assert_equal "$(on_host ip -j link show "$end" | jq -r '.[0].master')" null
	assert_equal "$(on_host ip -o link show master br0 | wc -l)" 1
	[ -L "$LEASES/.peapod/net/full" ]
	in_second ping -c 1 -W 30 10.1.0.2
	in_second ping -c 1 -W 30 10.1.0.1
	in_pod ping -c 1 -W 30 10.1.0.3
	# Nothing of IPv6 for the kernel to walk, where nobody speaks it.
	assert_equal "$(on_host ip -6 -o addr show dev "$end")" ""
	second DEL
	cni DEL
	second ADD
	assert_equal "$(on_host ip -j link show "$end" | jq -r '.[0].master')" br0
	second DEL
	for ports in 0 1024 -1 '"5"'; do
		conf ".bridgePorts = $ports"
		run -1 cni ADD
	done
	assert_equal "$(pairs)" ""
	assert_equal "$(leases)" ""
}

@test "nobody answers for a routed pod that is gone: DEL, with its pair or without, GC and peapod-cni gc" {
	local how
	dual '.bridgePorts = 1'
	cni ADD
	for how in del late gc admin; do
		second ADD >"$BATS_TEST_TMPDIR/second"
		assert_equal "$(on_host ip -6 neigh show proxy | wc -l)" 1
		case $how in
		del) second DEL ;;
		late)
			on_host ip link del "$(jq -r '.interfaces[0].name' "$BATS_TEST_TMPDIR/second")"
			second DEL
			;;
		gc)
			dual '.bridgePorts = 1 | .["cni.dev/valid-attachments"] = [{containerID: "c1", ifname: "eth0"}]'
			second GC
			;;
		admin)
			ip netns del "$SECOND"
			run -0 on_host "$BIN/peapod-cni" gc --data-dir "$LEASES"
			assert_output --partial 'its namespace is gone'
			;;
		esac
		assert_equal "$(proxies)" ""
		assert_equal "$(leases | xargs)" "10.1.0.2 fd01::2"
	done
}

@test "an ADD that fails late: nobody answers for the routed pod that is none" {
	dual '.bridgePorts = 1 | .runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80, protocol: "tcp"}]'
	cni ADD
	fails_with 7 second ADD
	assert_output --partial 8080
	assert_equal "$(proxies)" ""
	assert_equal "$(leases | xargs)" "10.1.0.2 fd01::2"
	# the first ADD was not the one that failed: what it made stays
	dual '.bridgePorts = 1'
	second ADD
	fails_with 999 second ADD
	assert_equal "$(on_host ip neigh show proxy | wc -l)" 2 # of both families
	second DEL
	assert_equal "$(proxies)" ""
}

# requires_lasting_proxies: the kernel keeps permanent ones of an interface without carrier
requires_lasting_proxies() {
	on_host ip link add t0 type veth peer name t1
	on_host ip link set t0 up
	on_host ip link set t1 up
	wait_until 30 is_up t0
	on_host ip neigh add proxy 10.9.0.1 dev t0
	on_host ip link set t1 down
	wait_until 30 is_down t0
	on_host ip neigh show proxy | grep -q 10.9.0.1 || skip "the kernel drops all proxy entries with the carrier"
	on_host ip link del t0
}

# is_up INTERFACE, is_down INTERFACE: the kernel has seen its carrier come or go, and done what follows
is_up() {
	on_host ip -j link show "$1" | jq -e '.[0].operstate == "UP"'
}

is_down() {
	on_host ip -j link show "$1" | jq -e '.[0].operstate != "UP"'
}

@test "the bridge loses its last port: a new pod on it reaches the routed ones all the same" {
	requires_lasting_proxies
	dual '.bridgePorts = 1'
	cni ADD
	second ADD
	cni DEL
	wait_until 30 is_down br0
	cni ADD
	assert_equal "$(on_host ip -o link show master br0 | wc -l)" 1
	in_pod ping -c 1 -W 30 10.1.0.3
	in_pod ping -c 1 -W 30 fd01::3
}

@test "bridgePorts does not count where a routed pod would be another network" {
	conf '.bridgePorts = 1 | .portIsolation = true'
	cni ADD
	second ADD
	conf '.bridgePorts = 1 | .spill = false'
	cni ADD CNI_IFNAME=eth1
	assert_equal "$(on_host ip -o link show master br0 | wc -l)" 3
}

@test "host ports lead to routed pods too, from everywhere" {
	dual
	cni ADD
	fill_bridge
	dual '.runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80, protocol: "tcp"}]'
	second ADD
	on_host ip link set lo up
	nsenter --net="/run/netns/$SECOND" socat -U TCP-LISTEN:80,fork,reuseaddr SYSTEM:'echo hello' >/dev/null 2>&1 3>&- &
	SERVER=$!
	wait_until 30 listens
	assert_equal "$(on_host socat -u -T 30 TCP:127.0.0.1:8080 -)" hello
	assert_equal "$(on_host socat -u -T 30 TCP:10.1.0.1:8080 -)" hello
	assert_equal "$(in_pod socat -u -T 30 TCP:10.1.0.1:8080 -)" hello
	assert_equal "$(in_second socat -u -T 30 TCP:10.1.0.1:8080 -)" hello
}

listens() {
	in_second ss -Hltn 'sport = :80' | grep -q LISTEN
}

@test "no spill where it would be another network: the error names the limit, and nothing stays" {
	cni ADD
	fill_bridge
	conf '.bridgePorts = 5 | .spill = false'
	fails_with 999 second ADD
	assert_output --partial "bridge 'br0' has no free port (the kernel allows 1023)"
	conf '.portIsolation = true'
	fails_with 999 second ADD
	conf '.type = "bridge"'
	fails_with 999 plugin "$BIN/bridge" ADD CNI_CONTAINERID=c2 CNI_NETNS="/run/netns/$SECOND"
	assert_equal "$(leases)" 10.1.0.2
	assert_equal "$(pairs | grep -c ^veth)" 1
	assert_equal "$(in_second ip -o link | grep -v ' lo: ')" ""
}

# traced VERB ARGS...: its answers from the kernel, as "CALL BYTES" lines
traced() {
	local verb=$1
	shift
	on_host env CNI_COMMAND="$verb" CNI_CONTAINERID=last CNI_NETNS="/run/netns/$SECOND" CNI_IFNAME=eth0 \
		ASAN_OPTIONS=detect_leaks=0 strace -qq -e trace=recvmsg,recvfrom,getdents64,getdents \
		-o "$BATS_TEST_TMPDIR/trace" "$BIN/peapod" <"$CONF" >/dev/null
	sed -nE 's/^([a-z0-9]+)\(.* = ([0-9]+)$/\1 \2/p' "$BATS_TEST_TMPDIR/trace"
}

# reads_no_list: an answer about one object is short, and no directory is read
reads_no_list() {
	[ -n "$1" ] || return 2
	awk '$1 ~ /getdents/ || $2 > 3000 { print; bad = 1 } END { exit bad }' <<<"$1"
}

@test "a port of the bridge has no IPv6 address and route of its own: they would grow the host's table" {
	dual
	cni ADD
	assert_equal "$(on_host ip -6 -o addr show dev "$(pairs)")" ""
	assert_equal "$(on_host ip -6 route show dev "$(pairs)" | grep -c fe80)" 0
	in_pod ping -c 1 -W 30 fd01::1
}

@test "ADD, DEL and a second DEL read no list, however many pods and ports there are" {
	local i
	requires strace
	for i in {1..40}; do
		dual ".runtimeConfig.portMappings = [range(3) | {hostPort: (1000 + $i * 10 + .), containerPort: 80, protocol: \"tcp\"}]"
		cni ADD CNI_IFNAME="e$i" >/dev/null
	done
	dual '.runtimeConfig.portMappings = [{hostPort: 80, containerPort: 80, protocol: "tcp"}]'
	reads_no_list "$(traced ADD)"
	dual
	reads_no_list "$(traced DEL)"
	reads_no_list "$(traced DEL)"
	assert_equal "$(leases | wc -l)" 80
	assert_equal "$(on_host nft list map inet peapod ports4 | grep -c 'net last')" 0
	# What this would see: GC has to read them all.
	dual '."cni.dev/valid-attachments" = []'
	run reads_no_list "$(traced GC)"
	[ "$status" = 1 ]
}

@test "macspoofchk and firewall: DEL reads no list either, and takes what is the pod's" {
	local i
	requires strace
	dual '.macspoofchk = true | .ingressPolicy = "open"'
	for i in {1..40}; do
		cni ADD CNI_IFNAME="e$i" >/dev/null
	done
	traced ADD >/dev/null
	assert_equal "$(on_host nft list set inet peapod pods6 | grep -c 'net last eth0')" 1
	reads_no_list "$(traced DEL)"
	reads_no_list "$(traced DEL)"
	assert_equal "$(on_host nft list ruleset | grep -c 'net last eth0' | cat)" 0
	# 40 pods: two addresses, a port and its MAC, and as many entries of the index
	assert_equal "$(on_host nft -j list ruleset | jq '[.nftables[].set | select(.name | IN("pods4", "pods6", "guarded", "macs", "owners")?) | .elem | length] | add')" 320
}

@test "128 host ports in both families, with names of any length" {
	local id net
	id=$(printf 'c%.0s' {1..200})
	net=$(printf 'n%.0s' {1..80})
	dual ".name = \"$net\" | .runtimeConfig.portMappings = [range(128) | {hostPort: (1000 + .), containerPort: 80, protocol: \"tcp\"}]"
	run -0 cni ADD CNI_CONTAINERID="$id"
	assert_equal "$(on_host nft -j list map inet peapod ports6 | jq '[.nftables[].map | select(.).elem[]] | length')" 128
	dual ".name = \"$net\""
	cni DEL CNI_CONTAINERID="$id"
	assert_equal "$(on_host nft list table inet peapod | grep -c nnnn | cat)" 2
}
