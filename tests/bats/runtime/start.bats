#!/usr/bin/env bats
# start: let a created container run.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

@test "start returns when the process runs" {
	create_container c sleep 1000
	run -0 peapod start c
	assert_output ''
	[ "$(status_of c)" = running ]
	[ "$(basename "$(readlink "/proc/$(pid_of c)/exe")")" = busybox ]
	wait_until 30 runs_as "$(pid_of c)" sleep 1000
}

@test "a container starts once" {
	spawn c sleep 1000
	run -1 peapod start c
	assert_output --partial 'running'
	peapod kill c KILL
	wait_until 5 has_status c stopped
	run -1 peapod start c
	assert_output --partial 'stopped'
}

@test "only one of many concurrent starts does it" {
	create_container c sh -c 'echo x >>/ran; sleep 1000'
	local pids=() ok=0
	for _ in 1 2 3 4 5 6; do
		peapod start c 2>/dev/null 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && ok=$((ok + 1))
	done
	[ "$ok" = 1 ]
	wait_until 5 test -s "$DIR/c/rootfs/ran"
	[ "$(cat "$DIR/c/rootfs/ran")" = x ]
}

@test "start of a container that is not there" {
	run -1 peapod start none
	assert_output --partial 'container does not exist'
}

@test "start tells why the program could not be executed" {
	new_bundle "$DIR/c" /script
	printf '#!/no/such/interpreter\n' >"$DIR/c/rootfs/script"
	chmod +x "$DIR/c/rootfs/script"
	peapod create -b "$DIR/c" c </dev/null
	run -1 peapod start c
	assert_output --partial 'exec: "/script"'
	assert_output --partial 'no such file or directory'
	wait_until 5 has_status c stopped
}

@test "start fails at once when the process was killed while it waited" {
	create_container c sleep 1000
	kill -KILL "$(pid_of c)"
	wait_until 5 has_status c stopped
	run -1 timeout $((60 * PATIENCE)) "$PEAPOD" --root "$STATE" start c
	assert_output --partial 'stopped'
}
