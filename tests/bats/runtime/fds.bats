#!/usr/bin/env bats
# File descriptors: which reach a container, and that no other does.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	new_bundle "$DIR/b" /in-fdlist
	cp "$TOOL/in-fdlist" "$DIR/b/rootfs/"
}

teardown() {
	teardown_containers
}

@test "a container gets 0, 1 and 2, whatever the caller left open" {
	exec 4<"$DIR/b/config.json" 7<"$DIR/b" 100</dev/null
	run -0 peapod run -b "$DIR/b" c </dev/null
	assert_line --index 0 '0 /dev/null'
	assert_line --index 2 --regexp '^2 '
	assert_equal "${#lines[@]}" 3
}

@test "exec passes on no other fd, neither in the foreground nor detached" {
	set_args "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" c </dev/null >/dev/null 2>&1
	exec 4<"$DIR/b/config.json" 9<"$DIR/b"
	run -0 peapod exec c /in-fdlist </dev/null
	assert_equal "${#lines[@]}" 3
	peapod exec -d c /in-fdlist </dev/null >"$DIR/out" 2>&1
	three() { [ "$(wc -l <"$DIR/out")" = 3 ]; }
	wait_until 5 three
}

@test "the waiting process has no fd of the host's directories" {
	peapod create -b "$DIR/b" c </dev/null >/dev/null 2>&1
	run -0 find "/proc/$(pid_of c)/fd" -mindepth 1 -printf '%l\n'
	refute_line --regexp '^/(.*/)?$'
	refute_line --partial "$STATE"
}

@test "--preserve-fds passes on that many from 3 on" {
	echo three >"$DIR/3"
	echo four >"$DIR/4"
	set_args "$DIR/b" sh -c 'cat <&3; cat <&4; /in-fdlist'
	"$PEAPOD" --root "$STATE" run --preserve-fds 2 -b "$DIR/b" c </dev/null >"$DIR/out" 3<"$DIR/3" 4<"$DIR/4" 5<"$DIR"
	run -0 cat "$DIR/out"
	assert_line three
	assert_line four
	assert_line "3 $DIR/3"
	refute_line --regexp '^5 '
}

@test "exec --preserve-fds" {
	set_args "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" c </dev/null >/dev/null 2>&1
	echo three >"$DIR/3"
	"$PEAPOD" --root "$STATE" exec --preserve-fds 1 c cat /proc/self/fd/3 </dev/null >"$DIR/out" 3<"$DIR/3"
	[ "$(cat "$DIR/out")" = three ]
}

@test "an fd to be preserved must be open" {
	run -1 "$PEAPOD" --root "$STATE" create --preserve-fds 3 -b "$DIR/b" c </dev/null 3<"$DIR" 4<"$DIR" 5<&-
	assert_output --partial 'cannot preserve 3 file descriptors: number 5 is not open'
	[ -z "$(leftovers)" ]
}

@test "socket activation comes first, with LISTEN_PID of the container" {
	echo three >"$DIR/3"
	echo four >"$DIR/4"
	set_args "$DIR/b" sh -c 'cat <&3; cat <&4; env | grep LISTEN_ | sort; echo $$'
	LISTEN_FDS=1 "$PEAPOD" --root "$STATE" run --preserve-fds 1 -b "$DIR/b" c \
		</dev/null >"$DIR/out" 3<"$DIR/3" 4<"$DIR/4"
	run -0 cat "$DIR/out"
	assert_line --index 0 three
	assert_line --index 1 four
	assert_line --index 2 LISTEN_FDS=1
	assert_line --index 3 LISTEN_PID=1
	assert_line --index 4 1
}

@test "socket activation of another process is not ours" {
	set_args "$DIR/b" sh -c 'env | grep LISTEN_ ; /in-fdlist'
	LISTEN_FDS=1 LISTEN_PID=1 "$PEAPOD" --root "$STATE" run -b "$DIR/b" c </dev/null >"$DIR/out" 3<"$DIR/b/config.json"
	run -0 cat "$DIR/out"
	refute_output --partial LISTEN_
	assert_equal "${#lines[@]}" 3
	# shellcheck disable=SC2016 # expanded by the shell that becomes the program
	LISTEN_FDS=1 bash -c 'LISTEN_PID=$$ exec "$@"' - "$PEAPOD" --root "$STATE" run -b "$DIR/b" c \
		</dev/null >"$DIR/out" 3<"$DIR/b/config.json"
	run -0 cat "$DIR/out"
	assert_line LISTEN_FDS=1
}

@test "an activation fd must be open" {
	LISTEN_FDS=2 run -1 "$PEAPOD" --root "$STATE" create -b "$DIR/b" c </dev/null 3<"$DIR" 4<&-
	assert_output --partial 'LISTEN_FDS is 2, but file descriptor 4 is not open'
}

@test "a caller may pass on more fds than the number of the runtime's own" {
	# shellcheck disable=SC2016
	local open='for i in {3..59}; do eval "exec $i</dev/null"; done; exec "$@"'
	run -0 bash -c "$open" sh "$PEAPOD" --root "$STATE" run --preserve-fds 57 -b "$DIR/b" c </dev/null
	assert_equal "${#lines[@]}" 60
	run -1 bash -c "$open" sh "$PEAPOD" --root "$STATE" run --preserve-fds 58 -b "$DIR/b" c </dev/null
	assert_output --partial 'number 60 is not open'
}
