#!/usr/bin/env bats
# --pid-file: digits and nothing else, by rename, and not there after a failure.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	PID=$DIR/pid
}

teardown() {
	teardown_containers
}

# The file is the digits of the number, byte for byte.
is_pid() {
	printf %s "$1" | cmp - "$PID"
}

@test "create writes the pid of the process, without a newline" {
	new_bundle "$DIR/b" true
	peapod create -b "$DIR/b" --pid-file "$PID" c </dev/null
	is_pid "$(pid_of c)"
	[ -z "$(find "$DIR" -maxdepth 1 -name '.pid*')" ]
}

@test "a relative pid file is about the caller's directory" {
	new_bundle "$DIR/b" true
	cd "$DIR"
	peapod create -b b --pid-file pid c </dev/null
	is_pid "$(pid_of c)"
}

@test "run and exec write it while the process runs" {
	new_bundle "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" --pid-file "$PID" c </dev/null >/dev/null 2>&1
	is_pid "$(pid_of c)"
	peapod exec -d --pid-file "$PID" c sleep 999 </dev/null >/dev/null 2>&1
	wait_until 30 runs_as "$(cat "$PID")" sleep 999
}

@test "an old one is replaced at once" {
	new_bundle "$DIR/b" true
	echo 'a long text that was there' >"$PID"
	ln "$PID" "$DIR/other"
	peapod create -b "$DIR/b" --pid-file "$PID" c </dev/null
	is_pid "$(pid_of c)"
	[ "$(cat "$DIR/other")" = 'a long text that was there' ]
}

@test "a create that cannot write it leaves nothing" {
	new_bundle "$DIR/b" true
	run -1 peapod create -b "$DIR/b" --pid-file /no/such/dir/pid c
	assert_output --partial '/no/such/dir/pid'
	[ -z "$(leftovers)" ]
	run -1 peapod state c
}

@test "an exec that cannot write it leaves no process" {
	spawn c sleep 1000
	run -255 peapod exec -d --pid-file /no/such/dir/pid c sleep 999
	only_init() { [ "$(peapod ps -f json c)" = "[$(pid_of c)]" ]; }
	wait_until 30 only_init
}
