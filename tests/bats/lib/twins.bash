# shellcheck shell=bash
# twins: one conflist, wired by the reference plugins and by ours in namespaces of the same shape,
# and both looked at: links, addresses, routes, queues, results, who reaches whom, what DEL leaves.
#
# same_as_reference CASE CONFLIST [PROBE...]: compare with every set of reference plugins there is.
# CONFLIST is {name, cniVersion, plugins}, each plugin with the runtimeConfig that a runtime would give.

# The newest reference plugins, by hack/deps; Debian's are in $REFERENCE.
# shellcheck disable=SC2034
NEWEST=${PEAPOD_GOBIN:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/peapod/bin}/cni

# What is not the same on purpose, and why: a jq filter each, over the picture of both sides.
#
# mac: ours are derived (the pod's from its address, so that neighbours' caches stay right when it
#	is given out again), theirs are random; that links have those of the result is checked.
# names: the host's end has a name by hash in ours, a random one in theirs.
# alias: ours says there whose it is, for `peapod-cni gc`.
# queues: ours asks for one transmit queue, which spares a grace period; one is what veth has anyway.
# txqlen: ours is the kernel's default, theirs 0, since Go has it as an unset number; the queue is
#	noqueue in both.
# scope link: addresses that the kernel makes of MACs.
# nodad: ours are usable at once, theirs wait for duplicate detection, or switch it off by sysctl.
# promiscuity: of the port, counted by the kernel for its bridge.
PICTURE='
def vethless: if . == null then null elif startswith("veth") then "veth" else . end;
map(select(.ifname != "lo" and .ifname != "up0") | {
	name: (.ifname | vethless), kind: .linkinfo.info_kind, mtu, operstate, group, qdisc,
	master, flags: (.flags | sort),
	port: (.linkinfo.info_slave_data // {} | {state, priority, hairpin, guard, root_block, fastleave,
		learning, flood, mcast_flood, bcast_flood, neigh_suppress, vlan_tunnel, isolated}),
	bridge: (if .linkinfo.info_kind == "bridge" then .linkinfo.info_data | {stp_state, priority,
		vlan_filtering, vlan_protocol, mcast_snooping, nf_call_iptables} else null end),
	addresses: [.addr_info[] | select(.scope != "link") | {family, local, prefixlen, broadcast, scope,
		valid_life_time, deprecated, temporary, tentative}] | sort_by(.local)
}) | sort_by(.name)'
ROUTES='
def vethless: if . == null then null elif startswith("veth") then "veth" else . end;
map(select(.dev != "up0" and .dst != "fe80::/64" and .dst != "ff00::/8" and .type != "multicast") | {dst, gateway, dev: (.dev | vethless), scope, prefsrc,
	metric, metrics, table, type, protocol, flags}) | sort_by(.dst, .dev, .metric)'
RESULT='
def vethless: if . == null then null elif startswith("veth") then "veth" elif startswith("bwp") then "ifb" else . end;
if .interfaces then .interfaces |= map(.name |= vethless | .mac = (if .mac then "a MAC" else "none" end)
	| if .sandbox and .sandbox != "" then .sandbox = "the pod" else del(.sandbox) end) else . end
| if .dns == {} then del(.dns) else . end'
QUEUES='map({dev: (.dev | if startswith("veth") then "veth" elif startswith("bwp") then "ifb" else . end), kind, handle, root, parent, options})
	| map(select(.kind == "tbf" or .kind == "ingress")) | sort_by(.dev, .kind)'

# twin_world: $HOST, between $POD and $WORLD, which is beyond
twin_world() {
	HOST=$(unique h)
	POD=$(unique p)
	WORLD=$(unique w)
	new_netns "$HOST"
	new_netns "$POD"
	new_netns "$WORLD"
	on_host ip link set lo up
	on_host ip link add up0 type veth peer name eth0 netns "$WORLD"
	on_host ip addr add 192.0.2.1/24 dev up0
	on_host ip -6 addr add 2001:db8::1/64 dev up0 nodad
	on_host ip link set up0 up
	ip -n "$WORLD" addr add 192.0.2.2/24 dev eth0
	ip -n "$WORLD" -6 addr add 2001:db8::2/64 dev eth0 nodad
	ip -n "$WORLD" link set eth0 up
	ip -n "$WORLD" link set lo up
	[ ! -d /proc/sys/net/bridge ] || on_host sh -c 'echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables
		echo 0 >/proc/sys/net/bridge/bridge-nf-call-ip6tables'
}

