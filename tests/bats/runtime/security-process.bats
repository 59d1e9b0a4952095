#!/usr/bin/env bats
# What a hostile image or container could reach of the runtime through its process. The CVE is named.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

# refused_as_own FILE: that program is refused as the runtime itself
refused_as_own() {
	set_args "$DIR/b" "$1"
	run -1 peapod run -b "$DIR/b" c
	assert_output --partial "exec: \"$1\": permission denied"
	[ -z "$(leftovers)" ]
}

@test "CVE-2019-5736: the runtime's own file is never executed in a container" {
	new_bundle "$DIR/b"
	ln -s /proc/self/exe "$DIR/b/rootfs/exe"
	printf '#!/proc/self/exe\n' >"$DIR/b/rootfs/script"
	printf '#! /script\n' >"$DIR/b/rootfs/script2"
	chmod +x "$DIR/b/rootfs/script" "$DIR/b/rootfs/script2"
	refused_as_own /proc/self/exe
	refused_as_own /exe
	refused_as_own /script
	refused_as_own /script2
}

@test "CVE-2019-5736: nor by exec" {
	new_bundle "$DIR/b" sleep 1000
	ln -s /proc/self/exe "$DIR/b/rootfs/exe"
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	run -255 peapod exec c /exe
	assert_output --partial 'permission denied'
}

# read_only FD: the file is not to be had for writing, and not because somebody executes it: that
# end is waited for
read_only() {
	not_busy() { why=$(sh -c ": >>/proc/self/fd/$1" 2>&1) || [[ $why != *'Text file busy'* ]]; }
	local why
	wait_until 60 not_busy "$1"
	[[ $why == *'Read-only file system'* ]] || fail "$why"
}

@test "CVE-2019-5736: the file of a process on its way in is on a read-only mount" {
	create_container c sleep 1000
	exec 8<"/proc/$(pid_of c)/exe"
	cmp /proc/self/fd/8 "$PEAPOD"
	peapod start c
	"$PEAPOD" --root "$STATE" exec c sleep 1000 3>&- 8>&- &
	local exec=$!
	two() { [ "$(peapod ps -f json c | jq length)" = 2 ]; }
	wait_until 30 two
	exec 7<"/proc/$exec/exe"
	cmp /proc/self/fd/7 "$PEAPOD"
	peapod delete --force c
	wait "$exec" || :
	read_only 7
	read_only 8
}

@test "CVE-2019-5736: a script whose interpreter becomes the runtime itself wins no file to write to" {
	local sum race init won=0
	sum=$(sha256sum <"$PEAPOD")
	new_bundle "$DIR/a" /exewriter "$(stat -c %i "$PEAPOD")"
	cp "$TOOL/in-exewriter" "$DIR/a/rootfs/exewriter"
	peapod run -d -b "$DIR/a" a </dev/null >"$DIR/attacks" 2>&1
	init=$(pid_of a)
	new_bundle "$DIR/b" /script
	ln -s /bin/busybox "$DIR/b/rootfs/i1"
	ln -s /proc/self/exe "$DIR/b/rootfs/i2"
	printf '#!/i1 sh\n' >"$DIR/b/rootfs/script"
	chmod +x "$DIR/b/rootfs/script"
	edit_config "$DIR/b" '(.linux.namespaces[] | select(.type == "pid")).path = $ns' --arg ns "/proc/$init/ns/pid"
	wait_until 30 grep -qx ready "$DIR/attacks"
	"$TOOL/exchange" "$DIR/b/rootfs/i1" "$DIR/b/rootfs/i2" 3>&- &
	race=$!
	for _ in $(seq 60); do
		peapod run -b "$DIR/b" b </dev/null >"$DIR/out" 2>&1 || peapod delete --force b
		! grep -q 'unknown command' "$DIR/out" || won=$((won + 1))
	done
	kill "$race"
	wait "$race" || :
	echo "# the check was deceived $won times of 60; attacks ended with: $(tr '\n' ';' <"$DIR/attacks")"
	run ! grep -v -e '^ready$' -e '^Read-only file system$' -e '^Text file busy$' "$DIR/attacks"
	assert_equal "$(sha256sum <"$PEAPOD")" "$sum"
}

