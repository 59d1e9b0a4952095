#!/usr/bin/env bats
# What is special about a pod without a pause container, by crictl. pauseless-paths.bats, a link to
# this, tells containerd no pid but paths.
# shellcheck disable=SC2016 # jq's and awk's

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() {
	[[ ${BATS_TEST_FILENAME##*/} != *-paths.bats ]] || export PEAPOD_SANDBOX=paths
	start_cri
}
teardown_file() { stop_containerd; }
setup() { setup_cri; }
teardown() { teardown_cri; }

ns_of() { readlink "/proc/$1/ns/$2"; }
pid_of_container() { inspect "$1" .info.pid; }
# in_container ID COMMAND...: its output, without the empty lines that crictl adds
in_container() { crictl exec -s "$@" | sed '/^$/d'; }

@test "no pause image, no pause process: the shim is the pod, for tools too" {
	local pod shim pid kind ip
	pod=$(new_pod p)
	shim=$(cri_shims)
	[ "$(wc -l <<<"$shim")" = 1 ]
	wait_until 30 has_no_child "$shim" # the helper that made the pod
	assert_equal "$(crictl inspectp "$pod" | jq -r .info.pid)" "$shim"
	run -0 crictl images
	refute_output --partial pause
	ip=$(crictl inspectp "$pod" | jq -r .status.network.ip)
	run -0 nsenter -t "$shim" -n ip -o -4 addr show dev eth0
	assert_output --partial "inet $ip/"
	assert_equal "$(nsenter -t "$shim" -u hostname)" p
	pid=$(pid_of_container "$(new_container "$pod" a . sleep 1000)")
	for kind in net ipc uts; do assert_equal "$(ns_of "$pid" "$kind")" "$(ns_of "$shim" "$kind")"; done
	crictl stopp "$pod"
	assert_equal "$(ns_of "$shim" net)" "$(ns_of self net)"
	crictl rmp "$pod"
	wait_until 30 no_leftovers
}

@test "the spec that is told names the pod's namespaces and mounts" {
	local pod
	pod=$(new_pod p)
	crictl inspectp "$pod" >"$BATS_TEST_TMPDIR/pod"
	assert_equal "$(jq -r '[.info.runtimeSpec.linux.namespaces[].type] | sort | join(" ")' "$BATS_TEST_TMPDIR/pod")" "ipc network uts"
	for path in $(jq -r '.info.runtimeSpec.linux.namespaces[].path' "$BATS_TEST_TMPDIR/pod"); do [ -e "$path" ]; done
	assert_equal "$(jq -r '[.info.runtimeSpec.mounts[].destination] | sort | join(" ")' "$BATS_TEST_TMPDIR/pod")" \
		"/dev/shm /etc/hostname /etc/hosts /etc/resolv.conf"
	assert_equal "$(jq -r '.info.runtimeSpec.annotations["io.kubernetes.cri.sandbox-id"]' "$BATS_TEST_TMPDIR/pod")" "$pod"
	run -1 grep 'failed to unmarshal sandbox spec' "$CDIR/log"
}

@test "the pod's files, in every container, also after a restart of containerd" {
	local pod a b ip
	pod=$(new_pod p '.dns_config = {servers: ["10.96.0.10"], searches: ["cluster.local"], options: ["ndots:5"]}')
	ip=$(crictl inspectp "$pod" | jq -r .status.network.ip)
	a=$(new_container "$pod" a . sleep 1000)
	run -0 in_container "$a" cat /etc/resolv.conf
	assert_output $'search cluster.local\nnameserver 10.96.0.10\noptions ndots:5'
	run -0 in_container "$a" cat /etc/hostname
	assert_output p
	run -0 in_container "$a" cat /etc/hosts
	assert_line "$(printf '%s\tp' "$ip")"
	run -0 in_container "$a" sh -c 'echo shared >/dev/shm/x && echo 10.9.8.7 there >>/etc/hosts'
	kill_containerd
	restart_cri
	b=$(new_container "$pod" b . sleep 1000)
	run -0 in_container "$b" cat /dev/shm/x
	assert_output shared
	run -0 in_container "$b" grep there /etc/hosts
	assert_output "10.9.8.7 there"
	run -0 in_container "$a" cat /etc/resolv.conf
	assert_line "nameserver 10.96.0.10"
}

@test "a container's own files win" {
	local c file=$BATS_TEST_TMPDIR/hosts
	echo "127.0.0.1 mine" >"$file"
	c=$(new_container "$(new_pod p)" a ".mounts = [{container_path: \"/etc/hosts\", host_path: \"$file\"},
		{container_path: \"/dev/shm\", host_path: \"$BATS_TEST_TMPDIR\"}]" sleep 1000)
	run -0 in_container "$c" cat /etc/hosts
	assert_output "127.0.0.1 mine"
	[ -f "/proc/$(pid_of_container "$c")/root/dev/shm/hosts" ]
}

@test "shared processes with a user namespace: one holder for both" {
	local pod a b holder
	requires userns
	both='.linux.security_context.namespace_options = {pid: 0, userns_options: {mode: 0,
		uids: [{host_id: 1000000, container_id: 0, length: 65536}],
		gids: [{host_id: 1000000, container_id: 0, length: 65536}]}}'
	pod=$(new_pod p "$both")
	holder=$(crictl inspectp "$pod" | jq -r .info.pid)
	[ "$holder" != "$(cri_shims)" ]
	only_child() { [ "$(pgrep -P "$(cri_shims)")" = "$holder" ]; }
	wait_until 30 only_child
	a=$(new_container "$pod" a "$both" sleep 1111)
	b=$(new_container "$pod" b "$both" sh -c 'echo x >>/etc/hosts && touch /dev/shm/x && exec sleep 1000')
	wait_until 30 test -e "/proc/$(pid_of_container "$b")/root/dev/shm/x"
	run -0 in_container "$b" ps -o args
	assert_line "sleep 1111"
	assert_line "/pause"
	run -0 in_container "$b" stat -c '%u %g' /etc/hosts /dev/shm
	assert_output $'0 0\n0 0'
	for kind in net ipc uts pid user; do assert_equal "$(ns_of "$(pid_of_container "$a")" "$kind")" "$(ns_of "$holder" "$kind")"; done
	crictl rmp -f "$pod"
	wait_until 30 no_leftovers
}

@test "a container in another one's processes" {
	local pod a b
	pod=$(new_pod p)
	a=$(new_container "$pod" a . sleep 1111)
	b=$(new_container "$pod" b ".linux.security_context.namespace_options = {pid: 3, target_id: \"$a\"}" sleep 1000)
	run -0 in_container "$b" ps -o args
	assert_line "sleep 1111"
	crictl stop -t 0 "$b"
	has_state "$a" RUNNING
}

@test "a container that wants the pod's processes where there are none does not get the host's" {
	local pod c
	pod=$(new_pod p)
	c=$(make_container "$pod" a '.linux.security_context.namespace_options = {pid: 0}' sleep 1000)
	run crictl start "$c"
	assert_failure
	assert_output --partial "pid namespace each"
}

@test "twenty pods at once, each killed in another way, and nothing is left" {
	local i pids=()
	kill_one() {
		local pod shim
		pod=$(new_pod "p$1") && new_container "$pod" app . sleep 1000 >/dev/null || return 1
		shim=$(crictl inspectp "$pod" | jq -r .info.pid)
		case $(($1 % 4)) in
		0) kill -KILL "$shim" ;;
		1) crictl stopp "$pod" && crictl stopp "$pod" ;;
		2) crictl stopp "$pod" && kill -KILL "$shim" ;;
		esac
		# containerd learns of the end of a container whose shim was killed some time later
		wait_until 60 crictl rmp -f "$pod"
	}
	for i in $(seq 20); do
		kill_one "$i" >"$BATS_TEST_TMPDIR/out$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in $(seq 20); do
		wait "${pids[i - 1]}" || { echo "pod $i" && cat "$BATS_TEST_TMPDIR/out$i" && return 1; }
	done
	wait_until 30 no_leftovers
}
