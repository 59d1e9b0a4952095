#!/usr/bin/env bats
# Tasks under containerd, one container each: output, exit codes, signals, exec, terminals.

load ../lib/common
load ../lib/shim

setup_file() { start_containerd; }
teardown_file() { stop_containerd; }
setup() { setup_shim; }
teardown() { teardown_shim; }

@test "a task's output and exit code arrive, and nothing is left of it" {
	run -7 --separate-stderr run_task t sh -c 'echo out; echo err >&2; exit 7'
	assert_output out
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == *err* ]]
	wait_until 30 nothing_left
}

@test "10 MB of output are complete although the task ends at once" {
	run -0 run_task t sh -c 'head -c 10485760 /dev/zero | tr "\0" x'
	[ "${#output}" = 10485760 ]
}

@test "input reaches the task, and its end too" {
	# ctr passes the end of input on only when it comes after the task's creation
	fed() {
		{
			wait_until 30 has_status t RUNNING
			printf 'one\ntwo\n'
		} | ctr run --rm --runtime "$RUNTIME" "$IMAGE" t cat
	}
	run -0 fed
	assert_output $'one\ntwo'
}

@test "an entry point that is not there is an error that names it, and leaves nothing" {
	run run_task t no-such-program
	assert_failure
	# shellcheck disable=SC2016
	assert_output --partial 'exec: "no-such-program": executable file not found in $PATH'
	wait_until 30 nothing_left
}

@test "signals end a task with 128 + signal" {
	start_task t sh -c 'trap "exit 9" USR1; while :; do sleep 0.05; done'
	# until the shell has set its trap the signal does nothing to a process 1
	usr1_ends_it() {
		ctr tasks kill -s USR1 t || :
		has_status t STOPPED
	}
	wait_until 30 usr1_ends_it
	run ctr tasks delete t
	assert_output --partial "non-zero exit code 9"
	start_task u sleep 1000
	ctr tasks kill -s KILL u
	wait_until 30 has_status u STOPPED
	run ctr tasks delete u
	assert_output --partial "non-zero exit code 137"
}

@test "a signal to a task that has ended is 'not found'" {
	start_task t true
	wait_until 30 has_status t STOPPED
	run ctr tasks kill -s TERM t
	assert_output --partial "process already finished"
}

@test "a running task cannot be deleted" {
	start_task t sleep 1000
	run ctr tasks delete t
	assert_failure
	has_status t RUNNING
}

@test "exec: output, exit code, and no such program" {
	start_task t sleep 1000
	run -3 ctr tasks exec --exec-id x t sh -c 'echo inside; exit 3'
	assert_output --partial inside
	run ctr tasks exec --exec-id y t no-such-program
	assert_failure
	assert_output --partial "no-such-program"
	run -0 ctr tasks exec --exec-id x t echo again
	assert_output again
}

@test "exec in a task that has ended fails" {
	start_task t true
	wait_until 30 has_status t STOPPED
	run ctr tasks exec --exec-id x t true
	assert_failure
}

@test "the end of a task ends its execs" {
	start_task t sleep 1000
	ctr tasks exec --exec-id x t sleep 1000 3>&- &
	local exec=$! code=0
	two_processes() { [ "$(ctr tasks ps t | wc -l)" -ge 3 ]; }
	wait_until 30 two_processes
	ctr tasks kill -s KILL t
	wait "$exec" || code=$?
	assert_equal "$code" 137
}

@test "pause and resume" {
	start_task t sleep 1000
	ctr tasks pause t
	has_status t PAUSED
	run ctr tasks exec --exec-id x t true
	assert_failure
	ctr tasks resume t
	has_status t RUNNING
	run -0 ctr tasks exec --exec-id y t echo awake
	assert_output awake
}

@test "a paused task can be killed" {
	start_task t sleep 1000
	ctr tasks pause t
	ctr tasks kill -s KILL t
	wait_until 30 has_status t STOPPED
}

@test "metrics of cpu, memory and pids" {
	start_task t sleep 1000
	run -0 ctr tasks metrics t
	assert_output --regexp 'memory.usage_in_bytes +[1-9]|usage_in_bytes|memory.usage'
	assert_output --regexp 'pids.current +1'
}

