#!/usr/bin/env bats
# Cgroups of a container: where they are, who is in them, and that they go again.
load ../lib/common
load ../lib/bundle
load ../lib/cgroup

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR/c1
	new_bundle "$DIR" sleep 1000
}

teardown() {
	teardown_containers
}

# Run it in the background as container c1.
start_c1() {
	peapod run -d -b "$DIR" c1 </dev/null >/dev/null 2>&1
}

@test "every hierarchy is joined, at the path of the config" {
	set_args "$DIR" cat /proc/self/cgroup
	edit_config "$DIR" '.linux.namespaces |= map(select(.type != "cgroup"))'
	run -0 peapod run -b "$DIR" c1
	# All lines of this very shell's hierarchies, and each with the container's path.
	assert_equal "${#lines[@]}" "$(wc -l </proc/self/cgroup)"
	local line
	for line in "${lines[@]}"; do
		assert_regex "$line" ":$CGROUP/c1\$"
	done
}

@test "exec joins the same cgroups" {
	edit_config "$DIR" '.linux.namespaces |= map(select(.type != "cgroup"))'
	start_c1
	run -0 peapod exec c1 cat /proc/self/cgroup
	assert_equal "${#lines[@]}" "$(wc -l </proc/self/cgroup)"
	local line
	for line in "${lines[@]}"; do
		assert_regex "$line" ":$CGROUP/c1\$"
	done
}

@test "relative and absent cgroupsPath are below the caller's cgroup" {
	requires cgroup-v1
	local own name
	name=$(unique rel)
	own=$(awk -F: '$2 == "pids" { print $3 }' /proc/self/cgroup)
	set_args "$DIR" sh -c 'grep :pids: /proc/self/cgroup'
	edit_config "$DIR" '.linux.namespaces |= map(select(.type != "cgroup"))'
	edit_config "$DIR" ".linux.cgroupsPath = \"$name/c1\""
	run -0 peapod run -b "$DIR" c1
	assert_output --partial ":pids:${own%/}/$name/c1"
	wait_until 30 remove_cgroups "*/$name"
	edit_config "$DIR" 'del(.linux.cgroupsPath)'
	run -0 peapod run -b "$DIR" "$name"
	assert_output --partial ":pids:${own%/}/$name"
	assert_equal "$(cgroups_at "*/$name")" ""
}

@test "a path with .. is refused, and a failed create leaves no cgroup" {
	edit_config "$DIR" ".linux.cgroupsPath = \"$CGROUP/../x\""
	run ! peapod run -b "$DIR" c1
	assert_output --partial "cgroupsPath"
	edit_config "$DIR" ".linux.cgroupsPath = \"$CGROUP/c1\""
	set_args "$DIR" /no/such/program
	run ! peapod run -b "$DIR" c1
	set_resources "$DIR" '{"cpu": {"cpus": "9999"}}'
	run ! peapod run -b "$DIR" c1
	assert_output --partial "cpu: cpus"
	assert_equal "$(cgroups_at "*$CGROUP*")" ""
}

@test "the cgroup of another container is refused, and it lives on" {
	start_c1
	new_bundle "$BATS_TEST_TMPDIR/c2" true
	edit_config "$BATS_TEST_TMPDIR/c2" ".linux.cgroupsPath = \"$CGROUP/c1\""
	run ! peapod run -b "$BATS_TEST_TMPDIR/c2" c2
	assert_output --partial "not empty"
	peapod delete --force c2
	assert_equal "$(status_of c1)" running
}

@test "delete removes what a container made below its cgroups" {
	start_c1
	local dir n=0
	for dir in $(cgroups_at "*$CGROUP/c1"); do
		mkdir -p "$dir/a/b/c" "$dir/d"
		n=$((n + 1))
	done
	[ "$n" -gt 0 ]
	peapod delete --force c1
	run -0 leftovers
	assert_output ""
}

@test "a paused container can be killed" {
	start_c1
	peapod pause c1
	assert_equal "$(status_of c1)" paused
	peapod kill c1 KILL
	wait_until 10 has_status c1 stopped
}

@test "without any usable cgroup a container without limits runs, one with limits is refused" {
	set_args "$DIR" echo runs
	set_resources "$DIR" '{}'
	edit_config "$DIR" 'del(.mounts[] | select(.type == "cgroup"))'
	run -0 unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' - \
		"$PEAPOD" --root "$STATE" run -b "$DIR" c1
	assert_line runs
	set_resources "$DIR" '{"pids": {"limit": 9}}'
	run ! unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' - \
		"$PEAPOD" --root "$STATE" run -b "$DIR" c1
	assert_output --partial "pids: limit"
}

@test "read-only hierarchies are left out unless something needs them" {
	requires cgroup-v1
	# shellcheck disable=SC2016 # for the inner shell
	local ro='for m in /sys/fs/cgroup/*; do mount -o remount,bind,ro "$m"; done; exec "$@"'
	set_args "$DIR" echo runs
	set_resources "$DIR" '{}'
	run -0 unshare -m sh -c "$ro" - "$PEAPOD" --root "$STATE" run -b "$DIR" c1
	assert_line runs
	set_resources "$DIR" '{"pids": {"limit": 9}}'
	run ! unshare -m sh -c "$ro" - "$PEAPOD" --root "$STATE" run -b "$DIR" c1
	assert_output --partial "Read-only file system"
	assert_output --partial "pids"
}

@test "without systemd its cgroup driver is refused, with what it looked for" {
	[ ! -d /run/systemd/system ] || skip "needs a host without systemd"
	edit_config "$DIR" 'del(.linux.cgroupsPath)'
	run ! "$PEAPOD" --root "$STATE" --systemd-cgroup run -b "$DIR" c1
	assert_output --partial "systemd does not answer (is it this host's init?): connect to '/run/systemd/private'"
	assert [ ! -e "$STATE/c1" ]
}

@test "a threaded cgroup, and a neighbour of one, are refused with what they are" {
	local top=/sys/fs/cgroup
	[ -f $top/cgroup.controllers ] || top=$top/unified
	mkdir "$top$CGROUP" "$top$CGROUP/t" "$top$CGROUP/d"
	echo threaded >"$top$CGROUP/t/cgroup.type"
	edit_config "$DIR" '.linux.cgroupsPath = $p | del(.linux.resources)' --arg p "$CGROUP/d"
	run -1 peapod run -b "$DIR" c1
	assert_output --regexp "cgroup '[^']*$CGROUP/d': its type is 'domain invalid': a process cannot join it"
	edit_config "$DIR" '.linux.cgroupsPath = $p' --arg p "$CGROUP/t/c1"
	run -1 peapod run -b "$DIR" c1
	assert_output --regexp "threaded|domain invalid"
	rmdir "$top$CGROUP/t/c1" 2>/dev/null || :
	rmdir "$top$CGROUP/t" "$top$CGROUP/d"
}
