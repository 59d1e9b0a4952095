#!/usr/bin/env bats
# bats file_tags=root
# budget: what an operation asks of the kernel does not grow unnoticed.

# shellcheck disable=SC2154 # status is set by run

load ../lib/common

setup() {
	requires root strace ip
	BENCH=$TOP/tests/bench
}

# check [OPTIONS...]: skips on a host of which the file knows nothing
check() {
	run "$BENCH/check-budget" --build "$B" "$@"
	[ "$status" != 77 ] || skip "$output"
}

@test "no count is above its budget" {
	check
	assert_success
	refute_output
}

@test "no operation takes more instructions than its budget" {
	requires valgrind
	check --instructions
	assert_success
	refute_output
}

@test "no container takes more instructions than its budget" {
	check --steps default life shim
	assert_success
	refute_output
}

@test "a count that has grown is named" {
	jq '.hosts[].state.syscalls = 1 | del(.hosts[].kill)' "$BENCH/budget.json" >"$BATS_TEST_TMPDIR/less"
	check --budget "$BATS_TEST_TMPDIR/less" life
	assert_failure 1
	assert_line --regexp '^check-budget: state: syscalls: [0-9]+, budget 1$'
	assert_line 'check-budget: kill: not in budget.json'
	assert_equal "${#lines[@]}" 2
}
