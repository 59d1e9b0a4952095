#!/usr/bin/env bats
# The shim without containerd, by the ttrpc test client: codes, deadlines, orders, states.

load ../lib/common
load ../lib/bundle
load ../lib/ttrpc

setup() { setup_ttrpc; }
teardown() { teardown_ttrpc; }

# read_slow, write_slow: the FIFO that a hook has, with a bound
read_slow() { timeout $((60 * PATIENCE)) cat "$BATS_TEST_TMPDIR/slow"; }
write_slow() { timeout $((60 * PATIENCE)) bash -c "echo go >'$BATS_TEST_TMPDIR/slow'"; }

@test "Connect succeeds for any id" {
	run -0 call Connect id=whatever
	assert_line "task_pid=0"
	assert_line --regexp '^shim_pid=[0-9]+$'
}

@test "both versions of the service are the same" {
	run -0 call -p containerd.task.v3.Task Connect id=x
	run -1 call -p containerd.task.v9.Task Connect id=x
	assert_output --partial "code 12"
}

@test "what does not exist is 'not found'" {
	for method in State Wait Kill Delete Pids Stats Start; do
		run -1 call "$method" id=nobody
		assert_output --partial "code 5"
	done
}

@test "what is not built says so" {
	run -1 call NoSuchMethod
	assert_output --partial "code 12"
	run -1 call Checkpoint id=box
	assert_output --partial "Checkpoint is not implemented"
}

@test "errors are UTF-8, whatever bytes are in a name" {
	run -1 call $'No\xffMethod'
	assert_output --partial "No?Method"
	run -1 call Create id=box bundle="$BATS_TEST_TMPDIR"/$'no\xffwhere'
	assert_output --partial "no?where"
}

@test "frames: even stream, stream 0, and one byte too long" {
	run -1 call -s 2 Connect id=x
	assert_output --partial "code 3"
	run -1 call -s 0 Connect id=x
	assert_output --partial "code 3"
	run -1 call -d 4194305 Connect
	assert_output --partial "code 8"
	run -0 call Connect id=x
}