@test "a terminal: both directions, and its size" {
	run -0 "$TOOL/onpty" timeout -s KILL $((120 * PATIENCE)) "$CTR" -n "$NS" run --rm -t --runtime "$RUNTIME" "$IMAGE" t sh -c 'tty; echo done'
	assert_output --partial /dev/pts/0
	assert_output --partial "done"
}

@test "create without start: killed and deleted, nothing is left" {
	ctr containers create --runtime "$RUNTIME" "$IMAGE" t sleep 1000
	run ctr tasks delete t
	assert_failure
	ctr containers delete t
	wait_until 30 nothing_left
}

@test "events come in order, each once" {
	watch_events "$BATS_TEST_TMPDIR/events"
	run -4 run_task t sh -c 'exit 4'
	wait_until 30 grep -q '/tasks/delete.*"container_id":"t"' "$BATS_TEST_TMPDIR/events"
	stop_watching
	run -0 bash -c "grep '\"container_id\":\"t\"' '$BATS_TEST_TMPDIR/events' | grep -oE '/tasks/[a-z-]+' | tr '\n' ' '"
	assert_output "/tasks/create /tasks/start /tasks/exit /tasks/delete "
	grep '/tasks/exit.*"container_id":"t"' "$BATS_TEST_TMPDIR/events" | grep -q '"exit_status":4'
}

@test "an OOM kill is an event" {
	watch_events "$BATS_TEST_TMPDIR/events"
	run run_task t --memory-limit=20971520 -- sh -c 'tail /dev/zero'
	assert_failure
	wait_until 30 grep -q '/tasks/oom.*"container_id":"t"' "$BATS_TEST_TMPDIR/events"
	stop_watching
}

@test "an exec that runs out of memory is killed, is an event, and its task lives" {
	watch_events "$BATS_TEST_TMPDIR/events"
	start_task t --memory-limit=20971520 -- sleep 1000
	run ctr tasks exec --exec-id x t tail /dev/zero
	assert_failure
	wait_until 30 grep -q '/tasks/oom.*"container_id":"t"' "$BATS_TEST_TMPDIR/events"
	has_status t RUNNING
	stop_watching
}

@test "no program is executed for a container but its own" {
	local shim tracer
	requires strace
	start_pod p p
	shim=$(shims)
	strace -f -qq -e trace=execve,execveat -e signal=none -o "$BATS_TEST_TMPDIR/trace" -p "$shim" 3>&- &
	tracer=$!
	traced() { ! grep -q '^TracerPid:.0$' "/proc/$shim/status"; }
	wait_until 30 traced
	start_task c --annotation="$POD_ANNOTATION=p" -- sleep 1234
	kill "$tracer"
	wait "$tracer" || :
	run -0 grep -c exec "$BATS_TEST_TMPDIR/trace"
	assert_output 1
	grep -q 'execve.*"sleep", "1234"' "$BATS_TEST_TMPDIR/trace"
}

@test "two hundred execs leave no fd behind" {
	local shim before
	start_task t sleep 1000
	ctr tasks exec --exec-id first t true
	shim=$(shims)
	before=$(find "/proc/$shim/fd" | wc -l)
	for i in $(seq 200); do
		ctr tasks exec --exec-id "x$i" t true &
		((i % 10)) || wait
	done
	wait
	wait_until 30 bash -c "[ \$(find /proc/$shim/fd | wc -l) -le $before ]"
	[ "$(find "/proc/$shim/task" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]
}

@test "CVE-2019-5736: the shim runs from a view of its file that nobody can write to" {
	local why
	start_task t -- sleep 1000
	exec 8<"/proc/$(shims | head -n 1)/exe"
	cmp /proc/self/fd/8 "$B/containerd-shim-peapod-v2"
	remove_task t
	# while it is executed nobody may write to it anyway
	not_busy() { why=$(sh -c ': >>/proc/self/fd/8' 2>&1) || [[ $why != *'Text file busy'* ]]; }
	wait_until 60 not_busy
	exec 8<&-
	[[ $why == *'Read-only file system'* ]]
}
