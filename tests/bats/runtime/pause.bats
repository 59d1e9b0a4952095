#!/usr/bin/env bats
# The infra container's init.
load ../lib/common

setup() {
	requires root
	PAUSE=$B/pause
}

# start_pause [COMMAND]: pause as pid 1 of a new pid namespace, after the command; its host pid in $pid
start_pause() {
	unshare --fork --pid --mount-proc sh -c "${1:-true}; exec $PAUSE" 3>&- &
	unshare=$!
	wait_until 30 pause_runs
}

# and waits: what comes before that is lost on the first process of a pid namespace
pause_runs() {
	pid=$(pgrep -P "$unshare" -x pause) && grep -q '^[0-9]* (pause) S ' "/proc/$pid/stat"
}

teardown() {
	[ -z "${pid:-}" ] || kill -KILL "$pid" 2>/dev/null || :
}

@test "pause is a static program of less than 4 KiB that needs no library" {
	[ "$(stat -c %s "$PAUSE")" -lt 4096 ]
	run -1 grep -c INTERP <(readelf -lW "$PAUSE")
}

@test "pause -v prints its version" {
	run -0 "$PAUSE" -v
	assert_output --regexp '^pause [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "pause leaves on TERM and on INT with status 0" {
	local sig
	for sig in TERM INT; do
		start_pause
		kill -"$sig" "$pid"
		wait "$unshare"
	done
}

@test "pause as pid 1 stays on other signals and after a stop and a continue" {
	start_pause
	kill -HUP "$pid"
	kill -USR1 "$pid"
	kill -STOP "$pid"
	kill -CONT "$pid"
	stays() { ! is_gone "$pid"; }
	keeps 1 stays
	kill -TERM "$pid"
	wait "$unshare"
}

no_children() {
	[ -z "$(pgrep -P "$pid")" ]
}

@test "pause reaps orphans: no zombie is left below it" {
	local go=$BATS_TEST_TMPDIR/go
	start_pause "(for i in 1 2 3 4 5; do (while [ ! -e '$go' ]; do sleep 0.1; done &) ; done)"
	five_children() { [ "$(pgrep -c -P "$pid")" = 5 ]; }
	wait_until 30 five_children
	touch "$go"
	wait_until 10 no_children
}

@test "the pause image archive names its blobs by their digests and runs /pause" {
	local archive=$BATS_TEST_TMPDIR/pause.tar blob dir=$BATS_TEST_TMPDIR/image
	"$TOP/hack/pause-image" "$PAUSE" "$archive" example.test/pause:1
	mkdir "$dir"
	tar -xf "$archive" -C "$dir"
	for blob in "$dir"/blobs/sha256/*; do
		[ "$(sha256sum "$blob" | cut -d ' ' -f 1)" = "$(basename "$blob")" ]
	done
	run -0 jq -r '.manifests[0].annotations["io.containerd.image.name"]' "$dir/index.json"
	assert_output example.test/pause:1
	"$TOP/hack/pause-image" "$PAUSE" "$archive.again" example.test/pause:1
	cmp "$archive" "$archive.again"
}
