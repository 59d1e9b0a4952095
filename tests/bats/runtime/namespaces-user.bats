#!/usr/bin/env bats
# User namespaces together with others that exist already, as Kubernetes has them.
load ../lib/common
load ../lib/bundle

setup() {
	requires userns
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	[ -z "${HOLDER:-}" ] || kill -KILL "$HOLDER" 2>/dev/null || :
	teardown_containers
}

# hold FLAGS...: a process in new namespaces, its pid in $HOLDER
hold() {
	unshare "$@" sleep 1000 3>&- &
	HOLDER=$!
	holds() { [ "$(readlink "/proc/$HOLDER/exe")" = "$(readlink -f "$(command -v sleep)")" ]; }
	wait_until 5 holds
}

# userns_bundle COMMAND...: ids from 100000 on
userns_bundle() {
	new_bundle "$DIR/b" "$@"
	chown -R 100000:100000 "$DIR/b/rootfs"
	edit_config "$DIR/b" '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .linux.namespaces += [{type: "user"}]'
}

# join TYPE: the holder's
join() {
	local file=$1
	[ "$file" != network ] || file=net
	# shellcheck disable=SC2016
	edit_config "$DIR/b" '.linux.namespaces |= map(select(.type != $type)) + [{type: $type, path: $path}]' \
		--arg type "$1" --arg path "/proc/$HOLDER/ns/$file"
}

# hold_user: a holder with a mapped user namespace that owns its network and ipc namespaces
hold_user() {
	hold -U -n -i
	echo '0 100000 65536' >"/proc/$HOLDER/uid_map"
	echo '0 100000 65536' >"/proc/$HOLDER/gid_map"
}

@test "a pod's sandbox: user, network and ipc joined, the rest new and owned by that user namespace" {
	hold_user
	userns_bundle sh -c 'id -u; cat /proc/sys/net/ipv4/ip_default_ttl; readlink /proc/self/ns/user; readlink /proc/self/ns/ipc'
	join user
	join network
	join ipc
	edit_config "$DIR/b" '.linux.sysctl = {"net.ipv4.ip_default_ttl": "33"}'
	run -0 peapod run -b "$DIR/b" c
	assert_line -n 0 0
	assert_line -n 1 33
	assert_line -n 2 "$(readlink "/proc/$HOLDER/ns/user")"
	assert_line -n 3 "$(readlink "/proc/$HOLDER/ns/ipc")"
}

@test "exec enters them all" {
	hold_user
	userns_bundle sleep 1000
	join user
	join network
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	run -0 peapod exec c sh -c 'readlink /proc/self/ns/user /proc/1/ns/user; cat /proc/self/uid_map; [ -r /proc/1/environ ]' </dev/null
	assert_line --regexp '^ +0 +100000 +65536$'
}

@test "maps beside a joined user namespace must be its own" {
	hold_user
	userns_bundle true
	join user
	run -0 peapod run -b "$DIR/b" c
	edit_config "$DIR/b" '.linux.uidMappings[0].size = 100'
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial 'mappings differ from uid_map'
	edit_config "$DIR/b" 'del(.linux.uidMappings, .linux.gidMappings)'
	run -0 peapod run -b "$DIR/b" c
}

@test "a new user namespace beside a network namespace of the host's" {
	hold -n
	userns_bundle sh -c 'readlink /proc/self/ns/net; cat /proc/self/uid_map'
	join network
	run -0 peapod run -b "$DIR/b" c
	assert_line -n 0 "$(readlink "/proc/$HOLDER/ns/net")"
	assert_line --regexp '^ +0 +100000 +65536$'
}

@test "ids that are not mapped are refused by name" {
	userns_bundle true
	edit_config "$DIR/b" '.process.user = {uid: 70000, gid: 0}'
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial 'process: user: uid: become 70000'
	assert_output --partial 'not mapped'
	edit_config "$DIR/b" '.process.user = {uid: 0, gid: 70000}'
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial 'gid: become 70000'
}

@test "a limit of open files below what the runtime needs is set all the same" {
	new_bundle "$DIR/b" sh -c 'ulimit -n; ulimit -Hn'
	edit_config "$DIR/b" '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 4, hard: 5}]'
	run -0 peapod run -b "$DIR/b" c
	assert_output "$(printf '4\n5')"
}
