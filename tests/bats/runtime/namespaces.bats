#!/usr/bin/env bats
# Namespaces: new, inherited, and joined by path.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	HOLDER=
}

teardown() {
	[ -z "$HOLDER" ] || kill -KILL "$HOLDER" 2>/dev/null || :
	teardown_containers
}

# holder FLAGS...: a process in namespaces of its own; its pid in $HOLDER
holder() {
	unshare "$@" --kill-child sleep 1000 3>&- &
	local unshare=$!
	has_child() { HOLDER=$(pgrep -P "$unshare" -x sleep); } # --kill-child forks
	wait_until 5 has_child
}

# set_ns TYPE [PATH]: a new namespace of the type, or that one; "-" as path: the caller's
set_ns() {
	edit_config "$DIR/b" "del(.linux.namespaces[] | select(.type == \"$1\"))"
	case ${2:-} in
	-) ;;
	'') edit_config "$DIR/b" ".linux.namespaces += [{type: \"$1\"}]" ;;
	*) edit_config "$DIR/b" ".linux.namespaces += [{type: \"$1\", path: \"$2\"}]" ;;
	esac
}

@test "listed ones are new, others the caller's" {
	# shellcheck disable=SC2016
	new_bundle "$DIR/b" sh -c 'for n in ipc mnt net pid uts; do readlink /proc/self/ns/$n; done'
	run -0 peapod run -b "$DIR/b" c
	local n i=0
	for n in ipc mnt net pid uts; do
		[ "${lines[$i]}" != "$(readlink /proc/self/ns/$n)" ]
		i=$((i + 1))
	done
	set_ns ipc -
	set_ns network -
	set_ns uts -
	edit_config "$DIR/b" 'del(.hostname)'
	run -0 peapod run -b "$DIR/b" c
	assert_line --index 0 "$(readlink /proc/self/ns/ipc)"
	assert_line --index 2 "$(readlink /proc/self/ns/net)"
	assert_line --index 4 "$(readlink /proc/self/ns/uts)"
}

@test "network, ipc and uts are joined by path" {
	holder --net --ipc --uts
	# shellcheck disable=SC2016
	new_bundle "$DIR/b" sh -c 'for n in net ipc uts; do readlink /proc/self/ns/$n; done'
	edit_config "$DIR/b" 'del(.hostname)'
	set_ns network "/proc/$HOLDER/ns/net"
	set_ns ipc "/proc/$HOLDER/ns/ipc"
	set_ns uts "/proc/$HOLDER/ns/uts"
	run -0 peapod run -b "$DIR/b" c
	assert_line --index 0 "$(readlink "/proc/$HOLDER/ns/net")"
	assert_line --index 1 "$(readlink "/proc/$HOLDER/ns/ipc")"
	assert_line --index 2 "$(readlink "/proc/$HOLDER/ns/uts")"
}

@test "a pid namespace is joined by path, and the container can be killed" {
	holder --pid --fork --mount-proc
	# shellcheck disable=SC2016
	new_bundle "$DIR/b" sh -c 'readlink /proc/self/ns/pid; sleep 1000 & echo $$; wait'
	set_ns pid "/proc/$HOLDER/ns/pid"
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	two() { [ "$(wc -l <"$DIR/out")" = 2 ]; }
	wait_until 5 two
	[ "$(head -n 1 "$DIR/out")" = "$(readlink "/proc/$HOLDER/ns/pid")" ]
	[ "$(tail -n 1 "$DIR/out")" != 1 ]
	run -0 peapod exec c readlink /proc/self/ns/pid
	assert_output "$(readlink "/proc/$HOLDER/ns/pid")"
	peapod delete --force c
	run ! is_gone "$HOLDER"
}

@test "the host's own namespaces may be given by path" {
	new_bundle "$DIR/b" sh -c 'readlink /proc/self/ns/net'
	edit_config "$DIR/b" 'del(.hostname)'
	set_ns network /proc/self/ns/net
	set_ns uts "/proc/$$/ns/uts"
	run -0 peapod run -b "$DIR/b" c
	assert_output "$(readlink /proc/self/ns/net)"
	set_ns pid "/proc/$$/ns/pid" # ours; that of process 1 may be out of reach
	run -0 peapod run -b "$DIR/b" c
}

@test "a path of another kind is refused by name" {
	new_bundle "$DIR/b" true
	local path
	for path in /proc/self/ns/uts /etc/passwd /no/such/file; do
		set_ns network "$path"
		run -1 peapod run -b "$DIR/b" c
		assert_output --partial "$path"
	done
	[ -z "$(leftovers)" ]
}

@test "duplicates and unknown types are refused" {
	new_bundle "$DIR/b" true
	edit_config "$DIR/b" '.linux.namespaces += [{type: "pid"}]'
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial pid
	edit_config "$DIR/b" '.linux.namespaces |= .[:-1] + [{type: "nosuch"}]'
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial nosuch
}

@test "a user namespace with maps: root inside, the mapped user outside" {
	requires userns
	chmod 755 "$DIR"
	new_bundle "$DIR/b" sh -c 'id -u; cat /proc/self/uid_map; touch /made; sleep 1000'
	chown -R 100000:100000 "$DIR/b/rootfs"
	set_ns user
	edit_config "$DIR/b" '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	wait_until 5 test -e "$DIR/b/rootfs/made"
	[ "$(head -n 1 "$DIR/out")" = 0 ]
	[ "$(stat -c %u:%g "$DIR/b/rootfs/made")" = 100000:100000 ]
	[ "$(stat -c %u "/proc/$(pid_of c)")" = 100000 ]
	run -0 peapod exec c id -u
	assert_output 0
	run -0 peapod exec -u 5 c id -u
	assert_output 5
	run -255 peapod exec -u 70000 c id -u
}

@test "hostname, domainname and sysctls are the namespaces' own" {
	new_bundle "$DIR/b" sh -c 'hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced'
	edit_config "$DIR/b" '.hostname = "box" | .domainname = "example.org"
		| .linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}'
	run -0 peapod run -b "$DIR/b" c
	assert_output $'box\nexample.org\n1\n1'
	set_ns uts -
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial hostname
}

@test "sysctls of the host are refused" {
	new_bundle "$DIR/b" true
	local key
	for key in kernel.core_pattern vm.swappiness kernel.hostname net/ipv4/../../kernel/core_pattern; do
		edit_config "$DIR/b" ".linux.sysctl = {\"$key\": \"1\"}"
		run -1 peapod run -b "$DIR/b" c
		assert_output --partial "$key"
	done
	set_ns network -
	edit_config "$DIR/b" '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial net.ipv4.ip_forward
}

@test "clocks of a time namespace" {
	[ -e /proc/self/ns/time ] || skip "needs time namespaces"
	new_bundle "$DIR/b" cut -d . -f 1 /proc/uptime
	set_ns time
	edit_config "$DIR/b" '.linux.timeOffsets = {boottime: {secs: 1000000000}, monotonic: {secs: 5, nanosecs: 1}}'
	run -0 peapod run -b "$DIR/b" c
	[ "$output" -ge 1000000000 ]
	set_ns time -
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial timeOffsets
}
