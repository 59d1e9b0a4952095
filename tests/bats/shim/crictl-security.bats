#!/usr/bin/env bats
# What a container may, by crictl: privileges, users, capabilities, seccomp, file systems.
# shellcheck disable=SC2016 # jq's and awk's

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() { start_cri; }
teardown_file() { stop_containerd; }
setup() { setup_cri; }
teardown() { teardown_cri; }

CONTEXT=.linux.security_context

# status_line ID NAME: of /proc/1/status in the container
status_line() {
	crictl exec -s "$1" awk -v name="$2:" '$1 == name { print $2 }' /proc/1/status | sed '/^$/d'
}

@test "a usual container: few capabilities, nothing to write in /sys or /proc/sys, no host devices" {
	local c
	# the paths are what the kubelet sends
	c=$(new_container "$(new_pod p)" app "$CONTEXT += {masked_paths: [\"/proc/version\", \"/proc/fs\"], readonly_paths: [\"/proc/sys\"]}" sleep 1000)
	assert_equal "$(status_line "$c" CapEff)" 00000000a80425fb
	run crictl exec -s "$c" sh -c 'echo x >/proc/sys/kernel/hostname'
	assert_failure
	assert_output --partial "Read-only file system"
	run crictl exec -s "$c" mkdir /sys/fs/cgroup/x
	assert_failure
	run crictl exec -s "$c" mount -t tmpfs none /tmp
	assert_failure
	run crictl exec -s "$c" ls /dev/mem
	assert_failure
	run -0 crictl exec -s "$c" sh -c 'test -c /dev/null && test -d /dev/shm && wc -c </proc/version && ls /proc/fs'
	assert_line 0
}

@test "a privileged container: all capabilities, all devices, a writable /sys" {
	local pod c
	pod=$(new_pod p "$CONTEXT.privileged = true")
	c=$(new_container "$pod" app "$CONTEXT.privileged = true" sleep 1000)
	assert_equal "$(status_line "$c" CapEff)" "$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)"
	assert_equal "$(status_line "$c" Seccomp)" 0
	run -0 crictl exec -s "$c" sh -c 'mount -t tmpfs none /tmp && ls /dev/loop-control /dev/kmsg'
	run -0 crictl exec -s "$c" grep -c ' /sys sysfs rw' /proc/mounts
	run -0 crictl exec -s "$c" sh -c 'mkdir /mnt && mount -t proc none /mnt'
}

@test "a read-only root file system, and a volume to write to" {
	local c
	mkdir "$BATS_TEST_TMPDIR/volume"
	c=$(new_container "$(new_pod p)" app "$CONTEXT.readonly_rootfs = true |
		.mounts = [{container_path: \"/data\", host_path: \"$BATS_TEST_TMPDIR/volume\"}]" sleep 1000)
	run crictl exec -s "$c" touch /x
	assert_failure
	assert_output --partial "Read-only file system"
	run -0 crictl exec -s "$c" touch /data/x /dev/shm/x
	[ -f "$BATS_TEST_TMPDIR/volume/x" ]
}

@test "a terminal: the container's own, all three streams, its output in the log" {
	local c
	c=$(new_container "$(new_pod p)" app '.tty = true' sh -c 'tty; test -t 1 && test -t 2 && echo all; exit 4')
	exits_with "$c" 4
	wait_until 30 logs_are "$c" $'/dev/pts/0\nall'
}

@test "seccomp: the runtime's default filters, unconfined does not" {
	local pod a b c
	pod=$(new_pod p)
	a=$(new_container "$pod" a "$CONTEXT.seccomp = {profile_type: 0}" sleep 1000)
	b=$(new_container "$pod" b "$CONTEXT.seccomp = {profile_type: 1}" sleep 1000)
	assert_equal "$(status_line "$a" Seccomp)" 2
	assert_equal "$(status_line "$b" Seccomp)" 0
	# a system call that needs no capability, so that only the filter can refuse it
	run crictl exec -s "$a" unshare -U true
	assert_failure
	assert_output --partial "Operation not permitted"
	run -0 crictl exec -s "$b" unshare -U true
	# the same for a profile of one's own
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' \
		>"$BATS_TEST_TMPDIR/profile.json"
	c=$(new_container "$pod" c "$CONTEXT.seccomp = {profile_type: 2, localhost_ref: \"$BATS_TEST_TMPDIR/profile.json\"}" sleep 1000)
	run crictl exec -s "$c" mkdir /tmp/x
	assert_failure
	assert_output --partial "No space left"
}

@test "users, groups, capabilities, no new privileges" {
	local pod a b
	pod=$(new_pod p)
	a=$(new_container "$pod" a "$CONTEXT += {run_as_user: {value: 1000}, run_as_group: {value: 1001},
		supplemental_groups: [2000], no_new_privs: true}" sleep 1000)
	run -0 crictl exec -s "$a" id
	assert_output --partial "uid=1000(user) gid=1001 groups=1001,2000"
	assert_equal "$(status_line "$a" NoNewPrivs)" 1
	assert_equal "$(status_line "$a" CapEff)" 0000000000000000
	b=$(new_container "$pod" b "$CONTEXT.capabilities = {drop_capabilities: [\"ALL\"], add_capabilities: [\"NET_ADMIN\"]}" sleep 1000)
	assert_equal "$(status_line "$b" CapEff)" 0000000000001000
	assert_equal "$(status_line "$b" NoNewPrivs)" 0
}

@test "sysctls of the pod, and environment and directory of the container" {
	local pod c
	pod=$(new_pod p '.linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "1", "kernel.shm_rmid_forced": "1"}')
	c=$(new_container "$pod" app '.working_dir = "/var/new" | .envs = [{key: "KEY", value: "a b"}]' sleep 1000)
	run -0 crictl exec -s "$c" sh -c 'pwd; echo "$KEY"; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced'
	assert_line --index 0 /var/new
	assert_line --index 1 "a b"
	assert_line --index 2 1
	assert_line --index 3 1
}

@test "a pod with a user namespace" {
	local pod a b context
	[ "$(cri_major)" -ge 2 ] || skip "containerd 1 has no pods with user namespaces"
	context="$CONTEXT.namespace_options = {pid: 1, userns_options: {mode: 0,
		uids: [{host_id: 1000000, container_id: 0, length: 65536}],
		gids: [{host_id: 1000000, container_id: 0, length: 65536}]}}"
	pod=$(new_pod p "$context")
	a=$(new_container "$pod" a "$context" sh -c 'touch /made; exec sleep 1000')
	b=$(new_container "$pod" b "$context" sleep 1000)
	wait_until 30 test -e "/proc/$(inspect "$a" .info.pid)/root/made"
	assert_equal "$(stat -c %u "/proc/$(inspect "$a" .info.pid)")" 1000000
	run -0 crictl exec -s "$a" cat /proc/self/uid_map
	assert_output --regexp '^ +0 +1000000 +65536'
	# its files belong to it, the image's and what it made
	run -0 crictl exec -s "$a" stat -c '%u %n' /bin/busybox /made
	assert_line "0 /bin/busybox"
	assert_line "0 /made"
	assert_equal "$(readlink "/proc/$(inspect "$a" .info.pid)/ns/user")" "$(readlink "/proc/$(inspect "$b" .info.pid)/ns/user")"
	crictl stop -t 0 "$a"
	exits_with "$a" 137
}
