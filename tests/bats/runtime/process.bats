#!/usr/bin/env bats
# The process as the config describes it.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

# runs FILTER COMMAND...: output of a container whose config went through the filter
runs() {
	local filter=$1
	shift
	rm -rf "$DIR/b"
	new_bundle "$DIR/b" "$@"
	edit_config "$DIR/b" "$filter"
	run peapod run -b "$DIR/b" c
}

@test "args, environment, working directory" {
	runs '.process.env = ["PATH=/bin", "A=1", "A=2", "EMPTY="] | .process.cwd = "/new/dir"' \
		sh -c 'pwd; env | sort'
	assert_success
	assert_line --index 0 /new/dir
	assert_line A=2
	refute_line A=1
	assert_line EMPTY=
	assert_line HOME=/root
}

@test "a missing working directory is made also where the container itself can write nothing" {
	runs '.process.cwd = "/new/dir" | .root.readonly = true' pwd
	assert_output /new/dir
	runs '.process.cwd = "/ro/dir" | .mounts += [{destination: "/ro", type: "tmpfs", options: ["ro"]}]' pwd
	assert_output /ro/dir
	runs '.process.cwd = "/etc/dir" | .linux.readonlyPaths += ["/etc"]' sh -c 'pwd; mkdir x'
	assert_line --index 0 /etc/dir
	assert_line --partial 'Read-only file system'
}

@test "a working directory that nobody may enter is an error, never another directory" {
	new_bundle "$DIR/b" pwd
	mkdir -m 700 "$DIR/b/rootfs/secret"
	chown 5000:5000 "$DIR/b/rootfs/secret" # whom nobody in the container is
	edit_config "$DIR/b" '.process.cwd = "/secret" | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$DIR" "$DIR/b"
	run ! peapod run -b "$DIR/b" c
	assert_output --partial "process: cwd: "
	assert_output --partial 'ermission denied'
	refute_line /
}

@test "HOME is the user's of the container's passwd" {
	# shellcheck disable=SC2016
	runs '.process.user = {uid: 1000, gid: 1000}' sh -c 'echo $HOME'
	assert_output /home
	# shellcheck disable=SC2016
	runs '.process.user = {uid: 4242, gid: 1}' sh -c 'echo $HOME'
	assert_output /
	# shellcheck disable=SC2016
	runs '.process.env += ["HOME=/own"]' sh -c 'echo $HOME'
	assert_output /own
}

@test "ids, groups and umask" {
	runs '.process.user = {uid: 11, gid: 12, additionalGids: [13, 14], umask: 63}' sh -c 'id -u; id -g; id -G; umask'
	assert_output $'11\n12\n12 13 14\n0077'
	runs '.process.user = {uid: 0, gid: 0}' sh -c 'grep Groups: /proc/self/status; umask'
	assert_line --regexp '^Groups:[[:space:]]*$'
	assert_line 0022
}

@test "the id that the kernel takes for 'unchanged' is refused" {
	runs '.process.user.uid = 4294967295' id
	assert_failure
	assert_output --partial uid
	runs '.process.user.gid = 4294967295' id
	assert_failure
	runs '.process.user.additionalGids = [4294967295]' id
	assert_failure
}

@test "five sets of capabilities" {
	runs '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL", "CAP_CHOWN"],
		effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]} | .process.user.uid = 1000' \
		grep ^Cap /proc/self/status
	assert_line --regexp '^CapInh:.0+1$'
	assert_line --regexp '^CapBnd:.0+21$'
	assert_line --regexp '^CapAmb:.0+1$'
	assert_line --regexp '^CapEff:.0+1$'
	runs '.process.capabilities = {}' grep ^Cap /proc/self/status
	assert_line --regexp '^CapBnd:.0+$'
	assert_line --regexp '^CapEff:.0+$'
	runs 'del(.process.capabilities)' grep ^CapBnd /proc/self/status
	assert_success
}

@test "a capability that does not exist is ignored with a warning" {
	runs '.process.capabilities.bounding += ["CAP_NO_SUCH"]' echo works
	assert_success
	assert_output --partial works
	assert_output --partial CAP_NO_SUCH
}

@test "no new privileges" {
	runs '.process.noNewPrivileges = true' grep NoNewPrivs /proc/self/status
	assert_output $'NoNewPrivs:\t1'
	runs '.process.noNewPrivileges = false' grep NoNewPrivs /proc/self/status
	assert_output $'NoNewPrivs:\t0'
}

@test "resource limits; twice the same is an error" {
	runs '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 99}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]' \
		sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
	assert_output $'77\n99\n0'
	runs '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 99}, {type: "RLIMIT_NOFILE", soft: 7, hard: 9}]' true
	assert_failure
	assert_output --partial RLIMIT_NOFILE
	runs '.process.rlimits = [{type: "RLIMIT_NO_SUCH", soft: 77, hard: 99}]' true
	assert_failure
}

@test "the score of the out-of-memory killer" {
	runs '.process.oomScoreAdj = 777' cat /proc/self/oom_score_adj
	assert_output 777
	runs 'del(.process.oomScoreAdj)' cat /proc/self/oom_score_adj
	assert_output "$(cat /proc/self/oom_score_adj)"
	runs '.process.oomScoreAdj = 1001' true
	assert_failure
}

@test "the scheduler, the io priority and the personality" {
	requires chrt
	runs '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}' sh -c "awk '{ print \$19, \$41 }' /proc/self/stat"
	assert_output '5 3'
	runs '.linux.personality = {domain: "LINUX32"}' uname -m
	assert_output i686
	runs '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}' ionice
	assert_output --partial idle
}

@test "labels without a security module are refused" {
	[ -e /sys/kernel/security/apparmor ] && skip "AppArmor is there"
	[ -e /sys/fs/selinux/enforce ] && skip "SELinux is there"
	runs '.process.apparmorProfile = "p"' true
	assert_failure
	assert_output --partial apparmor
	runs '.process.selinuxLabel = "l"' true
	assert_failure
	assert_output --partial selinux
}

@test "standard files that are /dev/null are the container's" {
	# shellcheck disable=SC2016
	runs . sh -c 'for f in 0 1 2; do stat -L -c "%d:%t:%T" /proc/self/fd/$f; done >/nulls 2>/dev/null; stat -c %d /dev/null >/dev-null'
	new_bundle "$DIR/n" stat -L -c %d /proc/self/fd/0 /dev/null
	run -0 peapod run -b "$DIR/n" n </dev/null
	assert_equal "${lines[0]}" "${lines[1]}"
}
