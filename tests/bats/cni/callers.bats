#!/usr/bin/env bats
# Those who call plugins, as the README says to use them: cnitool, and flannel's plugin, which
# delegates to bridge or peapod. Both are Go's: hack/deps containerd builds cnitool.
# shellcheck disable=SC2016 # the scripts are for another shell
load ../lib/common
load ../lib/cni
PATH=$PATH:${PEAPOD_GOBIN:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/peapod/bin}

setup() {
	setup_cni
	NETCONFPATH=$BATS_TEST_TMPDIR/net.d
	mkdir "$NETCONFPATH"
}

teardown() {
	teardown_cni
}

# list PLUGINS: a network "net" of these
list() {
	jq -n --argjson plugins "$1" --arg v "${2:-1.1.0}" '{cniVersion: $v, name: "net", plugins: $plugins}' \
		>"$NETCONFPATH/10-net.conflist"
}

# with_cache SCRIPT: on the host, whose /var/lib/cni, where cnitool keeps results, is hidden
with_cache() {
	mkdir -p /var/lib/cni
	on_host env CNI_PATH="$BIN" NETCONFPATH="$NETCONFPATH" POD="/run/netns/$POD" LEASES="$LEASES" \
		unshare -m bash -euc "mount -t tmpfs none /var/lib/cni; $1"
}

# What each verb has to show.
VERBS='
	cnitool status net "$POD"
	cnitool add net "$POD" | jq -e ".ips[0].address == \"10.1.0.2/24\"" >&2
	cnitool check net "$POD"
	nsenter --net="$POD" ping -c 1 -W 5 10.1.0.1 >&2
	CNI_IFNAME=eth1 cnitool add net "$POD" | jq -e ".ips[0].address == \"10.1.0.3/24\"" >&2
	nsenter --net="$POD" ip link del eth1
	if CNI_IFNAME=eth1 cnitool check net "$POD" >&2; then exit 1; fi
	CNI_IFNAME=eth1 cnitool del net "$POD"
	cnitool gc net "$POD"
	cnitool del net "$POD"
	cnitool del net "$POD"'

@test "cnitool: every verb, with peapod and with the chain of the reference plugins' names" {
	local ipam
	requires cnitool
	ipam=$(jq -n --arg dir "$LEASES" '{type: "host-local", dataDir: $dir, ranges: [[{subnet: "10.1.0.0/24"}]]}')
	list "[{\"type\": \"peapod\", \"isDefaultGateway\": true, \"ipMasq\": true, \"ipam\": $ipam}]"
	with_cache "$VERBS"
	assert_equal "$(leases)" ""
	assert_equal "$(pairs)" ""
	rm -r "$LEASES"
	on_host ip link del cni0
	list "[{\"type\": \"bridge\", \"isDefaultGateway\": true, \"ipMasq\": true, \"ipam\": $ipam},
		{\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}, {\"type\": \"firewall\"},
		{\"type\": \"bandwidth\", \"capabilities\": {\"bandwidth\": true}}]"
	with_cache "$VERBS"
	assert_equal "$(leases)" ""
	assert_equal "$(pairs)" ""
	with_cache 'export CAP_ARGS="{\"portMappings\": [{\"hostPort\": 80, \"containerPort\": 8080, \"protocol\": \"tcp\"}]}"
		cnitool add net "$POD" >&2
		nft get element inet peapod ports4 "{ tcp . 80 }" >&2
		cnitool check net "$POD"
		cnitool del net "$POD"
		! nft get element inet peapod ports4 "{ tcp . 80 }" >&2'
}

@test "cnitool: GC gives back what no cached attachment has" {
	requires cnitool
	list "$(jq -n --arg dir "$LEASES" '[{type: "peapod", isDefaultGateway: true, ipam: {dataDir: $dir, ranges: [[{subnet: "10.1.0.0/24"}]]}}]')"
	with_cache 'cnitool add net "$POD" >&2
		rm -r /var/lib/cni/results
		cnitool gc net "$POD"'
	[ -n "$(leases)" ] # without a list of attachments nothing is done
	conf '.cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = []'
	cni GC
	assert_equal "$(leases)" ""
}

# What flannel's plugin makes of subnet.env and its delegate.
delegated() {
	conf '{cniVersion, name, type: "'"$1"'", mtu: 1450, ipMasq: false, hairpinMode: true, isDefaultGateway: true, isGateway: true,
		ipam: {type: "host-local", dataDir: .ipam.dataDir, ranges: [[{subnet: "10.1.0.0/24"}]], routes: [{dst: "10.0.0.0/14"}]}}'
}

@test "what flannel delegates, to bridge and to peapod: address, MTU, the route to the cluster" {
	local type
	for type in bridge peapod; do
		delegated "$type"
		plugin "$BIN/$type" ADD
		assert_equal "$(in_pod ip -j link show eth0 | jq '.[0].mtu')" 1450
		assert_equal "$(in_pod ip -j route show 10.0.0.0/14 | jq -r '.[0].gateway')" 10.1.0.1
		assert_equal "$(in_pod ip -j route show default | jq -r '.[0].gateway')" 10.1.0.1
		in_pod ping -c 1 -W 5 10.1.0.1
		plugin "$BIN/$type" DEL
	done
}

@test "flannel's own plugin delegates to bridge and to peapod" {
	local type
	requires flannel
	ln -s "$(command -v flannel)" "$BIN/flannel"
	printf '%s\n' FLANNEL_NETWORK=10.0.0.0/14 FLANNEL_SUBNET=10.1.0.1/24 FLANNEL_MTU=1450 FLANNEL_IPMASQ=true \
		>"$BATS_TEST_TMPDIR/subnet.env"
	for type in bridge peapod; do
		jq -n --arg d "$BATS_TEST_TMPDIR" --arg type "$type" --arg dir "$LEASES" '{cniVersion: "1.0.0", name: "net",
			type: "flannel", subnetFile: ($d + "/subnet.env"), dataDir: ($d + "/flannel"),
			ipam: {type: "host-local", dataDir: $dir}, delegate: {type: $type, isDefaultGateway: true}}' >"$CONF"
		plugin "$BIN/flannel" ADD
		assert_equal "$(in_pod ip -j link show eth0 | jq '.[0].mtu')" 1450
		in_pod ping -c 1 -W 5 10.1.0.1
		plugin "$BIN/flannel" DEL
		assert_equal "$(pairs)" ""
		assert_equal "$(leases)" ""
	done
}
