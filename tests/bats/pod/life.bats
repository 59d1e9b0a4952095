#!/usr/bin/env bats
# bats file_tags=root
# life: init containers, volumes, restarts, adding and replacing, logs and exec, ends.

# Scripts in single quotes are for the shells of containers and plugins.
# shellcheck disable=SC2016,SC2090,SC2154

load ../lib/common
load ../lib/bundle
load ../lib/host
load ../lib/pod

setup() { setup_pods; }
teardown() { teardown_pods; }

@test "init containers run one after the other, before the others" {
	run -0 pod_run --rm --volume d --init "$(app i1 'sleep 0.3; echo i1 >>/d/order')" \
		--init "$(app i2 'echo i2 >>/d/order')" "$(app one 'echo one >>/d/order; cat /d/order')"
	assert_output --partial $'one | i1\none | i2\none | one'
}

@test "a failing init container stops the pod: its code, its log, and nothing else runs" {
	run -7 --separate-stderr pod_run -d --volume d --init "$(app good 'echo fine')" \
		--init "$(app bad 'echo cannot migrate; exit 7')" "$(app one 'touch /d/ran')"
	assert_equal "$output" ""
	assert_regex "$stderr" "cannot migrate"
	assert_regex "$stderr" "init container 'bad' ended with exit code 7"
	pod_is exited
	run -0 pod_json '.exitCode, .reason'
	assert_line 7
	assert_line --partial "init container 'bad'"
	refute [ -e "$STATE/@pods/$POD/volumes/d/ran" ]
	run -0 pod logs "$POD" good
	assert_output fine
}

@test "a failing init container of a foreground pod shows its log once" {
	run -4 pod_run --init "$(app bad 'echo cannot migrate; exit 4')" "$(app one 'exit 0')"
	assert_equal "$(grep -c 'cannot migrate' <<<"$output")" 1
}

@test "a broken config is refused before any init container has run" {
	dir=$(app one 'exit 0')
	edit_config "$dir" '.process.cwd = "relative"'
	mkdir "$BATS_TEST_TMPDIR/d"
	run -1 pod_run --volume "d=$BATS_TEST_TMPDIR/d" --init "$(app init 'touch /d/ran')" "$dir"
	assert_output --partial "container 'one': "
	assert_output --partial "cwd"
	refute [ -e "$BATS_TEST_TMPDIR/d/ran" ]
	run -0 pod ps -q
	assert_output ""
}

@test "volumes: the pod's own, the host's, other paths, read-only" {
	mkdir "$BATS_TEST_TMPDIR/host"
	echo from host >"$BATS_TEST_TMPDIR/host/file"
	run -0 pod_run --rm --volume own --volume "host=$BATS_TEST_TMPDIR/host:/srv/host:ro" \
		--volume other:/var/other --init "$(app w 'echo a >/own/f; echo b >/var/other/f')" \
		"$(app r 'cat /own/f /var/other/f /srv/host/file; touch /srv/host/x || echo refused')"
	assert_line "r | a"
	assert_line "r | b"
	assert_line "r | from host"
	assert_line "r | refused"
	refute [ -e "$BATS_TEST_TMPDIR/host/x" ]
	assert [ -e "$BATS_TEST_TMPDIR/host/file" ]
}

@test "a volume on a path that the config mounts is refused" {
	run -1 pod_run --volume "tmp:/proc" "$(app one 'exit 0')"
	assert_output --partial "'/proc' conflicts with the pod's volume 'tmp'"
}

@test "restart never: an end is an end" {
	run -1 pod_run --restart never "$(app one 'exit 1')"
	run -0 pod_json '.spec.containers[0].restarts'
	assert_output 0
}

@test "restart on-failure: until it ends well" {
	run -0 pod_run --restart on-failure --volume d \
		"$(app one 'echo x >>/d/n; [ $(wc -l </d/n) -ge 3 ]')"
	run -0 pod_json '.spec.containers[0] | .restarts, .exitCode'
	assert_output $'2\n0'
}

