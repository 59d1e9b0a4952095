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

is_not_ready() {
	[ "$(crictl inspectp "$1" | jq -r .status.state)" = SANDBOX_NOTREADY ]
}

@test "a killed containerd: pods run on, exec, logs and exit codes go on after its restart" {
	local pod a b c pid writer
	pod=$(new_pod p)
	# what containerd has read, and not written, when it is killed is lost: that is nothing here
	a=$(new_container "$pod" a . sh -c 'i=0; while sleep 0.05; do
		i=$((i + 1)); echo "line $i"; echo $i >/lines; until [ $i != 3 ] || [ -f /on ]; do sleep 0.05; done; done')
	b=$(new_container "$pod" b . sh -c 'until [ -f /over ]; do sleep 0.05; done; exit 6')
	c=$(new_container "$pod" c . sleep 1000)
	wait_until 30 grep -q 'line 3$' "$LOGS/p/a.log"
	pid=$(inspect "$b" .info.pid)
	writer=$(inspect "$a" .info.pid)
	kill_containerd
	touch "/proc/$pid/root/over" "/proc/$writer/root/on"
	wait_until 30 is_gone "$pid"
	wrote() { [ "$(cat "/proc/$writer/root/lines")" -ge "$1" ] 2>/dev/null; }
	wait_until 30 wrote 20
	restart_cri
	exits_with "$b" 6
	has_state "$a" RUNNING
	run -0 crictl exec -s "$c" echo found
	assert_line found
	wait_until 30 grep -q 'line 60$' "$LOGS/p/a.log"
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
	restart_cri
	has_state "$a" RUNNING
	run -0 say "$a" again "got again"
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
	restart_cri
	crictl stop -t 0 "$c"
	crictl rm "$c"
	crictl stopp "$pod"
	crictl rmp "$pod"
	wait_until 30 no_leftovers
}

@test "a killed shim: its containers have ended, the pod is not ready, and goes" {
	local pod a b pids
	pod=$(new_pod p)
	a=$(new_container "$pod" a . sleep 1000)
	b=$(new_container "$pod" b . sleep 1000)
	pids="$(inspect "$a" .info.pid) $(inspect "$b" .info.pid)"
	kill -KILL "$(cri_shims)"
	for pid in $pids; do wait_until 30 is_gone "$pid"; done
	wait_until 60 has_state "$a" EXITED
	wait_until 60 has_state "$b" EXITED
	wait_until 60 is_not_ready "$pod"
	wait_until 60 crictl rmp -f "$pod" # while its own cleaning up goes on, containerd may refuse
	wait_until 30 no_leftovers
}

@test "a shim that is killed after a restart of containerd: delete comes for all at once" {
	local pod c pid inits=()
	pod=$(new_pod p)
	for c in a b c; do
		inits+=("$(inspect "$(new_container "$pod" $c . sleep 1000)" .info.pid)")
	done
	kill_containerd
	restart_cri
	kill -KILL "$(cri_shims)"
	for pid in "${inits[@]}"; do wait_until 30 is_gone "$pid"; done
	wait_until 60 crictl rmp -f "$pod"
	wait_until 30 no_leftovers
}

@test "a pod's pause process killed: the pod is not ready, and can be removed" {
	local pod a pause pids=.
	! is_pauseless || pids='.linux.security_context.namespace_options.pid = 0' # which needs one
	pod=$(new_pod p "$pids")
	a=$(new_container "$pod" a "$pids" sleep 1000)
	pause=$(crictl inspectp "$pod" | jq -r .info.pid)
	kill -KILL "$pause"
	wait_until 60 is_not_ready "$pod"
	if is_pauseless; then
		exits_with "$a" 137 # the kernel ends what process 1 leaves
	else
		has_state "$a" RUNNING
	fi
	crictl stopp "$pod"
	exits_with "$a" 137
	crictl rmp "$pod"
	wait_until 30 no_leftovers
}
