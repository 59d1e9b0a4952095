#!/usr/bin/env bats
load ../lib/common
load ../lib/bundle

# bats file_tags=root

setup() {
	setup_containers
	BUNDLE=$BATS_TEST_TMPDIR/b
	new_bundle "$BUNDLE" cat /proc/self/mountinfo
}

teardown() {
	if [ -n "${HOST_MOUNT:-}" ]; then
		umount -R "$HOST_MOUNT"
	fi
	teardown_containers
}

# add_mount JSON: one more at the end of mounts[].
add_mount() {
	# shellcheck disable=SC2016
	edit_config "$BUNDLE" '.mounts += [$m]' --argjson m "$1"
}

# bind DEST SOURCE OPTIONS...
bind() {
	local dest=$1 source=$2
	shift 2
	# shellcheck disable=SC2016
	add_mount "$(jq -n --arg d "$dest" --arg s "$source" \
		'{destination: $d, source: $s, options: $ARGS.positional}' --args -- "$@")"
}

# host_volume: a tmpfs with awkward flags and a mount below it, gone again in teardown.
host_volume() {
	HOST_MOUNT=$BATS_TEST_TMPDIR/vol
	mkdir "$HOST_MOUNT"
	mount -t tmpfs -o nosuid,noexec,noatime vol "$HOST_MOUNT"
	mkdir "$HOST_MOUNT/sub"
	mount -t tmpfs sub "$HOST_MOUNT/sub"
}

# flags_of DEST: field 6 of the mountinfo lines in $output, sorted words
flags_of() {
	awk -v d="$1" '$5 == d { f = $6 } END { print f }' <<<"$output"
}

run_container() {
	run -0 peapod run "t$BATS_TEST_NUMBER"
}

@test "binds have exactly the flags that are named, and the source's when none is" {
	host_volume
	bind /keep "$HOST_MOUNT" bind
	bind /rw "$HOST_MOUNT" bind rw
	bind /ro "$HOST_MOUNT" rbind ro
	bind /rro "$HOST_MOUNT" rbind rro
	cd "$BUNDLE"
	run_container
	assert_equal "$(flags_of /keep)" rw,nosuid,noexec,noatime
	assert_equal "$(flags_of /rw)" rw,noatime
	assert_equal "$(flags_of /ro)" ro,noatime
	assert_equal "$(flags_of /ro/sub)" rw,relatime
	assert_equal "$(flags_of /rro)" ro,nosuid,noexec,noatime
	assert_equal "$(flags_of /rro/sub)" ro,relatime
}

@test "recursive access time options reach the mounts below" {
	host_volume
	bind /a "$HOST_MOUNT" rbind rstrictatime
	bind /b "$HOST_MOUNT" rbind rnoatime rnodiratime
	cd "$BUNDLE"
	run_container
	assert_equal "$(flags_of /a)" rw,nosuid,noexec
	assert_equal "$(flags_of /a/sub)" rw
	assert_equal "$(flags_of /b/sub)" rw,noatime,nodiratime
}

@test "a relative source is below the bundle, files and directories are made to mount on" {
	mkdir "$BUNDLE/data"
	echo hello >"$BUNDLE/file"
	bind /new/dir data bind
	bind /new/file file bind ro
	set_args "$BUNDLE" sh -c 'cat /new/file; test -d /new/dir && echo dir'
	cd "$BUNDLE"
	run_container
	assert_output $'hello\ndir'
}

@test "mount points in images that are links to nowhere are made inside" {
	ln -sf ../run/sub/conf "$BUNDLE/rootfs/etc/conf"
	echo inside >"$BUNDLE/conf"
	bind /etc/conf conf bind
	set_args "$BUNDLE" cat /etc/conf /run/sub/conf
	cd "$BUNDLE"
	run_container
	assert_output $'inside\ninside'
	assert [ ! -e "$BUNDLE/run" ]
}

@test "a missing source, a file on a directory, an unknown option and type are named" {
	local json text
	while IFS='|' read -r json text; do
		edit_config "$BUNDLE" '.mounts |= map(select(.destination != "/x"))'
		add_mount "$json"
		cd "$BUNDLE"
		run -1 peapod run "t$BATS_TEST_NUMBER"
		assert_output --partial "$text"
		refute_output --partial 'not a directory: not a directory'
	done <<-'EOF'
		{"destination":"/x","source":"/no/such","options":["bind"]}|source '/no/such': bind: No such file or directory
		{"destination":"/x","type":"nofs"}|file system 'nofs': this kernel has none of that type
		{"destination":"/x","type":"tmpfs","options":["siez=1"]}|Unknown parameter 'siez'
		{"destination":"/etc","source":"/etc/hostname","options":["bind"]}|a file cannot be mounted on a directory
	EOF
}

