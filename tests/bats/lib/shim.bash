# shellcheck shell=bash
# shim: tests under a private containerd, one per file, driven by ctr.
#
# setup_file() { start_containerd; }   teardown_file() { stop_containerd; }
# setup() { setup_shim; }              teardown() { teardown_shim; }
#
# CONTAINERD and CTR name other programs than those of the PATH (hack/containerd), and
# PEAPOD_CONTAINERD a directory with both.

load ../lib/daemon

RUNTIME=io.containerd.peapod.v2
IMAGE=peapod.local/busybox:test
POD_ANNOTATION=io.kubernetes.cri.sandbox-id
PODS=/run/peapod/@shim/pods
export RUNTIME IMAGE POD_ANNOTATION

start_containerd() {
	local dir=${PEAPOD_CONTAINERD:+$PEAPOD_CONTAINERD/}
	export CONTAINERD=${CONTAINERD:-${dir}containerd} CTR=${CTR:-${dir}ctr}
	if [ "$(id -u)" != 0 ] || ! command -v "$CONTAINERD" >/dev/null; then return 0; fi
	# sockets are below it, and their paths have a limit
	CDIR=$(mktemp -d /tmp/peapod-shim.XXXXXX)
	"$TOP/hack/containerd" start "$CDIR" >"$BATS_FILE_TMPDIR/env" 3>&-
	CONTAINERD_ADDRESS=$(sed -n 's/^CONTAINERD_ADDRESS=//p' "$BATS_FILE_TMPDIR/env")
	export CDIR CONTAINERD_ADDRESS
}

stop_containerd() {
	[ -n "${CDIR:-}" ] || return 0
	"$TOP/hack/containerd" stop "$CDIR"
	rm -rf "$CDIR"
}

# kill_containerd, restart_containerd: it is killed, and comes back
kill_containerd() {
	local pid
	pid=$(<"$CDIR/pid")
	kill -KILL "$pid"
	wait_until 30 is_gone "$pid"
}

restart_containerd() {
	"$TOP/hack/containerd" start "$CDIR" >/dev/null 3>&-
}

setup_shim() {
	requires root "${CONTAINERD:-containerd}"
	NS=$(unique)
	export NS
	ctr images import "$B/busybox.tar" >/dev/null
}

# ctr ARGS...: in this test's namespace, never for longer than a test may last
ctr() {
	local code
	{
		timeout -s KILL $((120 * PATIENCE)) "$CTR" -n "$NS" "$@" 2>&1 >&9 9>&- | { grep -v DEPRECATION >&2 9>&- || :; }
		code=${PIPESTATUS[0]}
	} 9>&1
	return "$code"
}

# watch_events FILE: from now on events go there, up to the end of containerd or stop_watching
watch_events() {
	"$CTR" -n "$NS" events >"$1" 2>/dev/null 3>&- &
	WATCHER=$!
	wait_until 30 is_watching "$1"
}

# The first event that is heard is one of these.
is_watching() {
	ctr images label "$IMAGE" "test=$RANDOM" >/dev/null
	[ -s "$1" ]
}

stop_watching() {
	kill -KILL "$WATCHER"
}

# run_task ID [CTR OPTIONS... --] COMMAND...: in the foreground, removed at the end
run_task() {
	local id=$1 options=()
	shift
	while [[ $1 == -* ]]; do
		[ "$1" = -- ] && { shift; break; }
		options+=("$1")
		shift
	done
	ctr run --rm --runtime "$RUNTIME" "${options[@]}" "$IMAGE" "$id" "$@" </dev/null
}

# start_task ID [OPTIONS... --] COMMAND...: in the background; its output is not kept
start_task() {
	local id=$1 options=()
	shift
	while [[ $1 == -* ]]; do
		[ "$1" = -- ] && { shift; break; }
		options+=("$1")
		shift
	done
	ctr run -d --runtime "$RUNTIME" "${options[@]}" "$IMAGE" "$id" "$@" </dev/null
}

# start_pod POD ID...: containers of one pod
start_pod() {
	local pod=$1 id
	shift
	for id; do start_task "$id" --annotation="$POD_ANNOTATION=$pod" -- sleep 1000; done
}

# status_of ID: RUNNING, STOPPED, ..., or nothing
status_of() {
	ctr tasks list | awk -v id="$1" '$1 == id { print $3 }'
}

has_status() {
	[ "$(status_of "$1")" = "$2" ]
}

# pid_of ID: of the container's first process
pid_of() {
	ctr tasks list | awk -v id="$1" '$1 == id { print $2 }'
}

# shims: pids of this test's shims, whatever they serve
shims() {
	shim_daemons -namespace "$NS"
}

no_shims() {
	[ -z "$(shim_processes -namespace "$NS")" ]
}

remove_task() {
	ctr tasks delete -f "$1" >/dev/null 2>&1 || :
	ctr containers delete "$1" >/dev/null 2>&1 || :
}

# What tasks of this test could leave on the host; empty when all is well.
shim_leftovers() {
	find /sys/fs/cgroup -type d -path "*/$NS/*" 2>/dev/null | sed 's/^/cgroup /'
	awk -v ns="/$NS/" 'index($5, ns) { print "mount " $5 }' /proc/self/mountinfo
	shim_processes -namespace "$NS" | sed 's/^/shim /'
	find "$CDIR/state/io.containerd.runtime.v2.task/$NS" -mindepth 1 -maxdepth 1 2>/dev/null | sed 's/^/bundle /'
	find "$PODS" -lname "*/$NS/*" 2>/dev/null | sed 's/^/record /'
}

nothing_left() {
	[ -z "$(shim_leftovers)" ]
}

# containerd may refuse for a moment to delete a task whose shim has just died.
all_removed() {
	local id
	for id in $(ctr containers list -q); do remove_task "$id"; done
	nothing_left
}

teardown_shim() {
	[ -n "${NS:-}" ] && [ -n "${CDIR:-}" ] || return 0
	if ! wait_until 60 all_removed; then
		shim_leftovers >&2
		kill_shims -namespace "$NS"
		return 1
	fi
	ctr images rm "$IMAGE" >/dev/null || :
	find /sys/fs/cgroup -depth -type d -name "$NS" -exec rmdir {} + 2>/dev/null || :
}
