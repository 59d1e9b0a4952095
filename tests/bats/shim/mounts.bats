#!/usr/bin/env bats
# The mounts of a Create request, in the forms that snapshotters send, by the ttrpc test client.

load ../lib/common
load ../lib/bundle
load ../lib/ttrpc

setup() {
	setup_ttrpc
	# what is below a mount shall not be seen
	touch "$BUNDLE/rootfs/below"
	WORK=$BATS_TEST_TMPDIR/layers
	mkdir "$WORK"
}

# The image of a loop device is let go with its mount.
no_loop() { ! losetup -n -O BACK-FILE 2>/dev/null | grep -F "$BATS_TEST_TMPDIR"; }

teardown() {
	teardown_ttrpc
	wait_until 30 no_loop
}

# in_box PATH: as the container sees it
in_box() { echo "/proc/$PID/root/$1"; }

# rootfs_line: the type and options of what is mounted as its root
rootfs_line() { awk '$5 == "/" { print }' "/proc/$PID/mountinfo"; }

# layers N: as many lower directories, as a snapshotter has them, and that of busybox; $LOWER is
# their list, the first on top
layers() {
	local i dir
	dir=$WORK/$(printf 'x%.0s' {1..60})/snapshots
	for i in $(seq "$1"); do
		mkdir -p "$dir/$i/fs"
		echo "$i" >"$dir/$i/fs/file$i"
		echo "$i" >"$dir/$i/fs/top"
	done
	mkdir -p "$dir/0"
	cp -a "$SUITE_ROOTFS" "$dir/0/fs"
	mapfile -t dirs < <(seq -f "$dir/%g/fs" "$1")
	LOWER=$(IFS=: && echo "${dirs[*]}"):$dir/0/fs
}

@test "a bind, read-only at once" {
	PID=$(start_box rootfs="bind|$SUITE_ROOTFS||rbind|ro")
	[ -e "$(in_box bin/sh)" ]
	[ ! -e "$(in_box below)" ]
	[[ "$(rootfs_line)" == *" ro,"* ]]
	run touch "$(in_box new)"
	assert_output --partial "Read-only"
	end_box
	[ -e "$BUNDLE/rootfs/below" ]
}

@test "an overlay of a hundred and fifty layers, whose options are longer than a page" {
	layers 150
	mkdir "$WORK/upper" "$WORK/work"
	[ "${#LOWER}" -gt 8192 ]
	PID=$(start_box rootfs="overlay|overlay||index=off|workdir=$WORK/work|upperdir=$WORK/upper|lowerdir=$LOWER")
	assert_equal "$(cat "$(in_box file1)" "$(in_box file150)" "$(in_box top)")" $'1\n150\n1'
	echo new >"$(in_box new)"
	end_box
	assert_equal "$(<"$WORK/upper/new")" new
}

@test "an overlay with id maps: every layer's files have the mapped owner" {
	local file
	layers 3
	mkdir "$WORK/upper" "$WORK/work"
	PID=$(start_box rootfs="overlay|overlay||workdir=$WORK/work|upperdir=$WORK/upper|lowerdir=$LOWER|uidmap=0:100000:65536|gidmap=0:200000:65536")
	for file in file1 file2 file3 top bin/busybox; do
		assert_equal "$(stat -c %u:%g "$(in_box "$file")")" 100000:200000
	done
	assert_equal "$(cat "$(in_box top)")" 1
	# the layers' own mounts are gone, and on the host nothing has another owner
	assert_equal "$(awk -v dir="$BUNDLE/rootfs" '$5 == dir' /proc/self/mountinfo | wc -l)" 1
	assert_equal "$(stat -c %u "${LOWER##*:}/bin/busybox")" 0
	end_box
}

@test "mounts in their order, some below the first" {
	mkdir "$WORK/data"
	echo data >"$WORK/data/file"
	PID=$(start_box rootfs="bind|$SUITE_ROOTFS||rbind|rw" \
		rootfs="tmpfs|none|tmp|size=1m|nosuid" rootfs="bind|$WORK/data|tmp|bind|ro")
	assert_equal "$(<"$(in_box tmp/file)")" data
	end_box
}

@test "a target that leads out of the root stays inside" {
	mkdir -p "$WORK/root/real"
	cp -a "$SUITE_ROOTFS/." "$WORK/root"
	ln -s ../../../../../../real "$WORK/root/link"
	mkdir "$WORK/data"
	touch "$WORK/data/file"
	PID=$(start_box rootfs="bind|$WORK/root||rbind|rw" rootfs="bind|$WORK/data|link|bind|ro")
	[ -e "$(in_box real/file)" ]
	[ ! -e /real ]
	end_box
}

# image FILE: a file system with the test's root
image() {
	requires mke2fs
	truncate -s 32M "$1"
	mke2fs -q -t ext4 -O ^has_journal -d "$SUITE_ROOTFS" "$1" || skip "needs an mke2fs that fills images"
	[ -e /dev/loop-control ] || skip "needs loop devices"
}

@test "an image of a file system by a loop device, which goes with it" {
	image "$WORK/image"
	PID=$(start_box rootfs="ext4|$WORK/image||loop|rw")
	[[ "$(rootfs_line)" == *" - ext4 /dev/loop"* ]]
	echo new >"$(in_box new)"
	losetup -n -O BACK-FILE,AUTOCLEAR | grep -F "$WORK/image"
	end_box
	free() { ! losetup -n -O BACK-FILE | grep -F "$WORK/image"; }
	wait_until 30 free
	# what was written is there, and a read-only one takes nothing
	PID=$(start_box rootfs="ext4|$WORK/image||loop|ro")
	assert_equal "$(<"$(in_box new)")" new
	run touch "$(in_box more)"
	assert_output --partial "Read-only"
	end_box
	wait_until 30 free
}

@test "mounts that cannot be, by name; nothing of them is left" {
	echo text >"$WORK/file"
	run -1 create rootfs="bind|$SUITE_ROOTFS||rbind" rootfs="bind|$WORK/nowhere|tmp|bind"
	assert_output --partial "rootfs mount 1"
	assert_output --partial "$WORK/nowhere"
	run -1 create rootfs="overlay|overlay||lowerdir=$SUITE_ROOTFS|loop"
	assert_output --partial "option 'loop'"
	run -1 create rootfs="ext4|$WORK/nowhere||loop"
	assert_output --partial "open the image"
	run -1 create rootfs="bind|$SUITE_ROOTFS||X-containerd.mkfs.fs=ext4"
	assert_output --partial "X-containerd.mkfs.fs=ext4"
	run -1 create rootfs="nofs|$WORK/file||"
	assert_output --partial "nofs"
	[ -e "$BUNDLE/rootfs/below" ]
	[ -z "$(leftovers)" ]
}
