#!/usr/bin/env bats
# Options that no other suite is about, and attributes of processes beyond process.bats.
load ../lib/common
load ../lib/bundle

# bats file_tags=root

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	new_bundle "$DIR/b" true
}

teardown() {
	teardown_containers
}

# spawn_sleeper: container c, which sleeps
spawn_sleeper() {
	set_args "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
}

@test "a new session keyring is named after the container, --no-new-keyring keeps the caller's" {
	local id
	id=$(unique k)
	edit_config "$DIR/b" '.linux.maskedPaths = []'
	set_args "$DIR/b" cat /proc/keys
	run -0 peapod run -b "$DIR/b" "$id"
	assert_output --partial " _ses.$id: "
	# another name: the kernel collects the keyring of the first one when it has time
	run -0 peapod run --no-new-keyring -b "$DIR/b" "$id-2"
	refute_output --partial " _ses.$id-2: "
}

@test "run --no-subreaper leaves orphans to whom they fall" {
	local orphan code=0
	edit_config "$DIR/b" '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(select(.type != "proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	set_args "$DIR/b" sh -c 'sleep 1000 & echo $!; exit 4'
	peapod run --no-subreaper --keep -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1 || code=$?
	assert_equal "$code" 4
	orphan=$(cat "$DIR/out")
	[ "$(awk '/^PPid:/ { print $2 }' "/proc/$orphan/status")" != "$$" ]
	peapod delete --force c
	wait_until 30 is_gone "$orphan"
}

@test "exec --apparmor and --process-label are refused by name where there is no such module" {
	[ ! -e /sys/kernel/security/apparmor ] || skip "AppArmor is there"
	spawn_sleeper
	run -255 peapod exec --apparmor some-profile c true
	assert_output --partial "apparmorProfile: 'some-profile'"
	run -255 peapod exec --process-label some:label c true
	assert_output --partial "selinuxLabel: 'some:label'"
	edit_config "$DIR/b" '.linux.mountLabel = "some:label"'
	run -1 peapod run -b "$DIR/b" d
	assert_output --partial 'linux.mountLabel'
}

@test "exec --cgroup: one path for all hierarchies, or several for some" {
	requires cgroup-v1
	spawn_sleeper
	local pids=/sys/fs/cgroup/pids$CGROUP/b memory=/sys/fs/cgroup/memory$CGROUP/b
	mkdir "$pids/p" "$memory/m"
	run -0 peapod exec --cgroup pids:p --cgroup memory:/m c cat /proc/self/cgroup
	assert_line --regexp "pids:.*$CGROUP/b/p\$"
	assert_line --regexp "memory:.*$CGROUP/b/m\$"
	assert_line --regexp "devices:.*$CGROUP/b\$"
	run -255 peapod exec --cgroup pids:p --cgroup / c true
	assert_output --partial "two paths for 'pids'"
	run -255 peapod exec --cgroup pids:../../.. c true
	assert_output --partial "'..' is not allowed"
	run -255 peapod exec --cgroup no-such:p c true
	assert_output --partial "no v1 hierarchy with 'no-such'"
	run -255 peapod exec --cgroup pids:absent c true
	assert_output --partial absent
	wait_until 30 rmdir "$pids/p"
	wait_until 30 rmdir "$memory/m"
}

@test "exec does not change the host's mount table" {
	requires python3
	spawn_sleeper
	# the kernel tells who polls mountinfo of each change
	cat >"$DIR/watch.py" <<-'END'
		import select, subprocess, sys
		with open("/proc/self/mountinfo") as table:
		    poll = select.poll()
		    poll.register(table, select.POLLERR | select.POLLPRI)
		    table.read()
		    for i in range(30):
		        poll.poll(0)
		        subprocess.run(sys.argv[1:], check=True, stdin=subprocess.DEVNULL)
		        if not poll.poll(0):
		            sys.exit("unchanged")
	END
	# in a mount namespace of its own, for other tests mount, too; what they remove may still be seen
	# there, so one exec of several without a change is enough: one that made it would always do so
	run -1 unshare -m python3 "$DIR/watch.py" "$PEAPOD" --root "$STATE" exec c true
	assert_output unchanged
}

