#!/usr/bin/env bats
# As a runtime of docker's daemon, which calls us through containerd and runc's shim. The daemon is one of this
# file's own: it has no network of its own making, and its state is below the test's directory.
load ../lib/common
load ../lib/bundle

can_run() {
	[ "$(id -u)" = 0 ] && type -P dockerd docker containerd containerd-shim-runc-v2 >/dev/null
}

setup_file() {
	can_run || return 0
	DOCKER=$BATS_FILE_TMPDIR/docker
	CGROUP=/peapod-test-$(unique)
	export DOCKER CGROUP
	mkdir "$DOCKER"
	dockerd -H "unix://$DOCKER/socket" --data-root "$DOCKER/data" --exec-root "$DOCKER/exec" --pidfile "$DOCKER/pid" \
		--bridge none --iptables=false --ip-forward=false --ip-masq=false --storage-driver vfs --add-runtime "peapod=$PEAPOD" \
		--default-runtime peapod --cgroup-parent "$CGROUP" --exec-opt native.cgroupdriver=cgroupfs >"$DOCKER/log" 2>&1 3>&- &
	# shellcheck disable=SC2317 # called by name
	answers() { docker -H "unix://$DOCKER/socket" version >/dev/null 2>&1; }
	wait_until 60 answers || { cat "$DOCKER/log" && return 1; }
	tar -C "$SUITE_ROOTFS" -c . | docker -H "unix://$DOCKER/socket" import - busybox:test
}

teardown_file() {
	can_run || return 0
	local pid id
	for id in $(dock ps -aq); do
		dock rm -f "$id"
	done
	pid=$(cat "$DOCKER/pid")
	kill "$pid"
	wait_until 60 is_gone "$pid"
	find /sys/fs/cgroup -depth -type d -path "*$CGROUP*" -exec rmdir {} + 2>/dev/null || :
	awk -v dir="$DOCKER/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac | xargs -r umount -l
}

setup() {
	requires root dockerd docker containerd containerd-shim-runc-v2
}

teardown() {
	dock rm -f box other >/dev/null 2>&1 || :
}

dock() {
	docker -H "unix://$DOCKER/socket" "$@" 3>&-
}

# run_one OPTIONS... IMAGE COMMAND...: limits as docker's defaults would need CAP_SYS_RESOURCE
run_one() {
	dock run --ulimit nofile=1024:1024 --network none "$@"
}

logs_have() {
	dock logs box 2>&1 | grep -qxF "$1"
}

health_is() {
	[ "$(dock inspect -f '{{.State.Health.Status}}' box)" = "$1" ]
}

@test "docker runs a container to its end, and its failures are 126 and 127" {
	run -3 run_one --rm busybox:test sh -c 'echo hello; exit 3'
	assert_output hello
	run -127 run_one --rm busybox:test /no/such/program
	run -127 run_one --rm busybox:test no-such-program
	assert_output --partial 'executable file not found in $PATH'
	run -126 run_one --rm busybox:test /etc/passwd
}

@test "docker exec, logs, top, stats, pause, update, stop, restart, kill" {
	run_one -d --name box busybox:test sh -c 'trap "echo bye; exit 5" TERM; echo out; while :; do sleep 0.1; done'
	wait_until 30 logs_have out
	run -7 dock exec -u 1 box sh -c 'id -u; exit 7'
	assert_output 1
	run -0 dock top box
	assert_output --partial 'sh -c trap'
	run -0 dock stats --no-stream --format '{{.PIDs}}' box
	[ "$output" -ge 1 ]
	run -0 dock pause box
	run -0 dock inspect -f '{{.State.Status}}' box
	assert_output paused
	run -0 dock unpause box
	run -0 dock update --memory 64m --memory-swap 128m box
	run -0 find /sys/fs/cgroup -path "*$CGROUP/*" '(' -name memory.limit_in_bytes -o -name memory.max ')' -exec cat {} +
	assert_line 67108864
	run -0 dock stop -t 30 box
	run -0 dock inspect -f '{{.State.Status}} {{.State.ExitCode}}' box
	assert_output 'exited 5'
	logs_have bye
	run -0 dock start box
	run -0 dock restart -t 30 box
	run -0 dock kill box
	run -0 dock wait box
	assert_output 137
	run -0 dock rm box
}

@test "docker's exit codes of an exec that fails are those that it has with runc" {
	requires runc
	local program code
	run_one -d --name box busybox:test sleep 1000
	run_one -d --name other --runtime runc busybox:test sleep 1000
	for program in /no/such/program no-such-program /etc/passwd /etc; do
		run dock exec other "$program"
		code=$status
		[ "$code" -ge 126 ]
		run "-$code" dock exec box "$program"
	done
	dock rm -f other
}

@test "docker's health checks are exec" {
	run_one -d --name box --health-cmd 'test -e /tmp/well' --health-interval 1s --health-retries 1 --tmpfs /tmp busybox:test sleep 1000
	wait_until 60 health_is unhealthy
	dock exec box touch /tmp/well
	wait_until 60 health_is healthy
}

@test "docker with a terminal, standard input, an init, few rights and the host's namespaces" {
	run -0 run_one --rm -i busybox:test cat <<<'from outside'
	assert_output 'from outside'
	run -0 script -qec "docker -H unix://$DOCKER/socket run --rm -it --ulimit nofile=1024:1024 --network none busybox:test tty" /dev/null </dev/null
	assert_output --partial /dev/pts/0
	run -0 run_one --rm --read-only --cap-drop ALL --user 1:2 --memory 50m --pids-limit 20 --tmpfs /tmp --hostname box busybox:test \
		sh -c 'id -u; id -g; hostname; grep CapBnd /proc/self/status; touch /x; exit 0'
	assert_line 1
	assert_line 2
	assert_line box
	assert_line --regexp 'CapBnd:.*0000000000000000$'
	assert_line --partial 'Read-only file system'
	run -0 dock run --rm --ulimit nofile=1024:1024 --privileged --pid host --ipc host --uts host --network host busybox:test true
}
