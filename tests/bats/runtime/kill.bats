#!/usr/bin/env bats
# kill: signals by number and name, whole containers, states.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

# A container that writes down the signals it gets.
spawn_trapper() {
	# shellcheck disable=SC2016 # for the shell in the container
	spawn c sh -c 'for s in HUP INT USR1 USR2 TERM WINCH 40; do trap "echo $s >>/got" "$s"; done
		echo >/ready; while :; do sleep 0.02; done'
	wait_until 30 test -e "$DIR/c/rootfs/ready"
}

got() {
	[ "$(cat "$DIR/c/rootfs/got" 2>/dev/null)" = "$1" ]
}

@test "kill takes numbers, and names in every case with or without SIG" {
	spawn_trapper
	local pair
	for pair in :TERM TERM:TERM SIGTERM:TERM sigterm:TERM term:TERM 15:TERM 1:HUP SigUsr1:USR1 USR2:USR2 28:WINCH INT:INT 40:40; do
		rm -f "$DIR/c/rootfs/got"
		# shellcheck disable=SC2086 # none for the default
		run -0 peapod kill c ${pair%:*}
		assert_output ''
		wait_until 30 got "${pair#*:}"
	done
}

@test "kill without a signal, or with an empty one, is TERM" {
	create_container a sh -c 'trap "echo TERM; exit" TERM; echo ready; while :; do sleep 0.1; done'
	peapod start a
	wait_until 30 grep -q ready "$BATS_TEST_TMPDIR/a.out"
	run -0 peapod kill a ''
	wait_until 30 has_status a stopped
	grep TERM "$BATS_TEST_TMPDIR/a.out"
}

@test "kill refuses what is no signal" {
	create_container c true
	local bad
	for bad in NOSUCH 99 -9 4294967305 9x; do
		run -1 peapod kill c -- "$bad"
		assert_output --partial 'signal'
	done
	[ "$(status_of c)" = created ]
}

@test "kill ends a created container" {
	create_container c true
	peapod kill c KILL
	wait_until 30 has_status c stopped
}

@test "kill of a stopped container is an error" {
	spawn c true
	wait_until 30 has_status c stopped
	for sig in KILL TERM 0; do
		run -1 peapod kill c "$sig"
		assert_output --partial 'container not running'
	done
	run -0 peapod kill --all c KILL
	run -1 peapod kill none KILL
	assert_output --partial 'container does not exist'
}

@test "kill --all reaches every process" {
	# shellcheck disable=SC2016
	spawn c sh -c 'trap : TERM
		for i in 1 2 3; do sh -c "trap \"echo >>/got\" TERM; echo >>/ready; while :; do sleep 0.02; done" & done
		while :; do wait; sleep 0.02; done'
	three() { [ "$(wc -l <"$DIR/c/rootfs/$1")" = 3 ]; }
	wait_until 30 three ready
	run -0 peapod kill --all c TERM
	wait_until 30 three got
}

# has_pids N: so many processes are in the container's cgroup.
has_pids() {
	[ "$(peapod ps -f json c | jq length)" = "$1" ]
}

@test "KILL ends all processes of a container without a pid namespace" {
	new_bundle "$DIR/c" sh -c 'sleep 1000 & sleep 1000 & setsid sh -c "sleep 1000 & sleep 1000 & wait" & wait'
	edit_config "$DIR/c" 'del(.linux.namespaces[] | select(.type == "pid"))'
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	wait_until 30 has_pids 6 # the two shells and what they start
	local pid pids
	pids=$(peapod ps -f json c | jq -r '.[]')
	run -0 peapod kill c KILL
	wait_until 30 has_status c stopped
	for pid in $pids; do
		wait_until 30 is_gone "$pid"
	done
}

@test "KILL ends a paused container" {
	requires cgroup-v1
	spawn c sleep 1000
	peapod pause c
	run -0 peapod kill c KILL
	wait_until 30 has_status c stopped
	run -0 peapod delete c
}

@test "pause and resume" {
	spawn c sh -c 'while :; do echo x >>/ticks; sleep 0.02; done'
	wait_until 30 test -s "$DIR/c/rootfs/ticks"
	run -0 peapod pause c
	[ "$(status_of c)" = paused ]
	local ticks
	ticks=$(wc -l <"$DIR/c/rootfs/ticks")
	run -1 peapod pause c
	assert_output --partial 'paused'
	same() { [ "$ticks" = "$(wc -l <"$DIR/c/rootfs/ticks")" ]; }
	keeps 1 same
	run -0 peapod resume c
	more() { [ "$(wc -l <"$DIR/c/rootfs/ticks")" -gt "$ticks" ]; }
	wait_until 30 more
	run -1 peapod resume c
	assert_output --partial 'running'
}

@test "a created or stopped container is not paused" {
	create_container c true
	run -1 peapod resume c
	peapod kill c KILL
	wait_until 30 has_status c stopped
	run -1 peapod pause c
	assert_output --partial 'stopped'
}
