#!/usr/bin/env bats
# exec: failures with their texts, detached processes, what stays behind.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

# fails TEXT COMMAND...: exec ends with 255 and the text, and no pid file is there.
fails() {
	local text=$1
	shift
	run -255 peapod exec --pid-file "$DIR/pid" c "$@"
	assert_output --partial "$text"
	[ ! -e "$DIR/pid" ]
}

@test "the texts by which callers tell failures apart" {
	spawn c sleep 1000
	printf '#!/no/such/interpreter\n' >"$DIR/c/rootfs/script"
	chmod +x "$DIR/c/rootfs/script"
	# shellcheck disable=SC2016
	fails 'exec: "no-such": executable file not found in $PATH' no-such
	fails 'exec: "/no/such": stat /no/such: no such file or directory' /no/such
	fails 'exec: "/etc/passwd": permission denied' /etc/passwd
	fails 'exec: "/etc": is a directory' /etc
	fails 'exec: "/script"' /script
	fails 'no such file or directory' /script
	fails 'not a directory' /etc/passwd/x
}

@test "a command is needed" {
	spawn c sleep 1000
	run -255 peapod exec c
	assert_output --partial '--process'
	run -1 peapod exec
}

@test "a working directory that is not there or not allowed" {
	spawn c sleep 1000
	run -255 peapod exec --cwd relative c true
	assert_output --partial 'cwd'
	run -255 peapod exec --cwd /etc/passwd c true
	assert_output --partial 'ot a directory'
	run -255 peapod exec --cwd /none/such c true
	assert_output --partial 'process: cwd: '
	assert_output --partial 'No such file or directory'
	run -1 peapod exec c test -e /none
}

@test "only a running container" {
	run -255 peapod exec none true
	assert_output --partial 'container does not exist'
	spawn c true
	wait_until 5 has_status c stopped
	fails 'stopped' true
}

@test "a paused container only when told to" {
	spawn c sleep 1000
	peapod pause c
	fails 'paused' true
	"$PEAPOD" --root "$STATE" exec --ignore-paused c sh -c 'exit 6' </dev/null >/dev/null 2>&1 3>&- &
	local pid=$!
	waits() { ! is_gone "$pid"; }
	keeps 1 waits
	peapod resume c
	ends_with 6 "$pid"
}

@test "exec in a created container" {
	create_container c true
	run -0 peapod exec c echo hello
	assert_output hello
}

@test "a detached process belongs to the caller" {
	spawn c sleep 1000
	# not by run: it would wait for who holds its output
	peapod exec --detach --pid-file "$DIR/pid" c sleep 999 </dev/null >"$DIR/out" 2>&1
	local pid
	pid=$(cat "$DIR/pid")
	[ "$(basename "$(readlink "/proc/$pid/exe")")" = busybox ]
	wait_until 30 runs_as "$pid" sleep 999
	[ "$(awk '/^NSpid/ { print NF }' "/proc/$pid/status")" = 3 ]
	run -0 jq -r "index($pid) != null" <<<"$(peapod ps -f json c)"
	assert_output true
	run -0 peapod delete --force c
	wait_until 5 is_gone "$pid"
}

@test "signals reach a process in the foreground" {
	spawn c sleep 1000
	"$PEAPOD" --root "$STATE" exec c sh -c 'trap "exit 43" TERM; echo >/ready; while :; do sleep 0.02; done' 3>&- &
	local pid=$!
	wait_until 5 test -e "$DIR/c/rootfs/ready"
	kill -TERM "$pid"
	ends_with 43 "$pid"
}

@test "exec joins a time namespace and has its clock" {
	[ -e /proc/self/ns/time ] || skip "needs time namespaces"
	new_bundle "$DIR/c" sleep 1000
	edit_config "$DIR/c" '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000000}}'
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	run -0 peapod exec c sh -c 'cut -d . -f 1 /proc/uptime'
	[ "$output" -ge 1000000000 ]
}

@test "100 times exec leave nothing" {
	spawn c sleep 1000
	local before
	before=$(wc -l <"/proc/$(pid_of c)/mountinfo")
	for _ in $(seq 100); do
		peapod exec c true
	done
	only_init() { [ "$(peapod ps -f json c)" = "[$(pid_of c)]" ]; }
	wait_until 30 only_init
	[ "$(wc -l <"/proc/$(pid_of c)/mountinfo")" = "$before" ]
	[ "$(find "$STATE/c" | wc -l)" -le 4 ]
}

@test "a container that ends while exec enters is a stopped one, not a missing file" {
	requires strace
	spawn c sleep 1000
	# exec stops as soon as it has begun to look at the container's namespaces.
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o "$DIR/trace" -e trace=readlinkat \
		-e inject=readlinkat:signal=SIGSTOP:when=2 "$PEAPOD" --root "$STATE" exec c true >"$DIR/out" 2>&1 3>&- &
	tracer=$!
	wait_until 5 grep -qs 'SIGSTOP' "$DIR/trace"
	peapod kill c KILL
	wait_until 5 has_status c stopped
	kill -CONT "$(pgrep -P "$tracer")"
	wait "$tracer" || code=$?
	assert_equal "$code" 255
	run -0 cat "$DIR/out"
	assert_output --partial "cannot exec in a stopped container: 'c'"
	refute_output --partial 'No such file'
}
