#!/usr/bin/env bats
# Many containers: nothing grows, nothing stays.
load ../lib/common
load ../lib/bundle

MANY=50

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

# one NAME: the whole life of a container of the shared root file system
one() {
	local dir=$DIR/$1
	mkdir "$dir"
	jq --arg root "$DIR/b/rootfs" --arg cgroup "$CGROUP/$1" '.root.path = $root | .linux.cgroupsPath = $cgroup' \
		"$DIR/b/config.json" >"$dir/config.json"
	peapod create -b "$dir" --pid-file "$dir/pid" "$1" </dev/null >"$dir/out" 2>&1 &&
		peapod start "$1" >>"$dir/out" 2>&1 &&
		[ "$(status_of "$1")" = running ] &&
		peapod delete --force "$1" >>"$dir/out" 2>&1 &&
		[ ! -e "$STATE/$1" ] && touch "$dir/good"
}

@test "50 containers at the same time leave no cgroup, mount, process or state" {
	new_bundle "$DIR/b" sleep 1000
	local i
	for i in $(seq $MANY); do
		one "c$i" 3>&- &
		((i % 10)) || wait
	done
	wait
	for i in $(seq $MANY); do
		[ -e "$DIR/c$i/good" ] || fail "c$i: $(cat "$DIR/c$i/out")"
		wait_until 30 is_gone "$(cat "$DIR/c$i/pid")"
	done
	[ -z "$(leftovers)" ] || fail "$(leftovers)"
}

@test "creating the same id at the same time succeeds once" {
	new_bundle "$DIR/b" sleep 1000
	local i pids=() ok=0
	for i in $(seq 8); do
		peapod create -b "$DIR/b" c </dev/null >"$DIR/out.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" && ok=$((ok + 1))
	done
	[ "$ok" = 1 ]
	[ "$(grep -l 'already exists' "$DIR"/out.* | wc -l)" = 7 ]
	run -0 peapod start c
	run -0 peapod delete --force c
}

@test "deleting at the same time succeeds" {
	spawn c sleep 1000
	local i pids=()
	for i in 1 2 3 4 5 6; do
		peapod delete --force c 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ -z "$(leftovers)" ]
}

@test "the state root holds containers only" {
	spawn c true
	wait_until 5 has_status c stopped
	peapod delete c
	find "$STATE" -mindepth 1 -maxdepth 1 -type d ! -name '.*' ! -name '@*' | run -1 grep .
}