@test "CVE-2016-9962, CVE-2019-5736: a process on its way in shows a container neither its program nor its files" {
	local init inner
	new_bundle "$DIR/b" sleep 1000
	# its root has every right in the user namespace, over who enters it too
	edit_config "$DIR/b" '.process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"])
		| .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$DIR/b/rootfs"
	peapod run -d -b "$DIR/b" a </dev/null >"$DIR/out" 2>&1
	init=$(pid_of a)
	# the waiting process of another container that joins it is "on its way in" as long as we like
	# shellcheck disable=SC2016
	edit_config "$DIR/b" '.linux.namespaces |= map(if .type == "pid" or .type == "user" then .path = $ns + .type else . end)
		| .linux.cgroupsPath += "2"' --arg ns "/proc/$init/ns/"
	peapod create -b "$DIR/b" b </dev/null >"$DIR/out" 2>&1
	inner=$(awk '/^NSpid:/ { print $NF }' "/proc/$(pid_of b)/status")
	run -0 peapod exec a cat "/proc/$inner/stat"
	run ! peapod exec a readlink "/proc/$inner/exe"
	run ! peapod exec a ls "/proc/$inner/fd/"
	run ! peapod exec a ls "/proc/$inner/root/"
	# and these are the ones to look at: they are open once the program runs
	peapod start b
	run -0 peapod exec a ls "/proc/$inner/fd/"
	run -0 peapod exec a readlink "/proc/$inner/exe"
	assert_output --partial busybox
}

@test "CVE-2024-21626: a working directory on a file of the host is refused" {
	local fd
	new_bundle "$DIR/b" cat /etc/hostname
	exec 7</
	for fd in $(seq 3 40); do
		edit_config "$DIR/b" ".process.cwd = \"/proc/self/fd/$fd\""
		run -1 peapod run -b "$DIR/b" c
		assert_output --partial 'process: cwd'
	done
	exec 7<&-
	[ -z "$(leftovers)" ]
}

@test "CVE-2024-21626: nor by exec, nor through a link" {
	local fd
	new_bundle "$DIR/b" sleep 1000
	for fd in $(seq 3 20); do
		ln -s "/proc/self/fd/$fd" "$DIR/b/rootfs/fd$fd"
	done
	peapod run -d -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1
	for fd in $(seq 3 20); do
		run -255 peapod exec --cwd "/fd$fd" c pwd
		run -255 peapod exec --cwd "/proc/self/fd/$fd" c pwd
	done
}

@test "CVE-2025-52881: a sysctl is not written to what is mounted over /proc" {
	new_bundle "$DIR/b" cat /proc/sys/net/ipv4/ip_default_ttl
	edit_config "$DIR/b" '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
	run -0 peapod run -b "$DIR/b" c
	assert_output 77
	[ "$(cat /proc/sys/net/ipv4/ip_default_ttl)" != 77 ]
}

@test "CVE-2026-88265: standard input is not what the image calls /dev/null" {
	new_bundle "$DIR/b" sh -c 'stat -Lc %t:%T /proc/self/fd/0'
	echo secret >"$DIR/b/rootfs/file"
	# shellcheck disable=SC2016
	edit_config "$DIR/b" '.mounts |= map(select(.destination | startswith("/dev") | not))
		| .mounts += [{destination: "/dev", type: "bind", source: $dev, options: ["rbind"]}]
		| .linux.maskedPaths = []' --arg dev "$DIR/dev"
	mkdir "$DIR/dev"
	ln -s /file "$DIR/dev/null"
	run -0 peapod run -b "$DIR/b" c </dev/null
	assert_output 1:3
	[ "$(stat -c %u:%s "$DIR/b/rootfs/file")" = 0:7 ]
}

@test "a filter without no_new_privs need not allow what the runtime itself does" {
	new_bundle "$DIR/b" /bin/busybox echo hello
	edit_config "$DIR/b" '.process.noNewPrivileges = false | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["accept4", "recvfrom", "sendto", "setresuid", "setresgid", "setgroups", "setsid", "mount",
			"openat2", "chdir", "umask", "faccessat2", "clone3", "prlimit64", "close_range"], action: "SCMP_ACT_ERRNO"}]}'
	run -0 peapod run -b "$DIR/b" c
	assert_output hello
}

@test "a process without no_new_privs loses what loading its filter took" {
	new_bundle "$DIR/b" grep -E '^(Cap|Seccomp:)' /proc/self/status
	edit_config "$DIR/b" '.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["reboot"], action: "SCMP_ACT_ERRNO"}]}
		| .process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"],
			inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}'
	run -0 peapod run -b "$DIR/b" c
	assert_line --regexp '^CapEff:.*0000000020$'
	assert_line --regexp '^CapPrm:.*0000000020$'
	assert_line --regexp '^CapBnd:.*0000000020$'
	assert_line --regexp '^Seccomp:.*2$'
}
