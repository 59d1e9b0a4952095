#!/usr/bin/env bats
# What the containers of a pod share, with each other and with the host, by crictl.
# shellcheck disable=SC2016 # awk's

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() { start_cri; }
teardown_file() { stop_containerd; }
setup() { setup_cri; }
teardown() { teardown_cri; }

# in_container ID COMMAND...: its output, without the empty lines that crictl adds
in_container() {
	crictl exec -s "$@" | sed '/^$/d'
}

# ns_of ID KIND: the namespace of a container's first process
ns_of() {
	readlink "/proc/$(inspect "$1" .info.pid)/ns/$2"
}

@test "two containers share address, localhost and host name" {
	local pod a b ip
	pod=$(new_pod p)
	a=$(new_container "$pod" a . httpd -f -p 127.0.0.1:8080 -h /etc)
	b=$(new_container "$pod" b . sleep 1000)
	ip=$(crictl inspectp "$pod" | jq -r .status.network.ip)
	run -0 in_container "$a" ip -o -4 addr show dev eth0
	assert_output --partial "inet $ip/"
	run -0 in_container "$b" ip -o -4 addr show dev eth0
	assert_output --partial "inet $ip/"
	served() { in_container "$1" wget -qO- http://127.0.0.1:8080/passwd 2>/dev/null | grep -q root:x:0:0; }
	wait_until 30 served "$b"
	run -0 in_container "$b" hostname
	assert_output p
	for kind in net ipc uts; do assert_equal "$(ns_of "$a" $kind)" "$(ns_of "$b" $kind)"; done
	[ "$(ns_of "$a" pid)" != "$(ns_of "$b" pid)" ]
	[ "$(ns_of "$a" mnt)" != "$(ns_of "$b" mnt)" ]
}

@test "a shared pid namespace: pause is process 1, each sees the other" {
	local pod a b shared='.linux.security_context.namespace_options.pid = 0'
	pod=$(new_pod p "$shared")
	a=$(new_container "$pod" a "$shared" sleep 1111)
	b=$(new_container "$pod" b "$shared" sleep 1000)
	run -0 in_container "$b" ps -o pid,args
	assert_line --regexp '^ +1 /pause'
	assert_line --partial "sleep 1111"
	# the end of one leaves the other alone, but nothing of its own
	crictl exec -s "$a" sh -c 'sleep 1234 >/dev/null 2>&1 &'
	runs() { in_container "$1" ps -o args | grep -qx "$2"; }
	runs_not() {
		local all
		all=$(in_container "$1" ps -o args) && [ -n "$all" ] && ! grep -qx "$2" <<<"$all"
	}
	wait_until 30 runs "$b" "sleep 1234"
	crictl stop -t 0 "$a"
	exits_with "$a" 137
	wait_until 30 runs_not "$b" "sleep 1111"
	wait_until 30 runs_not "$b" "sleep 1234"
	runs "$b" "sleep 1000"
}

@test "the host's namespaces, where they are asked for" {
	local pod c kind host='.linux.security_context.namespace_options = {network: 2, pid: 2, ipc: 2}'
	! is_pauseless || [ "$(cri_minor)" -ge 3 ] ||
		skip "containerd 2.0 to 2.2 crash at a pod of the host's network without a pause container"
	pod=$(new_pod p "$host | del(.hostname)")
	c=$(new_container "$pod" app "$host" sleep 1000)
	for kind in net pid ipc; do assert_equal "$(ns_of "$c" $kind)" "$(readlink "/proc/self/ns/$kind")"; done
	# no private pid namespace ends what the container left: the shim has to
	crictl exec -s "$c" sh -c 'sleep 1234 >/dev/null 2>&1 & echo $!' | sed '/^$/d' >"$BATS_TEST_TMPDIR/pid"
	[ -d "/proc/$(<"$BATS_TEST_TMPDIR/pid")" ]
	crictl stop -t 0 "$c"
	exits_with "$c" 137
	wait_until 30 is_gone "$(<"$BATS_TEST_TMPDIR/pid")"
}

@test "a volume that two containers share: a sidecar collects the other's log" {
	local pod volume mount side
	volume=$BATS_TEST_TMPDIR/volume
	mkdir "$volume"
	mount=".mounts = [{container_path: \"/var/log\", host_path: \"$volume\"}]"
	pod=$(new_pod p)
	side=$(new_container "$pod" side "$mount" sh -c 'until [ -f /var/log/app ]; do sleep 0.1; done; tail -f /var/log/app')
	new_container "$pod" app "$mount" sh -c 'echo collected >/var/log/app; sleep 1000'
	wait_until 30 grep -q 'stdout F collected' "$LOGS/p/side.log"
	has_state "$side" RUNNING
	assert_equal "$(<"$volume/app")" collected
}

@test "a volume that is read-only, and one that is not there" {
	local pod c
	mkdir "$BATS_TEST_TMPDIR/volume"
	pod=$(new_pod p)
	c=$(new_container "$pod" a ".mounts = [{container_path: \"/data\", host_path: \"$BATS_TEST_TMPDIR/volume\", readonly: true}]" touch /data/x)
	exits_with "$c" 1
	refused() { crictl logs "$c" 2>&1 | grep -q "Read-only"; }
	wait_until 30 refused
	run make_container "$pod" b ".mounts = [{container_path: \"/dev/null/x\", host_path: \"$BATS_TEST_TMPDIR/volume\"}]" true
	[ "$status" -ne 0 ] || run crictl start "$output"
	assert_failure
}

@test "init containers first, then the app that needs what they made" {
	local pod init app mount i
	mkdir "$BATS_TEST_TMPDIR/volume"
	mount=".mounts = [{container_path: \"/work\", host_path: \"$BATS_TEST_TMPDIR/volume\"}]"
	pod=$(new_pod p)
	for i in 1 2; do
		init=$(new_container "$pod" "init$i" "$mount" sh -c "echo $i >>/work/made")
		exits_with "$init" 0 Completed
	done
	app=$(new_container "$pod" app "$mount" sh -c 'cat /work/made')
	exits_with "$app" 0 Completed
	wait_until 30 logs_are "$app" $'1\n2'
}

@test "a container that ended is made again in the same pod" {
	local pod a b
	pod=$(new_pod p)
	a=$(new_container "$pod" app . false)
	exits_with "$a" 1
	b=$(new_container "$pod" app '.metadata.attempt = 1' sleep 1000)
	crictl rm "$a"
	run -0 crictl ps -aq
	assert_output "$b"
	run -0 cri_shims
	assert_equal "${#lines[@]}" 1
}

@test "a host port leads to the pod" {
	local pod c port=$((20000 + RANDOM % 10000))
	pod=$(new_pod p ".port_mappings = [{protocol: 0, container_port: 8080, host_port: $port}]")
	c=$(new_container "$pod" app . httpd -f -p 8080 -h /etc)
	ip=$(crictl inspectp "$pod" | jq -r .status.network.ip)
	answers() { fetch "$1" "$2" /passwd | grep -q ^root; }
	wait_until 30 answers "$ip" 8080
	wait_until 30 answers "${ip%.*}.1" "$port"
	has_state "$c" RUNNING
}

@test "a pod whose containers still run is removed by force, and nothing is left" {
	local pod
	pod=$(new_pod p)
	new_container "$pod" a . sleep 1000
	new_container "$pod" b . sh -c 'yes >/dev/null'
	make_container "$pod" c . sleep 1000
	crictl rmp -f "$pod"
	wait_until 30 no_leftovers
}

# logged POD TEXT: that is its app's log
logged() {
	[ "$(awk '{ print $4 }' "$LOGS/$1/app.log")" = "$2" ]
}

# one_pod NAME N: from runp to rmp, with an exit code of its own
one_pod() {
	local pod c
	pod=$(new_pod "$1") && c=$(new_container "$pod" app . sh -c "echo $2; exit $2") || return 1
	# containerd tells of the exit, and writes what it has read already, at the same time
	exits_with "$c" "$2" && wait_until 30 logged "$1" "$2" && crictl rmp -f "$pod"
}

@test "thirty pods at once, three times, and nothing is left" {
	local round i pids n=30
	((PATIENCE == 1)) || n=10 # crictl gives a connection 20 s, which in an emulated guest are soon over
	for round in 1 2 3; do
		pids=()
		for i in $(seq "$n"); do
			one_pod "p$round-$i" "$i" >"$BATS_TEST_TMPDIR/$round.$i" 2>&1 3>&- &
			pids+=($!)
		done
		for i in $(seq "$n"); do
			wait "${pids[i - 1]}" || { echo "round $round, pod $i" && cat "$BATS_TEST_TMPDIR/$round.$i" && return 1; }
		done
		wait_until 30 no_leftovers
	done
	run -0 crictl pods -q
	assert_output ""
}