@test "restart always: also after a good end, with growing delays" {
	pod_run -d --restart always "$(app one 'echo ran; exit 0')"
	ran_five_times() { [ "$(pod logs "$POD" one | grep -c '^ran$')" -ge 5 ]; }
	wait_until 60 ran_five_times
	pod stop "$POD"
	# 100 + 200 + 400 + 800 ms lie before the fourth restart.
	first=$(pod_json .created) last=$(pod_json '.spec.containers[0].started')
	assert [ $(($(date -d "$last" +%s%N) - $(date -d "$first" +%s%N))) -ge 1500000000 ]
}

@test "a container that is killed from outside is restarted, the others are not touched" {
	pod_run -d --restart on-failure "$(app one "$IDLE")" "$(app two "$IDLE")"
	one=$(member_pid one) two=$(member_pid two)
	kill -9 "$one"
	wait_until 30 member_is one .restarts 1
	wait_until 30 member_is one .state running
	refute [ "$(member_pid one)" = "$one" ]
	assert_equal "$(member_pid two)" "$two"
}

@test "a restart that fails is tried again, and the reason is in the log" {
	dir=$(app one 'exit 1')
	pod_run -d --restart always "$dir" "$(app two "$IDLE")"
	set_args "$dir" /gone
	wait_until 30 log_has one 'peapod: .*/gone'
	app one "echo back; $IDLE"
	wait_until 30 log_has one '^back$'
}

@test "pod add: a sidecar sees the pod's network and volumes" {
	pod_run -d --volume d "$(app one "echo data >/d/f; $IDLE")"
	run -0 pod add "$POD" side="$(app other "cat /d/f; readlink /proc/self/ns/net; $IDLE")"
	wait_until 30 log_has side '^data$'
	wait_until 30 log_has side "$(readlink "/proc/$(member_pid one)/ns/net" | sed 's/[][]/\\&/g')"
	run -1 pod add "$POD" side="$(app other 'exit 0')"
	assert_output --partial "already has a container 'side'"
	run -1 pod add --replace "$POD" nobody="$(app other 'exit 0')"
	assert_output --partial "has no container 'nobody' to replace"
	run -1 pod add "$POD" "$BATS_TEST_TMPDIR/missing"
	assert_output --partial "No such file"
}

@test "pod add --replace: one container is exchanged, the pod and the others stay" {
	pod_run -d "$(app one "echo v1; $IDLE")" "$(app two "$IDLE")"
	net=$(readlink "/proc/$(infra_of)/ns/net") infra=$(infra_of) two=$(member_pid two)
	run -0 pod add --replace "$POD" one="$(app new "echo v2; $IDLE")"
	wait_until 30 log_has one '^v2$'
	assert_equal "$(infra_of)" "$infra"
	assert_equal "$(member_pid two)" "$two"
	assert_equal "$(readlink "/proc/$(member_pid one)/ns/net")" "$net"
	pod_is running
}

@test "pod add --replace with a bundle that does not start brings the old one back" {
	pod_run -d "$(app one "echo v1; $IDLE")"
	dir=$(app new x)
	set_args "$dir" /no/such/program
	run -1 pod add --replace "$POD" one="$dir"
	assert_output --partial "/no/such/program"
	assert_output --partial "the old one runs again"
	member_is one .state running
	refute is_gone "$(member_pid one)"
}

@test "pod add --replace kills what does not listen to TERM" {
	pod_run -d "$(app one 'trap "" TERM; while :; do sleep 0.1; done')"
	old=$(member_pid one)
	run -0 pod add --replace --time 1 "$POD" one="$(app new "$IDLE")"
	wait_until 30 is_gone "$old"
}

@test "pod logs: one, all, followed to the end" {
	pod_run -d "$(app one 'echo 1; sleep 0.5; echo late')" "$(app two 'echo 2')"
	run -0 timeout $((60 * PATIENCE)) "$PEAPOD" --root "$STATE" pod logs -f "$POD"
	assert_line "one | 1"
	assert_line "one | late"
	assert_line "two | 2"
	run -0 pod logs "$POD" two
	assert_output 2
	run -1 pod logs "$POD" three
	assert_output --partial "has no container 'three'"
}

