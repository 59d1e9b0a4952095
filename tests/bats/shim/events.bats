#!/usr/bin/env bats
# Events by the ttrpc test client and a server in containerd's place: which, in which order, when.

load ../lib/common
load ../lib/bundle
load ../lib/ttrpc

setup() {
	setup_ttrpc "$BATS_TEST_TMPDIR/e.sock"
}

teardown() {
	[ -z "${LISTENER:-}" ] || kill -KILL "$LISTENER" || :
	teardown_ttrpc
}

listen() {
	rm -f "$EVENTS"
	"$TOOL/ttrpc-events" "$EVENTS" >>"$BATS_TEST_TMPDIR/events" 3>&- &
	LISTENER=$!
}

# has_event LINE: it has come
has_event() { grep -qxF "$1" "$BATS_TEST_TMPDIR/events"; }
await() { wait_until 30 has_event "$1"; }
events() { cat "$BATS_TEST_TMPDIR/events"; }

@test "a task that ends at once: create, start, exit, delete" {
	listen
	set_args "$BUNDLE" sh -c 'exit 4'
	start_box
	call Wait id=box
	call Delete id=box
	await "/tasks/delete box"
	run -0 events
	assert_output "$(printf '/tasks/%s\n' 'create box' 'start box' 'exit box box 4' 'delete box')"
}

@test "the exit of an exec has its id, and comes before that of its task" {
	listen
	start_box
	add_exec x sleep 1000
	add_exec y sh -c 'exit 3'
	call Start id=box exec_id=x
	call Start id=box exec_id=y
	await "/tasks/exit box y 3"
	call Kill id=box signal=9
	await "/tasks/exit box box 137"
	run -0 grep exit "$BATS_TEST_TMPDIR/events"
	assert_output "$(printf '/tasks/exit box %s\n' 'y 3' 'x 137' 'box 137')"
	grep -n '/tasks/exec-' "$BATS_TEST_TMPDIR/events" | sort -c
	has_event "/tasks/exec-added box x"
	has_event "/tasks/exec-started box x"
}

@test "execs that race with the end of their task: each exit once, the task's last" {
	local i pids=()
	listen
	start_box
	for i in 1 2 3 4 5 6 7 8; do add_exec "x$i" true; done
	for i in 1 2 3 4 5 6 7 8; do
		call Start id=box exec_id="x$i" >/dev/null 3>&- &
		pids+=($!)
	done
	call Kill id=box signal=9
	wait "${pids[@]}" || :
	await "/tasks/exit box box 137"
	run -0 bash -c "grep /tasks/exit '$BATS_TEST_TMPDIR/events' | tail -n 1"
	assert_output "/tasks/exit box box 137"
	run -0 bash -c "grep /tasks/exit '$BATS_TEST_TMPDIR/events' | cut -d ' ' -f 3 | sort | uniq -d"
	assert_output ""
	# who was started has ended
	run -0 bash -c "diff <(sed -n 's#/tasks/exec-started box ##p' '$BATS_TEST_TMPDIR/events' | sort) \
		<(sed -n 's#/tasks/exit box \(x.\) .*#\1#p' '$BATS_TEST_TMPDIR/events' | sort)"
}

@test "a start that fails has no exit, and neither has an exec's" {
	listen
	start_box
	add_exec x no-such-program
	run -1 call Start id=box exec_id=x
	end_box
	set_args "$BUNDLE" no-such-program
	run create
	if [ "$status" = 0 ]; then
		run -1 call Start id=box
		call Delete id=box
	fi
	set_args "$BUNDLE" sh -c 'exit 9'
	start_box
	await "/tasks/exit box box 9"
	run -0 grep -c exit "$BATS_TEST_TMPDIR/events"
	assert_output 2 # that of sleep, and this one
}

@test "that the kernel killed for want of memory is told before the end, of which it is the reason" {
	listen
	set_args "$BUNDLE" tail /dev/zero
	edit_config "$BUNDLE" '.linux.resources.memory = {limit: 20971520}'
	start_box
	call Wait id=box
	call Delete id=box
	await "/tasks/delete box"
	run -0 bash -c "uniq '$BATS_TEST_TMPDIR/events'"
	assert_output "$(printf '/tasks/%s\n' 'create box' 'start box' 'oom box' 'exit box box 137' 'delete box')"
}

@test "pause and resume" {
	listen
	start_box
	call Pause id=box
	call Resume id=box
	end_box
	await "/tasks/delete box"
	run -0 events
	assert_output "$(printf '/tasks/%s\n' 'create box' 'start box' 'paused box' 'resumed box' 'exit box box 137' 'delete box')"
}

@test "events wait for containerd, in order, also over its second start" {
	local i
	start_box
	for i in 1 2 3 4 5; do
		add_exec "x$i" true
		call Delete id=box exec_id="x$i"
	done
	listen
	await "/tasks/exec-added box x5"
	kill -KILL "$LISTENER"
	ends_with 137 "$LISTENER"
	end_box
	listen
	await "/tasks/delete box"
	# one whose answer was lost may come twice, but none out of turn
	run -0 bash -c "uniq '$BATS_TEST_TMPDIR/events'"
	assert_output "$(printf '/tasks/%s\n' 'create box' 'start box' 'exec-added box x'{1,2,3,4,5} 'exit box box 137' 'delete box')"
}

@test "a shim that shuts down sends what it still has" {
	listen
	start_box
	end_box
	call Shutdown id=box
	wait_until 30 no_shim
	has_event "/tasks/delete box"
}

@test "a shim whose events nobody takes ends nevertheless" {
	start_box
	end_box
	call Shutdown id=box
	wait_until 30 no_shim
}
