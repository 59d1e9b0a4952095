#!/usr/bin/env bats
# Images and volumes that lead elsewhere: one test for each class of known escapes.
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

@test "procfs and sysfs go on real directories only (CVE-2019-19921)" {
	mkdir rootfs/real
	rm -rf rootfs/proc
	ln -s real rootfs/proc
	run -1 peapod run "$ID"
	assert_output --partial 'real directory'
	rm rootfs/proc
	mkdir rootfs/proc
	rm -rf rootfs/sys
	ln -s /real rootfs/sys
	run -1 peapod run "$ID"
	assert_output --partial 'real directory'
}

@test "nothing is mounted below /proc, not even through a link (CVE-2023-27561)" {
	ln -s /proc/self rootfs/l
	touch file
	edit_config . '.mounts += [{destination: "/l/attr/exec", source: "file", options: ["bind"]}]'
	run -1 peapod run "$ID"
	assert_output --partial 'leads into procfs'
	edit_config . '.mounts[-1].destination = "/proc/self/attr/exec"'
	run -1 peapod run "$ID"
	assert_output --partial /proc
	edit_config . '.mounts[-1].destination = "/proc/meminfo"'
	set_args . cat /proc/meminfo
	run -0 peapod run "$ID"
	assert_output ''
}

@test "destinations do not leave the root (CVE-2019-18837, CVE-2015-1335)" {
	mkdir outside data
	touch data/mark
	ln -s ../outside rootfs/rel
	ln -s "$PWD/outside" rootfs/abs
	ln -s ../../../../../../../tmp rootfs/up
	edit_config . '.mounts += ["/rel/x", "/abs/x", "/up/x", "/../../x"]
		| .mounts |= map(if type == "string" then
			{destination: ., source: "data", options: ["bind"]} else . end)'
	set_args . ls /outside/x /tmp/x /x "$PWD/outside/x"
	run -0 peapod run "$ID"
	assert_equal "$(grep -c mark <<<"$output")" 4
	assert_equal "$(ls -A outside)" ''
}

@test "/dev that is a link stays inside (CVE-2026-41579)" {
	local target
	mkdir hostdir
	touch hostdir/ptmx
	for target in ../hostdir "$PWD/hostdir"; do
		rm -rf rootfs/dev
		ln -s "$target" rootfs/dev
		run -0 peapod run "$ID"
		edit_config . '.mounts |= map(select(.destination | startswith("/dev") | not))'
		run -0 peapod run "$ID"
		assert_equal "$(ls -A hostdir)" ptmx
		assert [ -f hostdir/ptmx ]
	done
}

@test "masks come from a verified null device (CVE-2025-31133)" {
	local kind
	edit_config . '.mounts |= map(select(.destination | startswith("/dev") | not))
		+ [{destination: "/dev", source: "mydev", options: ["bind"]}]
		| .linux.maskedPaths = ["/etc/secret"]'
	echo secret >rootfs/etc/secret
	set_args . cat /etc/secret
	for kind in 'ln -s /etc/secret' touch 'mknod -m 666'; do
		rm -rf mydev
		mkdir mydev
		case $kind in
		mknod*) mknod mydev/null c 1 5 ;;
		*) $kind mydev/null ;;
		esac
		run -1 peapod run "$ID"
		assert_output --partial /dev/null
		refute_output --partial secret$'\n'
	done
	rm mydev/null
	mknod mydev/null c 1 3
	run -0 peapod run "$ID"
	assert_output ''
}

@test "masked and read-only: file, directory, missing, link" {
	echo secret >rootfs/etc/secret
	ln -s secret rootfs/etc/link
	mkdir -p rootfs/dir/sub
	touch rootfs/dir/file
	edit_config . '.linux.maskedPaths = ["/etc/link", "/dir", "/etc/missing", "/etc/secret/x"]
		| .linux.readonlyPaths = ["/etc", "/missing"]'
	set_args . sh -c 'cat /etc/secret; ls -A /dir; touch /dir/x; touch /etc/x; touch /fine'
	run -0 peapod run "$ID"
	assert_output $'touch: /dir/x: Read-only file system\ntouch: /etc/x: Read-only file system'
	run -0 cat rootfs/etc/secret
	assert_output secret
}

@test "a masked file cannot be used to change the null device" {
	edit_config . '.linux.maskedPaths = ["/proc/version"]
		| .process.capabilities |= map_values(. + ["CAP_FOWNER", "CAP_CHOWN"] | unique)'
	set_args . sh -c 'chmod 000 /proc/version; chown 5 /proc/version; stat -c "%a %u" /dev/null'
	run -0 peapod run "$ID"
	assert_line --index 2 '666 0'
}

@test "names that are exchanged while mounts are made lead nowhere (CVE-2021-30465)" {
	local pid
	mkdir -p vol/a outside data
	touch data/mark
	ln -s ../../outside vol/b
	edit_config . '.mounts += ["/vol", "/vol/a/x", "/vol/a/deep/er"]
		| .mounts |= map(if type == "string" then {destination: .,
			source: (if . == "/vol" then "vol" else "data" end), options: ["bind"]}
			else . end)'
	"$TOOL/exchange" vol/a vol/b 3>&- &
	pid=$!
	for _ in $(seq 40); do
		run peapod run "$ID"
		[ "$status" = 0 ] || peapod delete --force "$ID"
		[ -z "$(ls -A outside)" ] || break
	done
	kill "$pid"
	wait "$pid" || :
	assert_equal "$(ls -A outside)" ''
	run -1 grep -F "$BUNDLE" /proc/self/mountinfo
}
