#!/usr/bin/env bats
# The daemon as a process, by the ttrpc test client: how it is started, what it is, when it leaves.
# shellcheck disable=SC2030,SC2031 # a test may change its own socket

load ../lib/common
load ../lib/bundle
load ../lib/ttrpc

setup() { setup_ttrpc; }

teardown() {
	[ -z "${SHIM_CGROUP:-}" ] || { wait_until 30 no_shim || :; find /sys/fs/cgroup -depth -type d -name "$SHIM_CGROUP" -exec rmdir {} +; }
	teardown_ttrpc
}

# stop_shim: killed, and what it left removed
stop_shim() {
	kill_shims -namespace "$NS"
	shim -bundle "$BUNDLE" delete >/dev/null
}

# begin [OPTIONS...]: another shim; stdin is its stdin
begin() {
	SOCKET=$(cd "$BUNDLE" && shim "$@" start)
	SOCKET=${SOCKET#unix://}
}

@test "a container's parent is the shim, not the helper that made it" {
	local pid
	pid=$(start_box)
	assert_equal "$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status")" "$(shim_pids)"
	end_box
}

@test "its oom_score_adj is one above that of its starter's parent" {
	local mine expected
	mine=$(</proc/self/oom_score_adj)
	expected=$((mine < 1000 ? mine + 1 : 1000))
	assert_equal "$(<"/proc/$(shim_pids)/oom_score_adj")" "$expected"
}