@test "create, start, kill, wait, delete" {
	run -0 create
	assert_output --regexp '^pid=[0-9]+$'
	local pid=${output#pid=}
	run -0 call State id=box
	assert_line "status=1"
	assert_line "pid=$pid"
	assert_line "bundle=$BUNDLE"
	run -0 call Start id=box
	assert_output "pid=$pid"
	state_is 2
	run -1 call Start id=box
	assert_output --partial "code 9"
	run -1 call Delete id=box
	assert_output --partial "code 9"
	call Kill id=box signal=9
	run -0 call Wait id=box
	assert_line "exit_status=137"
	state_is 3
	run -1 call Kill id=box signal=9
	assert_output --partial "code 5: process already finished"
	run -0 call Delete id=box
	assert_line "exit_status=137"
	run -1 call Delete id=box
	assert_output --partial "code 5"
}

@test "a Wait that runs out of time is told so, and the task lives" {
	create
	call Start id=box
	run -1 call -t 100 Wait id=box
	assert_output --partial "code 4"
	state_is 2
}

@test "a hundred Waits, before the start and after the end, give the same answer" {
	local i
	create
	for i in $(seq 50); do call Wait id=box >"$BATS_TEST_TMPDIR/w$i" & done 3>&-
	call Start id=box
	call Kill id=box signal=15
	call Kill id=box signal=9
	for i in $(seq 51 100); do call Wait id=box >"$BATS_TEST_TMPDIR/w$i" & done 3>&-
	wait
	run -0 bash -c "cat '$BATS_TEST_TMPDIR'/w* | sort | uniq -c | awk '{ print \$1 }' | sort -u"
	assert_output 100
}

@test "a start that fails: its error, no way back, nothing left" {
	set_args "$BUNDLE" no-such-program
	run create
	if [ "$status" = 0 ]; then
		run -1 call Start id=box
		assert_output --partial no-such-program
		call Kill id=box signal=9 || :
		call Wait id=box
		call Delete id=box
	fi
	run -1 call State id=box
	assert_output --partial "code 5"
}

@test "a failed Create leaves no task" {
	run -1 call Create id=box bundle="$BATS_TEST_TMPDIR/nowhere"
	refute_output --partial "code 12"
	run -1 call State id=box
	assert_output --partial "code 5"
	run -1 call Create id=box bundle="$BUNDLE" options=no.such.Options:x
	assert_output --partial "code 3"
	run -1 call Create id=../x bundle="$BUNDLE"
	assert_output --partial "code 3"
	create
	run -1 create
	assert_output --partial "code 6"
}

@test "a created task can be deleted" {
	create
	run -0 call Delete id=box
	run -1 call State id=box
	assert_output --partial "code 5"
}

@test "exec: added, started, waited for, deleted; codes on the way" {
	local spec='containerd/Process:{"args":["sh","-c","exit 5"],"cwd":"/","user":{},"env":["PATH=/bin"]}'
	spec=${spec/containerd/opencontainers/runtime-spec/1}
	create
	call Start id=box
	call Exec id=box exec_id=x spec="$spec"
	run -1 call Exec id=box exec_id=x spec="$spec"
	assert_output --partial "code 6"
	run -1 call Kill id=box exec_id=x signal=9
	assert_output --partial "code 9"
	call Start id=box exec_id=x
	run -0 call Wait id=box exec_id=x
	assert_line "exit_status=5"
	run -0 call Delete id=box exec_id=x
	run -1 call State id=box exec_id=x
	assert_output --partial "code 5"
	# one that was never started
	call Exec id=box exec_id=y spec="$spec"
	call Delete id=box exec_id=y
	# one whose container is gone
	call Exec id=box exec_id=z spec="$spec"
	call Kill id=box signal=9
	call Wait id=box
	run -1 call Start id=box exec_id=z
	assert_output --partial "code 9"
}

@test "an exec whose start fails lets go who waits for it" {
	start_box
	add_exec x no-such-program
	call Wait id=box exec_id=x >"$BATS_TEST_TMPDIR/wait" 3>&- &
	run -1 call Start id=box exec_id=x
	assert_output --partial no-such-program
	wait
	grep -qx exit_status=128 "$BATS_TEST_TMPDIR/wait"
	call Delete id=box exec_id=x
	# the task is as good as before
	add_exec x true
	call Start id=box exec_id=x
	end_box
}

@test "options of each type that containerd sends, whatever the runtime is called" {
	local type
	for type in containerd.runc.v1.Options runtimeoptions.v1.Options; do
		create options="$type:"
		call Delete id=box
	done
	create
	call Delete id=box
}

@test "frames: byte by byte, of an unknown type, data for no stream" {
	# type 9 is skipped, and so the request behind it is answered
	run -0 call -x 00000000000000010900 -s 3 Connect id=x
	assert_line "task_pid=0"
	# data of two bytes for stream 7
	run -1 call -x 00000002000000070300ffff Connect id=x
	assert_output --partial "code 3: no such stream"
	run -0 call Connect id=x
}

@test "State is answered while another Create is slow" {
	mkfifo "$BATS_TEST_TMPDIR/slow"
	create
	call Start id=box
	cp -a "$BUNDLE" "$BATS_TEST_TMPDIR/b"
	# shellcheck disable=SC2016
	edit_config "$BATS_TEST_TMPDIR/b" '.linux.cgroupsPath += "b" | .hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "echo >" + $f + "; read x <" + $f]}]}' \
		--arg f "$BATS_TEST_TMPDIR/slow"
	call Create id=b bundle="$BATS_TEST_TMPDIR/b" >"$BATS_TEST_TMPDIR/out" 3>&- &
	read_slow >/dev/null
	for _ in 1 2 3; do state_is 2; done
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	write_slow
	wait $!
	grep pid= "$BATS_TEST_TMPDIR/out"
	call Delete id=b
}

# slow_hook KIND: one that, while there is $BATS_TEST_TMPDIR/slow, does not end, nor does what it starts
slow_hook() {
	touch "$BATS_TEST_TMPDIR/slow"
	# shellcheck disable=SC2016
	edit_config "$BUNDLE" '.hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", "if [ -e \($f) ]; then sleep 1000; fi"]}]' \
		--arg kind "$1" --arg f "$BATS_TEST_TMPDIR/slow"
}

# shellcheck disable=SC2317 # called by wait_until
gone() { call State id=box | grep -q "code 5"; }

@test "a Create that runs out of time is undone, and its hook ended" {
	slow_hook prestart
	run -1 call -t 300 Create id=box bundle="$BUNDLE"
	assert_output --partial "code 4"
	wait_until 30 gone
	wait_until 30 has_no_child "$(shim_pids)"
	[ -z "$(leftovers)" ]
}

@test "a Start that runs out of time ends the container and its hook" {
	slow_hook poststart
	create
	run -1 call -t 300 Start id=box
	assert_output --partial "code 4"
	wait_until 30 state_is 3
	wait_until 30 has_no_child "$(shim_pids)"
	run -0 call Wait id=box
	assert_line exit_status=137
	call Delete id=box
}

@test "a Delete that runs out of time ends the hook, and can be repeated" {
	slow_hook poststop
	start_box
	call Kill id=box signal=9
	call Wait id=box
	run -1 call -t 300 Delete id=box
	assert_output --partial "code 4"
	wait_until 30 has_no_child "$(shim_pids)"
	state_is 3
	rm "$BATS_TEST_TMPDIR/slow"
	run -0 call Delete id=box
	assert_line exit_status=137
	[ -z "$(leftovers)" ]
}

@test "a Create whose helper is killed fails at once, and is undone" {
	local daemon caller
	daemon=$(shim_pids)
	mkfifo "$BATS_TEST_TMPDIR/slow"
	# shellcheck disable=SC2016
	edit_config "$BUNDLE" '.hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "echo >" + $f + "; read x <" + $f]}]}' \
		--arg f "$BATS_TEST_TMPDIR/slow"
	call Create id=box bundle="$BUNDLE" >"$BATS_TEST_TMPDIR/out" 3>&- &
	caller=$!
	read_slow >/dev/null
	kill -KILL "$(pgrep -P "$daemon")"
	wait "$caller" || :
	grep "without an answer" "$BATS_TEST_TMPDIR/out"
	# shellcheck disable=SC2317 # called by wait_until
	gone() { call State id=box | grep -q "code 5"; }
	wait_until 30 gone
	# the hook is of the host, and outlives its caller
	write_slow
	wait_until 30 has_no_child "$daemon"
}

# helper: the pid of the one helper of a shim that has no containers, or only the given process
helper() { pgrep -P "$(shim_pids)" | grep -vx "${1:-0}"; }
no_helper() { ! helper "$@" >/dev/null; }

@test "a Delete that comes while something else is done to the task waits for that" {
	local pid other delete
	pid=$(start_box)
	wait_until 30 no_helper "$pid"
	exec 9<"$(state_dir)"
	flock 9
	call Update id=box resources=opencontainers/runtime-spec/1/LinuxResources:'{"pids":{"limit":77}}' >/dev/null 2>&1 3>&- 9<&- &
	wait_until 30 helper "$pid" >"$BATS_TEST_TMPDIR/helper"
	other=$(<"$BATS_TEST_TMPDIR/helper")
	kill -STOP "$other"
	exec 9<&-
	call Kill id=box signal=9
	call Wait id=box
	run -1 call -t 300 Delete id=box
	assert_output --partial "code 4"
	state_is 3
	call Delete id=box >"$BATS_TEST_TMPDIR/out" 3>&- &
	delete=$!
	kill -CONT "$other"
	ends_with 0 "$delete"
	grep -qx exit_status=137 "$BATS_TEST_TMPDIR/out"
	gone
}

@test "who waits for a task while a Delete fails is told" {
	local delete waiter
	start_box
	call Kill id=box signal=9
	call Wait id=box
	wait_until 30 no_helper
	exec 9<"$(state_dir)"
	flock 9
	call Delete id=box >"$BATS_TEST_TMPDIR/out" 3>&- 9<&- &
	delete=$!
	wait_until 30 helper >"$BATS_TEST_TMPDIR/helper"
	call Wait id=box >"$BATS_TEST_TMPDIR/wait" 3>&- 9<&- &
	waiter=$!
	for _ in 1 2 3 4 5; do call Connect id=box; done # by now it has arrived
	kill -KILL "$(<"$BATS_TEST_TMPDIR/helper")"
	ends_with 1 "$delete"
	grep "without an answer" "$BATS_TEST_TMPDIR/out"
	ends_with 0 "$waiter"
	grep -qx exit_status=137 "$BATS_TEST_TMPDIR/wait"
	exec 9<&-
	call Delete id=box
}

@test "a daemon that nobody talks to has set itself a time to leave" {
	grep -E '^it_value: \([1-9]' "/proc/$(shim_pids)/fdinfo/"*
}

@test "Update changes limits, with the noise that containerd sends; not of what has ended" {
	local type=opencontainers/runtime-spec/1/LinuxResources file
	create
	call Update id=box resources="$type:"'{"devices":[{"allow":false,"access":"rwm"}],"pids":{"limit":77}}'
	file=$(find /sys/fs/cgroup -path "*$CGROUP/*/pids.max" | head -n 1)
	[ -n "$file" ]
	assert_equal "$(cat "$file")" 77
	call Start id=box
	call Pause id=box
	state_is 4
	call Update id=box resources="$type:"'{"pids":{"limit":78}}'
	assert_equal "$(cat "$file")" 78
	state_is 4
	call Resume id=box
	run -1 call Update id=box resources="no.such.Type:{}"
	assert_output --partial "code 3"
	run -1 call Update id=box resources="$type:{"
	assert_output --partial "code 3"
	call Kill id=box signal=9
	call Wait id=box
	run -1 call Update id=box resources="$type:{}"
	assert_output --partial "code 9"
}

@test "a signal to all processes of a paused task leaves it paused, SIGKILL ends it" {
	start_box
	call Pause id=box
	call Kill id=box signal=15 all=true
	state_is 4
	call Resume id=box
	state_is 2
	call Pause id=box
	call Kill id=box signal=9 all=true
	run -0 call Wait id=box
	assert_line exit_status=137
	call Delete id=box
}

@test "Shutdown with a task stays, without one ends; delete afterwards has nothing to do" {
	create
	call Shutdown id=box
	run -0 call Connect id=box
	call Delete id=box
	call Shutdown id=box
	wait_until 30 no_shim
	[ ! -e "$SOCKET" ]
	shim -bundle "$BUNDLE" delete >/dev/null
}

@test "a shim that is taken for dead goes when its containers are deleted" {
	create
	call Start id=box
	shim -bundle "$BUNDLE" delete >/dev/null
	wait_until 30 no_shim
	[ ! -e "$SOCKET" ]
	[ -z "$(leftovers)" ]
}

@test "a killed shim: delete removes everything" {
	local pid
	pid=$(create | sed s/pid=//)
	call Start id=box
	kill_shims -namespace "$NS"
	shim -bundle "$BUNDLE" delete >/dev/null
	wait_until 30 is_gone "$pid"
	[ ! -e "$SOCKET" ]
	[ -z "$(leftovers)" ]
}
