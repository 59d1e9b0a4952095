#!/usr/bin/env bats
# The error: once, on stderr and in the log, in the form that was asked for.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	LOG=$BATS_TEST_TMPDIR/log
	MESSAGE="peapod: state: container does not exist: 'none'"
}

teardown() {
	teardown_containers
}

@test "an error is one line on stderr" {
	run -1 --separate-stderr peapod state none
	assert_output ''
	# shellcheck disable=SC2154 # set by run
	assert_equal "$stderr" "$MESSAGE"
}

@test "without a log file the format is that of stderr" {
	run -1 "$PEAPOD" --root "$STATE" --log-format json state none
	run -0 jq -r '.level + " " + .msg' <<<"$output"
	assert_output "error ${MESSAGE#peapod: }"
}

@test "a JSON log has exactly one object for a failure, and stderr has the text, too" {
	run -1 "$PEAPOD" --root "$STATE" --log "$LOG" --log-format json state none
	assert_output "$MESSAGE"
	[ "$(wc -l <"$LOG")" = 1 ]
	run -0 jq -s -r 'length, .[0].level, .[0].msg, (.[0] | keys | join(" "))' "$LOG"
	assert_output "1
error
${MESSAGE#peapod: }
level msg time"
	# RFC 3339
	[[ $(jq -r .time "$LOG") =~ ^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]+Z$ ]]
}

@test "a failure with warnings before it is still one object" {
	new_bundle "$BATS_TEST_TMPDIR/b" /no/such/program
	edit_config "$BATS_TEST_TMPDIR/b" '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	run -1 "$PEAPOD" --root "$STATE" --log "$LOG" --log-format json create -b "$BATS_TEST_TMPDIR/b" c
	run -0 jq -s length "$LOG"
	assert_output 1
}

@test "the log file is appended to and made readable for all" {
	umask 022
	run -1 "$PEAPOD" --root "$STATE" --log "$LOG" state none
	run -1 "$PEAPOD" --root "$STATE" --log "file:$LOG" state none
	run -0 cat "$LOG"
	assert_output "$MESSAGE
$MESSAGE"
	[ "$(stat -c %a "$LOG")" = 644 ]
}

@test "success writes nothing" {
	mkdir "$STATE"
	run -0 "$PEAPOD" --root "$STATE" --log "$LOG" --log-format json list -q
	assert_output ''
	[ ! -s "$LOG" ]
}

@test "a log that cannot be had is an error on stderr" {
	run -1 "$PEAPOD" --log /no/such/dir/log state none
	assert_output --partial '/no/such/dir/log'
}

@test "a relative log is about the caller's directory" {
	cd "$BATS_TEST_TMPDIR"
	run -1 "$PEAPOD" --root "$STATE" --log log state none
	[ -s "$LOG" ]
}

@test "texts with quotes, newlines and control characters stay JSON" {
	run -1 "$PEAPOD" --root "$STATE" --log "$LOG" --log-format json state $'a"b\n\tc\\d'
	run -0 jq -s -r 'length' "$LOG"
	assert_output 1
}

# listening SOCKET COMMAND...: with the socket of a service that writes what it gets to $LOG, in a
# mount namespace where /dev and /run are its own
listening() {
	local socket=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m bash -c 'set -e
		mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /mnt && touch /mnt/null
		mount --bind /dev/null /mnt/null && mount --move /mnt /dev
		mkdir -p "${1%/*}"
		socat -u "UNIX-RECV:$1" "OPEN:$2,creat,append" 2>/dev/null 3>&- & # which may tell of the TERM
		trap "kill $! && wait $! || :" EXIT
		for ((i = 0; i < 6000; i++)); do [ ! -S "$1" ] || break; sleep 0.01; done
		shift 2
		status=0
		"$@" || status=$?
		exit "$status"' - "$socket" "$LOG" "$@"
}

received() {
	grep -qF -- "$1" "$LOG"
}

@test "journald:NAME is the journal, with priority and name" {
	export -f received
	run -1 listening /run/systemd/journal/socket bash -c '"$@"; status=$?
		for ((i = 0; i < 3000; i++)); do [ -s "$0" ] && break; sleep 0.01; done; exit $status' \
		"$LOG" "$PEAPOD" --root "$STATE" --log journald:pods --log-format json state none
	assert_output "$MESSAGE"
	received 'PRIORITY=3'
	received 'SYSLOG_IDENTIFIER=pods'
	received "${MESSAGE#peapod: }"
}

@test "syslog:NAME is the system log" {
	run -1 listening /dev/log bash -c '"$@"; status=$?
		for ((i = 0; i < 3000; i++)); do [ -s "$0" ] && break; sleep 0.01; done; exit $status' \
		"$LOG" "$PEAPOD" --root "$STATE" --log=syslog: state none
	assert_output "$MESSAGE"
	run -0 cat "$LOG"
	assert_output --regexp "^<11>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} peapod\[[0-9]+\]: ${MESSAGE#peapod: }\$"
}

@test "a service that is not there is an error, a name that would forge fields too" {
	# shellcheck disable=SC2016
	run -1 unshare -m sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' - "$PEAPOD" --log journald:pods state none
	assert_output "peapod: --log: connect to log socket '/run/systemd/journal/socket': No such file or directory"
	run -1 "$PEAPOD" --log $'journald:pods\nPRIORITY=0' state none
	assert_output --partial 'cannot be the name of a sender'
}
