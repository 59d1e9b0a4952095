#!/usr/bin/env bats
# measure: the benchmark's own arithmetic, on samples and traces of which everything is known.

load ../lib/common

# own NAME: the tests of a module of tests/bench
own() {
	run python3 "$TOP/tests/bench/test_$1.py"
	assert_success
	assert_line --regexp '^Ran [1-9][0-9]* tests in '
}

@test "medians, intervals, ratios of pairs, and what is too noisy to tell" {
	own measure
}

@test "system calls, messages and instructions of traces; a poll counts once; growth is named" {
	own counts
}