@test "mounts of the host appear in slave binds, and not in private ones" {
	HOST_MOUNT=$BATS_TEST_TMPDIR/vol
	mkdir "$HOST_MOUNT"
	mount -t tmpfs vol "$HOST_MOUNT"
	mount --make-shared "$HOST_MOUNT"
	mkdir "$HOST_MOUNT/late"
	bind /slave "$HOST_MOUNT" rbind rslave
	bind /private "$HOST_MOUNT" rbind rprivate
	set_args "$BUNDLE" sleep 100
	cd "$BUNDLE"
	peapod run -d "t$BATS_TEST_NUMBER" 3>&- >/dev/null 2>&1
	mount -t tmpfs late "$HOST_MOUNT/late"
	touch "$HOST_MOUNT/late/mark"
	run -0 peapod exec "t$BATS_TEST_NUMBER" ls /slave/late /private/late
	assert_output --partial mark
	run -1 peapod exec "t$BATS_TEST_NUMBER" ls /private/late/mark
}

@test "what a container mounts in a shared bind appears on the host" {
	HOST_MOUNT=$BATS_TEST_TMPDIR/vol
	mkdir "$HOST_MOUNT"
	mount -t tmpfs vol "$HOST_MOUNT"
	mount --make-shared "$HOST_MOUNT"
	mkdir "$HOST_MOUNT/in"
	bind /shared "$HOST_MOUNT" rbind rshared
	edit_config "$BUNDLE" '.linux.rootfsPropagation = "rshared"
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"] | unique)'
	set_args "$BUNDLE" sh -c 'mount -t tmpfs in /shared/in && touch /shared/in/mark'
	cd "$BUNDLE"
	run_container
	assert [ -e "$HOST_MOUNT/in/mark" ]
}

@test "tmpfs: mode of the directory below, copied up, read-only in the end" {
	mkdir -m 1750 "$BUNDLE/rootfs/m"
	mkdir "$BUNDLE/rootfs/up"
	echo text >"$BUNDLE/rootfs/up/file"
	ln -s file "$BUNDLE/rootfs/up/link"
	add_mount '{"destination":"/m","type":"tmpfs"}'
	add_mount '{"destination":"/up","type":"tmpfs","options":["tmpcopyup"]}'
	add_mount '{"destination":"/late","type":"tmpfs","options":["ro"]}'
	add_mount '{"destination":"/late/in","type":"tmpfs"}'
	set_args "$BUNDLE" sh -c 'stat -c %a /m; cat /up/link; touch /late/in/x && touch /late/x'
	cd "$BUNDLE"
	run -1 peapod run "t$BATS_TEST_NUMBER"
	assert_output $'1750\ntext\ntouch: /late/x: Read-only file system'
}

@test "an id-mapped bind shows other owners" {
	local volume=$BATS_TEST_TMPDIR/vol
	mkdir "$volume"
	# tmpfs can be id-mapped since Linux 6.3; before, the file system of the tests has to
	if printf '%s\n' 6.3 "$(uname -r)" | sort -CV; then
		HOST_MOUNT=$volume
		mount -t tmpfs vol "$HOST_MOUNT"
	fi
	touch "$volume/file"
	add_mount "$(jq -n --arg s "$volume" '{destination: "/x", source: $s, options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 1}],
		gidMappings: [{containerID: 0, hostID: 2000, size: 1}]}')"
	set_args "$BUNDLE" stat -c '%u %g' /x/file
	cd "$BUNDLE"
	run_container
	assert_output '1000 2000'
}

@test "the cgroup mount shows the container's own directories, read-only" {
	requires cgroup-v1
	add_mount '{"destination":"/sys/fs/cgroup","type":"cgroup","options":["ro","nosuid"]}'
	set_args "$BUNDLE" sh -c 'grep -x 1 /sys/fs/cgroup/memory/cgroup.procs; ls /sys/fs/cgroup/pids | grep -c tasks; echo 1 2>/dev/null >/sys/fs/cgroup/memory/memory.limit_in_bytes || echo read-only'
	cd "$BUNDLE"
	run_container
	assert_output $'1\n1\nread-only'
}
