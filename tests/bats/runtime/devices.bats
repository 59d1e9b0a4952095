#!/usr/bin/env bats
# shellcheck disable=SC2016 # variables of the container's shell
load ../lib/common
load ../lib/bundle

# bats file_tags=root

setup() {
	setup_containers
	BUNDLE=$BATS_TEST_TMPDIR/b
	new_bundle "$BUNDLE" true
	cd "$BUNDLE" || return
	ID=t$BATS_TEST_NUMBER
}

teardown() {
	teardown_containers
}

@test "default devices have mode 666 whatever the umask of the caller" {
	set_args . sh -c 'cd /dev; stat -c "%n %a %t:%T" null zero full random urandom tty'
	umask 077
	run -0 peapod run "$ID"
	assert_output "$(printf '%s\n' 'null 666 1:3' 'zero 666 1:5' 'full 666 1:7' \
		'random 666 1:8' 'urandom 666 1:9' 'tty 666 5:0')"
}

@test "links to the process's own fds, and ptmx" {
	set_args . sh -c 'cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done; ls -d console'
	run -1 peapod run "$ID"
	assert_line --index 0 /proc/self/fd
	assert_line --index 1 /proc/self/fd/0
	assert_line --index 4 pts/ptmx
	assert_output --partial console
}

@test "what the config mounts on a link's place, or the image has there, stays" {
	edit_config . '.mounts += [{destination: "/dev/stderr", source: "words", options: ["bind", ""]}]'
	echo mounted >words
	set_args . sh -c 'cat /dev/stderr; readlink /dev/stdout'
	run -0 peapod run "$ID"
	assert_output "$(printf 'mounted\n/proc/self/fd/1')"
	edit_config . '.mounts |= map(select(.destination == "/proc" or .destination == "/sys"))'
	echo of the image >rootfs/dev/fd
	set_args . cat /dev/fd
	run -0 peapod run "$ID"
	assert_output 'of the image'
}

@test "listed devices: type, number, mode, owner, directories" {
	edit_config . '.linux.devices = [
		{path: "/dev/net/mytun", type: "c", major: 10, minor: 200, fileMode: 384, uid: 7, gid: 8},
		{path: "/dev/blk", type: "b", major: 7, minor: 0, fileMode: 25008},
		{path: "/pipe", type: "p", fileMode: 420}]'
	set_args . sh -c 'stat -c "%F %a %t:%T %u:%g" /dev/net/mytun /dev/blk /pipe; stat -c %a /dev/net'
	run -0 peapod run "$ID"
	assert_line --index 0 'character special file 600 a:c8 7:8'
	assert_line --index 1 'block special file 660 7:0 0:0'
	assert_line --index 2 --regexp '^fifo 644 '
	assert_line --index 3 755
}

@test "a number or type that cannot be is refused by name" {
	edit_config . '.linux.devices = [{path: "/dev/x", type: "c", major: 5000, minor: 0}]'
	run -1 peapod run "$ID"
	assert_output --partial 'devices'
	edit_config . '.linux.devices = [{path: "/dev/x", type: "q", major: 1, minor: 0}]'
	run -1 peapod run "$ID"
	assert_output --partial "'q'"
}

@test "without a /dev mount the image's own nodes are kept, others are an error" {
	edit_config . '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rm -rf rootfs/dev
	mkdir rootfs/dev
	mknod rootfs/dev/null c 1 3
	chmod 600 rootfs/dev/null
	set_args . sh -c 'stat -c "%a %t:%T" /dev/null /dev/zero'
	run -0 peapod run "$ID"
	assert_output $'600 1:3\n666 1:5'
	rm rootfs/dev/null
	mknod rootfs/dev/null c 1 5
	run -1 peapod run "$ID"
	assert_output --partial "device '/dev/null': the image has something else there"
}

@test "a bound /dev is left as it is" {
	edit_config . '.mounts |= map(select(.destination | startswith("/dev") | not))
		+ [{destination: "/dev", source: "mydev", options: ["bind"]}]'
	mkdir mydev
	mknod mydev/null c 1 3
	edit_config . '.linux.maskedPaths = []'
	set_args . ls /dev
	run -0 peapod run "$ID"
	assert_output null
}

@test "a read-only /dev has all its devices, and the console" {
	edit_config . '.mounts |= map(if .destination == "/dev" then .options += ["ro"] else . end)'
	set_args . sh -c 'echo x >/dev/null && readlink /dev/ptmx; touch /dev/x'
	run -1 peapod run "$ID"
	assert_output $'pts/ptmx\ntouch: /dev/x: Read-only file system'
}

@test "in a user namespace the host's nodes are bound" {
	requires userns
	edit_config . '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chown -R 100000:100000 rootfs
	set_args . sh -c 'echo x >/dev/null && head -c 3 /dev/zero | wc -c; grep -c " /dev/null .*nosuid.*noexec" /proc/self/mountinfo'
	run -0 peapod run "$ID"
	assert_output $'3\n1'
}
