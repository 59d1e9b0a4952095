#!/usr/bin/env bats
# shellcheck disable=SC2034 # ENVIRONMENT and OWNER are read by lib/rootless
# An unprivileged user, without any help of the host's.
load ../lib/common
load ../lib/rootless

setup() {
	setup_rootless
}

teardown() {
	teardown_rootless
}

@test "root inside, the user outside" {
	args sh -c 'id -u; cat /proc/self/uid_map; cat /proc/self/setgroups; sleep 1000'
	spawn_user
	wait_until 60 grep -q deny "$DIR/out"
	run -0 cat "$DIR/out"
	assert_line --index 0 0
	assert_line --regexp "^ *0 +$OWNER +1$"
	[ "$(stat -c %u "/proc/$(user_pid)")" = "$OWNER" ]
}

@test "create, start, exec, ps, list, kill and delete" {
	args sleep 1000
	peapod_user create -b "$DIR/c1" c1 </dev/null >/dev/null 2>&1
	user_status created
	peapod_user start c1
	user_status running
	run -0 peapod_user exec c1 id -u
	assert_output 0
	[ "$(peapod_user ps -f json c1 | jq length)" -ge 1 ]
	[ "$(peapod_user list -q)" = c1 ]
	[ "$(peapod_user state c1 | jq -r .owner)" = "$OWNER" ]
	run -1 peapod_user delete c1
	peapod_user kill c1 KILL
	wait_until 60 user_status stopped
	peapod_user delete c1
}

@test "an exit code, a terminal, a network of its own" {
	args sh -c 'exit 7'
	run -7 peapod_user run -b "$DIR/c1" c1
	assert_output ''
	args ip -o link
	edit '.linux.namespaces += [{type: "network"}]'
	run -0 peapod_user run -b "$DIR/c1" c1
	assert_output --partial '1: lo:'
	[ "${#lines[@]}" = 1 ]
	args tty
	edit '.process.terminal = true'
	run -0 as_user script -qec "$DIR/peapod --root $DIR/state run -b $DIR/c1 c1" /dev/null
	assert_output --partial /dev/pts/0
}

@test "without a user namespace the way out is told" {
	edit 'del(.linux.namespaces[] | select(.type == "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	run -1 peapod_user run -b "$DIR/c1" c1
	assert_output --partial 'linux: namespaces: without root a container needs a user namespace'
	assert_output --partial 'spec --rootless'
}

@test "ids that are not the caller's need newuidmap, and it has the last word" {
	edit '.linux.uidMappings[0].size = 2'
	ENVIRONMENT=(PATH=/nonexistent)
	run -1 peapod_user run -b "$DIR/c1" c1
	assert_output --partial 'linux: uidMappings: to map more than the caller'
	assert_output --partial 'newuidmap (package uidmap), which is not in $PATH'
	mkdir "$DIR/bin"
	printf '#!/bin/sh\necho "no: $*" >&2\nexit 1\n' >"$DIR/bin/newuidmap"
	chmod 755 "$DIR/bin" "$DIR/bin/newuidmap"
	ENVIRONMENT=(PATH="$DIR/bin:$PATH")
	run -1 peapod_user run -b "$DIR/c1" c1
	assert_output --regexp "linux: uidMappings: newuidmap: no: [0-9]+ 0 $OWNER 2"
	ENVIRONMENT=()
}

@test "an unmapped user, group or a limit without a cgroup is refused by key" {
	edit '.process.user.uid = 5'
	run -1 peapod_user run -b "$DIR/c1" c1
	assert_output --partial 'process: user: uid: '
	edit '.process.user = {uid: 0, gid: 0, additionalGids: [5]}'
	run -1 peapod_user run -b "$DIR/c1" c1
	assert_output --partial 'process: user: additionalGids: '
	edit '.process.user = {uid: 0, gid: 0} | .linux.resources.memory.limit = 10000000'
	run -1 peapod_user run -b "$DIR/c1" c1
	assert_output --partial 'linux: resources: memory: limit: '
}

@test "state is in XDG_RUNTIME_DIR, and kept there" {
	ENVIRONMENT=(XDG_RUNTIME_DIR="$DIR/run")
	mkdir "$DIR/run"
	chown "$OWNER" "$DIR/run"
	args sleep 1000
	as_user "$DIR/peapod" run -d -b "$DIR/c1" c2 </dev/null >/dev/null 2>&1
	[ "$(stat -c '%a %u' "$DIR/run/peapod")" = "1700 $OWNER" ]
	[ "$(as_user "$DIR/peapod" list -q)" = c2 ]
	as_user "$DIR/peapod" delete --force c2
	ENVIRONMENT=()
	[ ! -e "/run/user/$OWNER" ] || return 0
	run -1 as_user "$DIR/peapod" list
	assert_output --partial '--root must be given'
	as_user "$DIR/peapod" features >/dev/null
}

@test "another user's containers are out of reach" {
	args sleep 1000
	spawn_user
	run -1 setpriv --reuid 12346 --regid 12346 --clear-groups "$DIR/peapod" --root "$DIR/state" kill c1 KILL
	user_status running
}
