#!/usr/bin/env bats
# Pods by crictl under containerd's CRI plugin: our shim and our CNI plugin together.

load ../lib/common
load ../lib/shim

setup_file() {
	export NS=k8s.io
	start_containerd
}
teardown_file() { stop_containerd; }

setup() {
	requires root "${CONTAINERD:-containerd}" crictl
	export CONTAINER_RUNTIME_ENDPOINT=unix://$CONTAINERD_ADDRESS
	LOGS=$BATS_TEST_TMPDIR/logs
	CGROUP=/peapod-cri-$(unique)
	POD=
}

teardown() {
	[ -z "$POD" ] || { crictl stopp "$POD" && crictl rmp "$POD"; } >/dev/null
	[ -z "${CGROUP:-}" ] || find /sys/fs/cgroup -depth -type d -path "*$CGROUP*" -exec rmdir {} + 2>/dev/null || :
}

# run_pod [FILTER]: sets POD
run_pod() {
	mkdir -p "$LOGS"
	# shellcheck disable=SC2016
	jq -n --arg logs "$LOGS" --arg name "$(basename "$CGROUP")" --arg cgroup "$CGROUP" '{
		metadata: {name: $name, uid: $name, namespace: "default", attempt: 0}, log_directory: $logs, hostname: "pod",
		linux: {cgroup_parent: $cgroup, security_context: {namespace_options: {pid: 1}}}} | '"${1:-.}" >"$BATS_TEST_TMPDIR/pod.json"
	POD=$(crictl runp "$BATS_TEST_TMPDIR/pod.json")
}

# run_container NAME FILTER COMMAND...: prints its id
run_container() {
	local name=$1 filter=$2 id
	shift 2
	# shellcheck disable=SC2016
	jq -n --arg name "$name" --arg image "$IMAGE" '{
		metadata: {name: $name}, image: {image: $image}, command: $ARGS.positional, log_path: "\($name).log",
		linux: {security_context: {namespace_options: {pid: 1}}}} | '"$filter" --args -- "$@" >"$BATS_TEST_TMPDIR/$name.json"
	id=$(crictl create "$POD" "$BATS_TEST_TMPDIR/$name.json" "$BATS_TEST_TMPDIR/pod.json")
	crictl start "$id" >/dev/null
	echo "$id"
}

logged() { grep -q "$2" "$LOGS/$1.log"; }
exited() { [ "$(crictl inspect "$1" | jq -r '.status.state')" = CONTAINER_EXITED ]; }

@test "two containers of a pod see one address, one localhost and one host name" {
	local server client
	run_pod
	server=$(run_container server . httpd -f -p 8080 -h /etc)
	client=$(run_container client . sleep 1000)
	answers() { crictl exec -s "$client" wget -qO- http://127.0.0.1:8080/passwd | grep -q ^root; }
	wait_until 10 answers
	assert_equal "$(crictl exec -s "$server" ip -o -4 addr show eth0)" "$(crictl exec -s "$client" ip -o -4 addr show eth0)"
	assert_equal "$(crictl exec -s "$client" hostname)" pod
	run -0 crictl stop -t 1 "$server"
	run -0 crictl rm "$server"
	run -0 crictl exec -s "$client" echo alive
	assert_output alive
}

@test "logs, exit code and reason" {
	local id
	run_pod
	id=$(run_container c . sh -c 'echo out; echo err >&2; exit 7')
	wait_until 10 exited "$id"
	wait_until 5 logged c 'stdout F out'
	wait_until 5 logged c 'stderr F err'
	assert_equal "$(crictl inspect "$id" | jq -r .status.exitCode)" 7
}

@test "an OOM kill is reported as OOMKilled" {
	local id
	run_pod
	id=$(run_container c '.linux.resources = {memory_limit_in_bytes: 20971520}' sh -c 'tail /dev/zero')
	wait_until 10 exited "$id"
	oom_killed() { [ "$(crictl inspect "$id" | jq -r .status.reason)" = OOMKilled ]; }
	wait_until 5 oom_killed
}

@test "a shared pid namespace has the pause process first" {
	local id
	run_pod '.linux.security_context.namespace_options.pid = 0'
	id=$(run_container c '.linux.security_context.namespace_options.pid = 0' sleep 1000)
	run -0 crictl exec -s "$id" cat /proc/1/comm
	assert_output pause
}
