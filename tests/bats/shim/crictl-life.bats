#!/usr/bin/env bats
# The life of pods and containers as crictl sees it.
# shellcheck disable=SC2016 # shells of containers, and awk

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() { start_cri; }
teardown_file() { stop_containerd; }
setup() { setup_cri; }
teardown() { teardown_cri; }

@test "a pod and its container, from runp to rmp" {
	local pod c
	pod=$(new_pod web)
	c=$(make_container "$pod" app . sleep 1000)
	has_state "$c" CREATED
	crictl start "$c"
	has_state "$c" RUNNING
	run -0 crictl ps -q
	assert_output "$c"
	run -0 crictl pods -q --state Ready
	assert_output "$pod"
	assert_equal "$(crictl inspectp "$pod" | jq -r .status.state)" SANDBOX_READY
	assert_equal "$(crictl inspectp "$pod" | jq -r .status.runtimeHandler)" ""
	run -0 cri_shims
	assert_equal "${#lines[@]}" 1
	crictl stop -t 0 "$c"
	exits_with "$c" 137
	crictl rm "$c"
	run -0 crictl ps -aq
	assert_output ""
	crictl stopp "$pod"
	assert_equal "$(crictl inspectp "$pod" | jq -r .status.state)" SANDBOX_NOTREADY
	crictl rmp "$pod"
	run -0 crictl pods -q
	assert_output ""
	wait_until 30 no_leftovers
}

@test "exec: output, exit codes, input, and no such program" {
	local c
	c=$(new_container "$(new_pod p)" app . sleep 1000)
	run -0 crictl exec -s "$c" sh -c 'echo out; echo err >&2'
	# crictl shows both here, each with a line's end of its own
	assert_line out
	assert_line err
	run -1 crictl exec -s "$c" sh -c 'exit 7'
	assert_output --partial 7
	run -1 crictl exec -s "$c" no-such-program
	assert_output --partial no-such-program
	run -0 bash -c "seq 100000 | timeout $((150 * PATIENCE)) crictl --config $CDIR/crictl.yaml exec -i $c cat | cksum"
	assert_output "$(seq 100000 | cksum)"
}

@test "exec on a terminal" {
	local c
	c=$(new_container "$(new_pod p)" app . sleep 1000)
	# the size comes by itself, some time after the start
	run on_terminal 'tty; until stty size | grep "33 111"; do sleep 0.1; done; exit 5' exec -it "$c" sh
	assert_failure
	assert_output --partial /dev/pts/0
	assert_output --partial "33 111"
}

@test "ten megabytes through exec -s are complete" {
	local c
	c=$(new_container "$(new_pod p)" app . sleep 1000)
	run -0 bash -c "timeout $((150 * PATIENCE)) crictl --config $CDIR/crictl.yaml exec -s $c sh -c 'yes 0123456789abcde | head -c 10485760' | head -c 10485760 | cksum"
	assert_output "$(yes 0123456789abcde | head -c 10485760 | cksum)"
}

@test "attach: a container's input and output, and the end of its input" {
	local c
	c=$(new_container "$(new_pod p)" app '.stdin = true | .stdin_once = true' sh -c 'cat; echo over')
	run -0 say "$c" zero zero $'one\ntwo\n'
	assert_line one
	assert_line two
	exits_with "$c" 0 Completed
	complete() { [ "$(crictl logs "$c" | grep -v zero)" = $'one\ntwo\nover' ]; }
	wait_until 30 complete
}

@test "attach twice: the end of the first one's input is not that of the container's" {
	local c
	c=$(new_container "$(new_pod p)" app '.stdin = true' sh -c 'while read -r line; do echo "got $line"; done')
	run -0 say "$c" one "got one"
	assert_line "got one"
	has_state "$c" RUNNING
	run -0 say "$c" two "got two"
	assert_line "got two"
	has_state "$c" RUNNING
}

@test "attach to a container with a terminal" {
	local c
	c=$(new_container "$(new_pod p)" app '.stdin = true | .tty = true' sh)
	run on_terminal 'tty; exit 3' attach -it "$c"
	assert_output --partial /dev/pts/0
	exits_with "$c" 3
}

@test "logs: both streams, followed to the end" {
	local c
	c=$(new_container "$(new_pod p)" app . sh -c 'echo one; echo two >&2; sleep 1; echo three; until [ -f /over ]; do sleep 0.1; done')
	# it ends when its log is complete: crictl reads on until it sees the end, which the log may come after
	{ wait_until 60 grep -q three "$LOGS/p/app.log" && touch "/proc/$(inspect "$c" .info.pid)/root/over"; } 3>&- &
	run -0 --separate-stderr crictl logs -f "$c"
	assert_output $'one\nthree'
	# shellcheck disable=SC2154 # bats sets it
	assert_equal "$stderr" two
	exits_with "$c" 0 Completed
	run -0 awk '{ print $2, $3, $4 }' "$LOGS/p/app.log"
	assert_line "stdout F one"
	assert_line "stderr F two"
}