@test "pod exec runs in a container, the first one unless told" {
	pod_run -d "$(app one "echo \$\$ >/tmp/$POD; $IDLE")" "$(app two "$IDLE")"
	run -0 pod exec "$POD" hostname
	assert_output "$POD"
	run -9 pod exec -c two "$POD" sh -c 'exit 9'
	run -0 pod exec -e A=b "$POD" sh -c 'echo $A'
	assert_output b
	run ! pod exec -c infra "$POD" true
	assert_output --partial "infra container"
	run ! pod exec -c three "$POD" true
	assert_output --partial "has no container 'three'"
}

@test "pod ps shows the tree" {
	pod_run -d --init "$(app setup 'exit 0')" "$(app one "$IDLE")"
	run -0 pod ps
	assert_line --regexp "^$POD +running "
	assert_line --regexp "^├─ infra +running +[0-9]+"
	assert_line --regexp "^├─ setup +exited \(0\) +- +init"
	assert_line --regexp "^└─ one +running +[0-9]+ +0"
	run -0 pod ps --format json
	assert_equal "$(jq -r '.[].spec.name' <<<"$output")" "$POD"
}

@test "pod stop asks with TERM and kills when the time is up" {
	pod_run -d "$(app polite "trap 'echo asked; exit 0' TERM; while :; do sleep 0.1; done")" \
		"$(app stubborn 'trap "" TERM; while :; do sleep 0.1; done')"
	wait_until 30 catches_term polite
	run -0 pod stop --time 10 "$POD"
	run -0 pod_json '.spec.containers | map(.exitCode) | join(" ")'
	assert_output "0 137"
	run -0 pod logs "$POD" polite
	assert_output asked
	run -0 pod stop "$POD"
	run -1 pod stop --time soon "$POD"
	assert_output --partial "expected seconds"
}

@test "pod rm refuses a running pod, --force does not" {
	pod_run -d "$(app one "$IDLE")"
	pid=$(member_pid one)
	run -1 pod rm "$POD"
	assert_output --partial "pod '$POD' is running"
	refute is_gone "$pid"
	run -0 pod rm --force "$POD"
	wait_until 30 is_gone "$pid"
	run -0 pod ps -q
	assert_output ""
}

@test "a container of the same form of name is not the pod's" {
	mkdir -p "$BATS_TEST_TMPDIR/alone"
	dir=$(app alone "$IDLE")
	edit_config "$dir" '.linux.cgroupsPath = $path' --arg path "$CGROUP/alone"
	peapod create --bundle "$dir" "$POD.alone" </dev/null >/dev/null 2>&1 3>&-
	peapod start "$POD.alone"
	pid=$(pid_of "$POD.alone")
	pod_run -d "$(app one "$IDLE")"
	pod rm -f "$POD"
	refute is_gone "$pid"
	peapod delete -f "$POD.alone"
}

@test "a pod that was cut short when it was made can be removed" {
	mkdir -p "$STATE/@pods/$POD"
	run -0 pod ps
	assert_line --regexp "^$POD +damaged"
	run -1 pod_run "$(app one 'exit 0')"
	assert_output --partial "already exists"
	run -0 pod rm "$POD"
	run -0 pod ps -q
	assert_output ""
}

@test "infra killed: the containers go with it" {
	pod_run -d --restart always "$(app one "$IDLE")" "$(app two "$IDLE")"
	one=$(member_pid one) two=$(member_pid two) supervisor=$(supervisor_of)
	kill -9 "$(infra_of)"
	wait_until 30 pod_is exited
	wait_until 30 is_gone "$one"
	wait_until 30 is_gone "$two"
	wait_until 30 is_gone "$supervisor"
	run -0 pod_json .reason
	assert_output --partial "infra container has ended"
	run -0 pod rm "$POD"
}
