# shellcheck shell=bash
# pod: pods, their bundles and a network of this test's own. Load common, bundle and host first.

# Per test: a state root, a pod name, and when a test asks for it a bridge with its subnet.
setup_pods() {
	setup_containers
	POD=$(unique p)
	BRIDGE=$(unique pb)
	export POD BRIDGE
	BEFORE=$BATS_TEST_TMPDIR/host.before
	host_picture >"$BEFORE"
}

# Ends all pods of this test, then fails if the host is not as it was.
teardown_pods() {
	local pod left bad=0
	for pod in $(pod ps -q 2>/dev/null); do
		pod rm --force "$pod" >&2 || bad=1
	done
	if [ -n "${CNI:-}" ]; then
		ip link del "$BRIDGE" 2>/dev/null || :
		[ -z "$(leases)" ] || { echo "left behind: leases $(leases)" >&2; bad=1; }
	fi
	find /sys/fs/cgroup -depth -type d -path "*${CGROUP:?}*" -exec rmdir {} + 2>/dev/null || :
	left=$(left_by_pods)
	[ -z "$left" ] || { echo "left behind: $left" >&2; bad=1; }
	return "$bad"
}

# What of this test's is on the host: its name is in all that it makes.
left_by_pods() {
	find "$STATE" -mindepth 1 ! -name '@pods' ! -path "$STATE/.*" 2>/dev/null | sed 's/^/file /'
	awk -v dir="$BATS_TEST_TMPDIR" 'index($5, dir) == 1 { print "mount", $5 }' /proc/self/mountinfo
	find /sys/fs/cgroup -type d \( -path "*$CGROUP/*" -o -name "$POD*" \) 2>/dev/null | sed 's/^/cgroup /'
	ip -o link | grep -F "$BRIDGE" | sed 's/^/link /' || :
	nft list ruleset 2>/dev/null | grep -F "$BRIDGE" | sed 's/^/nft /' || :
}

# pod COMMAND ARGS...; PIDs of supervisors live in the state only.
pod() {
	peapod pod "$@"
}

# pod_run ARGS...: a pod named $POD in this test's cgroup.
pod_run() {
	peapod pod run --name "$POD" --cgroup-parent "$CGROUP" "$@"
}

# app NAME SCRIPT: a bundle below $BATS_TEST_TMPDIR/b which runs the shell script; prints its path.
# All share one root file system: what a test writes belongs into volumes.
app() {
	local dir=$BATS_TEST_TMPDIR/b/$1
	mkdir -p "$dir"
	rm -f "$dir/config.json"
	"$PEAPOD" spec -b "$dir"
	# shellcheck disable=SC2016
	edit_config "$dir" '.root = {path: $root} | .process.args = ["/bin/sh", "-c", $script]
		| .process.terminal = false' --arg root "$(pod_rootfs)" --arg script "$2"
	echo "$dir"
}

pod_rootfs() {
	local root=$BATS_TEST_TMPDIR/rootfs
	[ -d "$root" ] || cp -a "$SUITE_ROOTFS" "$root"
	echo "$root"
}

# A shell that ends at TERM at once, though it is the first process of its namespace.
# shellcheck disable=SC2034,SC2089 # used in the test files, as text
IDLE='trap "exit 0" TERM; while :; do sleep 0.1; done'

# free_subnet: three numbers of a /24 that the host neither has nor routes
free_subnet() {
	local net
	while :; do
		net=10.$((RANDOM % 100 + 100)).$((RANDOM % 250 + 1))
		[ -n "$(ip -4 -o addr show to "$net.0/24")$(ip -4 route show table all root "$net.0/24")" ] || break
	done
	echo "$net"
}

# setup_net [CHAINED JSON]: $CNI, a conflist of our plugin on a bridge and subnet of this test's own.
setup_net() {
	CNI=$BATS_TEST_TMPDIR/net.conflist
	CNI_DIR=$BATS_TEST_TMPDIR/cni-bin
	SUBNET=$(free_subnet)
	export CNI CNI_DIR SUBNET
	mkdir -p "$CNI_DIR"
	ln -sf "$B/peapod-cni" "$CNI_DIR/bridge"
	jq -n --arg br "$BRIDGE" --arg subnet "$SUBNET.0/24" --arg dir "$BATS_TEST_TMPDIR/leases" \
		--argjson more "${1:-[]}" '{cniVersion: "1.0.0", name: $br, plugins: ([{
			type: "bridge", bridge: $br, isGateway: true, isDefaultGateway: true,
			ipam: {type: "host-local", dataDir: $dir, ranges: [[{subnet: $subnet}]]}}]
			+ $more)}' >"$CNI"
}

# pod_net ARGS...: pod_run in that network.
pod_net() {
	pod_run --cni "$CNI" --cni-path "$CNI_DIR" "$@"
}

# Addresses that are taken in this test's network.
leases() {
	[ ! -d "$BATS_TEST_TMPDIR/leases/$BRIDGE" ] ||
		find "$BATS_TEST_TMPDIR/leases/$BRIDGE" -name '10.*' -printf '%f\n'
}

# pod_json FILTER [POD], pod_ip [POD], supervisor_of [POD], infra_of [POD], member_pid NAME [POD]
pod_json() {
	pod inspect "${2:-$POD}" | jq -r "$1"
}
pod_ip() {
	pod_json '.ips[0] | sub("/.*"; "")' "${1:-$POD}"
}
supervisor_of() {
	pod_json '.supervisorPid // empty' "${1:-$POD}"
}
infra_of() {
	pod_json '.infraPid // empty' "${1:-$POD}"
}
member_pid() {
	pod_json '.spec.containers[] | select(.name == "'"$1"'") | .pid // empty' "${2:-$POD}"
}

# Is (state of the pod | a line in a log | a member's field) so?
pod_is() {
	[ "$(pod_json .state)" = "$1" ]
}
log_has() {
	pod logs "$POD" "$1" 2>/dev/null | grep -qe "$2"
}
member_is() {
	[ "$(pod_json '.spec.containers[] | select(.name == "'"$1"'") | '"$2")" = "$3" ]
}

# catches_term NAME [POD]: the member's first process has its handler of TERM. (What comes before
# that is lost on the first process of a pid namespace.)
catches_term() {
	local caught
	caught=$(awk '/^SigCgt:/ { print $2 }' "/proc/$(member_pid "$@")/status") || return
	[ $((0x$caught >> 14 & 1)) = 1 ]
}

# kill_and_wait SIGNAL PID
kill_and_wait() {
	kill "-$1" "$2"
	wait_until 30 is_gone "$2"
}
