#!/usr/bin/env bats
# The shim as a process: one per pod, small, gone with its pod; crashes of both sides.

load ../lib/common
load ../lib/shim

setup_file() { start_containerd; }
teardown_file() { stop_containerd; }
setup() { setup_shim; }
teardown() { teardown_shim; }

@test "containers of one pod share one shim of one thread" {
	start_pod p p c1 c2
	run -0 shims
	assert_equal "${#lines[@]}" 1
	assert_equal "$(find "/proc/${lines[0]}/task" -mindepth 1 -maxdepth 1 | wc -l)" 1
}

@test "a shim with three containers has at most 300 KiB of private dirty memory" {
	local kib
	! grep -q __asan_init "$B/containerd-shim-peapod-v2" || skip "sanitizers need memory of their own"
	sync "$B/containerd-shim-peapod-v2" # text that the linker has just written counts as dirty
	start_pod p p c1 c2
	kib=$(awk '/^Private_Dirty:/ { print $2 }' "/proc/$(shims)/smaps_rollup")
	echo "# $kib KiB" >&3
	[ "$kib" -le 300 ]
}

@test "the shim holds no standard stream of its starter, and is a session of its own" {
	local shim
	start_pod p p
	shim=$(shims)
	for fd in 0 1 2; do assert_equal "$(readlink "/proc/$shim/fd/$fd")" /dev/null; done
	assert_equal "$(readlink "/proc/$shim/cwd")" /
	assert_equal "$(awk '{ print $6 }' "/proc/$shim/stat")" "$shim"
}

@test "the socket is for root alone" {
	local socket
	start_pod p p
	socket=$(readlink "$(find "$PODS" -maxdepth 3 -lname "*/$NS/p" | head -n 1 | xargs dirname | xargs dirname)/socket")
	assert_equal "$(stat -c %a "$socket")" 600
}

@test "the shim stays while one container is left, and goes with the last" {
	start_pod p p c1
	remove_task p
	run -0 shims
	assert_equal "${#lines[@]}" 1
	run -0 ctr tasks exec --exec-id x c1 echo alive
	assert_output alive
	remove_task c1
	wait_until 30 no_shims
	wait_until 30 nothing_left
}

@test "a killed shim: containerd's delete action ends the whole pod" {
	local pids
	start_pod p p c1 c2
	pids="$(pid_of p) $(pid_of c1) $(pid_of c2)"
	kill -KILL "$(shims)"
	for pid in $pids; do wait_until 30 is_gone "$pid"; done
	for id in p c1 c2; do ctr containers delete "$id" >/dev/null 2>&1 || :; done
	wait_until 30 nothing_left
}

@test "a killed containerd finds its tasks again, and learns what happened meanwhile" {
	local pid
	start_pod p p c1
	pid=$(pid_of c1)
	kill_containerd
	kill -TERM "$pid" || :
	kill -KILL "$pid"
	restart_containerd
	wait_until 30 has_status p RUNNING
	run -0 ctr tasks exec --exec-id x p echo found
	assert_output found
	wait_until 30 has_status c1 STOPPED # an exit is told when the output has been read
	run ctr tasks delete c1
	assert_output --partial "non-zero exit code 137"
}

@test "start twice at once makes one daemon and clean answers" {
	local work=$BATS_TEST_TMPDIR/b i socket
	mkdir "$work"
	echo '{"ociVersion":"1.0.2"}' >"$work/config.json"
	for i in 1 2 3 4 5 6 7 8; do
		(cd "$work" && TTRPC_ADDRESS='' exec "$B/containerd-shim-peapod-v2" -namespace "$NS" -id box -address /nowhere/c.sock start \
			</dev/null >"$BATS_TEST_TMPDIR/out$i" 2>&1 3>&-) &
	done
	wait
	run -0 bash -c "cat '$BATS_TEST_TMPDIR'/out* | sed 's/unix:/\nunix:/g' | sed 1d | sort | uniq -c"
	assert_output --regexp '^ +8 unix:///run/containerd/s/[0-9a-f]{64}$'
	socket=${output#*unix://}
	run -0 shims
	assert_equal "${#lines[@]}" 1
	# a dead one's socket is replaced
	kill -KILL "${lines[0]}"
	wait_until 30 is_gone "${lines[0]}"
	(cd "$work" && "$B/containerd-shim-peapod-v2" -namespace "$NS" -id box -address /nowhere/c.sock start </dev/null 3>&-)
	run -0 shims
	assert_equal "${#lines[@]}" 1
	kill_shims -namespace "$NS"
	# delete, twice at once, without a config and from a directory that is gone
	rm -r "$work"
	for i in 1 2; do
		"$B/containerd-shim-peapod-v2" -namespace "$NS" -id box -address /nowhere/c.sock -bundle "$work" delete >/dev/null 3>&- &
	done
	wait
	run -0 "$B/containerd-shim-peapod-v2" -namespace "$NS" -id box -address /nowhere/c.sock -bundle "$work" delete
	[ ! -e "$socket" ]
	[ ! -e "$PODS/${socket##*/}" ]
}

@test "thirty pods at once, and nothing is left" {
	local i
	for i in $(seq 30); do
		run_task "t$i" sh -c "exit $i" >"$BATS_TEST_TMPDIR/out$i" 2>&1 3>&- &
		eval "job$i=$!"
	done
	for i in $(seq 30); do
		local name=job$i status=0
		wait "${!name}" || status=$?
		[ "$status" = "$i" ] || { echo "pod $i ended with $status" >&2; cat "$BATS_TEST_TMPDIR/out$i" >&2; return 1; }
	done
	wait_until 30 nothing_left
}

@test "command line: version, info, and what is wrong with it" {
	run -0 "$B/containerd-shim-peapod-v2" -v
	assert_output --partial Version
	"$B/containerd-shim-peapod-v2" -info </dev/null | grep -aq '"mountOptions"'
	run -1 "$B/containerd-shim-peapod-v2" -id x start
	assert_output --partial "-namespace"
	run -2 "$B/containerd-shim-peapod-v2" -no-such-flag
	run -1 "$B/containerd-shim-peapod-v2" -namespace n -id x stop
	assert_output --partial "stop"
}
