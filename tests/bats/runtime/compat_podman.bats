#!/usr/bin/env bats
# As podman's --runtime: podman and conmon find what they know from runc.
load ../lib/common
load ../lib/bundle

setup() {
	requires root podman conmon
	setup_containers
	PODS=$BATS_TEST_TMPDIR/podman
	mkdir "$PODS"
}

teardown() {
	local id
	pod_man pod rm -f -t 0 p >/dev/null 2>&1 || :
	for id in $(pod_man ps -aq 2>/dev/null); do
		pod_man rm -f -t 0 "$id" >/dev/null 2>&1 || :
	done
	wait_until 10 conmon_left || :
	teardown_containers
}

# conmon is in a cgroup beside the container's, and takes its time to end.
conmon_left() {
	! find /sys/fs/cgroup -depth -type d -path "*$CGROUP*" -exec rmdir {} + 2>&1 | grep -q .
}

pod_man() {
	with_fds "$@" 3>&-
}

with_fds() {
	podman --root "$PODS/root" --runroot "$PODS/run" --tmpdir "$PODS/tmp" --storage-driver vfs --events-backend none \
		--cgroup-manager cgroupfs --runtime "$PEAPOD" "$@"
}

# run_one OPTIONS... COMMAND...: limits as podman's defaults would need CAP_SYS_RESOURCE
run_one() {
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		shift
	done
	pod_man run "${options[@]}" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network none \
		--cgroup-parent "$CGROUP" --rootfs "$SUITE_ROOTFS" "$@"
}

@test "podman runs a container to its end" {
	run -3 run_one --rm /bin/sh -c 'echo hello; exit 3'
	assert_output hello
}

@test "podman maps failures to 126 and 127" {
	run -127 run_one --rm /no/such/program
	run -126 run_one --rm /etc/passwd
}

@test "podman exec, kill, stop, rm" {
	run_one -d --name=c /bin/sleep 1000
	run -0 pod_man exec c /bin/id -u
	assert_output 0
	run -7 pod_man exec c /bin/sh -c 'exit 7'
	run -127 pod_man exec c /no/such/program
	run -0 pod_man inspect -f '{{.State.Status}}' c
	assert_output running
	run -0 pod_man pause c
	run -0 pod_man unpause c
	run -0 pod_man kill -s KILL c
	run -0 pod_man wait c
	assert_output 137
	run -0 pod_man rm c
}

# says NAME LINE: it wrote that line
says() {
	pod_man logs "$1" 2>&1 | grep -qxF "$2"
}

@test "podman logs, top, stats, update, stop, start, restart" {
	run_one -d --name=c /bin/sh -c 'trap "echo bye; exit 5" TERM; echo out; echo err >&2; while :; do sleep 0.1; done'
	wait_until 30 says c out
	wait_until 30 says c err
	run -0 pod_man top c pid comm
	assert_line --regexp '^1 +sh$'
	run -0 pod_man stats --no-stream --format '{{.PIDs}}' c
	[ "$output" -ge 1 ]
	run -0 pod_man update --memory 64m c
	run -0 find /sys/fs/cgroup -path "*$CGROUP/libpod-*" '(' -name memory.limit_in_bytes -o -name memory.max ')' -exec cat {} +
	assert_line 67108864
	run -0 pod_man stop -t 30 c
	run -0 pod_man inspect -f '{{.State.Status}} {{.State.ExitCode}}' c
	assert_output 'exited 5'
	says c bye
	run -0 pod_man start c
	run -0 pod_man restart -t 30 c
	run -0 pod_man inspect -f '{{.State.Running}}' c
	assert_output true
	run -0 pod_man rm -f -t 0 c
}

@test "podman healthcheck" {
	run_one -d --name=c --health-cmd='test -e /tmp/well' --health-interval=disable --tmpfs=/tmp /bin/sleep 1000
	run -1 pod_man healthcheck run c
	run -0 pod_man exec c /bin/touch /tmp/well
	run -0 pod_man healthcheck run c
	run -0 pod_man inspect -f '{{.State.Health.Status}}' c
	assert_output healthy
}

@test "podman with a terminal, with standard input, with fds" {
	run -4 run_one --rm -t /bin/sh -c 'tty; exit 4'
	assert_output --partial /dev/pts/0
	run -0 run_one --rm -i /bin/cat <<<'from outside'
	assert_output 'from outside'
	run_fd() { pod_man() { with_fds "$@"; } && run_one --rm --preserve-fds=1 /bin/sh -c 'cat <&3' 3<<<'third'; }
	run -0 run_fd
	assert_output third
}

@test "podman's options of process, limits, namespaces and mounts" {
	run -0 run_one --rm --read-only --cap-drop=all --security-opt=no-new-privileges --user=1:2 --memory=50m --pids-limit=20 \
		--hostname=box --tmpfs=/tmp --volume="$BATS_TEST_TMPDIR:/mnt:ro" --workdir=/tmp --env=A=b --sysctl=net.ipv4.ip_default_ttl=33 \
		/bin/sh -c 'id -u; id -g; hostname; echo $A; pwd; cat /proc/sys/net/ipv4/ip_default_ttl; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status; touch /x /mnt/x 2>&1; exit 0'
	assert_line --index 0 1
	assert_line --index 1 2
	assert_line --index 2 box
	assert_line --index 3 b
	assert_line --index 4 /tmp
	assert_line --index 5 33
	assert_line --regexp '^CapBnd:.*0000000000000000$'
	assert_line --regexp '^NoNewPrivs:.*1$'
	[ "$(grep -c 'Read-only file system' <<<"$output")" = 2 ]
	run -0 run_one --rm --pid=host --ipc=host --uts=host /bin/true
	run -0 run_one --rm --privileged /bin/true
	run -0 run_one --rm --uidmap=0:100000:65536 /bin/cat /proc/self/uid_map
	assert_output --regexp '^ *0 +100000 +65536$'
}

@test "podman pod: containers share what it says; pause, stop, start, rm" {
	local infra pid
	# its image is made of a program catatonit: ours can be that
	mkdir "$PODS/bin"
	cp "$B/pause" "$PODS/bin/catatonit"
	printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n' >"$PODS/conf"
	export PATH=$PODS/bin:$PATH CONTAINERS_CONF=$PODS/conf
	run -0 pod_man pod create --name=p --network=none --share=net,ipc,uts --hostname=podhost --cgroup-parent="$CGROUP"
	pod_man run -d --pod=p --name=c --rootfs "$SUITE_ROOTFS" /bin/sleep 1000
	run -0 pod_man run --rm --pod=p --rootfs "$SUITE_ROOTFS" /bin/sh -c 'hostname; readlink /proc/self/ns/net'
	assert_line --index 0 podhost
	infra=$(pod_man pod inspect -f '{{.InfraContainerID}}' p)
	pid=$(pod_man inspect -f '{{.State.Pid}}' "$infra")
	assert_line --index 1 "$(readlink "/proc/$pid/ns/net")"
	run -0 pod_man pod pause p
	run -0 pod_man inspect -f '{{.State.Status}}' c
	assert_output paused
	run -0 pod_man pod unpause p
	run -0 pod_man pod stop -t 0 p
	run -0 pod_man pod start p
	run -0 pod_man inspect -f '{{.State.Status}}' c
	assert_output running
	run -0 pod_man pod rm -f -t 0 p
}
