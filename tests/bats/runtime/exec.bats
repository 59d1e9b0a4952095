#!/usr/bin/env bats
# exec: who the process is and what it is given.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

@test "exec runs in the container's namespaces, root and cgroup" {
	spawn c sleep 1000
	local pid ns
	pid=$(pid_of c)
	wait_until 30 runs_as "$pid" sleep 1000
	# shellcheck disable=SC2016 # for the shell in the container
	run -0 peapod exec c sh -c 'for n in pid net mnt ipc uts; do readlink /proc/self/ns/$n; done; cat /proc/1/cmdline | tr "\0" " "'
	local n=0
	for ns in pid net mnt ipc uts; do
		assert_line --index $n "$(readlink "/proc/$pid/ns/$ns")"
		n=$((n + 1))
	done
	assert_line --index $n 'sleep 1000 '
	# seen from here: in a cgroup namespace its own is always /
	peapod exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" c sleep 1000
	assert_equal "$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup")" "$(cat "/proc/$pid/cgroup")"
}

@test "exec passes on the exit code, and 128 + signal" {
	spawn c sleep 1000
	run -0 peapod exec c true
	run -9 peapod exec c sh -c 'exit 9'
	# shellcheck disable=SC2016
	run -137 peapod exec c sh -c 'kill -KILL $$'
}

@test "exec carries standard input, output and error" {
	spawn c sleep 1000
	run -0 --separate-stderr peapod exec c sh -c 'cat; echo error >&2' <<<input
	assert_output input
	# shellcheck disable=SC2154
	[ "$stderr" = error ]
}

@test "exec takes everything behind the id as the command" {
	spawn c sleep 1000
	run -0 peapod exec c echo --cwd -t --help
	assert_output '--cwd -t --help'
}

@test "the environment is the container's and what is added" {
	new_bundle "$DIR/c" sleep 1000
	edit_config "$DIR/c" '.process.env = ["PATH=/bin", "A=1", "B=2"]'
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	run -0 peapod exec --env B=3 -e C=x=y c env
	assert_line A=1
	assert_line B=3
	assert_line C=x=y
	refute_line B=2
	assert_line HOME=/root
}

@test "user, groups, working directory and umask" {
	new_bundle "$DIR/c" sleep 1000
	edit_config "$DIR/c" '.process.user = {uid: 1000, gid: 1001, additionalGids: [7], umask: 18}'
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	run -0 peapod exec c sh -c 'id -u; id -g; id -G; umask; pwd'
	assert_output $'1000\n1001\n1001 7\n0022\n/'
	run -0 peapod exec --user 5 --cwd /tmp c sh -c 'id -u; id -g; pwd'
	assert_output $'5\n1001\n/tmp'
	run -0 peapod exec -u 0:33 -g 44 --additional-gids 55 c sh -c 'id -u; id -g; id -G'
	assert_output $'0\n33\n33 7 44 55'
}

@test "a user that is no number is refused and never root" {
	spawn c sleep 1000
	local bad
	for bad in root user 1x :1 1: -1 4294967295 4294967296 0x1 ' 1'; do
		run -255 peapod exec --user "$bad" c id
		assert_output --partial 'expected a number'
	done
}

@test "capabilities are the container's and what is added, never inheritable" {
	new_bundle "$DIR/c" sleep 1000
	edit_config "$DIR/c" '.process.capabilities = {bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"]}'
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	run -0 peapod exec c grep ^Cap /proc/self/status
	assert_line --regexp '^CapInh:.0+$'
	assert_line --regexp '^CapPrm:.0+20$'
	assert_line --regexp '^CapEff:.0+20$'
	assert_line --regexp '^CapBnd:.0+20$'
	assert_line --regexp '^CapAmb:.0+$'
	run -0 peapod exec --cap CAP_CHOWN -c CAP_NET_RAW c grep ^Cap /proc/self/status
	assert_line --regexp '^CapInh:.0+$'
	assert_line --regexp '^CapPrm:.0+2021$'
	assert_line --regexp '^CapEff:.0+2021$'
	assert_line --regexp '^CapBnd:.0+2021$'
	assert_line --regexp '^CapAmb:.0+$'
}

@test "no new privileges is the container's, or asked for" {
	new_bundle "$DIR/c" sleep 1000
	edit_config "$DIR/c" '.process.noNewPrivileges = false'
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	run -0 peapod exec c grep ^NoNewPrivs /proc/self/status
	assert_output $'NoNewPrivs:\t0'
	run -0 peapod exec --no-new-privs c grep ^NoNewPrivs /proc/self/status
	assert_output $'NoNewPrivs:\t1'
}

@test "exec --process gives all of it" {
	spawn c sleep 1000
	cat >"$DIR/process.json" <<-'END'
		{"args": ["sh", "-c", "id -u; pwd; env; umask; ulimit -n"], "cwd": "/tmp", "env": ["PATH=/bin", "X=1"],
		 "user": {"uid": 3, "gid": 4, "umask": 63}, "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 99, "hard": 100}]}
	END
	run -0 peapod exec --process "$DIR/process.json" c
	assert_line --index 0 3
	assert_line --index 1 /tmp
	assert_line X=1
	assert_line 0077
	assert_line 99
	run -0 peapod exec -p "$DIR/process.json" --cwd /ignored --user 7 c
	assert_line --index 0 3
	echo '{"args": ["id"], "cwd": "relative"}' >"$DIR/process.json"
	run -255 peapod exec -p "$DIR/process.json" c
	assert_output --partial 'cwd'
	run -255 peapod exec -p "$DIR/none.json" c
	assert_output --partial 'none.json'
}

@test "what exec --process leaves out is the container's" {
	new_bundle "$DIR/c" sleep 1000
	edit_config "$DIR/c" '.process.user.umask = 23 | .process.oomScoreAdj = 1000
		| .process.capabilities = ({} | .bounding = ["CAP_KILL", "CAP_CHOWN"] | .effective = .bounding | .permitted = .bounding)'
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	echo '{"args": ["sh", "-c", "umask; cat /proc/self/oom_score_adj; grep ^Cap /proc/self/status"], "cwd": "/", "env": ["PATH=/bin"]}' \
		>"$DIR/process.json"
	run -0 peapod exec --process "$DIR/process.json" c
	assert_line --index 0 0027
	assert_line --index 1 1000
	assert_line --regexp '^CapEff:.0+21$'
	assert_line --regexp '^CapBnd:.0+21$'
	jq '.capabilities = {} | .user = {uid: 0, gid: 0, umask: 18} | .oomScoreAdj = 999' "$DIR/process.json" >"$DIR/own.json"
	run -0 peapod exec --process "$DIR/own.json" c
	assert_line --index 0 0022
	assert_line --index 1 999
	assert_line --regexp '^CapEff:.0+$'
}
