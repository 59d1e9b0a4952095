#!/usr/bin/env bats
# Completion: what the shells offer for a line.
load ../lib/common
load ../lib/bundle
load ../lib/host
load ../lib/pod

setup() {
	setup_pods
	# shellcheck source=/dev/null
	source <("$PEAPOD" completion bash)
}

teardown() {
	peapod delete --force one
	peapod delete --force other
	teardown_pods
}

# compopt belongs to a shell with a prompt.
compopt() { :; }

# offers WORD...: the sorted offers for a line behind "peapod", as bash splits it; the last word is
# the one at the cursor.
offers() {
	COMP_WORDS=("$PEAPOD" "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_peapod || :
	output=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
}

@test "commands, in front of them global options, behind them their own" {
	offers cre
	assert_output create
	offers --debug --log /x sta
	assert_output $'start\nstate'
	offers --systemd
	assert_output --systemd-cgroup
	offers delete --fo
	assert_output --force
	offers delete some --fo
	assert_output --force
	offers pod r
	assert_output $'rm\nrun'
	offers pod stop --t
	assert_output --time
	offers nonesuch
	assert_output ''
}

@test "every command and option of the help is offered" {
	local command option
	offers ''
	local commands=$output
	for command in $("$PEAPOD" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'); do
		grep -qx "$command" <<<"$commands"
		[ "$command" != pod ] || continue
		offers "$command" --
		for option in $("$PEAPOD" --criu /bin/true "$command" --help | grep -oE '^  (-., |    )--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'); do
			grep -qx -- "$option" <<<"$output" || fail "$command $option is not offered"
		done
	done
	for command in $("$PEAPOD" pod --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'); do
		offers pod "$command" --hel
		assert_output --help
	done
}

@test "values: words, files and directories, in both forms" {
	offers list --format ''
	assert_output $'json\ntable'
	offers list --format = j
	assert_output json
	offers list -f =
	assert_output $'json\ntable'
	offers list --format=j
	assert_output --format=json
	offers --cgroup-manager c
	assert_output cgroupfs
	offers pod run --restart on
	assert_output on-failure
	mkdir "$BATS_TEST_TMPDIR/a dir"
	: >"$BATS_TEST_TMPDIR/a file"
	offers create --bundle "$BATS_TEST_TMPDIR/a "
	assert_output "$BATS_TEST_TMPDIR/a dir"
	offers create --pid-file "$BATS_TEST_TMPDIR/a f"
	assert_output "$BATS_TEST_TMPDIR/a file"
	offers update --memory ''
	assert_output ''
}

@test "containers, of the state root that the line names" {
	create_container one true
	create_container other true
	offers --root "$STATE" start o
	assert_output $'one\nother'
	offers --root = "$STATE" kill one K
	assert_output KILL
	offers "--root=$STATE" exec on
	assert_output one
	offers --root "$STATE" exec one --us
	assert_output ''
	offers --root "$STATE" exec --us
	assert_output --user
	offers --root "$STATE" create o
	assert_output ''
	offers --root "$STATE" state one o
	assert_output ''
	offers --root "$STATE.none" state o
	assert_output ''
}

@test "pods" {
	pod_run -d "$(app main 'exec sleep 1000')" </dev/null >/dev/null 2>&1
	offers --root "$STATE" pod inspect "${POD:0:2}"
	assert_output "$POD"
	offers --root "$STATE" pod stop "$POD" p
	assert_output "$POD"
	offers --root "$STATE" pod logs "$POD" p
	assert_output ''
}

@test "what stands on the line is never run" {
	# shellcheck disable=SC2016 # not to be expanded
	for word in '$(touch pwned)' '`touch pwned`' '; touch pwned'; do
		cd "$BATS_TEST_TMPDIR"
		offers --root "$word" state "$word"
		offers list --format "$word"
		offers create -b "$word"
		[ ! -e pwned ]
	done
}

# There the shell itself keeps those that begin with the word.
@test "zsh offers the same" {
	requires zsh
	"$PEAPOD" completion zsh >"$BATS_TEST_TMPDIR/_peapod"
	cat >"$BATS_TEST_TMPDIR/try" <<-'END'
		autoload -U +X compinit && compinit -u -D
		source $1
		emulate ksh
		COMP_WORDS=($2 list --format=j)
		COMP_CWORD=2
		_peapod
		print -r -- "${COMPREPLY[*]}"
		COMP_WORDS=($2 pod run --restart on)
		COMP_CWORD=4
		_peapod
		print -r -- "${COMPREPLY[*]}"
		COMP_WORDS=($2 cre)
		COMP_CWORD=1
		_peapod
		print -r -- "${COMPREPLY[*]}"
	END
	run -0 zsh -f "$BATS_TEST_TMPDIR/try" "$BATS_TEST_TMPDIR/_peapod" "$PEAPOD"
	assert_line --index 0 '--format=table --format=json'
	assert_line --index 1 'never on-failure always'
	assert_line --index 2 --partial ' create start run '
}

@test "an unknown shell is an error" {
	run -1 peapod completion fish
	assert_output --partial "unknown shell 'fish', expected bash or zsh"
}

@test "make install puts the scripts and the man pages where shells and man look" {
	requires make
	run -0 make -s -C "$TOP" B="$B" DESTDIR="$BATS_TEST_TMPDIR/d" install
	bash -n "$BATS_TEST_TMPDIR/d/usr/local/share/bash-completion/completions/peapod"
	[ -s "$BATS_TEST_TMPDIR/d/usr/local/share/man/man8/peapod-pod-run.8" ]
	grep -q '^#compdef peapod' "$BATS_TEST_TMPDIR/d/usr/local/share/zsh/site-functions/_peapod"
}
