#!/usr/bin/env bats
# Terminals that somebody else holds: --console-socket, --pidfd-socket.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	SOCKET=$DIR/console
}

teardown() {
	teardown_containers
}

# tty_bundle COMMAND...: $DIR/b with a terminal
tty_bundle() {
	new_bundle "$DIR/b" "$@"
	edit_config "$DIR/b" '.process.terminal = true'
}

# receive [PATH]: start the other end; what it sees goes to $DIR/seen
receive() {
	"$TOOL/recvtty" "${1:-$SOCKET}" >"$DIR/seen" 2>&1 3>&- &
	RECEIVER=$!
	wait_until 5 test -S "${1:-$SOCKET}"
}

@test "one message with one fd and a name, then the end of the stream" {
	tty_bundle sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; exit 0'
	receive
	peapod create -b "$DIR/b" --console-socket "$SOCKET" c
	wait_until 5 test -s "$DIR/seen"
	grep -qE '^name=[^ ]+ bytes=[0-9]+ fds=1 ' "$DIR/seen"
	peapod start c
	ends_with 0 "$RECEIVER"
	run -0 tr -d '\r' <"$DIR/seen"
	assert_line --partial /dev/pts/0
	assert_line all
}

@test "the terminal is of the container's own devpts, of the process's user and size" {
	tty_bundle stty size
	edit_config "$DIR/b" '.process.consoleSize = {height: 17, width: 71} | .process.user = {uid: 1000, gid: 1000}'
	receive
	peapod create -b "$DIR/b" --console-socket "$SOCKET" c
	wait_until 5 test -s "$DIR/seen"
	run -0 cat "$DIR/seen"
	assert_output --partial 'rows=17 cols=71 pts=0'
	assert_output --partial 'uid=1000'
	peapod start c
	ends_with 0 "$RECEIVER"
	run -0 tr -d '\r' <"$DIR/seen"
	assert_line '17 71'
}

@test "it is the controlling terminal, and /dev/console" {
	tty_bundle sh -c 'echo to-tty >/dev/tty; echo to-console >/dev/console; ls -l /dev/console'
	receive
	peapod create -b "$DIR/b" --console-socket "$SOCKET" c
	peapod start c
	ends_with 0 "$RECEIVER"
	run -0 tr -d '\r' <"$DIR/seen"
	assert_line to-tty
	assert_line to-console
	assert_line --regexp '^c.* 136, +0 '
}

@test "a socket path longer than a socket address" {
	local deep=$DIR
	while [ ${#deep} -lt 200 ]; do
		deep=$deep/a-long-directory-name
	done
	mkdir -p "$deep"
	tty_bundle echo hello
	receive "$deep/s"
	peapod create -b "$DIR/b" --console-socket "$deep/s" c
	peapod start c
	ends_with 0 "$RECEIVER"
	grep -q hello "$DIR/seen"
}

@test "a relative socket path is about the caller's directory" {
	tty_bundle echo hello
	receive
	cd "$DIR"
	peapod create -b b --console-socket console c
	peapod start c
	ends_with 0 "$RECEIVER"
	grep -q hello "$DIR/seen"
}

@test "a terminal that nobody would hold is refused" {
	tty_bundle true
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial 'cannot allocate tty'
	run -1 peapod run -d -b "$DIR/b" c
	assert_output --partial 'cannot allocate tty'
	[ -z "$(leftovers)" ]
}

@test "a socket without a terminal is refused" {
	new_bundle "$DIR/b" true
	run -1 peapod create -b "$DIR/b" --console-socket "$SOCKET" c
	assert_output --partial 'cannot use console socket'
	[ -z "$(leftovers)" ]
}

@test "a socket that is not there leaves nothing" {
	tty_bundle true
	run -1 peapod create -b "$DIR/b" --console-socket "$DIR/none" c
	assert_output --partial "$DIR/none"
	[ -z "$(leftovers)" ]
}

@test "exec with a terminal" {
	spawn c sleep 1000
	receive
	run -0 peapod exec -d -t --console-socket "$SOCKET" --user 1000:1000 c sh -c 'tty; id -u'
	ends_with 0 "$RECEIVER"
	run -0 tr -d '\r' <"$DIR/seen"
	assert_line --index 0 --partial 'uid=1000'
	assert_line /dev/pts/0
	assert_line 1000
	run -255 peapod exec -d -t c true
	assert_output --partial 'cannot allocate tty'
	run -255 peapod exec -d --console-socket "$SOCKET" c true
	assert_output --partial 'cannot use console socket'
}

@test "--pidfd-socket sends a pidfd of the process" {
	new_bundle "$DIR/b" sleep 1000
	"$TOOL/recvtty" -p "$SOCKET" >"$DIR/seen" 3>&- &
	local receiver=$!
	wait_until 5 test -S "$SOCKET"
	peapod run -d -b "$DIR/b" --pidfd-socket "$SOCKET" c </dev/null >/dev/null 2>&1
	ends_with 0 "$receiver"
	[ "$(cat "$DIR/seen")" = "$(pid_of c)" ]
}
