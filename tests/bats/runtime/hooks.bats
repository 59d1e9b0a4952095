#!/usr/bin/env bats
# Hooks: when, where, with what, and what their failure does.
load ../lib/common
load ../lib/bundle

KINDS='prestart createRuntime createContainer startContainer poststart poststop'

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	# shellcheck disable=SC2016 # for the shell in the container
	new_bundle "$DIR/b" sh -c 'echo "process - $(pwd)" >>/log'
	LOG=$DIR/b/rootfs/log
	# Writes "KIND STATUS CWD" to the log and keeps the state in a file; here and in the container.
	cat >"$DIR/hook" <<-END
		#!/bin/sh
		state=\$(cat)
		status=\$(echo "\$state" | tr ',' '\\n' | sed -n 's/.*"status": *"\\([a-z]*\\)".*/\\1/p')
		log=$LOG
		[ -d $DIR ] || log=/log
		echo "\$1 \$status \$(pwd)" >>\$log
		echo "\$state" >\$(dirname \$log)/state-\$1
		env >\$(dirname \$log)/env-\$1
		for n in mnt pid net; do readlink /proc/self/ns/\$n; done >\$(dirname \$log)/ns-\$1
	END
	chmod +x "$DIR/hook"
	cp "$DIR/hook" "$DIR/b/rootfs/hook"
	chmod 755 "$DIR"
}

teardown() {
	teardown_containers
}

# all_hooks: one of each kind
all_hooks() {
	local kind path
	for kind in $KINDS; do
		path=$DIR/hook
		[ "$kind" = startContainer ] && path=/hook
		edit_config "$DIR/b" ".hooks.$kind = [{path: \"$path\", args: [\"hook\", \"$kind\"]}]"
	done
}

# hang_in KIND: a hook of that kind that hangs, and leaves its pid; not for ever, should a test fail
hang_in() {
	printf '#!/bin/sh\necho $$ >%s/hook.pid\nexec sleep 1000\n' "$DIR" >"$DIR/hang"
	chmod +x "$DIR/hang"
	edit_config "$DIR/b" ".hooks = {$1: [{path: \"$DIR/hang\", timeout: 300}]}"
}

@test "hooks run in order, with the status of the moment, each in its directory" {
	all_hooks
	peapod create -b "$DIR/b" c </dev/null
	peapod start c
	wait_until 5 has_status c stopped
	peapod delete c
	run -0 cat "$LOG"
	assert_line --index 0 "prestart creating $DIR/b"
	assert_line --index 1 "createRuntime creating $DIR/b"
	assert_line --index 2 "createContainer creating $DIR/b/rootfs"
	assert_line --index 3 'startContainer created /'
	assert_line --partial 'process - /'
	assert_line "poststart running $DIR/b"
	assert_line --index 6 "poststop stopped $DIR/b"
}

@test "runtime hooks run in the caller's namespaces, container hooks in the container's" {
	all_hooks
	run -0 peapod run -b "$DIR/b" c
	cd "$DIR/b/rootfs"
	for n in mnt pid net; do readlink /proc/self/ns/$n; done >"$DIR/host"
	for kind in prestart createRuntime poststart poststop; do
		cmp "ns-$kind" "$DIR/host"
	done
	cmp ns-createContainer ns-startContainer
	run -1 cmp ns-createContainer "$DIR/host"
}

@test "the state on stdin is one line and has the pid of the reader's view" {
	all_hooks
	peapod create --pid-file "$DIR/pid" -b "$DIR/b" c </dev/null
	peapod start c
	wait_until 5 has_status c stopped
	peapod delete c
	cd "$DIR/b/rootfs"
	local pid kind
	pid=$(cat "$DIR/pid")
	for kind in $KINDS; do
		[ "$(wc -l <"state-$kind")" = 1 ]
		[ "$(jq -r '.ociVersion + " " + .id + " " + .bundle' "state-$kind")" = "1.3.0 c $DIR/b" ]
		run -1 grep -F '\/' "state-$kind"
	done
	for kind in prestart createRuntime poststart; do
		[ "$(jq .pid "state-$kind")" = "$pid" ]
	done
	[ "$(jq .pid state-createContainer)" = 1 ]
	[ "$(jq .pid state-startContainer)" = 1 ]
	[ "$(jq '.pid // 0' state-poststop)" = 0 ]
}