# chain COMMAND DIR CONFLIST STATE: what libcni does with a list; the result is STATE/result
# shellcheck disable=SC2094 # the file is read only
chain() {
	local command=$1 dir=$2 list=$3 state=$4 count i order=() prev=null out
	count=$(jq '.plugins | length' "$list")
	for ((i = 0; i < count; i++)); do
		if [ "$command" = DEL ]; then order=("$i" "${order[@]}"); else order+=("$i"); fi
	done
	[ "$command" = ADD ] || prev=$(cat "$state/result")
	for i in "${order[@]}"; do
		jq --argjson i "$i" --argjson prev "$prev" --arg dir "$state" '.name as $name | .cniVersion as $version
			| .plugins[$i] + {name: $name, cniVersion: $version}
			| if .ipam.type == "host-local" then .ipam.dataDir = $dir + "/leases" else . end
			| if .type == "tuning" then .dataDir = $dir + "/tuning" else . end
			| if $prev == null then . else .prevResult = $prev end' "$list" >"$state/conf"
		out=$(on_host env CNI_COMMAND="$command" CNI_CONTAINERID=twin CNI_NETNS="/run/netns/$POD" \
			CNI_IFNAME=eth0 CNI_PATH="$dir" PATH="$PATH" "$dir/$(jq -r .type "$state/conf")" \
			<"$state/conf" 2>"$state/stderr") || { echo "$command $dir: $out $(cat "$state/stderr")" >&2 && return 1; }
		[ "$command" != ADD ] || prev=$out
	done
	echo "$prev" >"$state/result"
}

# settled: no address of the pod or the host is tentative
settled() {
	[ -z "$(in_pod ip -6 addr show tentative)$(on_host ip -6 addr show tentative scope global)" ]
}

# carrying: the kernel has told every bridge and port of what became of the others
carrying() {
	on_host ip -j -d link show | jq -e '. as $all | all(.[];
		if .linkinfo.info_slave_kind == "bridge" then (.operstate == "UP") == (.linkinfo.info_slave_data.state == "forwarding")
		elif .linkinfo.info_kind == "bridge" then .ifname as $name | (.operstate == "UP")
			== ([$all[] | select(.master == $name and .operstate == "UP")] | length > 0)
		else true end)' >/dev/null
}

# picture: all that there is to see of $HOST and $POD
picture() {
	local where
	wait_until 30 settled
	wait_until 30 carrying
	for where in on_host in_pod; do
		echo "== $where: links and addresses"
		"$where" ip -j -d addr show | jq -S "$PICTURE"
		echo "== $where: routes"
		"$where" ip -j -4 route show table main | jq -S "$ROUTES"
		"$where" ip -j -6 route show table main | jq -S "$ROUTES"
		echo "== $where: queues"
		"$where" tc -j qdisc show | jq -S "$QUEUES"
		echo "== $where: forwarding"
		"$where" cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
		echo "== $where: sysctls"
		"$where" sh -c 'for d in /proc/sys/net/ipv4/conf/eth0/arp_filter /proc/sys/net/core/somaxconn; do cat $d 2>/dev/null || echo none; done'
	done
}

# macs_match STATE: the links have the MACs that the result tells
macs_match() {
	local links
	links=$({ on_host ip -j link show; in_pod ip -j link show; } | jq -s 'add | map({key: .ifname, value: .address}) | from_entries')
	jq -e --argjson links "$links" 'all(.interfaces // [] | .[]; (.mac // "") == "" or .mac == $links[.name])' "$1/result" >/dev/null
}

# has_check CONFLIST: its version has CHECK
has_check() {
	jq -e '.cniVersion | . != "0.3.1"' "$1" >/dev/null
}

