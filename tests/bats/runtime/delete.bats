#!/usr/bin/env bats
# delete: what is left afterwards is nothing, whatever was there.
load ../lib/common
load ../lib/bundle
load ../lib/cgroup

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

@test "delete removes a stopped container" {
	spawn c true
	wait_until 5 has_status c stopped
	run -0 peapod delete c
	assert_output ''
	[ -z "$(leftovers)" ]
	run -1 peapod delete c
	assert_output --partial 'container does not exist'
}

@test "delete ends and removes a created container" {
	create_container c true
	local pid
	pid=$(pid_of c)
	run -0 peapod delete c
	wait_until 5 is_gone "$pid"
	[ -z "$(leftovers)" ]
}

@test "delete refuses a running container, and a paused one" {
	spawn c sleep 1000
	run -1 peapod delete c
	assert_output --partial 'running'
	[ "$(status_of c)" = running ]
	peapod pause c
	run -1 peapod delete c
	assert_output --partial 'paused'
}

@test "delete --force ends a running container, and a paused one" {
	spawn c sleep 1000
	local pid
	pid=$(pid_of c)
	run -0 peapod delete --force c
	wait_until 5 is_gone "$pid"
	[ -z "$(leftovers)" ]
	spawn d sleep 1000
	peapod pause d
	run -0 peapod delete -f d
	[ -z "$(leftovers)" ]
}

@test "delete --force of a container that is not there is no error" {
	run -0 peapod delete --force none
	assert_output ''
	mkdir -p "$STATE/stray"
	run -0 peapod delete --force stray
	[ ! -e "$STATE/stray" ]
}

@test "delete --force needs no bundle" {
	spawn c sleep 1000
	rm -rf "${DIR:?}/c"
	run -0 peapod delete --force c
	[ -z "$(leftovers)" ]
}

@test "delete --force needs no cgroup" {
	spawn c sleep 1000
	local pid
	pid=$(pid_of c)
	kill -KILL "$pid"
	wait_until 5 has_status c stopped
	wait_until 30 remove_cgroups "*$CGROUP/c"
	run -0 peapod delete --force c
	[ -z "$(leftovers)" ]
}

@test "delete --force removes a state that cannot be read" {
	create_container c true
	local pid
	pid=$(pid_of c)
	kill -KILL "$pid"
	wait_until 5 is_gone "$pid"
	wait_until 30 remove_cgroups "*$CGROUP/c" # unknown to us then
	echo garbage >"$STATE/c/state.json"
	run -1 peapod delete c
	run -0 peapod delete --force c
	[ -z "$(leftovers)" ]
}

@test "delete removes cgroups that the container made below its own" {
	spawn c sleep 1000
	local dir
	dir=$(cgroups_at "*$CGROUP/c" | head -n 1)
	mkdir -p "$dir/a/b"
	run -0 peapod delete --force c
	[ -z "$(leftovers)" ]
}

@test "delete takes an id, not a path" {
	mkdir -p "$STATE" "$DIR/precious"
	local bad
	for bad in ../precious . .. '' a/b; do
		run -1 peapod delete --force -- "$bad"
		[ -d "$DIR/precious" ]
	done
	ln -s "$DIR/precious" "$STATE/link"
	touch "$DIR/precious/file"
	peapod delete --force link || :
	[ -e "$DIR/precious/file" ]
	rm -f "$STATE/link"
}
