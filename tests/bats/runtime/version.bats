#!/usr/bin/env bats
load ../lib/common

@test "peapod --version names the program, the version and the spec" {
	run -0 "$PEAPOD" --version
	assert_line --index 0 --regexp '^peapod version [0-9]+\.[0-9]+\.[0-9]+'
	assert_line --regexp '^spec: 1\.'
}
