#!/usr/bin/env bats
# containerd and the shim killed at any time: what crictl sees afterwards.
# shellcheck disable=SC2016 # shells of containers, and awk

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() { start_cri; }
teardown_file() { stop_containerd; }
setup() { setup_cri; }
teardown() { teardown_cri; }

kill_containerd() {
	local pid
	pid=$(<"$CDIR/pid")
	kill -KILL "$pid"
	wait_until 5 is_gone "$pid"
}

restart_containerd() {
	"$TOP/hack/containerd" start "$CDIR" >/dev/null 3>&-
	wait_until 15 crictl info >/dev/null 2>&1
}

is_not_ready() {
	[ "$(crictl inspectp "$1" | jq -r .status.state)" = SANDBOX_NOTREADY ]
}

@test "a killed containerd: pods run on, exec, logs and exit codes go on after its restart" {
	local pod a b c pid
	pod=$(new_pod p)
	a=$(new_container "$pod" a . sh -c 'i=0; while sleep 0.05; do i=$((i + 1)); echo "line $i"; done')
	b=$(new_container "$pod" b . sh -c 'until [ -f /over ]; do sleep 0.05; done; exit 6')
	c=$(new_container "$pod" c . sleep 1000)
	wait_until 10 grep -q 'line 3$' "$LOGS/p/a.log"
	pid=$(inspect "$b" .info.pid)
	kill_containerd
	touch "/proc/$pid/root/over"
	wait_until 10 is_gone "$pid"
	restart_containerd
	exits_with "$b" 6
	has_state "$a" RUNNING
	run -0 crictl exec -s "$c" echo found
	assert_line found
	wait_until 10 grep -q 'line 60$' "$LOGS/p/a.log"
	crictl stop -t 0 "$a"
	exits_with "$a" 137
	# no line is missing and none is there twice
	run -0 awk '$5 != NR { print "line", NR, "is", $0 }' "$LOGS/p/a.log"
	assert_output ""
}

@test "a killed containerd: input and attach go on after its restart, and so does a terminal" {
	local pod a b
	pod=$(new_pod p)
	a=$(new_container "$pod" a '.stdin = true' sh -c 'echo begun; while read -r line; do echo "got $line"; done; echo over')
	b=$(new_container "$pod" b '.stdin = true | .tty = true' sh)
	wait_until 30 grep -q begun "$LOGS/p/a.log"
	kill_containerd
	restart_containerd
	has_state "$a" RUNNING
	say() { { echo "$1"; wait_until 30 grep -q "got $1" "$LOGS/p/a.log"; } | crictl attach -i "$a"; }
	run -0 say again
	assert_line "got again"
	run -1 grep over "$LOGS/p/a.log"
	run on_terminal 'tty; exit 3' attach -it "$b"
	assert_output --partial /dev/pts/0
	exits_with "$b" 3
}

@test "a killed containerd, stopped pods and removed ones: nothing is left" {
	local pod c
	pod=$(new_pod p)
	c=$(new_container "$pod" a . sleep 1000)
	kill_containerd
	restart_containerd
	crictl stop -t 0 "$c"
	crictl rm "$c"
	crictl stopp "$pod"
	crictl rmp "$pod"
	wait_until 10 no_leftovers
}

@test "a killed shim: its containers have ended, the pod is not ready, and goes" {
	local pod a b pids
	pod=$(new_pod p)
	a=$(new_container "$pod" a . sleep 1000)
	b=$(new_container "$pod" b . sleep 1000)
	pids="$(inspect "$a" .info.pid) $(inspect "$b" .info.pid)"
	kill -KILL "$(cri_shims)"
	for pid in $pids; do wait_until 5 is_gone "$pid"; done
	wait_until 30 has_state "$a" EXITED
	wait_until 30 has_state "$b" EXITED
	wait_until 15 is_not_ready "$pod"
	crictl rmp -f "$pod"
	wait_until 10 no_leftovers
}

@test "a shim that is killed after a restart of containerd: delete comes for all at once" {
	local pod c pid inits=()
	pod=$(new_pod p)
	for c in a b c; do
		inits+=("$(inspect "$(new_container "$pod" $c . sleep 1000)" .info.pid)")
	done
	kill_containerd
	restart_containerd
	kill -KILL "$(cri_shims)"
	for pid in "${inits[@]}"; do wait_until 15 is_gone "$pid"; done
	wait_until 60 crictl rmp -f "$pod"
	wait_until 15 no_leftovers
}

@test "a pod's pause process killed: the pod is not ready, and can be removed" {
	local pod a pause pids=.
	! is_pauseless || pids='.linux.security_context.namespace_options.pid = 0' # which needs one
	pod=$(new_pod p "$pids")
	a=$(new_container "$pod" a "$pids" sleep 1000)
	pause=$(crictl inspectp "$pod" | jq -r .info.pid)
	kill -KILL "$pause"
	wait_until 15 is_not_ready "$pod"
	if is_pauseless; then
		exits_with "$a" 137 # the kernel ends what process 1 leaves
	else
		has_state "$a" RUNNING
	fi
	crictl stopp "$pod"
	exits_with "$a" 137
	crictl rmp "$pod"
	wait_until 10 no_leftovers
}
