#!/usr/bin/env bats
# Attacks of known CVEs beyond paths and processes: terminals, sysctls, cgroups, sizes, exec.
load ../lib/common
load ../lib/bundle

# bats file_tags=root

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	new_bundle "$DIR/b" true
	echo host >"$DIR/host"
	chmod 600 "$DIR/host"
}

teardown() {
	teardown_containers
}

untouched() {
	assert_equal "$(cat "$DIR/host"; stat -c '%u %a' "$DIR/host")" $'host\n0 600'
}

# no_dev: the image's own /dev, without anything mounted on it
no_dev() {
	edit_config "$DIR/b" '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rm -rf "$DIR/b/rootfs/dev"
	mkdir "$DIR/b/rootfs/dev"
}

@test "CVE-2026-88264: without a /dev of its own a terminal does not follow the image's /dev/console" {
	local target
	no_dev
	edit_config "$DIR/b" '.process.terminal = true'
	for target in ../../../host "$DIR/host" /etc/hostname; do
		ln -sf "$target" "$DIR/b/rootfs/dev/console"
		run "$TOOL/onpty" "$PEAPOD" --root "$STATE" run -b "$DIR/b" c </dev/null
		untouched
		peapod delete --force c
	done
	run ! grep -F "$DIR/host" /proc/self/mountinfo
}

@test "CVE-2026-88265: nor does what gives the standard files away follow its /dev/null" {
	no_dev
	echo image >"$DIR/b/rootfs/file"
	ln -s /file "$DIR/b/rootfs/dev/null"
	edit_config "$DIR/b" '.process.user = {uid: 1000, gid: 1000} | .linux.maskedPaths = []
		| .mounts += [{destination: "/file", type: "bind", source: $host, options: ["bind"]}]' --arg host "$DIR/host"
	peapod run -b "$DIR/b" c </dev/null >/dev/null 2>&1 || :
	untouched
}

@test "CVE-2025-52881: what is mounted over the host's procfs is not written to" {
	edit_config "$DIR/b" '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
	mkdir -p "$DIR/fake/net/ipv4"
	echo fake >"$DIR/fake/net/ipv4/ip_default_ttl"
	run -1 unshare -m sh -c 'mount --bind "$0" /proc/sys && exec "$@"' "$DIR/fake" \
		"$PEAPOD" --root "$STATE" run -b "$DIR/b" c
	assert_output --partial 'something is mounted over it'
	assert_equal "$(cat "$DIR/fake/net/ipv4/ip_default_ttl")" fake
	run -1 unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' - "$PEAPOD" --root "$STATE" run -b "$DIR/b" c
	assert_output --partial '/proc is not procfs'
}

@test "CVE-2025-52881: nor the files that an image calls /proc" {
	mkdir -p "$DIR/b/rootfs/proc/sys/net/ipv4"
	echo fake >"$DIR/b/rootfs/proc/sys/net/ipv4/ip_default_ttl"
	edit_config "$DIR/b" '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"} | .linux.maskedPaths = []
		| .linux.readonlyPaths = [] | .mounts |= map(select(.destination != "/proc"))'
	set_args "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	assert_equal "$(nsenter -n -t "$(pid_of c)" cat /proc/sys/net/ipv4/ip_default_ttl)" 77
	assert_equal "$(cat "$DIR/b/rootfs/proc/sys/net/ipv4/ip_default_ttl")" fake
}

@test "CVE-2022-0811: a sysctl's value sets no second one" {
	local value core
	core=$(cat /proc/sys/kernel/core_pattern)
	# the kernel itself takes the number in front of a space, and nothing behind it
	edit_config "$DIR/b" '.linux.sysctl = {"kernel.shm_rmid_forced": "0 kernel.core_pattern=|/x"}'
	run peapod run -b "$DIR/b" c
	for value in '0+kernel.core_pattern=|/x' '0\nkernel.core_pattern=|/x' '0\r0'; do
		edit_config "$DIR/b" ".linux.sysctl = {\"kernel.shm_rmid_forced\": \"$value\"}"
		run -1 peapod run -b "$DIR/b" c
		assert_output --partial kernel.shm_rmid_forced
	done
	for value in kernel.shm_rmid_forced+kernel.core_pattern kernel/../kernel/core_pattern /proc/sys/kernel/core_pattern; do
		edit_config "$DIR/b" ".linux.sysctl = {\"$value\": \"x\"}"
		run -1 peapod run -b "$DIR/b" c
		assert_output --partial sysctl
	done
	assert_equal "$(cat /proc/sys/kernel/core_pattern)" "$core"
}

@test "CVE-2022-0492: release_agent is out of reach in the cgroup mount" {
	requires cgroup-v1
	edit_config "$DIR/b" '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
		options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}]'
	set_args "$DIR/b" sh -c 'cd /sys/fs/cgroup; ls -d */ | wc -l; find . -name release_agent;
		for d in */; do mkdir $d/x 2>/dev/null && echo made $d; echo 1 2>/dev/null >$d/notify_on_release && echo wrote $d; done; :'
	run -0 peapod run -b "$DIR/b" c
	[ "${lines[0]}" -ge 2 ]
	assert_equal "${#lines[@]}" 1
}