@test "a hundred megabytes of logs are complete" {
	local c
	c=$(new_container "$(new_pod p)" app . sh -c 'yes $(printf %01023d 0) | head -n 102400')
	wait_until 120 has_state "$c" EXITED
	exits_with "$c" 0 Completed
	all_there() { [ "$(wc -l <"$LOGS/p/app.log")" -ge 102400 ]; }
	wait_until 60 all_there
	run -0 awk '$3 == "F" && length($4) == 1023 { n++ } END { print n, NR }' "$LOGS/p/app.log"
	assert_output "102400 102400"
	rm "$LOGS/p/app.log"
}

@test "a container that writes without end is stopped and removed, with what it wrote" {
	local c
	c=$(new_container "$(new_pod p)" app . sh -c 'trap "" TERM; while :; do echo line; done')
	wait_until 30 grep -q 'stdout F line' "$LOGS/p/app.log"
	crictl stop -t 1 "$c"
	exits_with "$c" 137
	run -0 awk '$3 == "F" && $4 != "line" { print }' "$LOGS/p/app.log"
	assert_output ""
	crictl rm "$c"
}

@test "exit codes and signals" {
	local pod a b c d
	pod=$(new_pod p)
	a=$(new_container "$pod" a . true)
	b=$(new_container "$pod" b . sh -c 'exit 42')
	c=$(new_container "$pod" c . sh -c 'trap "exit 9" TERM; echo set; while :; do sleep 0.1; done')
	d=$(new_container "$pod" d . sleep 1000)
	exits_with "$a" 0 Completed
	exits_with "$b" 42
	wait_until 30 grep -q set "$LOGS/p/c.log"
	crictl stop -t 10 "$c"
	exits_with "$c" 9
	crictl stop -t 1 "$d"
	exits_with "$d" 137
}

@test "an entry point that is not there fails to start, and names it" {
	local pod c
	pod=$(new_pod p)
	c=$(make_container "$pod" app . no-such-program)
	run crictl start "$c"
	assert_failure
	assert_output --partial no-such-program
	assert_equal "$(inspect "$c" .status.state)" CONTAINER_EXITED
	crictl rm "$c"
	# the pod is as good as before
	exits_with "$(new_container "$pod" app2 . true)" 0 Completed
}

@test "a container that runs out of memory was OOMKilled" {
	local c
	c=$(new_container "$(new_pod p)" app '.linux.resources.memory_limit_in_bytes = 33554432' tail /dev/zero)
	exits_with "$c" 137 OOMKilled
}

@test "the limit of the pod's cgroup kills a container, which was OOMKilled then" {
	local pod c dir=/sys/fs/cgroup/memory file=memory.limit_in_bytes
	pod=$(new_pod p)
	c=$(make_container "$pod" app . tail /dev/zero)
	[ -d $dir ] || dir=/sys/fs/cgroup file=memory.max
	mkdir -p "$dir/$NS" # a pod without a pause container has it not yet
	echo 67108864 >"$dir/$NS/$file"
	crictl start "$c"
	exits_with "$c" 137 OOMKilled
}

@test "stats of containers and pods" {
	local pod c
	pod=$(new_pod p)
	c=$(new_container "$pod" app . sh -c 'i=0; while :; do i=$((i + 1)); done')
	used() { [ "$(crictl stats -a -s 0 -o json "$1" | jq -r '.stats[0].cpu.usageCoreNanoSeconds.value // "0"')" -gt 1000000 ]; }
	wait_until 30 used "$c"
	in_memory() { [ "$(crictl stats -o json "$1" | jq -r '.stats[0].memory.workingSetBytes.value // "0"')" -gt 0 ]; }
	wait_until 30 in_memory "$c"
	run -0 crictl statsp -o json "$pod"
	assert_equal "$(jq -r '.stats[0].attributes.metadata.name' <<<"$output")" p
	pod_used() { [ "$(crictl statsp -o json "$1" | jq -r '.stats[0].linux.cpu.usageCoreNanoSeconds.value // "0"')" -gt 0 ]; }
	wait_until 30 pod_used "$pod"
}

@test "update of memory and cpu limits" {
	local c dir=/sys/fs/cgroup file=memory.max
	c=$(new_container "$(new_pod p)" app '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_shares: 512}' sleep 1000)
	[ -f $dir/cgroup.controllers ] || dir=/sys/fs/cgroup/memory file=memory.limit_in_bytes
	assert_equal "$(cat "$dir/$NS/$c/$file")" 67108864
	crictl update --memory 134217728 "$c"
	assert_equal "$(cat "$dir/$NS/$c/$file")" 134217728
	assert_equal "$(inspect "$c" .status.resources.linux.memoryLimitInBytes)" 134217728
}

@test "port-forward reaches a server on the pod's localhost" {
	local pod c pid
	pod=$(new_pod p)
	c=$(new_container "$pod" app . httpd -f -p 127.0.0.1:8080 -h /etc)
	timeout -s KILL $((150 * PATIENCE)) crictl --config "$CDIR/crictl.yaml" port-forward "$pod" 0:8080 >"$BATS_TEST_TMPDIR/ports" 2>&1 3>&- &
	pid=$!
	port() { sed -nE 's/.*127.0.0.1:([0-9]+) -> 8080.*/\1/p' "$BATS_TEST_TMPDIR/ports" | head -n 1; }
	answers() { [ -n "$(port)" ] && fetch 127.0.0.1 "$(port)" /passwd | grep -q ^root; }
	wait_until 30 answers
	kill "$pid"
}
