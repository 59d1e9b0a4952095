#!/usr/bin/env bats
# shellcheck disable=SC2034 # ENVIRONMENT and OWNER are read by lib/rootless
# An unprivileged user who exists: subordinate ids, his own service manager.
load ../lib/common
load ../lib/rootless

setup_file() {
	[ -d /run/systemd/system ] && [ "$(id -u)" = 0 ] || return 0
	useradd -m -u 20001 peapodtest
	useradd -m -u 20002 peapodnone # one that has no manager
	loginctl enable-linger peapodtest
	wait_until 120 test -S /run/user/20001/systemd/private
}

teardown_file() {
	[ -d /run/systemd/system ] && [ "$(id -u)" = 0 ] || return 0
	loginctl disable-linger peapodtest
	loginctl terminate-user peapodtest || :
	wait_until 120 test ! -e /run/user/20001
	userdel -r peapodtest 2>/dev/null || :
	userdel -r peapodnone 2>/dev/null || :
}

setup() {
	requires systemd
	setup_rootless 20001
	ENVIRONMENT=(XDG_RUNTIME_DIR=/run/user/20001)
	UNIT=$(unique rl)-c1.scope
	edit '.linux.cgroupsPath = $p' --arg p "user.slice:${UNIT%-c1.scope}:c1"
}

teardown() {
	teardown_rootless
}

# user_property NAME: of $UNIT, of the user's manager
user_property() {
	as_user env XDG_RUNTIME_DIR=/run/user/20001 systemctl --user show --value -p "$1" "$UNIT"
}

file() {
	cat "/sys/fs/cgroup$(user_property ControlGroup)/$1"
}

no_unit() {
	[ "$(user_property LoadState)" = not-found ]
}

@test "subordinate ids are mapped by newuidmap and newgidmap" {
	local first
	first=$(awk -F: '$1 == "peapodtest" { print $2 }' /etc/subuid)
	edit '.linux.uidMappings = [{containerID: 0, hostID: 20001, size: 1}, {containerID: 1, hostID: $first, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 5, gid: 6, additionalGids: [7]}' --argjson first "$first"
	edit 'del(.linux.cgroupsPath)'
	args sh -c 'id; touch /tmp/made; sleep 1000'
	mkdir -p "$DIR/c1/rootfs/tmp" && chmod 1777 "$DIR/c1/rootfs/tmp"
	spawn_user
	wait_until 60 test -e "$DIR/c1/rootfs/tmp/made"
	run -0 cat "$DIR/out"
	assert_line --partial 'uid=5'
	assert_line --partial 'gid=6'
	assert_line --partial '7'
	[ "$(stat -c %u "$DIR/c1/rootfs/tmp/made")" = $((first + 4)) ]
	run -0 peapod_user exec c1 id -u # as in the config
	peapod_user exec -u 0 c1 true
}

@test "ids that are not in /etc/subuid are refused in newuidmap's words" {
	edit '.linux.uidMappings = [{containerID: 0, hostID: 20001, size: 1}, {containerID: 1, hostID: 5, size: 10}] | del(.linux.cgroupsPath)'
	run -1 peapod_user run -b "$DIR/c1" c1
	assert_output --partial 'linux: uidMappings: newuidmap: uid range'
}

@test "a scope of the user's manager, with limits" {
	edit '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 50}, cpu: {shares: 512}}'
	args sleep 1000
	spawn_user --systemd-cgroup
	[ "$(user_property ActiveState)" = active ]
	[[ $(user_property ControlGroup) == */user@20001.service/user.slice/$UNIT ]]
	[ "$(file cgroup.procs)" = "$(user_pid)" ]
	[ "$(user_property MemoryMax)" = 67108864 ]
	[ "$(file memory.max)" = 67108864 ]
	[ "$(file pids.max)" = 50 ]
	[ "$(jq -r .systemdUser "$DIR/state/c1/state.json")" = true ]
	peapod_user update --memory 32m c1
	[ "$(user_property MemoryMax)" = 33554432 ]
	[ "$(file memory.max)" = 33554432 ]
	peapod_user pause c1
	[ "$(file cgroup.freeze)" = 1 ]
	peapod_user resume c1
	[ "$(peapod_user events --stats c1 | jq .data.pids.current)" = 1 ]
	peapod_user delete --force c1
	no_unit
}

@test "one more process is moved into the scope by systemd" {
	args sleep 1000
	spawn_user --systemd-cgroup
	peapod_user exec -d c1 sleep 999 </dev/null >/dev/null 2>&1
	[ "$(file cgroup.procs | wc -l)" = 2 ]
	[ "$(peapod_user ps -f json c1 | jq length)" = 2 ]
	run -0 peapod_user exec c1 cat /proc/self/cgroup
	peapod_user delete --force c1
	no_unit
}

@test "without cgroupsPath the scope is in user.slice" {
	edit 'del(.linux.cgroupsPath)'
	args true
	run -0 peapod_user --systemd-cgroup run -b "$DIR/c1" c1
	UNIT=peapod-c1.scope
	no_unit
}

@test "the user's bus is asked where the manager's own socket is not there" {
	mkdir "$DIR/run"
	ENVIRONMENT=(XDG_RUNTIME_DIR="$DIR/run" DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/20001/bus)
	args sleep 1000
	spawn_user --systemd-cgroup
	[ "$(file cgroup.procs)" = "$(user_pid)" ]
	peapod_user delete --force c1
	no_unit
}

@test "in a delegated scope the cgroupfs driver has limits" {
	edit '.linux.resources = {memory: {limit: 67108864}} | del(.linux.cgroupsPath)'
	args sh -c 'sleep 1000'
	as_user systemd-run --user --scope -q -p Delegate=yes "$DIR/peapod" --root "$DIR/state" run -d -b "$DIR/c1" c1 </dev/null >"$DIR/out" 2>&1 || { cat "$DIR/out" && false; }
	run -0 sed 's/^0:://' "/proc/$(user_pid)/cgroup"
	assert_output --partial /user@20001.service/
	[ "$(cat "/sys/fs/cgroup$output/memory.max")" = 67108864 ]
}

@test "without a manager the systemd driver is refused with a way out" {
	OWNER=20002
	chown -R 20002 "$DIR"
	ENVIRONMENT=()
	run -1 peapod_user --systemd-cgroup run -b "$DIR/c1" c1
	assert_output --partial 'the systemd cgroup driver: no user manager answers'
	assert_output --partial 'loginctl enable-linger'
}
