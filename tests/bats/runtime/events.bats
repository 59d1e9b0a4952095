#!/usr/bin/env bats
# events: statistics and OOM kills as lines of JSON.
load ../lib/common
load ../lib/bundle
load ../lib/cgroup

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR/c1
	LOG=$BATS_TEST_TMPDIR/events
	new_bundle "$DIR" sleep 1000
	set_resources "$DIR" '{"memory": {"limit": 67108864, "swap": 67108864}, "pids": {"limit": 50}}'
}

teardown() {
	[ -z "${watcher:-}" ] || kill "$watcher" 2>/dev/null || :
	teardown_containers
}

start_c1() {
	peapod run -d -b "$DIR" c1 </dev/null >/dev/null 2>&1
}

# Watch c1 in the background.
watch() {
	"$PEAPOD" --root "$STATE" events "$@" c1 >"$LOG" 2>"$LOG.err" 3>&- &
	watcher=$!
}

# watches_oom: the watcher hears of it from now on
watches_oom() {
	find "/proc/$watcher/fd" -printf '%l\n' | grep -qE 'eventfd|inotify'
}

# stats_are FILTER: one line of statistics, which passes it
stats_are() {
	peapod events --stats c1 >"$LOG" && [ "$(wc -l <"$LOG")" = 1 ] && jq -e "$1" "$LOG"
}

# lines_are N FILTER: at least N lines of the log pass the filter
lines_are() {
	[ "$(jq -c "select($2)" "$LOG" 2>/dev/null | wc -l)" -ge "$1" ]
}

@test "--stats is one line with the keys that runc has" {
	start_c1
	# shellcheck disable=SC2016 # for the shell in the container
	peapod exec c1 sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'
	wait_until 30 stats_are '.data.pids == {"current": 1, "limit": 50}' # what exec started has gone
	run -0 jq -r '[.type, .id, (.data | keys[])] | join(" ")' "$LOG"
	assert_output "stats c1 blkio cpu cpuset hugetlb intel_rdt memory network_interfaces pids"
	jq -e '.data.cpu.usage | .total > 1000000 and .kernel >= 0 and .user >= 0' "$LOG"
	jq -e '.data.memory | .usage.usage > 4096 and .usage.limit == 67108864 and
		(.raw | length) > 10 and (.swap | has("limit")) and (.kernelTCP | has("failcnt"))' "$LOG"
	jq -e '.data.cpuset.cpus | length > 0' "$LOG"
}

@test "figures of each CPU are there (v1)" {
	requires cgroup-v1
	start_c1
	# once it sleeps: the files are read one after the other
	wait_until 30 stats_are '.data.cpu.usage | (.percpu | length) > 0 and (.percpu | length) == (.percpu_user | length)
		and (.percpu | add) == .total'
}

@test "numbers beyond 53 bits are printed exactly" {
	set_resources "$DIR" '{}'
	start_c1
	run -0 peapod events --stats c1
	assert_output --regexp '"limit":(9223372036854771712|18446744073709551615)'
}

@test "without --stats a line each interval, until the container ends" {
	start_c1
	watch --interval 100ms
	wait_until 10 lines_are 3 '.type == "stats" and .id == "c1" and .data.pids.limit == 50'
	peapod kill c1 KILL
	wait_until 10 is_gone "$watcher"
	wait "$watcher"
	assert_equal "$(cat "$LOG.err")" ""
	run -0 jq -r .type "$LOG"
	refute_output --partial oom
}

@test "a created container is watched, and its delete ends the watch" {
	peapod create -b "$DIR" c1 </dev/null >/dev/null 2>&1
	watch --interval 50ms
	wait_until 10 lines_are 1 '.type == "stats"'
	peapod delete --force c1
	wait_until 10 is_gone "$watcher"
	wait "$watcher"
}

@test "an OOM kill is a line, and the container lives on" {
	start_c1
	watch --interval 1h
	wait_until 30 watches_oom
	run peapod exec c1 tail /dev/zero
	assert_failure
	wait_until 10 lines_are 1 '. == {"type": "oom", "id": "c1"}'
	has_status c1 running
	peapod kill c1 KILL
	wait_until 10 is_gone "$watcher"
	wait "$watcher"
}

@test "an OOM kill of the first process is told before the end" {
	set_args "$DIR" sh -c 'until [ -e /go ]; do sleep 0.05; done; exec tail /dev/zero'
	start_c1
	watch --interval 1h
	wait_until 30 watches_oom
	touch "$DIR/rootfs/go"
	wait_until 30 is_gone "$watcher"
	wait "$watcher"
	run -0 cat "$LOG"
	assert_line '{"type":"oom","id":"c1"}'
}

@test "a stopped or missing container and a bad interval are errors" {
	set_args "$DIR" true
	start_c1
	wait_until 5 has_status c1 stopped
	run -1 peapod events --stats c1
	assert_output --partial "container not running"
	run -1 peapod events c1
	assert_output --partial "container not running"
	run -1 peapod events none
	assert_output --partial "container does not exist"
	run -1 peapod events --interval 5 c1
	assert_output --partial "'5' is not a duration"
	run -1 peapod events --interval 0 c1
	assert_output --partial "--interval"
}
