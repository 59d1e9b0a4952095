#!/usr/bin/env bats
# Errors say the step, the object, the reason, and what to do where that is known.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	new_bundle "$DIR/b" true
	cp "$DIR/b/config.json" "$DIR/config.json"
}

teardown() {
	teardown_containers
}

# fails TEXT FILTER [JQ OPTIONS...]: run with a changed config is one line, which has the text,
# and leaves nothing.
fails() {
	local text=$1
	shift
	cp "$DIR/config.json" "$DIR/b/config.json"
	edit_config "$DIR/b" "$@"
	run -1 --separate-stderr peapod run -b "$DIR/b" c
	[ -z "$output" ]
	# shellcheck disable=SC2154 # bats sets it
	output=$stderr
	assert_output --partial "$text"
	assert_equal "$(wc -l <<<"$stderr")" 1
	[ ! -e "$STATE/c" ]
}

# program NAME TEXT: a file in the container that may be executed, printf's way
program() {
	# shellcheck disable=SC2059 # that is meant
	printf "$2" >"$DIR/b/rootfs/$1"
	chmod 755 "$DIR/b/rootfs/$1"
}

@test "a program that is not there" {
	# shellcheck disable=SC2016
	fails 'exec: "no-such": executable file not found in $PATH' '.process.args = ["no-such"]'
	fails 'exec: "/no/such": stat /no/such: no such file or directory' '.process.args = ["/no/such"]'
}

@test "a program of another architecture" {
	requires python3
	python3 - "$DIR/b/rootfs/alien" <<-'END'
		import struct, sys
		with open(sys.argv[1], "wb") as f:
		    f.write(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 22, 1) + bytes(200))
	END
	chmod 755 "$DIR/b/rootfs/alien"
	fails 'exec: "/alien": exec format error: it is made for' '.process.args = ["/alien"]'
	assert_output --partial "this machine is $(uname -m)"
}

@test "a script without, or with a wrong, first line" {
	program plain 'echo hello\n'
	fails 'exec: "/plain": exec format error: it is neither a program nor a script with a #! line' \
		'.process.args = ["/plain"]'
	program lost '#!/usr/bin/no-such -x\n'
	fails "exec: \"/lost\": no such file or directory: its interpreter '/usr/bin/no-such' is not in the container" \
		'.process.args = ["/lost"]'
	program dos '#!/bin/sh\r\necho\r\n'
	fails 'exec: "/dos": no such file or directory: its #! line ends with a carriage return' '.process.args = ["/dos"]'
	program empty ''
	fails 'exec: "/empty": exec format error: the file is empty' '.process.args = ["/empty"]'
}

@test "a program whose loader is not in the image" {
	# a dynamic program of the host in a root file system without libraries
	[ ! -e "$DIR/b/rootfs/lib64" ]
	cp "$(command -v jq)" "$DIR/b/rootfs/dynamic"
	fails 'exec: "/dynamic": no such file or directory: its loader ' '.process.args = ["/dynamic"]'
	assert_output --partial 'is not in the container'
}

@test "the reason is told though the container's seccomp profile forbids to look" {
	program lost '#!/usr/bin/no-such\n'
	fails "its interpreter '/usr/bin/no-such' is not in the container" '.process.args = ["/lost"] | .linux.seccomp = {
		defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["open", "openat", "stat", "statfs", "access", "faccessat", "faccessat2", "newfstatat"],
			action: "SCMP_ACT_KILL_PROCESS"}]}'
}

@test "programs on a file system that forbids to execute them" {
	mkdir "$DIR/b/rootfs/data"
	# shellcheck disable=SC2016 # jq's variables
	fails 'exec: "/data/tool": permission denied: its file system is mounted noexec' '.process.args = ["/data/tool"]
		| .mounts += [{destination: "/data", type: "bind", source: $dir, options: ["bind", "noexec"]}]' \
		--arg dir "$(mkdir "$DIR/tools" && cp "$DIR/b/rootfs/bin/busybox" "$DIR/tools/tool" && echo "$DIR/tools")"
	# shellcheck disable=SC2016
	fails "exec: \"tool\": executable file not found in \$PATH: the file system of '/data/tool' is mounted noexec" \
		'.process.args = ["tool"] | .process.env = ["PATH=/data"]
		| .mounts += [{destination: "/data", type: "bind", source: $dir, options: ["bind", "noexec"]}]' \
		--arg dir "$DIR/tools"
}