@test "the environment is the hook's where it has one" {
	edit_config "$DIR/b" ".hooks.createRuntime = [{path: \"$DIR/hook\", args: [\"hook\", \"r\"], env: [\"A=1\", \"PATH=/usr/bin:/bin\"]}]"
	OUTER=2 run -0 peapod run -b "$DIR/b" c
	run -0 cat "$DIR/b/rootfs/env-r"
	assert_line A=1
	refute_line OUTER=2
}

@test "several hooks of a kind run in list order, the first failure ends it" {
	edit_config "$DIR/b" ".hooks.createRuntime = [
		{path: \"$DIR/hook\", args: [\"hook\", \"one\"]}, {path: \"$DIR/hook\", args: [\"hook\", \"two\"]},
		{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo because >&2; exit 3\"]},
		{path: \"$DIR/hook\", args: [\"hook\", \"four\"]}]"
	run -1 peapod create -b "$DIR/b" c
	assert_output --partial 'createRuntime'
	assert_output --partial '/bin/sh'
	assert_output --partial 'because'
	[ "$(cut -d ' ' -f 1 "$LOG")" = $'one\ntwo' ]
	[ -z "$(leftovers)" ]
}

@test "a hook that takes too long is killed" {
	edit_config "$DIR/b" '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "sleep 1000"], timeout: 1}]'
	run -1 timeout $((60 * PATIENCE)) "$PEAPOD" --root "$STATE" create -b "$DIR/b" c
	assert_output --partial 'createRuntime'
	[ -z "$(leftovers)" ]
}

@test "a hook that hangs while the container is made ends with it: delete --force" {
	local kind
	for kind in prestart createRuntime; do
		hang_in $kind
		peapod create -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1 3>&- &
		wait_until 30 test -s "$DIR/hook.pid"
		run -0 peapod delete --force c
		assert_output ''
		ends_with 1 $!
		run -0 cat "$DIR/out"
		assert_output "peapod: create: the container's process was killed by signal 9: hook ${kind}[0] '$DIR/hang': killed with the container's process"
		is_gone "$(cat "$DIR/hook.pid")"
		[ -z "$(leftovers)" ]
		rm "$DIR/hook.pid"
	done
}

@test "a poststart hook that hangs does not hold up delete --force" {
	set_args "$DIR/b" sleep 1000
	hang_in poststart
	peapod create -b "$DIR/b" c </dev/null
	peapod start c >"$DIR/out" 2>&1 3>&- &
	wait_until 30 test -s "$DIR/hook.pid"
	has_status c running
	run -0 peapod delete --force c
	assert_output ''
	[ -z "$(leftovers)" ]
	kill "$(cat "$DIR/hook.pid")"
	ends_with 1 $!
	grep -q 'hook poststart' "$DIR/out"
}

@test "run: a poststart hook that fails late leaves another container of that name alone" {
	set_args "$DIR/b" sleep 1000
	hang_in poststart
	peapod run -b "$DIR/b" c </dev/null >"$DIR/out" 2>&1 3>&- &
	wait_until 30 test -s "$DIR/hook.pid"
	run -0 peapod delete --force c
	edit_config "$DIR/b" '.hooks = {}'
	peapod create -b "$DIR/b" c </dev/null
	kill "$(cat "$DIR/hook.pid")"
	ends_with 1 $!
	run -0 cat "$DIR/out"
	assert_output "peapod: run: hook poststart[0] '$DIR/hang': ended by signal 15"
	run -0 peapod start c
	has_status c running
}

@test "a startContainer hook that fails fails start" {
	edit_config "$DIR/b" '.hooks.startContainer = [{path: "/bin/false"}]'
	peapod create -b "$DIR/b" c </dev/null
	run -1 peapod start c
	assert_output --partial 'startContainer'
	[ ! -e "$LOG" ]
}

@test "a poststart hook that fails stops the container" {
	set_args "$DIR/b" sleep 1000
	edit_config "$DIR/b" '.hooks.poststart = [{path: "/bin/false"}]'
	peapod create -b "$DIR/b" c </dev/null
	run -1 peapod start c
	assert_output --partial 'poststart'
	wait_until 5 has_status c stopped
}

@test "a poststop hook that fails is a warning, the others run" {
	edit_config "$DIR/b" ".hooks.poststop = [{path: \"/bin/false\"}, {path: \"$DIR/hook\", args: [\"hook\", \"last\"]}]"
	spawned() { peapod run -b "$DIR/b" c; }
	run -0 spawned
	[ -z "$(leftovers)" ]
	grep -q '^last stopped' "$LOG"
}
