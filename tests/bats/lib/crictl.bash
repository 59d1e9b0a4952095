# shellcheck shell=bash
# crictl: pods of Kubernetes under a private containerd, one per file.
#
# setup_file() { start_cri; }   teardown_file() { stop_containerd; }
# setup() { setup_cri; }        teardown() { teardown_cri; }
#
# Each suite runs three times: crictl-NAME.bats is for containerd 1; links to it are
# containerd2-NAME.bats for containerd 2 and pauseless-NAME.bats for containerd 2 with pods that
# have no pause container. All programs are those of the PATH or of `hack/deps containerd`;
# PEAPOD_CONTAINERD, a directory with containerd and ctr, takes the place of both. Pods are made of
# CRI's JSON; every helper that makes one prints its id.

PATH=$PATH:${PEAPOD_GOBIN:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/peapod/bin}
export PATH

cri_major() {
	case ${BATS_TEST_FILENAME##*/} in
	containerd2-* | pauseless-*) echo 2 ;;
	*) echo 1 ;;
	esac
}

# Is this the suite of pods without a pause container?
is_pauseless() {
	[[ ${BATS_TEST_FILENAME##*/} == pauseless-* ]]
}

# The second number of the containerd that this file uses.
cri_minor() {
	"$CONTAINERD" --version | sed -nE 's/.* v?[0-9]+\.([0-9]+)\..*/\1/p'
}

# program_of MAJOR: the first containerd of that version
program_of() {
	local program
	for program in $(PATH=${PEAPOD_CONTAINERD:-$PATH} type -aP containerd); do
		"$program" --version | grep -Eq " v?$1\." && echo "$program" && return
	done
	return 1
}

start_cri() {
	CONTAINERD=$(program_of "$(cri_major)") || return 0
	CTR=${CONTAINERD%/*}/ctr
	SUBNET=10.233.$((64 + RANDOM % 128)).0/24
	export CONTAINERD CTR SUBNET
	! is_pauseless || export SANDBOXER=shim
	type -P crictl >/dev/null || return 0
	start_containerd
	printf '%s-endpoint: unix://%s\n' runtime "$CDIR/c.sock" image "$CDIR/c.sock" >"$CDIR/crictl.yaml"
}

setup_cri() {
	requires root crictl
	[ -n "${CDIR:-}" ] || skip "needs containerd $(cri_major)"
	"$CONTAINERD" --version
	NS=$(unique cri)
	LOGS=$BATS_TEST_TMPDIR/logs
	export NS LOGS
}

# crictl ARGS...: never for longer than a test may last
crictl() {
	timeout -s KILL $((60 * PATIENCE)) crictl --config "$CDIR/crictl.yaml" --timeout "$((30 * PATIENCE))s" "$@"
}

# on_terminal LINE ARGS...: crictl on a terminal on which a line is typed
on_terminal() {
	local line=$1
	shift
	printf '%s\n' "$line" | "$TOOL/onpty" timeout -s KILL $((60 * PATIENCE)) crictl --config "$CDIR/crictl.yaml" "$@"
}

# new_pod NAME [FILTER [JQ OPTIONS...]]: run a pod of the configuration that the jq filter makes
# of the usual one
new_pod() {
	local name=$1 filter=${2:-.} file=$BATS_TEST_TMPDIR/pod-$1.json id
	shift
	shift $(($# > 0))
	mkdir -p "$LOGS/$name"
	# shellcheck disable=SC2016 # jq's variables
	jq -n --arg name "$name" --arg ns "$NS" --arg logs "$LOGS/$name" "$@" '{
		metadata: {name: $name, namespace: $ns, uid: ($ns + $name), attempt: 0},
		hostname: $name, log_directory: $logs,
		linux: {cgroup_parent: ("/" + $ns), security_context: {namespace_options: {pid: 1}}}
	} | '"$filter" >"$file"
	id=$(crictl runp "$file") || return
	cp "$file" "$BATS_TEST_TMPDIR/$id.json"
	echo "$id"
}

# make_container POD NAME FILTER COMMAND...: created, not started
make_container() {
	local pod=$1 name=$2 filter=$3 file=$BATS_TEST_TMPDIR/$1-$2.json
	shift 3
	# shellcheck disable=SC2016
	jq -n --arg name "$name" --arg image "$IMAGE" '{
		metadata: {name: $name, attempt: 0}, image: {image: $image}, command: $ARGS.positional,
		log_path: ($name + ".log"), linux: {security_context: {namespace_options: {pid: 1}}}
	} | '"$filter" --args -- "$@" >"$file"
	crictl create "$pod" "$file" "$BATS_TEST_TMPDIR/$pod.json"
}

# new_container POD NAME FILTER COMMAND...: created and started
new_container() {
	local id
	id=$(make_container "$@") && crictl start "$id" >/dev/null && echo "$id"
}

# inspect ID FILTER: of the container's status
inspect() {
	crictl inspect -o json "$1" | jq -r "$2"
}

has_state() {
	[ "$(inspect "$1" .status.state)" = "CONTAINER_$2" ]
}

# exits_with ID CODE [REASON]: it ends, with that
exits_with() {
	wait_until 15 has_state "$1" EXITED
	assert_equal "$(inspect "$1" '"\(.status.exitCode) \(.status.reason)"')" "$2 ${3:-Error}"
}

# fetch ADDRESS PORT PATH: by HTTP, from the host
fetch() {
	printf 'GET %s HTTP/1.0\r\n\r\n' "$3" | socat -t 5 - "TCP:$1:$2,connect-timeout=5"
}

cri_shims() {
	pgrep -f "^[^ ]*containerd-shim-peapod-v2 (.* )?-address $CDIR/c.sock .*start\$" || :
}

# What pods could leave on the host; empty when all is well.
cri_leftovers() {
	find /sys/fs/cgroup -type d -path "*/$NS/*" 2>/dev/null | sed 's/^/cgroup /'
	awk -v dir="$CDIR/state/" 'index($5, dir) == 1 { print "mount " $5 }' /proc/self/mountinfo
	cri_shims | sed 's/^/shim /'
	find "$CDIR/state/io.containerd.runtime.v2.task/k8s.io" "$CDIR/state/io.containerd.sandbox.controller.v1.shim/k8s.io" \
		-mindepth 1 -maxdepth 1 2>/dev/null | sed 's/^/bundle /'
	grep -ls "$CDIR" "$PODS"/*/sandbox/spec.json | sed 's/^/files /'
	find "$PODS" -lname "$CDIR/*" 2>/dev/null | sed 's/^/record /'
	find "$CDIR/leases" -name '*.*.*.*' 2>/dev/null | sed 's/^/lease /'
}

no_leftovers() {
	[ -z "$(cri_leftovers)" ]
}

teardown_cri() {
	local id
	[ -n "${NS:-}" ] || return 0
	crictl rmp -fa >/dev/null 2>&1 || :
	if ! wait_until 10 no_leftovers; then
		cri_leftovers >&2
		for id in $(cri_shims); do kill -KILL "$id"; done
		tail -n 20 "$CDIR/log" >&2
		return 1
	fi
	find /sys/fs/cgroup -depth -type d -name "$NS" -exec rmdir {} + 2>/dev/null || :
}
