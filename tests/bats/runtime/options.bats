#!/usr/bin/env bats
# Options in all their forms, usage, and commands that are not there.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	PEAPOD_COMMANDS='create start run exec kill pause resume delete update state list ps events spec features doctor completion checkpoint restore pod'
}

@test "values stand behind a space or an equals sign, names behind one dash or two" {
	local dir=$BATS_TEST_TMPDIR
	mkdir "$STATE"
	for form in "--root $STATE" "--root=$STATE" "-root $STATE" "-root=$STATE"; do
		# shellcheck disable=SC2086 # two words
		run -0 "$PEAPOD" $form list --format json
		assert_output '[]'
	done
	for form in "--bundle $dir/1" "--bundle=$dir/2" "-bundle=$dir/3" "-b $dir/4" "-b=$dir/5" "-b$dir/6"; do
		mkdir "${form##*[ =b]}" 2>/dev/null || mkdir "$dir/${form##*/}"
		# shellcheck disable=SC2086
		run -0 "$PEAPOD" spec $form
		[ -f "$dir/${form##*/}/config.json" ]
	done
}

@test "options may follow the operand, but not that of exec" {
	run -0 peapod delete none --force
	run -255 peapod exec none ls --no-such-option
	assert_output --partial 'container does not exist'
}

@test "an unknown option is an error that names it and the nearest one" {
	run -1 peapod create --bundel x c
	assert_output "peapod: create: unknown option '--bundel', did you mean '--bundle'?"
	run -1 "$PEAPOD" --rot x state c
	assert_output --partial "did you mean '--root'?"
}

@test "an unknown command ends with 3" {
	run -3 peapod creat c
	assert_output "peapod: unknown command 'creat', did you mean 'create'?"
	run -3 peapod frobnicate
	assert_output --partial "unknown command 'frobnicate'"
}

@test "too few or too many operands are an error" {
	run -1 peapod state
	assert_output --partial 'expected ID'
	run -1 peapod state a b
	assert_output --partial 'got 2 arguments'
	run -1 peapod kill
	run -1 peapod kill a b c
	run -1 peapod list a
}

@test "a value of the wrong kind is an error" {
	run -1 peapod create --preserve-fds many c
	assert_output --partial "--preserve-fds: 'many' is not a number"
	run -1 peapod create --preserve-fds -1 c
	run -1 peapod list --format yaml
	assert_output --partial "unknown value 'yaml', expected one of table, json"
	run -1 "$PEAPOD" --log-format xml list
	run -1 peapod create --bundle
	assert_output --partial 'needs a value'
}

@test "the state root must be a place of its own" {
	run -1 "$PEAPOD" --root '' list
	assert_output --partial '--root must not be empty'
	run -1 "$PEAPOD" --root / list
	assert_output --partial "--root must not be '/'"
}

@test "help of the program and of each command goes to stdout" {
	run -0 --separate-stderr "$PEAPOD" --help
	assert_line --partial 'Usage: peapod'
	[ -z "$stderr" ]
	local text=$output
	for command in $PEAPOD_COMMANDS; do
		assert_line --regexp "^  $command "
	done
	run -0 "$PEAPOD"
	assert_output "$text"
	run -0 "$PEAPOD" help
	assert_output "$text"
	# checkpoint and restore have a help only where CRIU is
	for command in ${PEAPOD_COMMANDS% pod}; do
		run -0 --separate-stderr "$PEAPOD" --criu /bin/true "$command" --help
		assert_line --index 0 --partial "Usage: peapod $command [OPTIONS]"
		local long=$output
		run -0 "$PEAPOD" help "$command"
		assert_output "$long"
		run -0 "$PEAPOD" --criu /bin/true "$command" -h
		assert_output "$long"
	done
}

@test "options of other runtimes' callers are taken" {
	mkdir "$STATE"
	run -0 "$PEAPOD" --root "$STATE" --criu /usr/sbin/criu --rootless=false --systemd-cgroup list -q
	run -0 "$PEAPOD" --root "$STATE" --cgroup-manager cgroupfs --log-level=info --debug list -q
	run -0 "$PEAPOD" --root "$STATE" --cgroup-manager=disabled --rootless auto list -q
}
