# shellcheck shell=bash
# ttrpc: a shim without containerd, whose part the test client plays. Load common and bundle first.
#
# setup() { setup_ttrpc; }   teardown() { teardown_ttrpc; }
#
# $BUNDLE is a bundle that sleeps, for the container "box"; $SOCKET is the shim's.

load ../lib/daemon

# setup_ttrpc [EVENTS]: a running shim; EVENTS is the socket for its events
setup_ttrpc() {
	setup_containers
	NS=$(unique)
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	EVENTS=${1:-}
	new_bundle "$BUNDLE" sleep 1000
	SOCKET=$(cd "$BUNDLE" && shim start </dev/null)
	SOCKET=${SOCKET#unix://}
}

teardown_ttrpc() {
	local id
	[ -n "${NS:-}" ] || return 0
	kill_shims -namespace "$NS"
	for id in b box; do
		[ -z "${SOCKET:-}" ] || shim_for "$id" -bundle "$BUNDLE" delete >/dev/null
	done
	[ ! -e "${SOCKET:-/none}" ]
	[ -z "$(find /run/peapod/@shim/pods -lname "${SOCKET:-none}")" ]
	teardown_containers
}

# shim ARGS..., shim_for ID ARGS...: the program, as containerd calls it
shim() { shim_for box "$@"; }
shim_for() {
	local id=$1
	shift
	TTRPC_ADDRESS=$EVENTS timeout -s KILL $((60 * PATIENCE)) "$B/containerd-shim-peapod-v2" -namespace "$NS" -id "$id" -address "$BATS_TEST_TMPDIR/c.sock" "$@" 3>&-
}

shim_pids() { shim_daemons -namespace "$NS"; }
no_shim() { [ -z "$(shim_processes -namespace "$NS")" ]; }

# call [OPTIONS] METHOD [FIELD=VALUE...]
call() {
	local options=()
	while [[ $1 == -* ]]; do options+=("$1" "$2"); shift 2; done
	timeout -s KILL $((120 * PATIENCE)) "$TOOL/ttrpc-call" "${options[@]}" "$SOCKET" "$@"
}

create() { call Create id=box bundle="$BUNDLE" "$@"; }
state_is() { call State id=box | grep -qx "status=$1"; }

# start_box [FIELD=VALUE...]: created and started; prints its pid
start_box() {
	local pid
	pid=$(create "$@") && call Start id=box >/dev/null && echo "${pid#pid=}"
}

# process_spec COMMAND...: of an exec
process_spec() {
	printf 'opencontainers/runtime-spec/1/Process:'
	jq -nc '{args: $ARGS.positional, cwd: "/", user: {}, env: ["PATH=/bin"]}' --args -- "$@"
}

# add_exec ID COMMAND...: in the box, not started
add_exec() {
	local id=$1
	shift
	call Exec id=box exec_id="$id" spec="$(process_spec "$@")"
}

# end_box: killed and deleted
end_box() {
	call Kill id=box signal=9 >/dev/null
	call Wait id=box >/dev/null
	call Delete id=box >/dev/null
}

# state_dir: of the box. Whoever has a lock on it keeps the engine from working on the box.
state_dir() {
	local record
	record=$(grep -ls "\"$BUNDLE\"" /run/peapod/@shim/state/*/box/state.json) && echo "${record%/*}"
}

# fds_of PID: how many it has open
fds_of() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
