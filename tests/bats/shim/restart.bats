#!/usr/bin/env bats
# containerd is killed and comes back: what its pods did and wrote meanwhile is not lost.

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() { start_cri; }
teardown_file() { stop_containerd; }
setup() { setup_cri; }
teardown() { teardown_cri; }

@test "the last output of a container that ends while containerd is down" {
	local pod c pid
	pod=$(new_pod web)
	c=$(new_container "$pod" app . sh -c 'trap "head -c 60000 /dev/zero | tr \"\\0\" x; echo; echo last; exit 7" TERM
		echo first; sleep 1000 & wait')
	wait_until 30 grep -q first "$LOGS/web/app.log"
	pid=$(inspect "$c" .info.pid)
	kill_containerd
	kill -TERM "$pid"
	wait_until 30 is_gone "$pid"
	restart_cri
	exits_with "$c" 7
	wait_until 30 grep -q 'F last$' "$LOGS/web/app.log"
	assert_equal "$(tr -cd x <"$LOGS/web/app.log" | wc -c)" 60000
}

@test "containers write on while containerd is down, and exec works afterwards" {
	local pod c i
	pod=$(new_pod web)
	c=$(new_container "$pod" app . sh -c 'i=0; while :; do i=$((i + 1)); echo "line $i"; usleep 10000; done')
	wait_until 30 grep -q 'line 3$' "$LOGS/web/app.log"
	for i in 1 2; do
		kill_containerd
		restart_cri
		has_state "$c" RUNNING
		run -0 crictl exec -s "$c" echo found
		assert_output found
	done
	i=$(wc -l <"$LOGS/web/app.log")
	more() { [ "$(wc -l <"$LOGS/web/app.log")" -gt "$((i + 3))" ]; }
	wait_until 30 more
	# none twice, all in order; what containerd had read when it was killed is its own loss
	run -0 awk '{ n = $NF } n <= last { print last, n } { last = n }' "$LOGS/web/app.log"
	assert_output ""
}
