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

@test "who makes the pods: containerd's version and the runtime's sandboxer" {
	local bin=$BATS_TEST_TMPDIR/bin config=$BATS_TEST_TMPDIR/config.toml
	mkdir "$bin"
	# shellcheck disable=SC2016 # the inner shell's
	local inner='mkdir -p /etc/containerd && mount -t tmpfs none /etc/containerd && cp "$1" /etc/containerd/config.toml && shift && exec "$@"'
	with_containerd() {
		printf '#!/bin/sh\necho containerd github.com/containerd/containerd/v2 v%s abc\n' "$1" >"$bin/containerd"
		chmod 755 "$bin/containerd"
		printf '%s\n' 'version = 3' "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.peapod]" \
			'runtime_type = "io.containerd.peapod.v2"' "${@:2}" >"$config"
		mkdir -p "$STATE"
		run env PATH="$bin:${PEAPOD%/*}:$PATH" unshare -m sh -c "$inner" - "$config" "$PEAPOD" --root "$STATE" doctor
	}
	[ -d /etc/containerd ] || skip "needs containerd 1 or 2"
	with_containerd 2.3.4
	assert_line --regexp "^ok +sandboxer +pods of runtime 'peapod' have a pause container"
	with_containerd 2.3.4 'sandboxer = "shim"'
	assert_line --regexp "^ok +sandboxer +pods of runtime 'peapod' have no pause container"
	assert_line --regexp '^warn +sandboxer +containerd 2.3 pulls a pause image.* -> pin any image'
	with_containerd 2.4.2 'sandboxer = "shim"' 'disable_pause_image_pull = true'
	refute_line --regexp '^(warn|fail) +sandboxer'
	with_containerd 2.4.2 'sandboxer = "kuasar"'
	assert_line --regexp "^fail +sandboxer +there is no sandbox controller 'kuasar'"
}