# probe NAME: does it work? yes or no. What is to fail is not tried for long.
probe() {
	local from to long=30
	[[ " ${FAILING:-} " != *" $1 "* ]] || long=2
	case $1 in
	pod-gateway) in_pod ping -c 1 -W "$long" 10.9.0.1 ;;
	pod-gateway6) in_pod ping -6 -c 1 -W "$long" fd09::1 ;;
	host-pod) on_host ping -c 1 -W "$long" 10.9.0.2 ;;
	host-pod6) on_host ping -6 -c 1 -W "$long" fd09::2 ;;
	pod-world) in_pod ping -c 1 -W "$long" 192.0.2.2 ;;      # only if masqueraded
	pod-world6) in_pod ping -6 -c 1 -W "$long" 2001:db8::2 ;; # the same
	pod-lo) in_pod ping -c 1 -W "$long" 127.0.0.1 ;;
	port-*) # port-FROM-TO
		from=${1#port-}
		to=${from#*-}
		case ${from%%-*} in
		world) from=$WORLD ;;
		host) from=$HOST ;;
		pod) from=$POD ;;
		esac
		[ "$(nsenter --net="/run/netns/$from" timeout $((2 * long)) socat -t "$long" - "TCP4:$to,connect-timeout=$long" </dev/null)" = served ]
		;;
	esac >/dev/null 2>&1 && echo "$1: yes" || echo "$1: no"
}

# side DIR CASE CONFLIST PROBE...: wire, look, unwire, look; the picture's file is $SIDE
side() {
	local dir=$1 state list=$3 pid='' name
	state=$(mktemp -d -p "$BATS_TEST_TMPDIR")
	shift 3
	twin_world
	in_pod ip link set lo up
	{
		chain ADD "$dir" "$list" "$state"
		picture
		echo "== result"
		jq -S "$RESULT" "$state/result"
		macs_match "$state" && echo "MACs are as told"
		if [ "$dir" = "$BIN" ] && has_check "$list"; then
			chain CHECK "$dir" "$list" "$state" # theirs looks for rules and sysctls that it has not made
		fi
		if [[ "$*" == *port-* ]]; then
			nsenter --net="/run/netns/$POD" socat TCP4-LISTEN:80,fork,reuseaddr SYSTEM:'echo served' 3>&- 2>/dev/null &
			pid=$!
			wait_until 30 in_pod sh -c 'ss -Htln "sport = :80" | grep -q .'
		fi
		for name; do
			probe "$name"
		done
		[ -z "$pid" ] || kill "$pid"
		chain DEL "$dir" "$list" "$state"
		echo "== after DEL"
		picture
		find "$state/leases/twins" -type f -name '*[.:]*' ! -name 'last*' 2>/dev/null | wc -l
	} >"$state/picture"
	SIDE=$state/picture
}

# as_expected PICTURE PROBE...: every probe works but those in $FAILING
as_expected() {
	local picture=$1 name answer
	shift
	for name; do
		answer=yes
		[[ " ${FAILING:-} " != *" $name "* ]] || answer=no
		grep -qxF "$name: $answer" "$picture" || { echo "not $answer: $name" >&2 && return 1; }
	done
}

# same_as_reference CASE CONFLIST PROBE...
same_as_reference() {
	local name=$1 list=$BATS_TEST_TMPDIR/$1.conflist dir ours compared=0
	shift
	printf '%s' "$1" >"$list"
	shift
	side "$BIN" "$name" "$list" "$@"
	ours=$SIDE
	as_expected "$ours" "$@"
	for dir in "$REFERENCE" "$NEWEST"; do
		has_all "$dir" "$list" || continue
		side "$dir" "$name" "$list" "$@"
		echo "$name: ours against $dir"
		diff -u "$SIDE" "$ours"
		compared=$((compared + 1))
	done
	[ $compared -gt 0 ] || skip "needs the reference plugins"
}

# has_all DIR CONFLIST: are the plugins of the list there?
has_all() {
	local type
	for type in $(jq -r '.plugins[] | .type, (.ipam.type // empty)' "$2"); do
		[ -x "$1/$type" ] || return 1
	done
}
