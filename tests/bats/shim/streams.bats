#!/usr/bin/env bats
# Standard streams of containers by the ttrpc test client: FIFOs, files, loggers, terminals.
# shellcheck disable=SC2016 # shells of containers

load ../lib/common
load ../lib/bundle
load ../lib/ttrpc

setup() { setup_ttrpc; }
teardown() { teardown_ttrpc; }

# late_reader: a container ends, then somebody comes and reads; sets $state and $kill as they were
# before, $text and $end
late_reader() {
	local pid
	pid=$(create stdout="$BATS_TEST_TMPDIR/out" stderr="$BATS_TEST_TMPDIR/err" | sed s/pid=//)
	call Start id=box
	call Wait id=box >"$BATS_TEST_TMPDIR/end" 3>&- & # as containerd does: while nobody is connected, nobody reads
	wait_until 30 is_gone "$pid"
	state=$(call State id=box | sed -n 's/^status=//p')
	kill=$(call Kill id=box signal=9) || :
	timeout $((10 * PATIENCE)) cat "$BATS_TEST_TMPDIR/err" >"$BATS_TEST_TMPDIR/err.text" 3>&- &
	text=$(timeout $((10 * PATIENCE)) cat "$BATS_TEST_TMPDIR/out") || :
	wait
	end=$(<"$BATS_TEST_TMPDIR/end")
}

@test "output waits for a reader that comes after the end, and the end waits for the reader" {
	local state kill text end begin
	mkfifo "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
	set_args "$BUNDLE" sh -c 'echo out; exit 3'
	# the end waits for five seconds: what took longer on a slow machine says nothing
	for _ in {1..10}; do
		begin=$SECONDS
		late_reader
		((SECONDS - begin > 4)) || break
		call Delete id=box
	done
	assert_equal "$state" 2
	[[ $kill == *"already finished"* ]]
	assert_equal "$text" out
	grep -qx exit_status=3 <<<"$end"
	state_is 3
}

# reads_on: containerd reads what is in the FIFO, then asks to wait for the box, and deletes it
reads_on() {
	timeout $((60 * PATIENCE)) cat "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/text" 3>&- &
	wait_until 30 grep -qx out "$BATS_TEST_TMPDIR/text"
	run -0 call Wait id=box
	assert_line exit_status=3
	call Delete id=box
}

# comes_back EXEC: to a container that has ended; containerd's one connection, which asks to wait for
# that exec ("": for the container), stays longer than a shim whose containerd was there all the time
# would wait for a reader; then it reads
comes_back() {
	local pid holder
	mkfifo "$BATS_TEST_TMPDIR/out"
	set_args "$BUNDLE" sh -c 'echo out; exit 3'
	pid=$(create stdout="$BATS_TEST_TMPDIR/out" | sed s/pid=//)
	add_exec never true
	call Start id=box
	wait_until 30 is_gone "$pid"
	state_is 2
	call Wait id=box exec_id="$1" &>/dev/null 3>&- &
	holder=$!
	for _ in {1..8}; do
		state_is 2
		sleep 1
	done
	reads_on
	kill "$holder" 2>/dev/null || :
	wait
}

@test "a containerd that comes back has the time it needs until it reads" {
	comes_back never
}

@test "a containerd that comes back has that time also when it has asked to wait" {
	comes_back ""
}

@test "a container of which the containerd that came back has not asked yet keeps its output, whatever else ends" {
	local pid other b=$BATS_TEST_TMPDIR/b
	mkfifo "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/other"
	set_args "$BUNDLE" sh -c 'echo out; exit 3'
	new_bundle "$b" sh -c 'trap "echo other; exit 4" TERM; sleep 1000 & wait'
	other=$(call Create id=b bundle="$b" stdout="$BATS_TEST_TMPDIR/other" | sed s/pid=//)
	call Start id=b
	pid=$(start_box stdout="$BATS_TEST_TMPDIR/out")
	wait_until 30 is_gone "$pid"
	sleep 6 # longer than a shim whose containerd is there waits for a reader
	wait_until 30 pgrep -P "$other"
	call Wait id=b >"$BATS_TEST_TMPDIR/end" 3>&- &
	kill -TERM "$other"
	assert_equal "$(timeout $((10 * PATIENCE)) cat "$BATS_TEST_TMPDIR/other")" other
	wait
	assert_equal "$(<"$BATS_TEST_TMPDIR/end" grep exit_status)" exit_status=4
	call Delete id=b
	state_is 2
	reads_on
}

# dying_reader PID HOLDER READER: the box ends as containerd does, whose FIFO is closed first, its
# connection later
dying_reader() {
	wait_until 30 pgrep -P "$1"
	kill -TERM "$1"
	wait_until 30 is_gone "$1"
	kill "$3"
	sleep 0.3
	kill "$2"
	wait "$2" "$3" || :
}

@test "output is kept for the next containerd when the first closes its FIFO before its connection" {
	local pid reader holder begin
	mkfifo "$BATS_TEST_TMPDIR/out"
	set_args "$BUNDLE" sh -c 'trap "echo out; exit 3" TERM; sleep 1000 & wait'
	for _ in {1..10}; do
		sleep 1000 <>"$BATS_TEST_TMPDIR/out" 3>&- &
		reader=$!
		pid=$(start_box stdout="$BATS_TEST_TMPDIR/out")
		add_exec never true
		"$TOOL/ttrpc-call" "$SOCKET" Wait id=box exec_id=never &>/dev/null 3>&- &
		holder=$!
		begin=$SECONDS
		dying_reader "$pid" "$holder" "$reader"
		# it may take two seconds: what took longer on a slow machine says nothing
		((SECONDS - begin > 1)) || break
		call Delete id=box exec_id=never
		call Wait id=box
		call Delete id=box
	done
	call Delete id=box exec_id=never
	reads_on
}

@test "output that nobody reads holds the end back, but not for ever" {
	mkfifo "$BATS_TEST_TMPDIR/out"
	set_args "$BUNDLE" sh -c 'echo out; exit 3'
	create stdout="$BATS_TEST_TMPDIR/out"
	# containerd is there all the time
	call Wait id=box >"$BATS_TEST_TMPDIR/end" 3>&- &
	call Start id=box
	wait
	grep -qx exit_status=3 "$BATS_TEST_TMPDIR/end"
}

@test "output goes to a file by URI, both streams to the same" {
	set_args "$BUNDLE" sh -c 'echo one; echo two >&2'
	create stdout="file://$BATS_TEST_TMPDIR/logs/out" stderr="file://$BATS_TEST_TMPDIR/logs/out"
	call Start id=box
	call Wait id=box
	run -0 cat "$BATS_TEST_TMPDIR/logs/out"
	assert_output $'one\ntwo'
}

@test "output goes to a logger by URI" {
	local logger=$BATS_TEST_TMPDIR/logger
	cat >"$logger" <<-END
		#!/bin/bash
		echo "\$1=\$2 \$CONTAINER_ID" >"$BATS_TEST_TMPDIR/args"
		exec 5>&-
		cat <&3 >"$BATS_TEST_TMPDIR/log"
	END
	chmod +x "$logger"
	set_args "$BUNDLE" sh -c 'echo logged'
	create stdout="binary://$logger?key=some%20value" stderr="binary://$logger?key=some%20value"
	call Start id=box
	call Wait id=box
	call Delete id=box
	wait_until 30 grep -qx logged "$BATS_TEST_TMPDIR/log"
	run -0 cat "$BATS_TEST_TMPDIR/args"
	assert_output "key=some value box"
}

@test "paths of URIs are decoded, without query and fragment; a bad escape is refused by name" {
	local log="$BATS_TEST_TMPDIR/a log?" logger="$BATS_TEST_TMPDIR/a logger"
	printf '#!/bin/bash\nexec 5>&-\ncat <&3 >%q\n' "$BATS_TEST_TMPDIR/logged" >"$logger"
	chmod +x "$logger"
	set_args "$BUNDLE" sh -c 'echo one; echo two >&2'
	start_box stdout="binary://${logger// /%20}?x=y#z"
	call Wait id=box
	wait_until 30 grep -qx one "$BATS_TEST_TMPDIR/logged"
	call Delete id=box
	start_box stderr="file://$BATS_TEST_TMPDIR/a%20log%3f?x=y#z"
	call Wait id=box
	run -0 cat "$log"
	assert_output two
	call Delete id=box
	for uri in file:///x%zz 'binary:///x%2' 'binary:///bin/true?a=%'; do
		run -1 create stdout="$uri"
		assert_output --partial "'$uri'"
		assert_output --partial "no escape"
	done
}

@test "an unknown scheme is refused by name" {
	run -1 create stdout=gopher:///x
	assert_output --partial gopher
}

@test "a log file that is a FIFO which nobody reads is refused, and holds the shim up no longer" {
	mkfifo "$BATS_TEST_TMPDIR/log"
	run -1 create stdout="file://$BATS_TEST_TMPDIR/log"
	assert_output --partial "open log file '$BATS_TEST_TMPDIR/log'"
	call Connect id=box
}

@test "streams over ttrpc are refused by name, and tell why" {
	run -1 create stdout='ttrpc+unix:///run/x.sock?streaming_id=box-stdout'
	assert_output --partial "code 3"
	assert_output --partial "ttrpc+unix"
	run -1 call State id=box
	assert_output --partial "code 5"
}

@test "stdin without an opener holds nothing up; CloseIO ends it, once" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	set_args "$BUNDLE" sh -c 'cat; exit 5'
	start_box stdin="$BATS_TEST_TMPDIR/in" stdout="file://$BATS_TEST_TMPDIR/out"
	state_is 2
	# writers that come and go are no end
	echo one >"$BATS_TEST_TMPDIR/in"
	echo two >"$BATS_TEST_TMPDIR/in"
	wait_until 30 grep -qx two "$BATS_TEST_TMPDIR/out"
	state_is 2
	# somebody else has it open still: the end comes with his
	exec 7>"$BATS_TEST_TMPDIR/in"
	call CloseIO id=box stdin=true
	echo three >&7
	wait_until 30 grep -qx three "$BATS_TEST_TMPDIR/out"
	state_is 2
	exec 7>&-
	run -0 call Wait id=box
	assert_line "exit_status=5"
	call CloseIO id=box stdin=true
	run -0 cat "$BATS_TEST_TMPDIR/out"
	assert_output $'one\ntwo\nthree'
}

@test "a logger that ends at once takes the task neither along nor up" {
	printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/logger"
	chmod +x "$BATS_TEST_TMPDIR/logger"
	set_args "$BUNDLE" sh -c 'trap "" PIPE; echo lost; exit 6'
	start_box stdout="binary://$BATS_TEST_TMPDIR/logger"
	run -0 call Wait id=box
	assert_line "exit_status=6"
	call Delete id=box
}

@test "a slow logger gets everything before it is ended" {
	cat >"$BATS_TEST_TMPDIR/logger" <<-END
		#!/bin/bash
		exec 5>&-
		until [ -f "$BATS_TEST_TMPDIR/go" ]; do sleep 0.1; done
		head -c 50000 <&3 >"$BATS_TEST_TMPDIR/log"
	END
	chmod +x "$BATS_TEST_TMPDIR/logger"
	set_args "$BUNDLE" sh -c 'head -c 50000 /dev/zero'
	create stdout="binary://$BATS_TEST_TMPDIR/logger"
	call Start id=box
	call Wait id=box >"$BATS_TEST_TMPDIR/end" 3>&- &
	touch "$BATS_TEST_TMPDIR/go"
	wait
	call Delete id=box
	wait_until 30 test -s "$BATS_TEST_TMPDIR/log"
	assert_equal "$(stat -c %s "$BATS_TEST_TMPDIR/log")" 50000
}

@test "a logger that does not want to end is killed, and holds nobody up" {
	printf '#!/bin/bash\ntrap "" TERM\necho $$ >%q\nexec 5>&-\nwhile :; do sleep 0.1; done\n' "$BATS_TEST_TMPDIR/pid" >"$BATS_TEST_TMPDIR/logger"
	chmod +x "$BATS_TEST_TMPDIR/logger"
	start_box stdout="binary://$BATS_TEST_TMPDIR/logger"
	end_box
	run -1 is_gone "$(<"$BATS_TEST_TMPDIR/pid")"
	call Shutdown id=box
	wait_until 30 no_shim
	wait_until 40 is_gone "$(<"$BATS_TEST_TMPDIR/pid")"
}

@test "a logger whose process could not be started is ended" {
	local spec='opencontainers/runtime-spec/1/Process:{"args":["no-such-program"],"cwd":"/","user":{}}'
	printf '#!/bin/bash\necho $$ >%q\nexec 5>&-\nexec sleep 600\n' "$BATS_TEST_TMPDIR/pid" >"$BATS_TEST_TMPDIR/logger"
	chmod +x "$BATS_TEST_TMPDIR/logger"
	start_box
	call Exec id=box exec_id=x spec="$spec" stdout="binary://$BATS_TEST_TMPDIR/logger"
	run -1 call Start id=box exec_id=x
	assert_output --partial no-such-program
	call Delete id=box exec_id=x
	wait_until 30 is_gone "$(<"$BATS_TEST_TMPDIR/pid")"
	end_box
	rm "$BATS_TEST_TMPDIR/pid"
	edit_config "$BUNDLE" '.mounts += [{ destination: "/x", type: "bind", source: "/no/such", options: ["bind"] }]'
	run -1 create stdout="binary://$BATS_TEST_TMPDIR/logger"
	assert_output --partial /no/such
	wait_until 30 is_gone "$(<"$BATS_TEST_TMPDIR/pid")"
}

@test "a logger of the second version says that it is ready, or the task is refused" {
	printf '#!/bin/bash\nprintf x >&5\nexec 5>&-\ncat <&3 >%q\n' "$BATS_TEST_TMPDIR/log" >"$BATS_TEST_TMPDIR/ready"
	printf '#!/bin/bash\nexec 5>&-\ncat <&3 >/dev/null\n' >"$BATS_TEST_TMPDIR/mute"
	chmod +x "$BATS_TEST_TMPDIR/ready" "$BATS_TEST_TMPDIR/mute"
	run -1 create stdout="binary-v2://$BATS_TEST_TMPDIR/mute"
	assert_output --partial "before it was ready"
	set_args "$BUNDLE" echo logged
	start_box stdout="binary-v2://$BATS_TEST_TMPDIR/ready"
	call Wait id=box
	wait_until 30 grep -qx logged "$BATS_TEST_TMPDIR/log"
	run -1 create stdout="binary://$BATS_TEST_TMPDIR/nowhere"
	assert_failure
}

@test "a terminal: resized before the start and after the end, its fds are given back" {
	local shim before
	shim=$(shim_pids)
	mkfifo "$BATS_TEST_TMPDIR/out"
	before=$(fds_of "$shim")
	set_args "$BUNDLE" sh -c 'stty size; exit 4'
	create terminal=true stdout="$BATS_TEST_TMPDIR/out"
	timeout $((120 * PATIENCE)) cat "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/text" 3>&- &
	call ResizePty id=box width=101 height=33
	call Start id=box
	run -0 call Wait id=box
	assert_line "exit_status=4"
	wait
	grep -q '33 101' "$BATS_TEST_TMPDIR/text"
	run -1 call ResizePty id=box width=80 height=25
	assert_output --partial "code 9"
	call Delete id=box
	fds_are_back() { [ "$(fds_of "$shim")" -le "$before" ]; }
	wait_until 30 fds_are_back
}

# reopened OUT METHOD-FIELDS...: what is started so writes all to OUT, and the shim rests meanwhile
reopened() {
	local out=$1
	shift
	call Start "$@"
	wait_until 30 grep -q one "$out"
	wait_until 30 rests "$(shim_pids)"
	touch "$BUNDLE/rootfs/go"
	run -0 call Wait "$@"
	assert_line "exit_status=5"
	wait_until 30 grep -q '^2000' "$out"
	assert_equal "$(tr -d '\r' <"$out")" "$(printf '%s\n' one two; seq 2000)"
	rm "$BUNDLE/rootfs/go"
}

@test "a terminal that nobody has open for a while, of an exec and of a task" {
	start_box
	call Exec id=box exec_id=x terminal=true stdout="file://$BATS_TEST_TMPDIR/exec" spec="$(
		process_spec sh -c "$(reopens /dev/tty)")"
	reopened "$BATS_TEST_TMPDIR/exec" id=box exec_id=x
	end_box
	set_args "$BUNDLE" sh -c "$(reopens /dev/console)"
	create terminal=true stdout="file://$BATS_TEST_TMPDIR/task"
	reopened "$BATS_TEST_TMPDIR/task" id=box
}