@test "a memory limit that is too small" {
	requires cgroup-v1
	fails "linux: resources: memory: limit (too low: more is in use already, usage " '.linux.resources.memory = {limit: 1024}'
	assert_output --partial "cgroup '/sys/fs/cgroup/memory$CGROUP/b': write '1024' to 'memory.limit_in_bytes'"
}

@test "limits that the kernel refuses name controller, file and cause" {
	requires cgroup-v1
	fails "linux: resources: cpu: cpus (no such CPU or memory node): cgroup '/sys/fs/cgroup/cpuset$CGROUP/b': write '1000' to 'cpuset.cpus'" \
		'.linux.resources.cpu = {cpus: "1000"}'
	fails "minimum of 1000 us" '.linux.resources.cpu = {quota: 5}'
}

@test "cgroups that cannot be written name the directory" {
	requires cgroup-v1
	edit_config "$DIR/b" '.linux.resources.memory = {limit: 100000000}'
	# shellcheck disable=SC2016 # the inner shell's
	run -1 unshare -m sh -c 'mount -o remount,bind,ro /sys/fs/cgroup/memory || exit 77
		exec "$0" --root "$1" run -b "$2" c' "$PEAPOD" "$STATE" "$DIR/b"
	assert_output --partial '/sys/fs/cgroup/memory'
	assert_output --partial 'Read-only file system'
}

@test "a mistyped mount option comes with the one that was meant" {
	# shellcheck disable=SC2016
	local mounts='.mounts += [{destination: "/m", type: "tmpfs", source: "tmpfs", options: [$option]}]'
	fails "'/m': file system 'tmpfs': option 'nosiud': tmpfs: Unknown parameter 'nosiud': Invalid argument, did you mean 'nosuid'?" \
		"$mounts" --arg option nosiud
	fails "option 'szie=4k'" "$mounts" --arg option szie=4k
	assert_output --partial "did you mean 'size'?"
	fails "option 'frobnicate'" "$mounts" --arg option frobnicate
	refute_output --partial 'did you mean'
	fails "option 'size=much'" "$mounts" --arg option size=much
	refute_output --partial 'did you mean'
}

@test "mistyped words of the config come with the ones that were meant" {
	fails "did you mean 'SCMP_ACT_ALLOW'?" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALOW"}'
	fails "did you mean 'RLIMIT_NOFILE'?" '.process.rlimits = [{type: "RLIMIT_NOFLIE", soft: 1, hard: 1}]'
	# with cgroup v2 the usual list has a cgroup namespace, too
	fails "linux: namespaces: [$(jq '.linux.namespaces | length' "$DIR/b/config.json")]: type: unknown value 'netwrok', expected one of pid, network, " \
		'.linux.namespaces += [{type: "netwrok"}]'
}

@test "a hook that fails is named with its code and its last words" {
	fails "hook createRuntime[0] '/bin/sh': exit status 7: no disk left" \
		'.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "echo no disk left >&2; exit 7"]}]}'
	fails "hook prestart[0] '/no/such': exit status 127: execute: No such file or directory" \
		'.hooks = {prestart: [{path: "/no/such"}]}'
}

@test "what the host does not have is told as such" {
	fails "file system 'nofs': this kernel has none of that type" \
		'.mounts += [{destination: "/m", type: "nofs", source: "x"}]'
	fails 'not in a namespace, it would change the host' '.linux.sysctl = {"kernel.panic": "1"}'
	fails "is a ipc namespace" '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/ipc"'
}

@test "limits of processes that cannot be raised" {
	[ "$(ulimit -Hn)" != unlimited ] || skip "needs a hard limit of open files"
	fails 'process: rlimits: RLIMIT_NOFILE: raise the hard limit to 2000000000 (needs CAP_SYS_RESOURCE, and at most sysctl fs.nr_open)' \
		'.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1024, hard: 2000000000}]'
}

@test "exec in a container that does not run says its state" {
	create_container stopped true
	peapod start stopped
	wait_until 5 has_status stopped stopped
	run -255 peapod exec stopped true
	assert_output --partial 'stopped'
	run -255 peapod exec none true
	assert_output --partial 'container does not exist'
}

@test "any version 1 of the specification is taken, another is refused" {
	edit_config "$DIR/b" '.ociVersion = "1.9.7-rc.1"'
	run -0 peapod run -b "$DIR/b" c
	fails "ociVersion" '.ociVersion = "2.0.0"'
}
