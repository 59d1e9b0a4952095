#!/usr/bin/env bats
# bats file_tags=root
# run: what a pod is made of, how it ends, what `pod run` says and returns.

# Scripts in single quotes are for the shells of containers and plugins.
# shellcheck disable=SC2016,SC2090,SC2154

load ../lib/common
load ../lib/bundle
load ../lib/host
load ../lib/pod

setup() { setup_pods; }
teardown() { teardown_pods; }

@test "a foreground pod prints its container's output and passes on the exit code" {
	run -3 pod_run "$(app one 'echo hello from one; exit 3')"
	assert_output "hello from one"
	run -0 pod_json '.state, .exitCode'
	assert_output $'exited\n3'
	run -0 pod rm "$POD"
	run -0 pod ps -q
	assert_output ""
}

@test "output of several containers has their names in front" {
	run -0 pod_run --rm "$(app one 'echo 1')" "$(app two 'printf 2')"
	assert_line "one | 1"
	assert_line "two | 2"
	run -0 pod ps -q
	assert_output ""
}

@test "the exit code is that of the first container that failed" {
	run -5 pod_run --rm "$(app a 'exit 0')" "$(app b 'exit 5')" "$(app c 'exit 6')"
}

@test "the pod's name is its first container's unless it is given" {
	app=$(app "$POD" 'exit 0')
	run -0 peapod pod run --cgroup-parent "$CGROUP" "$app"
	run -0 pod ps -q
	assert_output "$POD"
}

@test "a detached pod prints its name and goes on" {
	run -0 pod_run -d "$(app one "$IDLE")"
	assert_output "$POD"
	run -0 pod_json .state
	assert_output running
	wait_until 30 catches_term one
	run -0 pod stop "$POD"
	run -0 pod_json '.state, .exitCode'
	assert_output $'exited\n0'
}

@test "containers share net, ipc, uts and the host name, but not pid and mount" {
	pod_run -d --hostname pear "$(app one "hostname; $IDLE")" "$(app two "hostname; $IDLE")"
	one=$(member_pid one) two=$(member_pid two) infra=$(infra_of)
	for ns in net ipc uts; do
		assert_equal "$(readlink "/proc/$one/ns/$ns")" "$(readlink "/proc/$two/ns/$ns")"
		assert_equal "$(readlink "/proc/$one/ns/$ns")" "$(readlink "/proc/$infra/ns/$ns")"
		refute [ "$(readlink "/proc/$one/ns/$ns")" = "$(readlink "/proc/self/ns/$ns")" ]
	done
	for ns in pid mnt; do
		refute [ "$(readlink "/proc/$one/ns/$ns")" = "$(readlink "/proc/$two/ns/$ns")" ]
	done
	wait_until 30 log_has one '^pear$'
	wait_until 30 log_has two '^pear$'
}

@test "localhost is shared: one container serves, another fetches" {
	pod_run -d "$(app web 'mkdir /tmp/w; echo peas >/tmp/w/index.html; exec httpd -f -p 127.0.0.1:80 -h /tmp/w')" \
		"$(app get 'until wget -q -O - http://localhost/; do sleep 0.05; done; '"$IDLE")"
	wait_until 30 log_has get '^peas$'
	pod rm -f "$POD"
	rm -rf "$(pod_rootfs)/tmp/w"
}

@test "shared memory is shared" {
	pod_run -d "$(app one "echo x >/dev/shm/$POD; $IDLE")" \
		"$(app two "until grep x /dev/shm/$POD; do sleep 0.05; done; $IDLE")"
	wait_until 30 log_has two '^x$'
	pod rm -f "$POD"
	refute [ -e "/dev/shm/$POD" ]
}

@test "--share-pid: one pid namespace, pause is its first process" {
	pod_run -d --share-pid "$(app one "$IDLE")" "$(app two "ps -o pid,args; $IDLE")"
	assert_equal "$(readlink "/proc/$(member_pid one)/ns/pid")" "$(readlink "/proc/$(member_pid two)/ns/pid")"
	wait_until 30 log_has two '1 /pause'
	wait_until 30 log_has two 'trap'
	# One container's end is not the other's.
	run -0 pod exec -c one "$POD" true
	run -0 pod stop -t 1 "$POD"
}

@test "killing one container with --share-pid ends its processes only" {
	pod_run -d --share-pid "$(app one "sleep 987 & $IDLE")" "$(app two "$IDLE")"
	one=$(member_pid one) two=$(member_pid two)
	wait_until 30 pgrep -P "$one" -f '^sleep 987'
	child=$(pgrep -P "$one" -f '^sleep 987')
	kill -9 "$one"
	wait_until 30 is_gone "$one"
	wait_until 30 is_gone "$child"
	refute is_gone "$two"
}

@test "--net none has lo up and nothing else" {
	run -0 pod_run --rm "$(app one 'ls /sys/class/net; ip addr show lo')"
	assert_line lo
	assert_line --partial "inet 127.0.0.1/8"
	refute_line eth0
}

