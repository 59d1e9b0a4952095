#!/usr/bin/env bats
# The runtime is killed in the middle: what it leaves, delete --force removes.
# shellcheck disable=SC2317 # functions that others are given
load ../lib/common
load ../lib/bundle

MOMENTS=10
NO_LEAKS=ASAN_OPTIONS=detect_leaks=0 # that check needs to be the tracer itself

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	MARK=PEAPOD_TEST_MARK=$(unique)
	KILLED=0
}

teardown() {
	teardown_containers
}

# Processes that carry this test's mark in their environment.
marked() {
	grep -lzxF "$MARK" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3
}

none_marked() {
	[ -z "$(marked)" ]
}

# calls ARGS...: how many system calls the program makes for them
calls() {
	env "$MARK" "$NO_LEAKS" "$TOOL/killat" 0 "$PEAPOD" --root "$STATE" "$@" </dev/null >/dev/null 2>&1 9>"$DIR/calls" 3>&-
	cat "$DIR/calls"
}

# fewest COMMAND...: the smallest of three numbers that it prints; where the program waits for the
# kernel a busy machine may make it look again
fewest() {
	for _ in 1 2 3; do
		"$@"
	done | sort -n | head -n 1
}

# killed_at N ARGS...: the same, ended at the Nth of them; or whole, when it made fewer this time
killed_at() {
	local at=$1 code=0
	shift
	env "$MARK" "$NO_LEAKS" "$TOOL/killat" "$at" "$PEAPOD" --root "$STATE" "$@" </dev/null >/dev/null 2>&1 3>&- || code=$?
	case $code in
	137) KILLED=$((KILLED + 1)) ;;
	0) ;;
	*) echo "$1, killed at $at: ended with $code" >&2 && return 1 ;;
	esac
}

# killed_often: nearly every moment was hit
killed_often() {
	[ "$KILLED" -ge $((MOMENTS - 2)) ]
}

@test "a create killed at ten moments leaves nothing that delete --force does not remove" {
	new_bundle "$DIR/b" sleep 1000
	local all i
	# the first one makes directories above its own, too
	counted() { calls create -b "$DIR/b" c && peapod delete --force c; }
	all=$(fewest counted)
	for i in $(seq $MOMENTS); do
		killed_at $((all * i / (MOMENTS + 1))) create -b "$DIR/b" c
		run -0 peapod delete --force c
		[ -z "$(leftovers)" ] || fail "killed at call $((all * i / (MOMENTS + 1))) of $all: $(leftovers)"
		wait_until 5 none_marked
		run -1 peapod state c
	done
	killed_often
	peapod create -b "$DIR/b" c </dev/null >/dev/null 2>&1
	[ "$(status_of c)" = created ]
}

@test "a create killed in the middle does not block the id once it is deleted" {
	new_bundle "$DIR/b" true
	local all
	all=$(calls create -b "$DIR/b" c)
	peapod delete --force c
	killed_at $((all / 2)) create -b "$DIR/b" c
	[ "$KILLED" = 1 ]
	peapod delete --force c
	run -0 peapod run -b "$DIR/b" c
}

@test "a starter killed at any moment leaves a container that can be started, or runs" {
	new_bundle "$DIR/b" sh -c 'echo x >>/ran; sleep 1000'
	local all i
	counted() { peapod create -b "$DIR/b" c </dev/null >/dev/null 2>&1 && calls start c && peapod delete --force c; }
	all=$(fewest counted)
	for i in $(seq $MOMENTS); do
		peapod delete --force c
		rm -f "$DIR/b/rootfs/ran"
		peapod create -b "$DIR/b" c </dev/null >/dev/null 2>&1
		killed_at $((all * i / (MOMENTS + 1))) start c
		timeout $((60 * PATIENCE)) "$PEAPOD" --root "$STATE" start c || has_status c running || has_status c stopped
		wait_until 5 test -s "$DIR/b/rootfs/ran"
		[ "$(cat "$DIR/b/rootfs/ran")" = x ]
	done
	killed_often
}

@test "a delete killed at ten moments can be done again" {
	new_bundle "$DIR/b" sleep 1000
	local all i
	counted() { peapod run -d -b "$DIR/b" c </dev/null >/dev/null 2>&1 && calls delete --force c; }
	all=$(fewest counted)
	for i in $(seq $MOMENTS); do
		peapod run -d -b "$DIR/b" c </dev/null >/dev/null 2>&1
		killed_at $((all * i / (MOMENTS + 1))) delete --force c
		run -0 peapod delete --force c
		[ -z "$(leftovers)" ] || fail "killed at call $((all * i / (MOMENTS + 1))) of $all: $(leftovers)"
	done
	killed_often
}

@test "an exec killed at ten moments leaves no process that waits for it" {
	spawn c sleep 1000
	local all i
	all=$(fewest calls exec c true)
	for i in $(seq $MOMENTS); do
		killed_at $((all * i / (MOMENTS + 1))) exec c true
		wait_until 5 none_marked
		only_init() { [ "$(peapod ps -f json c)" = "[$(pid_of c)]" ]; }
		wait_until 5 only_init
	done
	killed_often
	run -0 peapod exec c echo works
	assert_output works
}

@test "a foreground run that is killed leaves a container that can be deleted" {
	new_bundle "$DIR/b" sleep 1000
	"$PEAPOD" --root "$STATE" run -b "$DIR/b" c </dev/null >/dev/null 2>&1 3>&- &
	local runner=$!
	wait_until 5 has_status c running
	kill -KILL "$runner"
	ends_with 137 "$runner"
	[ "$(status_of c)" = running ]
	run -0 peapod delete --force c
	[ -z "$(leftovers)" ]
}