@test "a process may run on every CPU, wherever its runtime is kept" {
	requires taskset
	local all
	set_args "$DIR/b" grep Cpus_allowed_list /proc/self/status
	all=$(peapod run -b "$DIR/b" c)
	run -0 taskset -c 0 "$PEAPOD" --root "$STATE" run -b "$DIR/b" c
	assert_output "$all"
	spawn_sleeper
	run -0 taskset -c 0 "$PEAPOD" --root "$STATE" exec c grep Cpus_allowed_list /proc/self/status
	assert_output "$all"
}

@test "exec runs where execCPUAffinity says, and the first process everywhere" {
	[ "$(nproc)" -gt 1 ] || skip "needs two CPUs"
	edit_config "$DIR/b" '.process.execCPUAffinity = {initial: "0", final: "1"}'
	spawn_sleeper
	run -0 peapod exec c grep Cpus_allowed_list /proc/self/status
	assert_output --regexp ':[[:space:]]*1$'
	run -0 grep Cpus_allowed_list "/proc/$(pid_of c)/status"
	refute_output --regexp ':[[:space:]]*1$'
	edit_config "$DIR/b" '.process.execCPUAffinity = {final: "1-0"}'
	run -1 peapod create -b "$DIR/b" d
	assert_output --partial execCPUAffinity
}

@test "a memory policy is the kernel's" {
	[ -e /proc/self/numa_maps ] || skip "needs NUMA"
	edit_config "$DIR/b" '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	set_args "$DIR/b" cat /proc/self/numa_maps
	run -0 peapod run -b "$DIR/b" c
	assert_output --partial 'bind:0'
	edit_config "$DIR/b" '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "900"}'
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial 'linux: memoryPolicy'
}

@test "oomScoreAdj cannot be lowered without the right to, and that is told" {
	requires setpriv
	edit_config "$DIR/b" '.process.oomScoreAdj = -500'
	run -1 setpriv --bounding-set -sys_resource "$PEAPOD" --root "$STATE" run -b "$DIR/b" c
	assert_output --partial 'process: oomScoreAdj: may not be lowered to -500: the runtime lacks CAP_SYS_RESOURCE'
}

@test "a thousand warnings do not block exec" {
	spawn_sleeper
	jq '.process | .args = ["echo", "done"] | .terminal = false
		| .capabilities.bounding += [range(1000) | "CAP_NO_SUCH_\(.)"]' "$DIR/b/config.json" >"$DIR/process.json"
	run -0 timeout -s KILL 60 "$PEAPOD" --root "$STATE" exec --process "$DIR/process.json" c
	assert_line 'done'
	assert_line --partial CAP_NO_SUCH_999
}

@test "a paused container takes no exec, is told so, and goes on" {
	spawn_sleeper
	peapod pause c
	run -255 peapod exec c true
	assert_output --partial paused
	peapod resume c
	run -0 peapod exec c true
}

@test "pause twice and resume of a running container are errors that say the state" {
	spawn_sleeper
	run -1 peapod resume c
	assert_output --partial running
	peapod pause c
	run -1 peapod pause c
	assert_output --partial paused
}

@test "sysctls with slashes are the same, also for names with dots" {
	edit_config "$DIR/b" '.linux.sysctl = {"net/ipv4/ip_default_ttl": "55", "net.ipv4.conf.lo.rp_filter": "2"}'
	set_args "$DIR/b" cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/net/ipv4/conf/lo/rp_filter
	run -0 peapod run -b "$DIR/b" c
	assert_output $'55\n2'
}

@test "umask of the config reaches run and exec" {
	edit_config "$DIR/b" '.process.user.umask = 54'
	spawn_sleeper
	run -0 peapod exec c sh -c umask
	assert_output 0066
}