@test "CVE-2023-25809: a container with a user namespace writes to no cgroup of the host" {
	requires userns
	# without a network namespace of its own its /sys is a bind of the host's
	edit_config "$DIR/b" '.linux.namespaces |= map(select(.type != "network")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	set_args "$DIR/b" sh -c 'find /sys/fs/cgroup -name cgroup.procs | head -n 40 | while read -r f; do
		echo 1 2>/dev/null >$f && echo "wrote $f"; mkdir ${f%/*}/peapod-x 2>/dev/null && echo "made $f"; done; echo done'
	run -0 peapod run -b "$DIR/b" c
	assert_output 'done'
}

@test "CVE-2021-43784: long lists and texts are bounded, none wraps" {
	requires userns
	edit_config "$DIR/b" '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [range(5000) | {containerID: (. * 2), hostID: (100000 + . * 2), size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial uidMappings
	new_bundle "$DIR/long" true
	edit_config "$DIR/long" '.process.cwd = "/" + ("d/" * 35000)'
	run -1 peapod run -b "$DIR/long" c
	assert_output --partial cwd
	[ "${#output}" -lt 1000 ]
	edit_config "$DIR/long" '.process.cwd = "/" | .linux.namespaces |= map(if .type == "network" then .path = "/" + ("n" * 70000) else . end)'
	run -1 peapod run -b "$DIR/long" c
	assert_output --partial namespaces
	[ "${#output}" -lt 1000 ]
}

@test "CVE-2022-29162, CVE-2022-27650: neither run nor exec gives inheritable capabilities" {
	set_args "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	run -0 cat "/proc/$(pid_of c)/status"
	assert_line --regexp '^CapInh:.0+$'
	run -0 peapod exec --cap CAP_NET_RAW c grep CapInh /proc/self/status
	assert_line --regexp '^CapInh:.0+$'
	run -0 peapod exec --user 1000 --cap CAP_NET_RAW c grep -E 'Cap(Inh|Amb)' /proc/self/status
	assert_line --regexp '^CapInh:.0+$'
	assert_line --regexp '^CapAmb:.0+$'
}

@test "CVE-2026-30892, CVE-2024-40635: a user is a number in range, or an error; never root by mistake" {
	local user
	set_args "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	run -0 peapod exec -u 1 c id -u
	assert_output 1
	run -0 peapod exec -u 1:2 c sh -c 'id -u; id -g'
	assert_output $'1\n2'
	for user in 1: :1 -1 4294967295 4294967296 18446744073709551617 1x root 0x1 ' 1' 1:x 1:-1 1:4294967295 1.5; do
		run -255 peapod exec -u "$user" c id -u
		refute_line 0
	done
}

@test "CVE-2026-47262: a huge passwd of the image costs nothing" {
	truncate -s 8G "$DIR/b/rootfs/etc/passwd"
	set_args "$DIR/b" sh -c 'echo $HOME'
	run -0 peapod run -b "$DIR/b" c
	assert_output /
	rm "$DIR/b/rootfs/etc/passwd"
	mkfifo "$DIR/b/rootfs/etc/passwd"
	run -0 timeout -s KILL 60 "$PEAPOD" --root "$STATE" run -b "$DIR/b" c
	assert_output /
	rm "$DIR/b/rootfs/etc/passwd"
	ln -s "$DIR/passwd" "$DIR/b/rootfs/etc/passwd"
	echo "root:x:0:0::/from-the-host:" >"$DIR/passwd"
	run -0 peapod run -b "$DIR/b" c
	assert_output /
}

@test "CVE-2023-25173: additional groups are exactly those of the config" {
	set_args "$DIR/b" sh -c 'grep Groups: /proc/self/status'
	run -0 setpriv --groups 4242,4243 "$PEAPOD" --root "$STATE" run -b "$DIR/b" c
	assert_output --regexp '^Groups:[[:space:]]*$'
	edit_config "$DIR/b" '.process.user.additionalGids = [7]'
	run -0 setpriv --groups 4242,4243 "$PEAPOD" --root "$STATE" run -b "$DIR/b" c
	assert_output --regexp '^Groups:[[:space:]]*7 *$'
}

@test "LXC CVE-2016-8649: exec has no fd of a procfs, nor of any directory" {
	cp "$TOOL/in-fdlist" "$DIR/b/rootfs/fdlist"
	set_args "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	exec 6</proc 7</
	run -0 peapod exec c /fdlist </dev/null
	exec 6<&- 7<&-
	assert_equal "${#lines[@]}" 3
	refute_output --partial /proc
}

@test "a state directory of somebody else, or that others may write to, is refused" {
	set_args "$DIR/b" sleep 1000
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	chmod 777 "$STATE/c"
	run -1 peapod kill c KILL
	chmod 700 "$STATE/c"
	chown 1000 "$STATE/c"
	run -1 peapod kill c KILL
	chown 0 "$STATE/c"
	run -0 peapod kill c KILL
}

@test "a console socket whose owner does not answer is an error, and does not hang" {
	edit_config "$DIR/b" '.process.terminal = true'
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(0); time.sleep(600)' "$DIR/socket" 3>&- &
	local peer=$!
	wait_until 30 test -S "$DIR/socket"
	run timeout -s KILL 90 "$PEAPOD" --root "$STATE" create -b "$DIR/b" --console-socket "$DIR/socket" c </dev/null
	[ "$status" != 137 ]
	kill "$peer"
}
