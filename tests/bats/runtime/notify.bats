#!/usr/bin/env bats
# NOTIFY_SOCKET: what a container says reaches the caller's service manager.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	MANAGER=$DIR/manager.sock
	listener "$MANAGER" "$DIR/heard"
	LISTENER=$!
	wait_until 30 test -S "$MANAGER"
}

teardown() {
	kill "$LISTENER" || :
	teardown_containers
}

# listener ADDRESS FILE: a service manager; fds that come are closed. (socat would keep them.)
listener() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\0", 1) if sys.argv[1][0] == "@" else sys.argv[1])
out = open(sys.argv[2], "wb", 0)
while True:
    out.write(s.recv(4096) + b"\n")' "$@" 3>&- &
}

# notifier COMMAND...: bundle $DIR/c that can notify
notifier() {
	new_bundle "$DIR/c" "$@"
	cp "$TOOL/in-notify" "$DIR/c/rootfs/bin/notify"
}

@test "run -d returns when the container is ready, and tells its pid" {
	notifier sh -c 'echo $NOTIFY_SOCKET; notify "STATUS=half way" "READY=1\nMAINPID=1\nFDSTORE=1"; exec sleep 1000'
	NOTIFY_SOCKET=$MANAGER peapod run -d -b "$DIR/c" c </dev/null >"$DIR/out" 2>&1
	wait_until 30 grep -aq READY=1 "$DIR/heard"
	run -0 cat "$DIR/out"
	assert_output /run/notify/notify.sock
	run -0 cat "$DIR/heard"
	assert_output --partial 'STATUS=half way'
	assert_output --partial "READY=1
MAINPID=$(pid_of c)"
	refute_output --partial FDSTORE
	refute_line MAINPID=1
	wait_until 30 grep -aq BARRIER=1 "$DIR/heard"
}

@test "create and start: start waits for it" {
	notifier sh -c 'notify READY=1; exec sleep 1000'
	NOTIFY_SOCKET=$MANAGER peapod create -b "$DIR/c" c </dev/null >/dev/null 2>&1
	[ ! -s "$DIR/heard" ]
	NOTIFY_SOCKET=$MANAGER peapod start c
	wait_until 30 grep -aq "MAINPID=$(pid_of c)" "$DIR/heard"
	peapod exec c sh -c 'test -z "$NOTIFY_SOCKET"'
}

@test "a start that is refused leaves the socket of the first alone" {
	notifier sh -c 'until [ -e /go ]; do sleep 0.02; done; notify READY=1; exec sleep 1000'
	NOTIFY_SOCKET=$MANAGER peapod create -b "$DIR/c" c </dev/null >/dev/null 2>&1
	NOTIFY_SOCKET=$MANAGER peapod start c 3>&- &
	local pid=$!
	wait_until 30 has_status c running
	NOTIFY_SOCKET=$MANAGER run -1 peapod start c
	assert_output --partial running
	touch "$DIR/c/rootfs/go"
	wait_until 30 grep -aq READY=1 "$DIR/heard"
	ends_with 0 $pid
}

@test "in the foreground it is carried as long as the container runs, and we are the main process" {
	notifier sh -c 'notify READY=1 STATUS=one; sleep 1; notify WATCHDOG=1 STOPPING=1; exit 3'
	NOTIFY_SOCKET=$MANAGER "$PEAPOD" --root "$STATE" run -b "$DIR/c" c </dev/null >/dev/null 2>&1 &
	local pid=$!
	ends_with 3 $pid
	wait_until 30 grep -aq STOPPING=1 "$DIR/heard"
	grep -aq "MAINPID=$pid" "$DIR/heard"
	grep -aq WATCHDOG=1 "$DIR/heard"
}

@test "a container that ends without being ready ends the wait" {
	notifier true
	NOTIFY_SOCKET=$MANAGER peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	wait_until 30 has_status c stopped
	[ ! -s "$DIR/heard" ]
}

@test "an abstract socket; the container's directory is read-only and nothing else is in it" {
	local name
	name=$(unique n)
	listener "@$name" "$DIR/abstract"
	local pid=$!
	wait_until 30 grep -q "@$name" /proc/net/unix
	notifier sh -c 'ls /run/notify; touch /run/notify/x; notify READY=1; exec sleep 1000'
	NOTIFY_SOCKET=@$name peapod run -d -b "$DIR/c" c </dev/null >"$DIR/out" 2>&1
	wait_until 30 grep -aq READY=1 "$DIR/abstract"
	kill $pid
	run -0 cat "$DIR/out"
	assert_line --index 0 notify.sock
	assert_output --partial 'Read-only file system'
}

@test "in a user namespace the process may notify" {
	notifier sh -c 'notify READY=1; exec sleep 1000'
	chmod 755 "$DIR" "$DIR/c"
	chown -R 100000:100000 "$DIR/c/rootfs"
	edit_config "$DIR/c" '.linux.namespaces += [{type: "user"}] | .process.user.uid = 5
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	NOTIFY_SOCKET=$MANAGER peapod run -d -b "$DIR/c" c </dev/null >"$DIR/out" 2>&1 || { cat "$DIR/out" && false; }
	wait_until 30 grep -aq READY=1 "$DIR/heard"
}

@test "a manager that cannot be reached is an error, and nothing is left" {
	notifier true
	NOTIFY_SOCKET=$DIR/none run -1 peapod run -b "$DIR/c" c
	assert_output --partial "NOTIFY_SOCKET: connect to '$DIR/none'"
	NOTIFY_SOCKET=none run -1 peapod run -b "$DIR/c" c
	assert_output --partial "NOTIFY_SOCKET: 'none' is neither a path nor '@NAME'"
	run -0 leftovers
	assert_output ''
}

@test "systemd takes a service for started when its container is ready" {
	requires systemd
	local unit
	unit=$(unique nt)
	notifier sh -c 'while [ ! -e /go ]; do sleep 0.2; done; notify READY=1; exec sleep 1000'
	systemd-run --no-block -q --unit "$unit" -p Type=notify -p NotifyAccess=all "$PEAPOD" --root "$STATE" run -b "$DIR/c" c
	wait_until 60 has_status c running
	[ "$(systemctl show --value -p ActiveState "$unit")" = activating ]
	touch "$DIR/c/rootfs/go"
	wait_until 60 systemctl is-active -q "$unit"
	peapod kill c KILL # pid 1 of a namespace heeds no TERM without a handler
	wait_until 60 systemctl is-failed -q "$unit"
	systemctl reset-failed "$unit"
	unit=${unit}d
	# detached: the container's process becomes the service's
	rm "$DIR/c/rootfs/go"
	peapod delete --force c
	systemd-run --no-block -q --unit "$unit" -p Type=notify -p NotifyAccess=all "$PEAPOD" --root "$STATE" run -d -b "$DIR/c" c
	wait_until 60 has_status c running
	touch "$DIR/c/rootfs/go"
	wait_until 60 systemctl is-active -q "$unit"
	[ "$(systemctl show --value -p MainPID "$unit")" = "$(pid_of c)" ]
	peapod kill c KILL
	wait_until 60 sh -c "! systemctl is-active -q $unit"
	systemctl reset-failed "$unit" 2>/dev/null || :
}
