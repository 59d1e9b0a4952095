#!/usr/bin/env bats
# Seccomp profiles: what the container's calls give, when filters are loaded, and that they are kept.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR/c1
	new_bundle "$DIR" true
}

teardown() {
	teardown_containers
}

# profile JSON: linux.seccomp, all allowed but for the rules given
profile() {
	# shellcheck disable=SC2016 # jq's variable
	edit_config "$DIR" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": $r}' \
		--argjson r "$1"
}

no_mkdir='[{"names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]'

@test "a rule's errno is what the program sees; unknown names are passed over" {
	profile "$no_mkdir"
	set_args "$DIR" sh -c 'mkdir /x; rmdir /y; grep Seccomp: /proc/self/status'
	run -0 peapod run -b "$DIR" c1
	assert_output --partial "No space left on device"
	assert_output --partial "No such file or directory"
	assert_output --regexp 'Seccomp:.2'
}

@test "without errnoRet it is EPERM" {
	profile '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]'
	set_args "$DIR" mkdir /x
	run -1 peapod run -b "$DIR" c1
	assert_output --partial "Operation not permitted"
}

@test "the filter holds with and without noNewPrivileges, and for exec" {
	local nnp
	profile "$no_mkdir"
	set_args "$DIR" sleep 1000
	for nnp in true false; do
		# No CAP_SYS_ADMIN is left when the program starts.
		edit_config "$DIR" ".process.noNewPrivileges = $nnp | .process.capabilities |= map_values(
			map(select(. == \"CAP_KILL\")))"
		peapod run -d -b "$DIR" "c-$nnp" </dev/null >/dev/null 2>&1
		run peapod exec "c-$nnp" grep -E '^(Seccomp|NoNewPrivs):' /proc/1/status
		assert_output --regexp 'Seccomp:.2'
		assert_output --regexp "NoNewPrivs:.$([ $nnp = true ] && echo 1 || echo 0)"
		run peapod exec "c-$nnp" mkdir /x
		assert_output --partial "No space left on device"
		peapod delete --force "c-$nnp"
	done
}

@test "conditions on arguments, several of one argument being alternatives" {
	local args='[{"index": 1, "value": 448, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 511, "op": "SCMP_CMP_EQ"}]'
	profile "[{\"names\": [\"chmod\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": $args},
		{\"names\": [\"fchmodat\", \"fchmodat2\"], \"action\": \"SCMP_ACT_ERRNO\",
			\"args\": ${args//\"index\": 1/\"index\": 2}}]"
	set_args "$DIR" sh -c ': >/f; chmod 700 /f; chmod 777 /f; chmod 755 /f && stat -c %a /f'
	run -0 peapod run -b "$DIR" c1
	assert_equal "$(grep -c "Operation not permitted" <<<"$output")" 2
	assert_line 755
}

@test "a killed program gives 128 and SIGSYS" {
	profile '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]'
	set_args "$DIR" mkdir /x
	run -159 peapod run -b "$DIR" c1
}

# notify: mkdir is asked about at $SOCKET
notify() {
	SOCKET=$BATS_TEST_TMPDIR/agent.sock
	profile '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]'
	# shellcheck disable=SC2016
	edit_config "$DIR" '.linux.seccomp += {listenerPath: $s, listenerMetadata: "m=1"}' --arg s "$SOCKET"
}

# agent: 28 is what it answers; its line is in $BATS_TEST_TMPDIR/agent
agent() {
	rm -f "$SOCKET"
	timeout $((60 * PATIENCE)) "$TOOL/seccomp-listen" "$SOCKET" 28 >"$BATS_TEST_TMPDIR/agent" 3>&- &
	AGENT=$!
	wait_until 10 test -S "$SOCKET"
}

@test "a listener gets the filter with the state, and decides; exec has its own" {
	local nnp pid
	notify
	set_args "$DIR" sh -c 'mkdir /x; exec sleep 1000'
	for nnp in true false; do
		edit_config "$DIR" ".process.noNewPrivileges = $nnp"
		peapod create -b "$DIR" "c-$nnp" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
		agent
		peapod start "c-$nnp"
		wait_until 10 grep -q "No space left" "$BATS_TEST_TMPDIR/out"
		pid=$(pid_of "c-$nnp")
		run -0 jq -c '[.ociVersion != null, .fds, .pid, .metadata, .state.id, .state.pid, .state.status]' "$BATS_TEST_TMPDIR/agent"
		assert_output "[true,[\"seccompFd\"],$pid,\"m=1\",\"c-$nnp\",$pid,\"created\"]"
		watches_init=$AGENT
		agent
		run peapod exec "c-$nnp" mkdir /y
		assert_output --partial "No space left on device"
		ends_with 0 "$AGENT"
		run -0 jq -c '[.fds, .pid != .state.pid, .state.status]' "$BATS_TEST_TMPDIR/agent"
		assert_output '[["seccompFd"],true,"running"]'
		peapod delete --force "c-$nnp"
		ends_with 0 "$watches_init"
	done
}

@test "without its listener a program does not start" {
	notify
	peapod create -b "$DIR" c1 </dev/null >/dev/null 2>&1
	run -1 peapod start c1
	assert_output --partial "linux: seccomp: listenerPath"
	assert_equal "$(status_of c1)" created
	peapod delete --force c1
	run -1 peapod run -b "$DIR" c2
	assert_output --partial "$SOCKET"
}

@test "what is not supported, or has no meaning, is refused by name" {
	profile '[{"names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}]'
	run ! peapod run -b "$DIR" c1
	assert_output --partial "errno"
	profile '[{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]'
	run ! peapod run -b "$DIR" c1
	assert_output --partial "index"
}

# The one file in the cache: its inode is another when it was written again.
entry() {
	find "$STATE" -name '*.bpf'
}

@test "a second container with the profile compiles nothing, and a damaged entry is made anew" {
	local first file
	profile "$no_mkdir"
	set_args "$DIR" mkdir /x
	run -1 peapod run -b "$DIR" c1
	file=$(entry)
	assert [ -f "$file" ]
	assert_equal "$(stat -c '%a %u' "$file")" "600 0"
	first=$(stat -c %i-%z "$file")
	run -1 peapod run -b "$DIR" c2
	assert_equal "$(stat -c %i-%z "$(entry)")" "$first"
	printf x | dd of="$file" bs=1 seek=200 conv=notrunc status=none
	first=$(stat -c %i-%z "$file")
	run -1 peapod run -b "$DIR" c3
	assert_output --partial "No space left on device"
	assert_not_equal "$(stat -c %i-%z "$(entry)")" "$first"
	# A file that others can write is not believed.
	chmod 666 "$file"
	run -1 peapod run -b "$DIR" c4
	assert_equal "$(stat -c %a "$(entry)")" 600
}
