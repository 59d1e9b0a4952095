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

# A network to which nobody has a route; two suites that choose at the same time choose among 4096.
free_subnet() {
	local net
	for _ in {1..100}; do
		net=10.$((224 + RANDOM % 16)).$((RANDOM % 256)).0/24
		{ ip -4 route show root "$net" && ip -4 route show match "$net"; } | grep -qv '^default' || break
	done
	echo "$net"
}

start_cri() {
	CONTAINERD=$(program_of "$(cri_major)") || return 0
	CTR=${CONTAINERD%/*}/ctr
	SUBNET=$(free_subnet)
	export CONTAINERD CTR SUBNET
	! is_pauseless || export SANDBOXER=shim
	type -P crictl >/dev/null || return 0
	start_containerd
	{
		printf '%s-endpoint: unix://%s\n' runtime "$CDIR/c.sock" image "$CDIR/c.sock"
		echo "timeout: $((120 * PATIENCE))" # 2 s for each request, otherwise
	} >"$CDIR/crictl.yaml"
}

# restart_cri: after kill_containerd
restart_cri() {
	restart_containerd
	wait_until 60 crictl info >/dev/null 2>&1
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
	timeout -s KILL $((150 * PATIENCE)) crictl --config "$CDIR/crictl.yaml" "$@"
}

# heard FILE TEXT LINE: the text is in the file; if not, the line is said (once more)
heard() {
	grep -qF -e "$2" "$1" || { echo "$3" && return 1; }
}

# say ID LINE ANSWER [MORE]: over attach, until the answer has come back over it, then more; prints
# all that came. containerd passes input on before it listens to the output, so that an answer may
# be missed.
say() {
	local out=$BATS_TEST_TMPDIR/said code=0
	: >"$out"
	# shellcheck disable=SC2094 # it is looked at while it is written
	{ wait_until 30 heard "$out" "$3" "$2" && printf '%s' "${4:-}"; } | crictl attach -i "$1" >"$out" || code=$?
	cat "$out"
	return "$code"
}

# on_terminal LINE ARGS...: crictl on a terminal on which a line is typed as soon as the shell there
# shows its prompt
on_terminal() {
	local line=$1 out=$BATS_TEST_TMPDIR/terminal code=0
	shift
	: >"$out"
	# shellcheck disable=SC2094
	{ wait_until 30 heard "$out" '# ' '' && printf '%s\n' "$line"; } |
		"$TOOL/onpty" timeout -s KILL $((150 * PATIENCE)) crictl --config "$CDIR/crictl.yaml" "$@" >"$out" || code=$?
	cat "$out"
	return "$code"
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

ended_with() {
	[ "$(inspect "$1" '"\(.status.exitCode) \(.status.reason)"')" = "$2" ]
}

# exits_with ID CODE [REASON]: it ends, with that
exits_with() {
	wait_until 60 has_state "$1" EXITED || return
	# that it had no memory left an event tells, which may come after the end
	[ "${3:-}" != OOMKilled ] || wait_until 30 ended_with "$1" "$2 $3" || :
	assert_equal "$(inspect "$1" '"\(.status.exitCode) \(.status.reason)"')" "$2 ${3:-Error}"
}

# logs_are ID TEXT: to be waited for, as containerd tells of the end of a container, and writes what
# it has read of it, at the same time
logs_are() {
	[ "$(crictl logs "$1" 2>&1 | tr -d '\r')" = "$2" ]
}

# fetch ADDRESS PORT PATH: by HTTP, from the host
fetch() {
	printf 'GET %s HTTP/1.0\r\n\r\n' "$3" | socat -t 30 - "TCP:$1:$2,connect-timeout=30"
}

cri_shims() {
	shim_daemons -address "$CDIR/c.sock"
}

# What pods could leave on the host; empty when all is well.
cri_leftovers() {
	find /sys/fs/cgroup -type d -path "*/$NS/*" 2>/dev/null | sed 's/^/cgroup /'
	awk -v dir="$CDIR/state/" 'index($5, dir) == 1 { print "mount " $5 }' /proc/self/mountinfo
	shim_processes -address "$CDIR/c.sock" | sed 's/^/shim /'
	find "$CDIR/state/io.containerd.runtime.v2.task/k8s.io" "$CDIR/state/io.containerd.sandbox.controller.v1.shim/k8s.io" \
		-mindepth 1 -maxdepth 1 2>/dev/null | sed 's/^/bundle /'
	grep -ls "$CDIR" "$PODS"/*/sandbox/spec.json | sed 's/^/files /'
	find "$PODS" -lname "$CDIR/*" 2>/dev/null | sed 's/^/record /'
	find "$CDIR/leases" -name '*.*.*.*' 2>/dev/null | sed 's/^/lease /'
}

no_leftovers() {
	[ -z "$(cri_leftovers)" ]
}

# containerd may refuse for a moment to remove a pod whose shim has just died.
all_pods_removed() {
	crictl rmp -fa >/dev/null 2>&1 || :
	no_leftovers && [ -z "$(crictl pods -q)" ]
}

# What containers wrote last, and containerd, for who reads of a test that failed.
last_words() {
	find "$LOGS" -name '*.log' -exec sh -c 'echo "$1: $(wc -c <"$1") bytes" && tail -c 200 "$1"' - {} \;
	tail -n 10 "$CDIR/log" | cut -c 1-400
}

teardown_cri() {
	[ -n "${NS:-}" ] || return 0
	[ -n "${BATS_TEST_COMPLETED:-}" ] || last_words >&2 || :
	if ! wait_until 90 all_pods_removed; then
		cri_leftovers >&2
		kill_shims -address "$CDIR/c.sock"
		tail -n 20 "$CDIR/log" >&2
		return 1
	fi
	find /sys/fs/cgroup -depth -type d -name "$NS" -exec rmdir {} + 2>/dev/null || :
}
