#!/usr/bin/env bats
# ps: the processes of a container.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
}

teardown() {
	teardown_containers
}

@test "ps prints the lines of ps about the container" {
	requires ps
	spawn c sh -c 'sleep 1001 & sleep 1002; true'
	wait_until 30 has_children
	run -0 peapod ps c
	assert_line --index 0 --regexp '^UID +PID'
	assert_line --regexp "^root +$(pid_of c) .*sh -c"
	assert_line --partial 'sleep 1001'
	assert_line --partial 'sleep 1002'
	assert_equal "${#lines[@]}" 4
}

# both of them are there, and no longer copies of their shell
has_children() {
	[ "$(peapod ps c -o pid,args | grep -cE '^ *[0-9]+ sleep 100[12]$')" = 2 ]
}

@test "ps takes options of ps" {
	requires ps
	spawn c sleep 1001
	wait_until 30 runs_as "$(pid_of c)" sleep 1001
	run -0 peapod ps c -e -o pid,args
	assert_output --regexp "^ +PID COMMAND
 *$(pid_of c) sleep 1001$"
	run -1 peapod ps c -e -o args
	assert_output --partial 'PID'
	run -1 peapod ps c --no-such-option
	assert_output --partial 'ps failed'
}

@test "ps json is an array of pids" {
	spawn c sleep 1001
	run -0 peapod ps --format json c
	assert_output "[$(pid_of c)]"
	peapod kill c KILL
	wait_until 5 has_status c stopped
	run -0 peapod ps -f json c
	assert_output '[]'
}

@test "ps of a container that is not there" {
	run -1 peapod ps none
	assert_output --partial 'container does not exist'
}
