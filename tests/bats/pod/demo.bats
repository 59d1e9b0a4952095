#!/usr/bin/env bats
# bats file_tags=root,net,slow
# demo: hack/demo shows what it promises, and cleans up also when it is interrupted.

load ../lib/common
load ../lib/bundle
load ../lib/host

# A guest machine has the build, and nothing to build with.
setup() {
	requires root
	options=()
	type -P gcc >/dev/null || options=(--built)
}

@test "the demo runs to its end and leaves nothing" {
	run -0 "$TOP/hack/demo" "${options[@]}"
	assert_line --partial "all clean"
	assert_line --partial "localhost says: <h1>peas v1</h1>"
	assert_line --partial "fetches: <h1>peas v1</h1>"
	assert_line --partial "<h1>peas v2</h1>"
}

@test "the demo leaves nothing when it is interrupted half-way" {
	"$TOP/hack/demo" "${options[@]}" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	demo=$!
	half_way_or_over() { grep -qs '^4\.' "$BATS_TEST_TMPDIR/out" || ! kill -0 "$demo" 2>/dev/null; }
	wait_until 300 half_way_or_over
	kill -TERM "$demo"
	wait "$demo" || code=$?
	assert_equal "$code" 130
	refute grep -q 'left behind' "$BATS_TEST_TMPDIR/out"
	run ! ip link show "pea$demo"
	assert_equal "$(find /tmp /sys/fs/cgroup -maxdepth 2 -name "*peapod-demo$demo*" 2>/dev/null)" ""
}
