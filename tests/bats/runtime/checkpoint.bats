#!/usr/bin/env bats
# checkpoint and restore, by the real CRIU (in the guest: make check-vm).
load ../lib/common
load ../lib/bundle
load ../lib/cgroup

setup() {
	setup_containers
	requires criu
	DIR=$BATS_TEST_TMPDIR
	IMAGE=$DIR/image
	WORK=$DIR/work
	# CRIU says why in its log
	LOGS="$WORK/dump.log $WORK/restore.log"
}

teardown() {
	local log
	for log in $LOGS; do
		[ -z "${BATS_ERROR_STATUS:-}" ] || [ "$BATS_ERROR_STATUS" = 0 ] || grep Error "$log" >&2 || :
	done
	teardown_containers
}

# A process with memory of its own: /tmp/n has a number that grows; never back to 0.
COUNT='n=0; while :; do n=$((n+1)); echo $n >/tmp/n.new; mv /tmp/n.new /tmp/n; sleep 0.1; done'

# counter ID: a bundle that counts in a tmpfs
counter() {
	new_bundle "$DIR/$1" sh -c "$COUNT"
	edit_config "$DIR/$1" '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
}

# run_counter ID: until it counts
run_counter() {
	peapod run -d -b "$DIR/$1" "$1" </dev/null >"$DIR/$1.out" 2>&1 || { cat "$DIR/$1.out" && return 1; }
	wait_until 30 counts "$1"
}

count_of() {
	peapod exec "$1" cat /tmp/n
}

counts() {
	[ "$(count_of "$1" 2>/dev/null || echo 0)" -gt "${2:-0}" ]
}

checkpoint() {
	peapod checkpoint --image-path "$IMAGE" --work-path "$WORK" "$@"
}

# restore ID [OPTIONS...]: detached, of the bundle $DIR/ID
restore() {
	local id=$1
	shift
	peapod restore -d -b "$DIR/$id" --image-path "$IMAGE" --work-path "$WORK" "$@" "$id" \
		</dev/null >"$DIR/$id.out2" 2>&1 || { cat "$DIR/$id.out2" && return 1; }
}

# mounts_of ID: mount points and their flags, as the container sees them. (CRIU forgets of all but
# one bind of /dev/null that it was read-only; what is written there is lost anyway.)
mounts_of() {
	awk '$4 == "/null" { sub(/^r[ow]/, "r?", $6) } { print $5, $6 }' "/proc/$(pid_of "$1")/mountinfo" | sort
}

@test "a container goes into an image, and goes on from there" {
	local before mounts
	counter c1
	edit_config "$DIR/c1" '.hostname = "kept"'
	run_counter c1
	mounts=$(mounts_of c1)
	checkpoint c1
	run -1 peapod state c1
	[ -z "$(leftovers)" ]
	[ "$(stat -c %a "$IMAGE")" = 700 ]
	restore c1 --pid-file "$DIR/pid"
	has_status c1 running
	[ "$(cat "$DIR/pid")" = "$(pid_of c1)" ]
	assert_equal "$(mounts_of c1)" "$mounts"
	assert_equal "$(peapod exec c1 hostname)" kept
	before=$(count_of c1)
	[ "$before" -gt 0 ]
	wait_until 30 counts c1 "$before"
	grep -q "$CGROUP/c1\$" "/proc/$(pid_of c1)/cgroup"
}

@test "limits and device rules are those of the config again" {
	requires cgroup-v2
	counter c1
	set_resources "$DIR/c1" '{"devices": [{"allow": false}], "memory": {"limit": 67108864}, "pids": {"limit": 33}}'
	run_counter c1
	checkpoint c1
	restore c1
	assert_equal "$(cg memory memory.max)" 67108864
	assert_equal "$(cg pids pids.max)" 33
	run -0 peapod exec c1 sh -c 'mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg 2>&1 || :; echo >/dev/null'
	assert_output --partial 'Operation not permitted'
}