@test "--net host is the host's network" {
	run -0 pod_run --rm --net host "$(app one 'readlink /proc/self/ns/net; hostname; cat /etc/hosts')"
	assert_line "$(head -n 1 /etc/hosts)"
	assert_line "$(readlink /proc/self/ns/net)"
	assert_line "$(hostname)"
}

@test "a config with its own netns path is refused, and nothing is left" {
	dir=$(app one 'exit 0')
	edit_config "$dir" '.linux.namespaces |= map(if .type == "network" then .path = "/proc/1/ns/net" else . end)'
	run -1 pod_run "$dir"
	assert_output --partial "container 'one': linux: namespaces: network: path '/proc/1/ns/net' conflicts with the pod"
	run -0 pod ps -q
	assert_output ""
}

@test "the user's config is not changed" {
	dir=$(app one 'exit 0')
	before=$(sha256sum "$dir/config.json")
	pod_run --rm --volume data "$dir"
	assert_equal "$(sha256sum "$dir/config.json")" "$before"
}

@test "a config with a terminal runs, its output goes to the log" {
	dir=$(app one 'test -t 1 || echo no terminal')
	edit_config "$dir" '.process.terminal = true'
	run -0 pod_run --rm "$dir"
	assert_output "no terminal"
}

@test "processes get no descriptors of the caller" {
	run -0 pod_run --rm "$(app one 'ls /proc/self/fd | tr "\n" " "')" 7</dev/null
	assert_output --regexp '^0 1 2 3 ?$'
}

# In the background for the test, so that $! is the program's pid.
in_foreground() {
	exec "$PEAPOD" --root "$STATE" pod run --name "$POD" --cgroup-parent "$CGROUP" "$@" \
		>"$BATS_TEST_TMPDIR/out" 3>&-
}

@test "SIGTERM to a foreground pod stops it" {
	dir=$(app one "echo up; $IDLE")
	in_foreground "$dir" &
	wait_until 30 grep -qs up "$BATS_TEST_TMPDIR/out"
	wait_until 30 catches_term one
	kill -TERM $!
	wait $!
	pod_is exited
}

@test "the pod ends with a foreground runner that is killed" {
	dir=$(app one "echo up; $IDLE")
	in_foreground "$dir" &
	wait_until 30 grep -qs up "$BATS_TEST_TMPDIR/out"
	kill -9 $!
	wait_until 30 pod_is exited
}

@test "bad input is refused with a word about it, and nothing is made" {
	one=$(app one 'exit 0')
	run -1 peapod pod run --name 'a/b' "$one"
	assert_output --partial "pod name 'a/b'"
	run -1 peapod pod run --name "$(printf 'x%.0s' {1..64})" "$one"
	assert_output --partial "longer than 63"
	run -1 pod_run "$one" "$one"
	assert_output --partial "two containers are called 'one'"
	run -1 pod_run "$BATS_TEST_TMPDIR/missing"
	assert_output --partial "missing': No such file or directory"
	mkdir "$BATS_TEST_TMPDIR/empty"
	run -1 pod_run "$BATS_TEST_TMPDIR/empty"
	assert_output --partial "container 'empty': "
	assert_output --partial "config.json"
	run -1 pod_run infra="$one"
	assert_output --partial "'infra' is taken by the pod"
	run -1 pod_run --volume 'a b' "$one"
	assert_output --partial "volume name 'a b'"
	run -1 pod_run --net bridge "$one"
	assert_output --partial "bridge"
	run -1 pod_run --cni /nonexistent "$one"
	assert_output --partial "/nonexistent"
	run -1 pod_run --net none --cni /nonexistent "$one"
	assert_output --partial "exclude each other"
	run -1 pod_run --pause /nonexistent "$one"
	assert_output --partial "/nonexistent"
	run -1 pod_run
	assert_output --partial "expected [NAME=]BUNDLE"
	run -0 pod ps -q
	assert_output ""
}

@test "a name that is taken is refused and its pod unharmed" {
	pod_run -d "$(app one "$IDLE")"
	run -1 pod_run "$(app two 'exit 0')"
	assert_output --partial "pod '$POD' already exists"
	pod_is running
}

@test "a program that does not exist fails the pod, and nothing is left" {
	dir=$(app one x)
	set_args "$dir" /no/such/program
	run -1 pod_run -d "$dir"
	assert_output --partial "container 'one': "
	assert_output --partial "/no/such/program"
	run -0 pod ps -q
	assert_output ""
}

@test "commands on a pod that does not exist say so" {
	for command in inspect stop rm logs; do
		run -1 pod "$command" nobody
		assert_output --partial "pod 'nobody' does not exist"
	done
	run -1 pod exec nobody true
	assert_output --partial "pod 'nobody' does not exist"
	run -1 pod add nobody "$(app one 'exit 0')"
	assert_output --partial "pod 'nobody' does not exist"
	run -0 pod rm -f nobody
	run -1 pod inspect ../nobody
	assert_output --partial "pod name '../nobody'"
	run -1 pod lost
	assert_output --partial "unknown command 'lost', did you mean 'logs'?"
}
