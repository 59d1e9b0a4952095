#!/usr/bin/env bats
# What other runtimes once broke for their users.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

# cgroups_of PID: its directories in all hierarchies of the host
cgroups_of() {
	local line controllers path
	while IFS= read -r line; do
		controllers=${line#*:} controllers=${controllers%%:*} path=${line#*:*:}
		case $controllers in
		'') if [ -d /sys/fs/cgroup/unified ]; then echo "/sys/fs/cgroup/unified$path"; else echo "/sys/fs/cgroup$path"; fi ;;
		name=*) echo "/sys/fs/cgroup/${controllers#name=}$path" ;;
		*) echo "/sys/fs/cgroup/$controllers$path" ;;
		esac
	done <"/proc/$1/cgroup" | grep "$CGROUP"
}

@test "exec in a container that has moved itself below its cgroups" {
	local pid dir n=0
	spawn c sleep 1000
	pid=$(pid_of c)
	for dir in $(cgroups_of "$pid"); do
		mkdir "$dir/below"
		[ ! -e "$dir/cpuset.cpus" ] || [ -e "$dir/cgroup.controllers" ] || {
			cat "$dir/cpuset.cpus" >"$dir/below/cpuset.cpus"
			cat "$dir/cpuset.mems" >"$dir/below/cpuset.mems"
		}
		echo "$pid" >"$dir/below/cgroup.procs"
		# from here on no process may be in the container's own directory
		[ ! -e "$dir/cgroup.subtree_control" ] || ! grep -qw pids "$dir/cgroup.controllers" || echo +pids >"$dir/cgroup.subtree_control"
		n=$((n + 1))
	done
	[ $n -gt 0 ]
	run -0 peapod exec c cat /proc/self/cgroup </dev/null
	run -0 peapod exec c sh -c 'exit 0' </dev/null
	run -0 peapod kill c KILL
}

@test "the mode of a directory in the image is not that of what is mounted there with one of its own" {
	new_bundle "$DIR/c" sh -c 'for d in /proc /dev/mqueue /tmp /run; do stat -c "%n %a" $d; done'
	mkdir -p "$DIR/c/rootfs/run"
	chmod 700 "$DIR/c/rootfs/proc" "$DIR/c/rootfs/tmp" "$DIR/c/rootfs/run"
	edit_config "$DIR/c" '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]},
		{destination: "/run", type: "tmpfs", source: "tmpfs"}]'
	run -0 peapod run -b "$DIR/c" c
	assert_line '/proc 555'
	assert_line '/dev/mqueue 1777'
	assert_line '/tmp 1777'
	assert_line '/run 700' # where it has none, it is the image's
}

@test "a terminal on a read-only root without a /dev of its own" {
	requires script
	new_bundle "$DIR/c" sh -c 'tty; echo there'
	touch "$DIR/c/rootfs/dev/console"
	edit_config "$DIR/c" '.process.terminal = true | .root.readonly = true
		| .mounts |= map(select(.destination | . == "/proc" or . == "/dev/pts"))'
	mkdir -p "$DIR/c/rootfs/dev/pts"
	run -0 script -qec "$PEAPOD --root $STATE run -b $DIR/c c" /dev/null </dev/null
	assert_line --partial /dev/pts/0
	assert_line --partial there
	[ -f "$DIR/c/rootfs/dev/console" ] # still the image's own file
}

@test "hooks get one line without escaped slashes" {
	local hook=$DIR/hook
	printf '#!/bin/sh\ncat >"%s"\n' "$DIR/state-of-hook" >"$hook"
	chmod 755 "$hook"
	new_bundle "$DIR/c" true
	# shellcheck disable=SC2016
	edit_config "$DIR/c" '.hooks = {createRuntime: [{path: $hook}]} | .annotations = {"a/b": "c/d"}' --arg hook "$hook"
	run -0 peapod run -b "$DIR/c" c
	run -0 cat "$DIR/state-of-hook"
	refute_output --partial '\/'
	assert_output --partial '"a/b":"c/d"'
	assert_equal "${#lines[@]}" 1
}

@test "nothing stays frozen when a command on a paused container fails" {
	spawn c sleep 1000
	peapod pause c
	run -255 peapod exec c true </dev/null
	run -1 peapod pause c
	run -1 peapod update --cpuset-cpus 99999 c
	run -1 peapod delete c
	has_status c paused
	peapod resume c
	run -0 peapod exec c true </dev/null
	# one that cannot be resumed, as it runs, goes on running
	run -1 peapod resume c
	has_status c running
}