@test "--leave-running; the image of one that runs on serves a second one" {
	local before
	counter c1
	run_counter c1
	checkpoint --leave-running c1
	has_status c1 running
	before=$(count_of c1)
	wait_until 30 counts c1 "$before"
	peapod delete --force c1
	restore c1
	wait_until 30 counts c1
}

@test "a paused one can be checkpointed; created and stopped ones cannot" {
	counter c1
	run_counter c1
	peapod pause c1
	checkpoint c1
	restore c1
	has_status c1 running
	wait_until 30 counts c1
	peapod kill c1 KILL
	wait_until 30 has_status c1 stopped
	run -1 checkpoint c1
	assert_output --partial "cannot checkpoint container 'c1': it is stopped"
	create_container c2 true
	run -1 checkpoint c2
	assert_output --partial "cannot checkpoint container 'c2': it is created"
}

@test "volumes come from where the config says, masked and read-only paths stay so" {
	counter c1
	mkdir -p "$DIR/v1" "$DIR/v2"
	echo one >"$DIR/v1/f"
	echo two >"$DIR/v2/f"
	edit_config "$DIR/c1" '.mounts += [
		{destination: "/vol", type: "bind", source: $v, options: ["rbind", "ro"]},
		{destination: "/vol/link", type: "bind", source: $v, options: ["bind"]}]
		| .linux.maskedPaths = ["/proc/kcore", "/proc/acpi", "/sys/firmware"]
		| .linux.readonlyPaths = ["/proc/sys"]' --arg v "$DIR/v1"
	edit_config "$DIR/c1" '.mounts |= map(select(.destination != "/vol/link"))'
	run_counter c1
	checkpoint c1
	edit_config "$DIR/c1" '(.mounts[] | select(.destination == "/vol")).source = $v' --arg v "$DIR/v2"
	restore c1
	assert_equal "$(peapod exec c1 cat /vol/f)" two
	run -1 peapod exec c1 touch /vol/x
	assert_equal "$(peapod exec c1 cat /proc/kcore)" ""
	run -1 peapod exec c1 sh -c 'echo 1 >/proc/sys/kernel/panic'
}

@test "in a new root file system the mount points are made" {
	counter c1
	mkdir "$DIR/v1"
	edit_config "$DIR/c1" '.mounts += [{destination: "/deep/er/vol", type: "bind", source: $v, options: ["rbind"]}]' \
		--arg v "$DIR/v1"
	run_counter c1
	checkpoint c1
	rm -rf "$DIR/c1/rootfs"
	cp -a "$SUITE_ROOTFS" "$DIR/c1/rootfs"
	restore c1
	peapod exec c1 touch /deep/er/vol/here
	[ -e "$DIR/v1/here" ]
}

@test "a network namespace joined by path is entered again" {
	requires ip
	local ns
	ns=$(unique n)
	ip netns add "$ns"
	counter c1
	edit_config "$DIR/c1" '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "/run/netns/$ns"
	run_counter c1
	checkpoint c1
	restore c1
	local inside outside
	inside=$(stat -Lc %i "/proc/$(pid_of c1)/ns/net")
	outside=$(stat -Lc %i "/run/netns/$ns")
	peapod delete --force c1
	ip netns del "$ns"
	assert_equal "$inside" "$outside"
}

@test "pipes of the caller are replaced by others, files are gone on with" {
	new_bundle "$DIR/c1" sh -c 'while read -r line; do echo "got $line"; done; exit 9'
	mkfifo "$DIR/in"
	sleep 600 >"$DIR/in" 3>&- &
	local holder=$!
	peapod run -d -b "$DIR/c1" c1 < <(exec cat "$DIR/in" 3>&-) >"$DIR/one" 2>&1 3>&-
	echo first >"$DIR/in"
	wait_until 30 grep -q 'got first' "$DIR/one"
	checkpoint c1
	kill "$holder"
	local code=0
	peapod restore -b "$DIR/c1" --image-path "$IMAGE" --work-path "$WORK" c1 < <(echo second) \
		>>"$DIR/one" 2>&1 3>&- || code=$?
	assert_equal "$code $(tr '\n' , <"$DIR/one")" '9 got first,got second,'
	[ -z "$(leftovers)" ]
}

