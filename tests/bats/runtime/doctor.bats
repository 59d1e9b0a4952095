#!/usr/bin/env bats
# doctor: its findings on this host, and what it says of dead containers.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
}

teardown() {
	teardown_containers
}

@test "each finding is one line, and none fails the host that runs these tests" {
	run peapod doctor
	local fails
	fails=$(grep -c '^fail' <<<"$output") || :
	# what fails here may only be containerd's or the network's: containers run
	[ "$status" = "$((fails > 0))" ]
	refute_line --regexp '^fail  (kernel|calls|cgroups|seccomp|userns|capabilities) '
	for check in kernel calls cgroups devices seccomp userns cni nftables ip_forward containerd leftovers; do
		assert_line --regexp "^(ok|warn|fail) +$check +[^ ]"
	done
	refute grep -vE '^(ok  |warn|fail)  [a-z_]+ +[^ ]' <<<"$output"
}

@test "every warning and failure comes with advice" {
	run peapod doctor
	refute grep -vE '^ok|^(warn|fail).* -> [^ ]' <<<"$output"
}

@test "as JSON it says the same" {
	run peapod doctor
	local text=$output code=$status
	run "-$code" peapod doctor --json
	[ "$(jq .passed <<<"$output")" = "$([ "$code" = 0 ] && echo true || echo false)" ]
	[ "$(jq '.findings | length' <<<"$output")" = "$(wc -l <<<"$text")" ]
	jq -e '[.findings[] | .level] - ["ok", "warn", "fail"] == []' <<<"$output"
	jq -e '.findings[] | select(.check == "kernel") | .text | startswith("Linux ")' <<<"$output"
}

@test "a living container is no leftover, a dead one and a damaged one are" {
	spawn c sleep 1000
	run peapod doctor
	refute_output --partial "container 'c'"
	kill -KILL "$(pid_of c)"
	wait_until 5 has_status c stopped
	mkdir "$STATE/broken"
	run peapod doctor
	assert_line --regexp "^warn  leftovers +container 'c': stopped, [0-9]+ cgroups? (is|are) there -> peapod delete --force c\$"
	assert_line --regexp "^warn  leftovers +container 'broken': .* -> peapod delete --force broken\$"
	peapod delete --force c
	peapod delete --force broken
	run peapod doctor
	refute_output --partial "container '"
}

@test "read-only cgroups are a failure with the reason" {
	# shellcheck disable=SC2016 # the inner shell's
	run -1 unshare -m sh -c 'for dir in /sys/fs/cgroup /sys/fs/cgroup/*; do
			mountpoint -q "$dir" && mount -o remount,bind,ro "$dir"
		done
		exec "$0" --root "$1" doctor' "$PEAPOD" "$STATE"
	assert_line --regexp "^fail  cgroups +'/sys/fs/cgroup.*Read-only file system -> mount it read-write"
}

@test "nothing is changed by looking" {
	run peapod doctor
	[ ! -e "$STATE" ]
}
