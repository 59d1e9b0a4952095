#!/usr/bin/env bats
# state and list: what they say about a container.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

field() {
	peapod state c | jq -r "$1"
}

@test "state has the keys of the specification and some more" {
	new_bundle "$DIR/b" sleep 1000
	edit_config "$DIR/b" '.annotations = {"org.example.key": "a/b \"c\""}'
	peapod create -b "$DIR/b" c </dev/null >/dev/null 2>&1
	run -0 --separate-stderr peapod state c
	[ -z "$stderr" ]
	refute_output --partial '\/'
	[ "$(field .ociVersion)" = 1.3.0 ]
	[ "$(field .id)" = c ]
	[ "$(field .status)" = created ]
	[ "$(field '.annotations["org.example.key"]')" = 'a/b "c"' ]
	[ "$(field .bundle)" = "$DIR/b" ]
	[ "$(field .rootfs)" = "$DIR/b/rootfs" ]
	[ "$(field .owner)" = root ]
	[[ $(field .created) =~ ^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{9}Z$ ]]
	[ "$(readlink "/proc/$(field .pid)/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
}

@test "status follows the life of a container" {
	create_container c sleep 1000
	[ "$(field .status)" = created ]
	peapod start c
	[ "$(field .status)" = running ]
	peapod pause c
	[ "$(field .status)" = paused ]
	peapod resume c
	[ "$(field .status)" = running ]
	peapod kill c KILL
	wait_until 5 has_status c stopped
	[ "$(field .pid)" = 0 ]
	peapod delete c
	run -1 peapod state c
	assert_output --partial 'container does not exist'
}

@test "state of a container that is not there" {
	run -1 --separate-stderr peapod state none
	[ -z "$output" ]
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == *'container does not exist'* ]]
}

@test "a process with the same pid but another start time is another process" {
	create_container c sleep 1000
	local pid
	pid=$(pid_of c)
	# The container's process is gone, and its number belongs to somebody else.
	kill -KILL "$pid"
	wait_until 5 is_gone "$pid"
	local other
	sleeper() { sleep 1000 3>&- & }
	begun() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }
	sleeper
	other=$!
	# in another tick of the clock
	while [ "$(begun "$other")" = "$(jq -r .startTime "$STATE/c/state.json")" ]; do
		kill "$other"
		sleeper
		other=$!
	done
	jq -c ".pid = $other" "$STATE/c/state.json" >"$DIR/new"
	cp "$DIR/new" "$STATE/c/state.json"
	[ "$(field .status)" = stopped ]
	run -1 peapod kill c KILL
	assert_output --partial 'container not running'
	run -0 peapod delete --force c
	kill -0 "$other"
	kill "$other"
}

@test "state while a container is deleted is whole or not there" {
	create_container c true
	touch "$DIR/go"
	(
		while [ -e "$DIR/go" ]; do
			if peapod state c >"$DIR/doc" 2>"$DIR/why"; then
				jq -e .status "$DIR/doc" >/dev/null || echo "cut short" >>"$DIR/bad"
			else
				grep -q 'does not exist' "$DIR/why" || cat "$DIR/why" >>"$DIR/bad"
			fi
		done
	) 3>&- &
	local reader=$!
	for _ in $(seq 20); do
		peapod delete --force c
		peapod create -b "$DIR/c" c </dev/null
	done
	rm "$DIR/go"
	wait "$reader"
	[ ! -e "$DIR/bad" ] || fail "$(cat "$DIR/bad")"
}

@test "list is a table, an array, or ids" {
	mkdir -p "$STATE"
	run -0 peapod list
	assert_output --regexp '^ID +PID +STATUS +BUNDLE +CREATED +OWNER$'
	run -0 peapod list -f json
	assert_output '[]'
	run -0 peapod list -q
	assert_output ''
	create_container c true
	spawn d sleep 1000
	run -0 peapod list
	assert_line --index 1 --regexp "^c +$(pid_of c) +created +$DIR/c +20[^ ]+Z +root$"
	assert_line --index 2 --regexp "^d +$(pid_of d) +running +$DIR/d +20[^ ]+Z +root$"
	run -0 jq -r 'map(.id + "=" + .status) | join(" ")' <<<"$(peapod list --format json)"
	assert_output 'c=created d=running'
	run -0 peapod list --quiet
	assert_output $'c\nd'
}

@test "list skips what it cannot read, with a warning" {
	create_container c true
	mkdir "$STATE/broken"
	echo '{' >"$STATE/broken/state.json"
	run -0 --separate-stderr peapod list -f json
	run -0 jq -r 'map(.id) | join(" ")' <<<"$output"
	assert_output c
	run -0 peapod list
	assert_output --partial 'warning: list: broken:'
	run -0 peapod delete --force broken
	[ ! -e "$STATE/broken" ]
}

@test "list of a root that was given and is not there is an error" {
	run -1 "$PEAPOD" --root "$DIR/none" list
	assert_output --partial "$DIR/none"
	[ ! -e "$DIR/none" ]
}
