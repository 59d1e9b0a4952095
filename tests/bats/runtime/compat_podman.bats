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
	podman --root "$PODS/root" --runroot "$PODS/run" --tmpdir "$PODS/tmp" --storage-driver vfs --events-backend none \
		--cgroup-manager cgroupfs --runtime "$PEAPOD" "$@" 3>&-
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
