#!/usr/bin/env bats
# As BinaryName of containerd-shim-runc-v2: containerd and its shim find what they know from runc.
load ../lib/common
load ../lib/bundle
load ../lib/cgroup
load ../lib/image
load ../lib/containerd

setup() {
	requires root containerd containerd-shim-runc-v2
	setup_containers
	start_containerd
	make_image "$BATS_TEST_TMPDIR/image.tar"
	ctrd images import --snapshotter native "$BATS_TEST_TMPDIR/image.tar" >/dev/null
}

teardown() {
	stop_containerd
	teardown_containers
}

# run_one OPTIONS... ID COMMAND...
run_one() {
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		shift
	done
	local id=$1
	shift
	ctrd run "${options[@]}" \
		--snapshotter native --runc-binary "$PEAPOD" --cgroup "$CGROUP/$id" "$TEST_IMAGE" "$id" "$@"
}

task_is() {
	[ "$(ctrd tasks ls | awk -v id="$1" '$1 == id { print $3 }')" = "$2" ]
}

@test "a container runs to its end and its exit code arrives" {
	run -0 run_one --rm c echo hello
	assert_output hello
	run -5 run_one --rm d sh -c 'exit 5'
	[ -z "$(ctrd tasks ls -q)" ]
}

@test "standard input reaches the container" {
	run -0 run_one --rm c head -n 1 <<<hello # ctr does not pass on the end
	assert_output hello
}

@test "a failure has the runtime's reason" {
	run -1 run_one --rm c no-such-program
	# shellcheck disable=SC2016
	assert_output --partial 'exec: "no-such-program": executable file not found in $PATH'
	wait_until 10 no_shims
}

@test "exec, ps, pause, resume, kill, delete" {
	run_one -d c sleep 1000
	wait_until 10 task_is c RUNNING
	run -0 ctrd tasks exec --exec-id e1 c sh -c 'id -u; exit 0'
	assert_output 0
	run -6 ctrd tasks exec --exec-id e2 c sh -c 'exit 6'
	run -1 ctrd tasks exec --exec-id e3 c no-such-program
	assert_output --partial 'executable file not found'
	run -0 ctrd tasks ps c
	assert_equal "${#lines[@]}" 2
	run -0 ctrd tasks pause c
	wait_until 30 task_is c PAUSED
	run -0 ctrd tasks resume c
	wait_until 30 task_is c RUNNING
	run -0 ctrd tasks metrics c
	assert_output --partial memory
	run -0 ctrd tasks kill -s KILL c
	wait_until 10 task_is c STOPPED
	run ctrd tasks delete c
	run -0 ctrd containers rm c
	wait_until 10 no_shims
}

@test "a terminal" {
	run -0 "$TOOL/onpty" ctr --address "$CTRD/sock" --namespace "$CTRD_NS" run -t --rm --snapshotter native \
		--runc-binary "$PEAPOD" --cgroup "$CGROUP/c" "$TEST_IMAGE" c sh -c 'tty; test -t 0 && test -t 1 && echo both' </dev/null
	assert_line --partial /dev/pts/0
	assert_line --partial both
}

@test "kill of all, and of what has ended" {
	run_one -d c sh -c 'sleep 1000 & sleep 1000'
	wait_until 10 task_is c RUNNING
	run -0 ctrd tasks kill -a -s KILL c
	wait_until 10 task_is c STOPPED
	run -1 ctrd tasks kill -s KILL c
	assert_output --partial 'not found'
	ctrd tasks delete c || :
	ctrd containers rm c
}

@test "a shim that was killed leaves what containerd can clean up" {
	run_one -d c sleep 1000
	wait_until 10 task_is c RUNNING
	kill -KILL "$(containerd_shims | head -n 1)"
	gone() { [ -z "$(ctrd tasks ls -q)" ]; }
	wait_until 15 gone
	ctrd containers rm c
	none_left() { [ -z "$(cgroups_at "*$CGROUP/c")" ]; }
	wait_until 10 none_left
}

@test "the default seccomp profile and limits" {
	run -0 run_one --rm --seccomp --memory-limit=67108864 c grep Seccomp: /proc/self/status
	assert_output $'Seccomp:\t2'
}
