#!/usr/bin/env bats
# run: create, start, wait, delete; exit codes and signals.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

@test "run passes on the exit code and leaves nothing" {
	new_bundle "$DIR/b" sh -c 'exit 7'
	run -7 peapod run -b "$DIR/b" c
	assert_output ''
	[ -z "$(leftovers)" ]
	set_args "$DIR/b" true
	run -0 peapod run -b "$DIR/b" c
	set_args "$DIR/b" sh -c 'exit 255'
	run -255 peapod run -b "$DIR/b" c
}

@test "run carries standard input and output" {
	new_bundle "$DIR/b" sh -c 'cat; echo error >&2'
	run -0 --separate-stderr peapod run -b "$DIR/b" c <<<input
	assert_output input
	# shellcheck disable=SC2154 # set by run
	[ "$stderr" = error ]
}

@test "run ends with 128 + signal when a signal ended the process" {
	new_bundle "$DIR/b" sleep 1000
	peapod run -b "$DIR/b" c 3>&- &
	local pid=$!
	wait_until 5 has_status c running
	peapod kill c KILL
	ends_with 137 "$pid"
	[ -z "$(leftovers)" ]
}

@test "run passes signals on" {
	new_bundle "$DIR/b" sh -c 'trap "exit 41" TERM; trap "echo hup >>/got" HUP; trap "exit 42" USR1
		echo >/ready; while :; do sleep 0.02; done'
	for pair in TERM:41 USR1:42; do
		rm -f "$DIR/b/rootfs/ready" "$DIR/b/rootfs/got"
		"$PEAPOD" --root "$STATE" run -b "$DIR/b" c 3>&- &
		local pid=$!
		wait_until 5 test -e "$DIR/b/rootfs/ready"
		kill -HUP "$pid"
		wait_until 5 test -s "$DIR/b/rootfs/got"
		kill "-${pair%:*}" "$pid"
		ends_with "${pair#*:}" "$pid"
	done
}

@test "run --keep leaves a stopped container" {
	new_bundle "$DIR/b" true
	run -0 peapod run --keep -b "$DIR/b" c
	[ "$(status_of c)" = stopped ]
	run -0 peapod delete c
}

@test "run --detach returns while the process runs" {
	new_bundle "$DIR/b" sleep 1000
	peapod run -d --pid-file "$DIR/pid" -b "$DIR/b" c </dev/null >/dev/null 2>&1
	[ "$(status_of c)" = running ]
	[ "$(cat "$DIR/pid")" = "$(pid_of c)" ]
}

@test "a run that cannot create or start leaves nothing" {
	new_bundle "$DIR/b" no-such-program
	run -1 peapod run --pid-file "$DIR/pid" -b "$DIR/b" c
	assert_output --partial 'executable file not found'
	[ -z "$(leftovers)" ]
	set_args "$DIR/b" /script
	printf '#!/no/such/interpreter\n' >"$DIR/b/rootfs/script"
	chmod +x "$DIR/b/rootfs/script"
	run -1 peapod run --pid-file "$DIR/pid" -b "$DIR/b" c
	assert_output --partial 'no such file or directory'
	[ -z "$(leftovers)" ]
	[ ! -e "$DIR/pid" ]
}

@test "run adopts and reaps what the container leaves behind, without a pid namespace too" {
	new_bundle "$DIR/b" sh -c '(sleep 0.1 &) ; sleep 0.4; exit 5'
	edit_config "$DIR/b" 'del(.linux.namespaces[] | select(.type == "pid"))'
	run -5 peapod run -b "$DIR/b" c
	[ -z "$(leftovers)" ]
}

@test "run without standard files does not hand its own fds to the container" {
	new_bundle "$DIR/b" /in-fdlist
	cp "$TOOL/in-fdlist" "$DIR/b/rootfs/"
	mkfifo "$DIR/fifo"
	cat "$DIR/fifo" >"$DIR/out" &
	(
		exec <&- 2>&-
		exec "$PEAPOD" --root "$STATE" run -b "$DIR/b" c >"$DIR/fifo" 3>&-
	)
	wait $!
	run -0 cat "$DIR/out"
	assert_line --index 0 '0 /dev/null'
	assert_line --index 2 '2 /dev/null'
	assert_equal "${#lines[@]}" 3
}

@test "nobody enters a container of run before it is complete" {
	new_bundle "$DIR/b" true
	# shellcheck disable=SC2016
	edit_config "$DIR/b" '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $command]}]' \
		--arg command "'$PEAPOD' --root '$STATE' exec c true >'$DIR/out' 2>&1; exit 0"
	run -0 peapod run -b "$DIR/b" c
	run -0 cat "$DIR/out"
	assert_output --partial 'it is being created'
}

@test "the program of run is in its cgroups, whose limits are set, and has those mounted" {
	# shellcheck disable=SC2016
	new_bundle "$DIR/b" sh -c 'for f in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
			[ ! -e "$f" ] || grep -qx 1 "$f" || echo "not in $f"
		done
		cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null'
	edit_config "$DIR/b" '.linux.resources.pids.limit = 77'
	run peapod run -b "$DIR/b" c
	assert_output 77
}
