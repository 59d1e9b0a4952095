# shellcheck shell=bash
# bundle: bundles and containers for tests of the runtime.
#
# setup() { setup_containers; }     a state root and a cgroup of this test's own
# teardown() { teardown_containers; }  ends all containers, fails when something is left

setup_containers() {
	requires root
	STATE=$BATS_TEST_TMPDIR/state
	CGROUP=/peapod-test-$(unique)
	export STATE CGROUP
}

# peapod ARGS...: the program under test, with this test's state.
peapod() {
	"$PEAPOD" --root "$STATE" "$@"
}

# new_bundle DIR [COMMAND...]: a bundle with its own busybox root, no terminal, this test's cgroup.
new_bundle() {
	local dir=$1
	shift
	mkdir -p "$dir"
	cp -a "$SUITE_ROOTFS" "$dir/rootfs"
	"$PEAPOD" spec -b "$dir"
	# shellcheck disable=SC2016 # jq's variable
	edit_config "$dir" '.process.terminal = false | .root.readonly = false
		| .linux.cgroupsPath = $cgroup' --arg cgroup "$CGROUP/$(basename "$dir")"
	[ $# = 0 ] || set_args "$dir" "$@"
}

# edit_config DIR FILTER [JQ OPTIONS...]
edit_config() {
	local dir=$1 filter=$2
	shift 2
	jq "$filter" "$dir/config.json" "$@" >"$dir/config.json.new"
	mv "$dir/config.json.new" "$dir/config.json"
}

# set_args DIR COMMAND...: process.args
set_args() {
	local dir=$1
	shift
	# shellcheck disable=SC2016
	edit_config "$dir" '.process.args = $ARGS.positional' --args -- "$@"
}

# reopens TERMINAL: a program that closes its terminal and opens it again when /go is there
reopens() {
	echo "echo one; exec <&- >&- 2>&-; until [ -e /go ]; do sleep 0.02; done; exec >$1; echo two; seq 2000; exit 5"
}

# create_container ID COMMAND..., spawn ID COMMAND...: a new bundle $BATS_TEST_TMPDIR/ID, and a
# container of it that is created, or runs. What it writes goes to $BATS_TEST_TMPDIR/ID.out.
create_container() {
	local id=$1 dir=$BATS_TEST_TMPDIR/$1
	shift
	new_bundle "$dir" "$@"
	peapod create -b "$dir" "$id" </dev/null >"$dir.out" 2>&1 || { cat "$dir.out" && return 1; }
}

spawn() {
	create_container "$@"
	peapod start "$1"
}

# status_of ID, pid_of ID
status_of() {
	peapod state "$1" | jq -r .status
}

pid_of() {
	peapod state "$1" | jq -r .pid
}

has_status() {
	[ "$(status_of "$1" 2>/dev/null)" = "$2" ]
}

# What containers of this test could leave on the host; empty when all is well. ("@..." is no
# container's: the cache of seccomp filters.)
leftovers() {
	local path
	if [ -d "$STATE" ]; then
		for path in "$STATE"/[!@]*/; do
			[ -d "$path" ] && echo "state $path"
		done
	fi
	find /sys/fs/cgroup -type d -path "*${CGROUP:?}/*" 2>/dev/null | sed 's/^/cgroup /'
	awk -v dir="$BATS_TEST_TMPDIR" 'index($5, dir) == 1 { print "mount " $5 }' /proc/self/mountinfo
}

teardown_containers() {
	local id left
	# skipped before it had anything: an empty name would be that of every cgroup
	[ -n "${CGROUP:-}" ] || return 0
	if [ -d "$STATE" ]; then
		for id in "$STATE"/[!@]*/; do
			id=$(basename "$id")
			[ "$id" = '[!@]*' ] || peapod delete --force "$id" >&2 || :
		done
	fi
	left=$(leftovers)
	find /sys/fs/cgroup -depth -type d -path "*${CGROUP:?}*" -exec rmdir {} + 2>/dev/null || :
	if [ -n "$left" ]; then
		echo "left behind:" >&2
		echo "$left" >&2
		return 1
	fi
}