@test "a terminal goes to the console socket" {
	new_bundle "$DIR/c1" sh -c 'while read -r line; do echo "got $line"; done'
	edit_config "$DIR/c1" '.process.terminal = true'
	"$TOOL/recvtty" "$DIR/one" >"$DIR/seen1" 2>&1 3>&- &
	wait_until 30 test -S "$DIR/one"
	peapod run -d --console-socket "$DIR/one" -b "$DIR/c1" c1
	checkpoint --shell-job c1
	"$TOOL/recvtty" "$DIR/two" >"$DIR/seen2" 2>&1 3>&- &
	wait_until 30 test -S "$DIR/two"
	restore c1 --shell-job --console-socket "$DIR/two"
	wait_until 30 grep -q 'fds=1' "$DIR/seen2"
	assert_equal "$(peapod exec c1 readlink /proc/1/fd/0)" /dev/pts/0
}

@test "memory first (--pre-dump), then the rest of it (--parent-path)" {
	counter c1
	run_counter c1
	run -0 --separate-stderr peapod checkpoint --pre-dump --image-path "$DIR/first" --work-path "$WORK" c1
	[ -z "$stderr" ] || ! grep -q 'cannot do it here' <<<"$stderr" || skip "needs soft-dirty tracking in the kernel"
	has_status c1 running
	[ ! -e "$DIR/first/descriptors.json" ]
	checkpoint --parent-path ../first c1
	[ -L "$IMAGE/parent" ]
	restore c1
	wait_until 30 counts c1
}

@test "hooks: poststop at the checkpoint, prestart and createRuntime at the restore" {
	counter c1
	edit_config "$DIR/c1" '.hooks = {
		prestart: [{path: "/bin/sh", args: ["sh", "-c", "cat >\($d)/prestart"]}],
		createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "cat >\($d)/createRuntime"]}],
		poststop: [{path: "/bin/sh", args: ["sh", "-c", "cat >\($d)/poststop"]}]}' --arg d "$DIR"
	run_counter c1
	checkpoint c1
	assert_equal "$(jq -r .status "$DIR/poststop")" stopped
	rm "$DIR/prestart" "$DIR/createRuntime"
	restore c1
	assert_equal "$(jq -r .status "$DIR/prestart")" creating
	assert_equal "$(jq -r .pid "$DIR/createRuntime")" "$(pid_of c1)"
}

@test "a user namespace" {
	requires userns
	counter c1
	edit_config "$DIR/c1" '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$DIR/c1/rootfs"
	chmod 755 "$DIR" "$DIR/c1"
	# CRIU opens a file from outside again, as the container's root, who must be allowed to
	touch "$DIR/c1.out" "$DIR/c1.out2"
	chmod 666 "$DIR/c1.out" "$DIR/c1.out2"
	run_counter c1
	checkpoint c1
	restore c1
	wait_until 30 counts c1
	assert_equal "$(awk '/^Uid/ { print $2 }' "/proc/$(pid_of c1)/status")" 100000
}

@test "a failure tells what CRIU said, and leaves nothing" {
	counter c1
	run_counter c1
	checkpoint c1
	rm "$IMAGE"/core-1.img
	run -1 restore c1
	assert_output --partial "log: '$WORK/restore.log'"
	[ -z "$(leftovers)" ]
	run -1 peapod restore -d -b "$DIR/c1" --image-path "$DIR/none" c1
	assert_output --partial "open image '$DIR/none': No such file or directory"
	[ -z "$(leftovers)" ]
}

@test "an image of runc is restored" {
	requires runc
	counter c1
	runc --root "$DIR/runc" run -d -b "$DIR/c1" c1 </dev/null >/dev/null 2>&1
	wait_until 30 runc --root "$DIR/runc" exec c1 test -s /tmp/n
	runc --root "$DIR/runc" checkpoint --image-path "$IMAGE" --work-path "$WORK" c1 2>&1 ||
		{ runc --root "$DIR/runc" delete -f c1 && return 1; }
	restore c1
	wait_until 30 counts c1
}