@test "a cgroup for the shim, and one that is not there" {
	local options
	stop_shim
	SHIM_CGROUP=$(unique shim)
	# an Any of containerd.runc.v1.Options with field 3, shim_cgroup
	options=$(printf '\x0a\x1acontainerd.runc.v1.Options\x12\\x%02x\x1a\\x%02x%s' $((${#SHIM_CGROUP} + 2)) ${#SHIM_CGROUP} "$SHIM_CGROUP")
	[ -d /sys/fs/cgroup/memory ] && mkdir "/sys/fs/cgroup/memory/$SHIM_CGROUP" || mkdir "/sys/fs/cgroup/$SHIM_CGROUP"
	begin < <(printf '%b' "$options")
	grep -q "/$SHIM_CGROUP\$" "/proc/$(shim_pids)/cgroup"
	stop_shim
	find /sys/fs/cgroup -depth -type d -name "$SHIM_CGROUP" -exec rmdir {} +
	run bash -c "cd '$BUNDLE' && printf '%b' '$options' | TTRPC_ADDRESS='' '$B/containerd-shim-peapod-v2' -namespace $NS -id box -address $BATS_TEST_TMPDIR/c.sock start 2>&1"
	assert_failure
	assert_output --partial "shim cgroup '$SHIM_CGROUP' cannot be joined"
	wait_until 30 no_shim
}

@test "a core scheduling cookie, or the reason why not" {
	local before
	stop_shim
	before=$SOCKET
	run bash -c "cd '$BUNDLE' && SCHED_CORE=1 TTRPC_ADDRESS='' '$B/containerd-shim-peapod-v2' -namespace $NS -id box -address $BATS_TEST_TMPDIR/c.sock start </dev/null 2>&1 3>&-"
	if [ "$status" = 0 ]; then
		assert_output "unix://$before"
	else
		assert_output --partial "core scheduling"
	fi
}

@test "flags in every form that Go's programs take" {
	local pid
	stop_shim
	SOCKET=$(cd "$BUNDLE" && TTRPC_ADDRESS='' "$B/containerd-shim-peapod-v2" --namespace="$NS" -id=box --address "$BATS_TEST_TMPDIR/c.sock" \
		-publish-binary /usr/bin/containerd -debug start </dev/null 2>&1 3>&-)
	[[ $SOCKET == unix:///* ]]
	SOCKET=${SOCKET#unix://}
	run -0 call Connect id=box
	pid=$(sed -n 's/^shim_pid=//p' <<<"$output")
	kill -KILL "$pid"
	wait_until 30 is_gone "$pid"
}

@test "a log that nobody reads holds nothing up" {
	stop_shim
	mkfifo "$BUNDLE/log"
	begin -debug </dev/null
	exec 7<>"$BUNDLE/log"
	timeout $((120 * PATIENCE)) bash -c 'until ! dd if=/dev/zero bs=4096 count=1 oflag=nonblock >&7 2>/dev/null; do :; done'
	kill -USR1 "$(shim_pids)"
	start_box
	state_is 2
	end_box
	exec 7>&-
	kill -USR1 "$(shim_pids)"
	run -0 call Connect id=box
}

@test "a daemon that nobody calls leaves, and takes its socket along" {
	local pid
	stop_shim
	PEAPOD_SHIM_PATIENCE=0 run bash -c "cd '$BUNDLE' && TTRPC_ADDRESS='' '$B/containerd-shim-peapod-v2' -namespace $NS -id box -address $BATS_TEST_TMPDIR/c.sock start </dev/null 2>&1 3>&-"
	assert_failure
	assert_output --partial "PEAPOD_SHIM_PATIENCE"
	wait_until 30 no_shim
	export PEAPOD_SHIM_PATIENCE=1
	begin </dev/null
	wait_until 30 no_shim
	[ ! -e "$SOCKET" ]
	# but one that was called stays as long as it has a container
	PEAPOD_SHIM_PATIENCE=60 begin </dev/null
	pid=$(start_box)
	stays() { [ -n "$(shim_pids)" ] && ! is_gone "$pid"; }
	keeps 4 stays
	end_box
	call Shutdown id=box
	wait_until 30 no_shim
}

@test "a shim whose containers were removed behind its back leaves, however late that was" {
	local pid
	pid=$(start_box)
	has_box() { [ -n "$(shim_pids)" ] && ! is_gone "$pid"; }
	keeps 4 has_box # it has looked, and was content
	kill -KILL "$pid"
	find /run/peapod/@shim/pods -path "*/${SOCKET##*/}/bundles/box" -delete # as a delete that is killed soon after
	wait_until 90 no_shim
	[ ! -e "$SOCKET" ]
}

@test "SIGTERM ends it and leaves the container, which delete then ends" {
	local pid
	pid=$(start_box)
	kill -TERM "$(shim_pids)"
	wait_until 30 no_shim
	run -1 is_gone "$pid"
	shim -bundle "$BUNDLE" delete >/dev/null
	wait_until 30 is_gone "$pid"
}

@test "a shim that is killed while it makes a container: delete leaves nothing, and nothing comes after it" {
	local daemon tracer
	requires strace
	daemon=$(shim_pids)
	strace -f -qq -e trace=open_tree -e inject=open_tree:delay_enter=3s -o "$BATS_TEST_TMPDIR/trace" -p "$daemon" 3>&- &
	tracer=$!
	traced() { ! grep -q '^TracerPid:.0$' "/proc/$daemon/status"; }
	wait_until 30 traced
	create rootfs="bind|$SUITE_ROOTFS||rbind|ro" >/dev/null 2>&1 3>&- &
	has_helper() { [ -n "$(pgrep -P "$daemon")" ]; }
	wait_until 30 has_helper
	kill -KILL "$daemon"
	wait_until 30 is_gone "$daemon"
	shim -bundle "$BUNDLE" delete >/dev/null
	wait_until 30 no_shim
	kill "$tracer" 2>/dev/null || :
	[ ! -e "$SOCKET" ]
	[ -z "$(leftovers)" ]
	[ -z "$(find /run/peapod/@shim/pods -lname "$BUNDLE")" ]
}

@test "a killed shim's containers go with their pod, whatever letter their names begin with" {
	local other=$BATS_TEST_TMPDIR/.other pid second
	pid=$(start_box)
	new_bundle "$other" sleep 1000
	second=$(call Create id=.b bundle="$other")
	call Start id=.b >/dev/null
	kill_shims -namespace "$NS"
	shim -bundle "$BUNDLE" delete >/dev/null
	wait_until 30 is_gone "$pid"
	wait_until 30 is_gone "${second#pid=}"
	[ -z "$(leftovers)" ]
}

@test "two deletes at once after a killed shim: both succeed, and nothing is left" {
	local pid one two
	pid=$(start_box)
	kill_shims -namespace "$NS"
	shim -bundle "$BUNDLE" delete >"$BATS_TEST_TMPDIR/1" &
	one=$!
	shim -bundle "$BUNDLE" delete >"$BATS_TEST_TMPDIR/2" &
	two=$!
	ends_with 0 "$one"
	ends_with 0 "$two"
	wait_until 30 is_gone "$pid"
	[ ! -e "$SOCKET" ]
	[ -z "$(leftovers)" ]
	[ -s "$BATS_TEST_TMPDIR/1" ] && [ -s "$BATS_TEST_TMPDIR/2" ]
}

@test "delete waits for who works on the container, but ends before containerd kills it" {
	start_box
	exec 9<"$(state_dir)"
	kill_shims -namespace "$NS"
	flock 9
	# below what the engine waits for otherwise
	run -1 timeout -s KILL $((12 * PATIENCE)) "$B/containerd-shim-peapod-v2" -namespace "$NS" -id box \
		-address "$BATS_TEST_TMPDIR/c.sock" -bundle "$BUNDLE" delete 9<&-
	assert_output --partial "another operation on the container is under way"
	exec 9<&-
	shim -bundle "$BUNDLE" delete >/dev/null
	[ -z "$(leftovers)" ]
}

@test "a delete that is killed half-way: the next one does the rest" {
	local ms pid
	stop_shim
	for ms in 000 005 010 015 020 025 030; do
		begin </dev/null
		pid=$(start_box)
		kill_shims -namespace "$NS"
		timeout -s KILL "0.${ms}1" "$B/containerd-shim-peapod-v2" -namespace "$NS" -id box \
			-address "$BATS_TEST_TMPDIR/c.sock" -bundle "$BUNDLE" delete >/dev/null 3>&- || :
		shim -bundle "$BUNDLE" delete >/dev/null
		wait_until 30 is_gone "$pid"
		[ ! -e "$SOCKET" ]
		[ -z "$(leftovers)" ]
	done
}

@test "a caller that is killed while it waits takes nothing along" {
	local waiting
	start_box
	# its sockets: the one that listens, and one for each caller
	has_sockets() { [ "$(find "/proc/$(shim_pids)/fd" -lname 'socket:*' | wc -l)" = "$1" ]; }
	wait_until 30 has_sockets 1
	"$TOOL/ttrpc-call" "$SOCKET" Wait id=box >"$BATS_TEST_TMPDIR/wait" 3>&- &
	waiting=$!
	wait_until 30 has_sockets 2
	state_is 2
	kill -KILL "$waiting"
	wait_until 30 has_sockets 1
	state_is 2
	end_box
}

is_connected() {
	ss -xH state established | grep -q "$SOCKET"
}

@test "after Shutdown it waits for clients to hang up, but not for ever" {
	local idle
	start_box >/dev/null
	end_box
	socat -u "UNIX-CONNECT:$SOCKET" - </dev/null >/dev/null 3>&- &
	idle=$!
	wait_until 30 is_connected
	call Shutdown id=box
	wait_until 30 no_shim
	wait_until 30 is_gone "$idle"
}

@test "a start that meets a shim that leaves gets another one, which serves" {
	local idle first pid
	start_box >/dev/null
	end_box
	first=$(shim_pids)
	socat -u "UNIX-CONNECT:$SOCKET" - </dev/null >/dev/null 3>&- &
	idle=$!
	wait_until 30 is_connected
	call Shutdown id=box
	kill -STOP "$first" 2>/dev/null || : # it may have left by now
	begin </dev/null
	pid=$(start_box)
	[ -d "/proc/$pid" ]
	[ "$(call Connect id=box | sed -n 's/^shim_pid=//p')" != "$first" ]
	kill -CONT "$first" 2>/dev/null || :
	wait_until 30 is_gone "$first"
	wait_until 30 is_gone "$idle"
	state_is 2 # the one that left took nothing of the other's along
	end_box
}

@test "the engine's directory goes with the last pod of a containerd's namespace" {
	local state other=$BATS_TEST_TMPDIR/other
	state() { find /run/peapod/@shim/state -maxdepth 1 -name "$(printf '%s/%s' "$BATS_TEST_TMPDIR/c.sock" "$NS" | sha256sum | cut -d' ' -f1)"; }
	state=$(state)
	[ -d "$state" ]
	new_bundle "$other" sleep 1000
	OTHER=$(cd "$other" && shim_for b start </dev/null)
	OTHER=${OTHER#unix://}
	start_box >/dev/null
	SOCKET=$OTHER call Create id=b bundle="$other" >/dev/null
	SOCKET=$OTHER call Start id=b >/dev/null
	end_box
	call Shutdown id=box
	gone() { [ ! -e "$SOCKET" ] && [ "$(shim_pids | wc -w)" = 1 ]; }
	wait_until 30 gone
	[ -d "$state" ]
	SOCKET=$OTHER call Kill id=b signal=9 >/dev/null
	SOCKET=$OTHER call Wait id=b >/dev/null
	SOCKET=$OTHER call Delete id=b >/dev/null
	SOCKET=$OTHER call Shutdown id=b
	wait_until 30 no_shim
	[ ! -e "$state" ]
}
