#!/usr/bin/env bats
# shellcheck disable=SC2016 # variables of jq and of the container's shell
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
	[ -z "${SHARED:-}" ] || umount "$SHARED"
	teardown_containers
}

@test "the container is in its root, and nothing of the old one is mounted" {
	set_args . sh -c 'pwd; ls -d /bin; cat /proc/self/mountinfo'
	run -0 peapod run "$ID"
	assert_line --index 0 /
	assert_line --index 1 /bin
	refute_output --partial "$BATS_TEST_TMPDIR/state"
	assert_equal "$(awk '$5 == "/"' <<<"$output" | wc -l)" 1
}

@test "a read-only root is read-only, what is mounted in it is not" {
	edit_config . '.root.readonly = true'
	set_args . sh -c 'touch /dev/shm/x && echo shm; touch /x'
	run -1 peapod run "$ID"
	assert_output $'shm\ntouch: /x: Read-only file system'
	assert [ ! -e rootfs/x ]
}

@test "a root that is a link, and one with an absolute path" {
	mv rootfs other
	ln -s other rootfs
	run -0 peapod run "$ID"
	edit_config . '.root.path = $p' --arg p "$PWD/other"
	run -0 peapod run "$ID"
}

@test "a missing root is named" {
	edit_config . '.root.path = "nowhere"'
	run -1 peapod run "$ID"
	assert_output --partial "$PWD/nowhere"
	assert_output --partial 'No such file or directory'
}

@test "--no-pivot moves the root and hides the host's proc" {
	set_args . sh -c 'ls -d /bin; ls /proc/1/comm'
	run -0 peapod run --no-pivot "$ID"
	assert_line --index 0 /bin
	assert_line --index 1 /proc/1/comm
}

@test "the propagation of the root is what was asked for" {
	local what
	set_args . sh -c 'awk "\$5 == \"/\" { print \$7 }" /proc/self/mountinfo'
	mount --bind rootfs rootfs
	SHARED=$PWD/rootfs
	mount --make-shared rootfs
	for what in private slave rprivate rslave; do
		edit_config . '.linux.rootfsPropagation = $p' --arg p "$what"
		run -0 peapod run "$ID"
		case $what in
		*slave) assert_output --regexp '^master:[0-9]+$' ;;
		*) assert_equal "$output" - ;;
		esac
	done
	edit_config . '.linux.rootfsPropagation = "shared"'
	run -0 peapod run "$ID"
	assert_output --regexp '^shared:'
	edit_config . '.linux.rootfsPropagation = "unbindable"'
	run -0 peapod run "$ID"
	assert_output unbindable
}

@test "nothing that is mounted in a shared root reaches the host" {
	edit_config . '.linux.rootfsPropagation = "rshared"
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"] | unique)'
	mkdir rootfs/in
	set_args . sh -c 'mount -t tmpfs in /in && touch /in/mark'
	run -0 peapod run "$ID"
	assert [ ! -e rootfs/in/mark ]
	run -1 grep -F "$BUNDLE" /proc/self/mountinfo
}

@test "without a mount namespace there is a chroot, and mounts are refused" {
	edit_config . '.linux.namespaces |= map(select(.type != "mount"))'
	run -1 peapod run "$ID"
	assert_output --partial mount
	edit_config . '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	set_args . sh -c 'ls -d /bin; test -e /state || echo in'
	run -0 peapod run "$ID"
	assert_output $'/bin\nin'
}

@test "another mount namespace is joined, the runtime's own is refused" {
	local pid
	unshare -m sleep 1000 3>&- &
	pid=$!
	wait_until 30 runs_as "$pid" sleep 1000 # in its namespace, and no mount of it is shared
	edit_config . '.linux.namespaces |= map(if .type == "mount" then .path = $p else . end)' \
		--arg p "/proc/$pid/ns/mnt"
	set_args . sh -c 'pwd; ls -d /bin; grep -c " /proc " /proc/self/mountinfo'
	run -0 peapod run "$ID"
	kill "$pid"
	assert_output $'/\n/bin\n1'
	run -1 grep -F "$BUNDLE/rootfs" /proc/self/mountinfo
	edit_config . '.linux.namespaces |= map(if .type == "mount" then .path = "/proc/self/ns/mnt" else . end)'
	# Were it not refused, the root of the caller would be gone.
	run -0 unshare -m bash -c '! "$@" && test -d /proc/self && pwd' - "$PEAPOD" --root "$STATE" run "$ID"
	assert_output --partial "is the runtime's own"
}

@test "a root below a directory that the user namespace cannot enter" {
	requires userns
	edit_config . '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chown -R 100000:100000 rootfs
	chmod 700 .
	set_args . sh -c 'id -u; echo x >/dev/null && touch /mine && stat -c %u /mine'
	run -0 peapod run "$ID"
	assert_output $'0\n0'
	assert_equal "$(stat -c %u rootfs/mine)" 100000
}

@test "an ordinary user has mounts, devices and masks of their own" {
	requires userns setpriv
	local user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	cp "$PEAPOD" own-peapod
	mkdir mine run
	cp -a rootfs mine/
	chown -R 65534:65534 mine run
	chmod 755 "$BATS_TEST_TMPDIR" .
	cd mine
	"${user[@]}" ../own-peapod --root "$BUNDLE/run" spec --rootless
	edit_config . '.process.terminal = false'
	set_args . sh -c 'id -u; echo x >/dev/null; touch /sys/x || test -e /dev/ptmx && echo fine; cat /proc/keys'
	run -0 "${user[@]}" ../own-peapod --root "$BUNDLE/run" --cgroup-manager=disabled run "$ID"
	assert_line 0
	assert_line fine
	assert_line --partial 'touch: /sys/x: '
	refute_line --partial keyring
}

@test "nothing is left on a host whose mounts are all shared" {
	local option
	edit_config . '.linux.rootfsPropagation = "rshared"'
	for option in --no-new-keyring --no-pivot; do
		run -0 unshare -m --propagation private bash -c '
			mount --make-rshared / && mount --bind rootfs rootfs || exit
			before=$(cut -d" " -f5 /proc/self/mountinfo)
			"$@" || exit
			[ "$before" = "$(cut -d" " -f5 /proc/self/mountinfo)" ]' - \
			"$PEAPOD" --root "$STATE" run "$option" "$ID"
	done
}
