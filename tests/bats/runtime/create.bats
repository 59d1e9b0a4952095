#!/usr/bin/env bats
# create: a container that waits, or nothing at all.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

@test "create sets all up but runs nothing of the container" {
	create_container c touch /ran
	[ "$(status_of c)" = created ]
	[ -d "/proc/$(pid_of c)" ]
	[ ! -e "$DIR/c/rootfs/ran" ]
	peapod start c
	wait_until 5 has_status c stopped
	[ -e "$DIR/c/rootfs/ran" ]
}

@test "create takes the current directory as the bundle" {
	new_bundle "$DIR/b" true
	cd "$DIR/b"
	peapod create c </dev/null
	run -0 jq -r .bundle <<<"$(peapod state c)"
	assert_output "$DIR/b"
}

@test "a relative bundle becomes absolute" {
	new_bundle "$DIR/b" true
	cd "$DIR"
	peapod create -b ./b c </dev/null
	run -0 jq -r '.bundle + " " + .rootfs' <<<"$(peapod state c)"
	assert_output "$DIR/b $DIR/b/rootfs"
}

@test "the process has the caller's standard files" {
	new_bundle "$DIR/b" sh -c 'cat; echo error >&2'
	echo input >"$DIR/in"
	peapod create -b "$DIR/b" c <"$DIR/in" >"$DIR/out" 2>"$DIR/err"
	peapod start c
	wait_until 5 has_status c stopped
	[ "$(cat "$DIR/out")" = input ]
	[ "$(cat "$DIR/err")" = error ]
}

@test "an id is taken once" {
	create_container c true
	run -1 peapod create -b "$DIR/c" c
	assert_output --partial 'container with given ID already exists'
	[ "$(status_of c)" = created ]
}

@test "an id is letters, digits and _+.- only" {
	local long bad
	long=$(printf 'x%.0s' {1..256})
	new_bundle "$DIR/b" true
	for bad in '' . .. a/b ../c 'a b' $'a\nb' 'ä' '*' "$long"; do
		run -1 peapod create -b "$DIR/b" -- "$bad"
		assert_output --partial 'container id'
	done
	peapod create -b "$DIR/b" 'a_Z+0.-' </dev/null
	[ "$(status_of 'a_Z+0.-')" = created ]
}

# fails_clean TEXT: create fails with it and leaves nothing.
fails_clean() {
	run -1 peapod create --pid-file "$DIR/pid" -b "$DIR/b" c
	assert_output --partial "$1"
	[ ! -e "$DIR/pid" ]
	[ -z "$(leftovers)" ] || fail "$(leftovers)"
	run -1 peapod state c
}

@test "a create that fails in the config leaves nothing" {
	mkdir "$DIR/b"
	fails_clean 'config.json'
	echo '{' >"$DIR/b/config.json"
	fails_clean 'config.json'
	rm -r "$DIR/b"
	new_bundle "$DIR/b" true
	edit_config "$DIR/b" '.process.cwd = "relative"'
	fails_clean 'cwd'
	edit_config "$DIR/b" '.process.cwd = "/" | .linux.intelRdt = {}'
	fails_clean 'intelRdt'
	edit_config "$DIR/b" 'del(.linux.intelRdt) | del(.process)'
	fails_clean 'process'
}

@test "a create that fails in the host leaves nothing" {
	new_bundle "$DIR/b" true
	edit_config "$DIR/b" '.mounts += [{destination: "/x", type: "none", source: "/no/such/source", options: ["bind"]}]'
	fails_clean '/no/such/source'
	edit_config "$DIR/b" '.mounts |= .[:-1] | .linux.namespaces |= map(if .type == "network" then .path = "/no/such/ns" else . end)'
	fails_clean '/no/such/ns'
	edit_config "$DIR/b" '.linux.namespaces |= map(del(.path)) | .root.path = "none"'
	fails_clean 'none'
}

@test "a create whose hook fails leaves nothing" {
	new_bundle "$DIR/b" true
	for hook in prestart createRuntime createContainer; do
		edit_config "$DIR/b" ".hooks = {$hook: [{path: \"/bin/false\"}]}"
		fails_clean "$hook"
	done
}

@test "a create whose program is missing leaves nothing" {
	new_bundle "$DIR/b" no-such-program
	# shellcheck disable=SC2016 # a literal $PATH
	fails_clean 'exec: "no-such-program": executable file not found in $PATH'
	set_args "$DIR/b" /no/such/program
	fails_clean 'exec: "/no/such/program": stat /no/such/program: no such file or directory'
	set_args "$DIR/b" /etc/passwd
	fails_clean 'exec: "/etc/passwd": permission denied'
	set_args "$DIR/b" /etc
	fails_clean 'exec: "/etc": is a directory'
}
