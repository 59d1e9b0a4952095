#!/usr/bin/env bats
# Terminals of the caller: run and exec -t relay them.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

tty_bundle() {
	new_bundle "$DIR/b" "$@"
	edit_config "$DIR/b" '.process.terminal = true'
}

# on_tty ARGS...: peapod on a terminal of 33 x 111; fails with 99 when that is left in another mode
on_tty() {
	"$TOOL/onpty" "$PEAPOD" --root "$STATE" "$@"
}

@test "run relays the terminal, its size and the exit code" {
	# shellcheck disable=SC2016 # for the shell in the container
	tty_bundle sh -c 'stty size; read -r line; echo "got $line"; exit 6'
	run -6 on_tty run -b "$DIR/b" c <<<typed
	assert_line --partial '33 111'
	assert_line --partial 'got typed'
	[ -z "$(leftovers)" ]
}

@test "keys that make signals go to the container" {
	tty_bundle sh -c 'trap "echo interrupted; exit 7" INT; echo ready; while :; do sleep 0.02; done'
	mkfifo "$DIR/keys"
	"$TOOL/onpty" "$PEAPOD" --root "$STATE" run -b "$DIR/b" c <"$DIR/keys" >"$DIR/out" 3>&- &
	local pid=$!
	exec 8>"$DIR/keys"
	wait_until 5 grep -q ready "$DIR/out"
	printf '\003' >&8
	ends_with 7 "$pid"
	exec 8>&-
	grep -q interrupted "$DIR/out"
}

@test "a new size of the caller's terminal reaches the container" {
	tty_bundle sh -c 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.02; done'
	"$TOOL/onpty" "$PEAPOD" --root "$STATE" run -b "$DIR/b" c </dev/null >"$DIR/out" 3>&- &
	local pid=$!
	wait_until 5 grep -q ready "$DIR/out"
	kill -USR1 "$pid"
	ends_with 0 "$pid"
	grep -q '44 122' "$DIR/out"
}

@test "all output arrives, also what is written right before the end" {
	tty_bundle sh -c 'seq 1 20000; echo last'
	run -0 on_tty run -b "$DIR/b" c </dev/null
	assert_equal "${#lines[@]}" 20001
	assert_line --index 20000 --partial last
}

@test "without a terminal of the caller's the bytes are relayed all the same" {
	tty_bundle sh -c 'stty raw -echo; test -t 0 && echo tty; exit 3'
	run -3 peapod run -b "$DIR/b" c </dev/null
	assert_output tty
}

@test "a reader that went away does not stop the container" {
	tty_bundle sh -c 'seq 1 100000; echo >/finished; exit 4'
	{ peapod run -b "$DIR/b" c </dev/null || echo $? >"$DIR/code"; } | head -n 1
	[ "$(cat "$DIR/code")" = 4 ]
	[ -e "$DIR/b/rootfs/finished" ]
}

@test "exec -t relays the terminal" {
	spawn c sleep 1000
	run -8 on_tty exec -t c sh -c 'tty; stty size; exit 8' </dev/null
	assert_line --partial /dev/pts/0
	assert_line --partial '33 111'
	run -0 on_tty exec c sh -c 'test -t 0 && echo still' </dev/null
	assert_output --partial still
}

# closes_and_reopens GO PEAPOD-ARGS...: the program waits for the file GO; all that it says comes
closes_and_reopens() {
	local go=$1 pid
	shift
	"$TOOL/onpty" "$PEAPOD" --root "$STATE" "$@" </dev/null >"$DIR/out" 3>&- &
	pid=$!
	wait_until 5 grep -q one "$DIR/out"
	wait_until 5 rests "$(pgrep -P "$pid")"
	touch "$go"
	wait_until 5 grep -q '^2000' "$DIR/out"
	ends_with 5 "$pid"
	assert_equal "$(tr -d '\r' <"$DIR/out")" "$(printf '%s\n' one two; seq 2000)"
}

@test "run: a terminal that nobody has open for a while" {
	tty_bundle sh -c "$(reopens /dev/console)"
	closes_and_reopens "$DIR/b/rootfs/go" run -b "$DIR/b" c
}

@test "exec -t: a terminal that nobody has open for a while" {
	spawn c sleep 1000
	closes_and_reopens "$DIR/c/rootfs/go" exec -t c sh -c "$(reopens /dev/tty)"
	rm "$DIR/c/rootfs/go"
	closes_and_reopens "$DIR/c/rootfs/go" exec -t c sh -c "$(reopens /dev/pts/0)"
}

@test "more input than a terminal takes waits until somebody has that open again" {
	local pid
	mkfifo "$DIR/in"
	tty_bundle sh -c 'stty raw -echo; echo one; exec <&- >&- 2>&-; until [ -e /go ]; do sleep 0.02; done
		exec </dev/console; dd bs=1 count=200000 2>/dev/null | wc -c >/count'
	"$PEAPOD" --root "$STATE" run -b "$DIR/b" c <"$DIR/in" >"$DIR/out" 3>&- &
	pid=$!
	exec 8>"$DIR/in"
	wait_until 5 grep -q one "$DIR/out"
	head -c 200000 /dev/zero >&8 3>&- &
	wait_until 5 rests "$pid"
	touch "$DIR/b/rootfs/go"
	wait_until 5 test -s "$DIR/b/rootfs/count"
	ends_with 0 "$pid"
	exec 8>&-
	[ "$(<"$DIR/b/rootfs/count")" = 200000 ]
}
