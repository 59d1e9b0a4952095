#!/usr/bin/env bats
# checkpoint and restore where CRIU is not there, or not what it should be: a program plays it.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	IMAGE=$DIR/image
}

teardown() {
	teardown_containers
}

# checkpoint HOW ARGS...: by a CRIU that behaves so
checkpoint() {
	local how=$1
	shift
	FAKE_CRIU=$how peapod --criu "$TOP/tests/tool/fake-criu" checkpoint --image-path "$IMAGE" "$@"
}

sleeper() {
	spawn c1 sleep 1000
}

# asked: the request that CRIU got, as text
asked() {
	protoc --decode=peapod.criu.Request -I"$TOP" "$TOP/spec/criu/criu.proto" <"$IMAGE/request"
}

@test "without CRIU both commands are refused, and so is --help, which podman asks" {
	local command
	for command in checkpoint restore; do
		PATH=/nonexistent run -1 "$PEAPOD" --root "$STATE" $command --help
		assert_output "peapod: $command: not possible on this host: CRIU is not installed: no 'criu' in PATH"
		run -1 peapod --criu "$DIR/none" $command c1
		assert_output "peapod: $command: CRIU's program '$DIR/none': No such file or directory"
		run -0 peapod --criu /bin/true $command --help
		assert_output --partial --image-path
	done
}

@test "what is asked for arrives" {
	requires protoc
	sleeper
	checkpoint ok --leave-running --tcp-established --ext-unix-sk --shell-job --file-locks \
		--link-remap --auto-dedup --tcp-skip-in-flight --manage-cgroups-mode strict \
		--empty-ns network --page-server '[::1]:99' c1
	has_status c1 running
	run -0 asked
	assert_line 'type: DUMP'
	assert_line "  pid: $(pid_of c1)"
	local option
	for option in leave_running tcp_established ext_unix_sk shell_job file_locks link_remap \
		auto_dedup tcp_skip_in_flight orphan_pts_master; do
		assert_line "  $option: true"
	done
	assert_line '  manage_cgroups_mode: CG_STRICT'
	assert_line '    address: "::1"'
	assert_line '    port: 99'
	assert_line "  root: \"$DIR/c1/rootfs\""
	assert_line '  config_file: "/etc/criu/runc.conf"'
	assert_line --partial "$CGROUP/c1\""
	[ "$(jq length "$IMAGE/descriptors.json")" = 3 ]
}

@test "the annotation org.criu.config names CRIU's configuration, or none" {
	requires protoc
	local value
	for value in /some/file ''; do
		new_bundle "$DIR/c1" sleep 1000
		edit_config "$DIR/c1" '.annotations["org.criu.config"] = $v' --arg v "$value"
		peapod run -d -b "$DIR/c1" c1 </dev/null >/dev/null 2>&1
		checkpoint ok --leave-running c1
		run -0 asked
		if [ -n "$value" ]; then
			assert_line '  config_file: "/some/file"'
		else
			refute_output --partial config_file
		fi
		peapod delete --force c1
		rm -rf "$DIR/c1" "$IMAGE"
	done
}

@test "options that cannot be are refused by name" {
	sleeper
	run -1 checkpoint ok --page-server nowhere c1
	assert_output --partial "--page-server 'nowhere': expected ADDRESS:PORT"
	run -1 checkpoint ok --page-server 1.2.3.4:0 c1
	assert_output --partial "expected ADDRESS:PORT"
	run -1 checkpoint ok --empty-ns pid c1
	assert_output --partial "--empty-ns 'pid': only 'network' is possible"
	run -1 checkpoint ok --manage-cgroups-mode all c1
	assert_output --partial "manage-cgroups-mode"
	run -1 checkpoint ok --parent-path /abs c1
	assert_output --partial "--parent-path must be relative to the image: '/abs'"
	run -1 checkpoint ok --parent-path ../none c1
	assert_output --partial "--parent-path '../none': No such file or directory"
	run -1 checkpoint ok --lazy-pages --status-fd 77 c1
	assert_output --partial "--status-fd 77: Bad file descriptor"
	run -1 checkpoint ok --lazy-pages --status-fd 9 c1 9</dev/null
	assert_output --partial "--status-fd 9: not writable"
	run -1 checkpoint ok --lazy-pages c1
	assert_output --partial "--lazy-pages: CRIU or the kernel cannot do it here"
	run -1 checkpoint ok --pre-dump c1
	assert_output --partial "--pre-dump: CRIU or the kernel cannot do it here"
	run -1 checkpoint ok none
	assert_output --partial "container does not exist: 'none'"
	has_status c1 running
}

@test "after the checkpoint the container is gone; with --leave-running it is not" {
	sleeper
	checkpoint ok --leave-running c1
	has_status c1 running
	checkpoint ok c1
	run -1 peapod state c1
	[ -z "$(leftovers)" ]
}

@test "a CRIU that fails, dies or babbles: the container runs on, the error says why" {
	sleeper
	run -1 checkpoint fail c1
	assert_line "peapod: warning: CRIU: the first reason"
	assert_line "peapod: checkpoint: CRIU has failed: Invalid argument: the first reason (log: '$IMAGE/dump.log')"
	rm "$IMAGE/dump.log"
	run -1 checkpoint die c1
	assert_output "peapod: checkpoint: CRIU ended without an answer"
	run -1 checkpoint garbage c1
	assert_output "peapod: checkpoint: CRIU's answer is none of its messages"
	run -1 peapod --criu "$TOP/README.md" checkpoint --image-path "$IMAGE" c1
	assert_output --partial "README.md': Permission denied"
	has_status c1 running
}

@test "notifications are answered" {
	sleeper
	checkpoint notify --leave-running c1
	assert_equal "$(cat "$IMAGE/answered")" yes
}

@test "a restore by a CRIU that fails leaves nothing, and an image from anywhere is not trusted" {
	local text how
	new_bundle "$DIR/c1" true
	mkdir "$IMAGE"
	for text in '' '{}' '["a","b","c","d"]' 'nonsense'; do
		printf %s "$text" >"$IMAGE/descriptors.json"
		run -1 peapod --criu "$TOP/tests/tool/fake-criu" restore -d -b "$DIR/c1" --image-path "$IMAGE" c1
		assert_output --partial 'image: '
	done
	echo '["/dev/null","pipe:[1]","pipe:[2]"]' >"$IMAGE/descriptors.json"
	for how in fail die garbage ok; do
		FAKE_CRIU=$how run -1 peapod --criu "$TOP/tests/tool/fake-criu" restore -d -b "$DIR/c1" --image-path "$IMAGE" c1
		[ -z "$(leftovers)" ]
	done
	assert_output 'peapod: restore: CRIU is done, but told of no process'
}
