#!/usr/bin/env bats
# Interfaces of the host that a container is given (linux.netDevices).
load ../lib/common
load ../lib/bundle

# bats file_tags=root,net

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	DEV=$(unique nd)
	MAC=02:00:00:00:53:07 # given, for udev would replace a random one a moment later
	ip link add "$DEV" mtu 1400 address "$MAC" type veth peer name "p$DEV"
}

teardown() {
	teardown_containers
	ip link del "p$DEV" 2>/dev/null || :
	[ -z "${NETNS:-}" ] || ip netns del "$NETNS"
}

# bundle FILTER COMMAND...: a bundle that is given the device, and more by the filter
bundle() {
	local filter=$1
	shift
	new_bundle "$DIR/b" "$@"
	# shellcheck disable=SC2016
	edit_config "$DIR/b" '.linux.netDevices = {($dev): {}} | '"$filter" --arg dev "$DEV"
}

@test "an interface goes in with its name, MTU, hardware address and addresses, and is up" {
	ip addr add 192.0.2.7/24 dev "$DEV"
	ip addr add 192.0.2.8/32 peer 198.51.100.1/32 dev "$DEV"
	ip addr add 10.9.9.9/8 scope link dev "$DEV"
	bundle . sh -c "cat /sys/class/net/$DEV/address /sys/class/net/$DEV/mtu; ip addr show $DEV"
	run -0 peapod run -b "$DIR/b" c
	assert_line -n 0 "$MAC"
	assert_line -n 1 1400
	assert_output --partial 'inet 192.0.2.7/24'
	assert_output --partial 'inet 192.0.2.8 peer 198.51.100.1/32'
	refute_output --partial 10.9.9.9
	assert_line --regexp "$DEV@.*<.*,UP,.*>"
}

@test "an IPv6 address goes along" {
	ip addr add 2001:db8::7/64 dev "$DEV"
	bundle . ip addr show "$DEV"
	run -0 peapod run -b "$DIR/b" c
	assert_output --partial 'inet6 2001:db8::7/64 scope global'
}

@test "it gets another name in the same moment, though the old one is taken there" {
	bundle '.linux.netDevices[$dev] = {name: "data0"} | .linux.sysctl = {"net.ipv4.conf.data0.rp_filter": "2"}' \
		sh -c 'cat /sys/class/net/data0/address /proc/sys/net/ipv4/conf/data0/rp_filter; ls /sys/class/net'
	run -0 peapod run -b "$DIR/b" c
	assert_line -n 0 "$MAC"
	assert_line -n 1 2
	refute_line --partial "$DEV"
}

@test "the hooks of the runtime find it in the container" {
	bundle . true
	# shellcheck disable=SC2016
	edit_config "$DIR/b" '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", $hook]}]}' \
		--arg hook "pid=\$(jq .pid); [ ! -e /sys/class/net/$DEV ] && nsenter -n -t \$pid ip -o link show $DEV >$DIR/seen"
	run -0 peapod run -b "$DIR/b" c
	grep -q "$DEV" "$DIR/seen"
}

@test "a create that fails gives it back as it was" {
	ip addr add 192.0.2.7/24 dev "$DEV"
	ip link set "$DEV" up
	bundle '.linux.netDevices[$dev] = {name: "data0"} | .hooks = {createRuntime: [{path: "/bin/false"}]}' true
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial 'hook createRuntime[0]'
	assert_equal "$(cat "/sys/class/net/$DEV/address")" "$MAC"
	ip addr show "$DEV" | grep -q 'inet 192.0.2.7/24'
	ip -o link show "$DEV" | grep -q '[<,]UP[,>]'
	[ -z "$(leftovers)" ]
}

@test "several go together or not at all" {
	bundle '.linux.netDevices["no-such"] = {}' true
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial "linux: netDevices: 'no-such': there is no such interface"
	[ -e "/sys/class/net/$DEV" ]
}

@test "a name that is taken there is refused, and the interface stays" {
	NETNS=$(unique nn)
	ip netns add "$NETNS"
	ip -n "$NETNS" link add data0 type veth peer name data1
	# shellcheck disable=SC2016
	bundle '.linux.netDevices[$dev] = {name: "data0"} | del(.hostname)
		| (.linux.namespaces[] | select(.type == "network")).path = "/run/netns/'"$NETNS"'"' true
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial "an interface 'data0' is there already"
	[ -e "/sys/class/net/$DEV" ]
}

@test "in a joined namespace it stays when the container has gone" {
	NETNS=$(unique nn)
	ip netns add "$NETNS"
	bundle '(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/'"$NETNS"'"' true
	run -0 peapod run -b "$DIR/b" c
	assert_equal "$(ip netns exec "$NETNS" cat "/sys/class/net/$DEV/address")" "$MAC"
}

@test "without a network namespace of its own a container is given none" {
	bundle '.linux.namespaces |= map(select(.type != "network"))' true
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial 'linux: netDevices: there is no network namespace'
	edit_config "$DIR/b" '.linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial "linux: netDevices: the container's network namespace is the host's"
	[ -e "/sys/class/net/$DEV" ]
}

@test "with a user namespace, too" {
	requires userns
	bundle '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .linux.namespaces += [{type: "user"}]' ip -o link show "$DEV"
	chown -R 100000:100000 "$DIR/b/rootfs"
	ip addr add 192.0.2.7/24 dev "$DEV"
	run -0 peapod run -b "$DIR/b" c
	assert_output --partial "$DEV"
}
