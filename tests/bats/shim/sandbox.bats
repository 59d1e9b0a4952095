#!/usr/bin/env bats
# The Sandbox service without containerd, by the ttrpc test client: every method, in any order, again
# and again; what is there in between, and what is left.
# shellcheck disable=SC2016,SC2030,SC2031 # jq's and awk's; each test is a shell of its own

load ../lib/common
load ../lib/bundle
load ../lib/daemon

setup() {
	setup_containers
	requires root protoc
	NS=$(unique)
	NETNS=$NS
	ip netns add "$NETNS"
	BUNDLE=$BATS_TEST_TMPDIR/sb
	mkdir "$BUNDLE"
	start_shim
}

teardown() {
	[ -z "${NS:-}" ] || kill_shims -namespace "$NS"
	[ -z "${SOCKET:-}" ] || shim delete >/dev/null
	[ -z "${NETNS:-}" ] || ip netns delete "$NETNS"
	find /sys/fs/cgroup -depth -type d -name "$NS" -exec rmdir {} + 2>/dev/null || :
	[ -z "$(pod_left)" ] || { pod_left >&2 && return 1; }
	teardown_containers
}

shim() {
	TTRPC_ADDRESS='' timeout -s KILL $((120 * PATIENCE)) "$B/containerd-shim-peapod-v2" -namespace "$NS" -id pod -address "$BATS_TEST_TMPDIR/c.sock" -bundle "$BUNDLE" "$@" 3>&-
}

# Further assignments are for its environment.
# shellcheck disable=SC2163 # they are exported by what they say
start_shim() {
	SOCKET=$(cd "$BUNDLE" && export "x=" "$@" && shim start </dev/null)
	SOCKET=${SOCKET#unix://}
	PODDIR=/run/peapod/@shim/pods/${SOCKET##*/}
}

shim_pids() { shim_daemons -namespace "$NS"; }
no_shim() { [ -z "$(shim_processes -namespace "$NS")" ]; }

# What the pod could leave; empty when all is well.
pod_left() {
	awk -v dir="${PODDIR:-/nowhere}/" 'index($5, dir) == 1 { print "mount " $5 }' /proc/self/mountinfo
	find "${PODDIR:-/nowhere}" "${SOCKET:-/nowhere}" 2>/dev/null || :
	find /sys/fs/cgroup -type d -path "*/$NS/*" 2>/dev/null | sed 's/^/cgroup /'
}
nothing_left() { [ -z "$(pod_left)" ]; }

# call METHOD [FIELD=VALUE...]
call() { timeout -s KILL $((120 * PATIENCE)) "$TOOL/ttrpc-call" "$SOCKET" "$@"; }
# pod METHOD [FIELD=VALUE...]: of the pod
pod() { call "$1" sandbox_id=pod "${@:2}"; }

# config [TEXT]: a PodSandboxConfig (protobuf's text format is added), as options of CreateSandbox
config() {
	protoc -I "$TOP" --encode=pb.PodSandboxConfig spec/ttrpc/cri.proto >"$BATS_TEST_TMPDIR/config" <<-END
		metadata { name: "web" namespace: "default" uid: "u1" }
		hostname: "web"
		dns_config { servers: "10.96.0.10" searches: "cluster.local" options: "ndots:5" }
		on_linux {
			cgroup_parent: "/$NS"
			security_context { namespace_options { ${1:-pid: CONTAINER} } }
			${2:-}
		}
	END
	echo "options=runtime.v1.PodSandboxConfig:@$BATS_TEST_TMPDIR/config"
}

# make_pod [NAMESPACE OPTIONS [LINUX OPTIONS]]
make_pod() {
	pod CreateSandbox bundle_path="$BUNDLE" netns_path="/run/netns/$NETNS" "$(config "$@")"
}

field() { sed -n "s/^$1=//p"; }
ns_of() { readlink "/proc/$1/ns/$2"; }
is_ready() { pod SandboxStatus | grep -qx state=SANDBOX_READY; }
status_is() { pod SandboxStatus | grep -qx "state=SANDBOX_$1"; }

# new_task PID: a container whose namespaces are those of the process, as containerd writes them
new_task() {
	TASK=$BATS_TEST_TMPDIR/task
	rm -rf "$TASK"
	new_bundle "$TASK" sleep 1000
	edit_config "$TASK" '.linux.namespaces = [{type: "mount"}, {type: "pid"},
			{type: "network", path: "/proc/\($pid)/ns/net"}, {type: "ipc", path: "/proc/\($pid)/ns/ipc"},
			{type: "uts", path: "/proc/\($pid)/ns/uts"}] |
		del(.hostname) | .linux.cgroupsPath = "/\($ns)/c1"' --arg pid "$1" --arg ns "$NS"
}
create_task() { call Create id=c1 bundle="$TASK"; }

@test "from CreateSandbox to ShutdownSandbox: the shim is the pod, and goes home" {
	local shim home
	shim=$(shim_pids)
	home=$(ns_of self net)
	make_pod
	assert_equal "$(ns_of "$shim" net)" "$(stat -Lc 'net:[%i]' "/run/netns/$NETNS")"
	status_is NOTREADY
	run -0 pod StartSandbox
	assert_line "pid=$shim"
	assert_line --regexp '^created_at.seconds=[0-9]{10}'
	assert_line --regexp '^spec.type_url=.*/1/Spec$'
	run -0 pod SandboxStatus verbose=true
	assert_line "sandbox_id=pod"
	assert_line "pid=$shim"
	assert_line "state=SANDBOX_READY"
	run -0 pod Platform
	assert_line platform.os=linux
	pod PingSandbox
	assert_equal "$(nsenter -t "$shim" -u hostname)" web
	for kind in ipc uts; do [ "$(ns_of "$shim" "$kind")" != "$(ns_of self "$kind")" ]; done
	for kind in mnt pid user cgroup; do assert_equal "$(ns_of "$shim" "$kind")" "$(ns_of self "$kind")"; done
	assert_equal "$(nsenter -t "$shim" -n cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 0
	pod StopSandbox
	assert_equal "$(ns_of "$shim" net)" "$home"
	status_is NOTREADY
	run -0 pod WaitSandbox
	assert_line exit_status=0
	assert_line --regexp '^exited_at.seconds=[0-9]{10}'
	pod ShutdownSandbox
	wait_until 30 no_shim
	wait_until 30 nothing_left
}

@test "one process, one thread, at most 300 KiB of private dirty memory" {
	local shim kib
	! grep -q __asan_init "$B/containerd-shim-peapod-v2" || skip "sanitizers need memory of their own"
	sync "$B/containerd-shim-peapod-v2" # text that the linker has just written counts as dirty
	shim=$(shim_pids)
	make_pod
	pod StartSandbox
	assert_equal "$(find "/proc/$shim/task" -mindepth 1 -maxdepth 1 | wc -l)" 1
	wait_until 30 has_no_child "$shim" # the helper that made the pod
	kib=$(awk '/^Private_Dirty:/ { print $2 }' "/proc/$shim/smaps_rollup")
	[ "$kib" -le 300 ]
}

@test "the pod's files: names, resolver, shared memory" {
	make_pod
	run -0 cat "$PODDIR/sandbox/resolv.conf"
	assert_output $'search cluster.local\nnameserver 10.96.0.10\noptions ndots:5'
	run -0 cat "$PODDIR/sandbox/hostname"
	assert_output web
	run -0 cat "$PODDIR/sandbox/hosts"
	assert_line --regexp '^127.0.0.1.*localhost'
	assert_equal "$(stat -f -c %T "$PODDIR/sandbox/shm") $(stat -c %a "$PODDIR/sandbox/shm")" "tmpfs 1777"
	assert_equal "$(stat -c %a "$PODDIR/sandbox")" 700
}

@test "a task lives in the pod's namespaces, and has its files" {
	local pid
	new_task "$(shim_pids)"
	make_pod
	run -1 create_task
	assert_output --partial "code 9: cannot run in a created pod"
	pod StartSandbox
	pid=$(create_task | field pid)
	call Start id=c1
	for kind in net ipc uts; do assert_equal "$(ns_of "$pid" "$kind")" "$(ns_of "$(shim_pids)" "$kind")"; done
	[ "$(ns_of "$pid" pid)" != "$(ns_of self pid)" ]
	assert_equal "$(<"/proc/$pid/root/etc/hostname")" web
	grep -q 10.96.0.10 "/proc/$pid/root/etc/resolv.conf"
	touch "$PODDIR/sandbox/shm/there"
	[ -f "/proc/$pid/root/dev/shm/there" ]
	run -0 pod SandboxMetrics
	assert_line metrics.id=pod
	assert_line --regexp '^metrics.data.type_url=io.containerd.cgroups.v[12].Metrics'
	# the pod outlives its containers, whoever asks for the end of what
	call Kill id=c1 signal=9
	call Wait id=c1
	call Delete id=c1
	call Shutdown id=c1
	is_ready
	[ "$(find /sys/fs/cgroup -type d -path "*/$NS/c1" | wc -l)" = 0 ]
}

@test "hooks of a container run in the host's namespaces" {
	new_task "$(shim_pids)"
	printf '#!/bin/sh\nfor k in net ipc uts; do readlink /proc/self/ns/$k; done >%s\n' "$BATS_TEST_TMPDIR/seen" >"$BATS_TEST_TMPDIR/hook"
	chmod 755 "$BATS_TEST_TMPDIR/hook"
	edit_config "$TASK" '.hooks.createRuntime = [{path: $hook}]' \
		--arg hook "$BATS_TEST_TMPDIR/hook"
	make_pod
	pod StartSandbox
	create_task
	assert_equal "$(<"$BATS_TEST_TMPDIR/seen")" "$(ns_of self net; ns_of self ipc; ns_of self uts)"
}

@test "the pod's files have the SELinux label of its containers' mounts" {
	new_task "$(shim_pids)"
	edit_config "$TASK" '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	make_pod
	pod StartSandbox
	run create_task # which goes on where there is SELinux only
	[ "$status" = 0 ] || assert_output --partial "SELinux is not enabled here"
	run -0 python3 -c 'import os, sys; [print(os.getxattr(f, "security.selinux")) for f in sys.argv[1:]]' \
		"$PODDIR/sandbox/hosts" "$PODDIR/sandbox/resolv.conf" "$PODDIR/sandbox/shm"
	assert_equal "$(grep -c container_file_t <<<"$output")" 3
}

@test "StopSandbox ends what runs, ShutdownSandbox removes it" {
	local pid
	new_task "$(shim_pids)"
	make_pod
	pod StartSandbox
	pid=$(create_task | field pid)
	call Start id=c1
	pod StopSandbox
	is_gone "$pid"
	run -0 call Wait id=c1
	assert_line exit_status=137
	run -1 call Create id=c2 bundle="$TASK"
	assert_output --partial "cannot run in a stopped pod"
	pod ShutdownSandbox
	wait_until 30 no_shim
	wait_until 30 nothing_left
}

# half_create: a create_task that is under way, up to the moment when it gets its config from a FIFO;
# its answer goes to $BATS_TEST_TMPDIR/out, its pid is $CREATE
half_create() {
	mv "$TASK/config.json" "$BATS_TEST_TMPDIR/config.json"
	mkfifo "$TASK/config.json"
	create_task >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	CREATE=$!
	wait_until 30 [ -L "$PODDIR/bundles/c1" ]
}
go_on() { timeout $((60 * PATIENCE)) cp "$BATS_TEST_TMPDIR/config.json" "$TASK/config.json"; }

@test "a container that is being made while its pod is stopped is never in the host's namespaces" {
	local shim pod
	shim=$(shim_pids)
	new_task "$shim"
	printf '#!/bin/sh\np=$(jq .pid)\nfor k in net ipc uts; do readlink /proc/$p/ns/$k; done >%s\n' "$BATS_TEST_TMPDIR/seen" >"$BATS_TEST_TMPDIR/hook"
	chmod 755 "$BATS_TEST_TMPDIR/hook"
	edit_config "$TASK" '.hooks.createRuntime = [{path: $hook, env: ["PATH=\($path)"]}]' \
		--arg hook "$BATS_TEST_TMPDIR/hook" --arg path "$PATH"
	make_pod
	pod StartSandbox
	pod=$(ns_of "$shim" net; ns_of "$shim" ipc; ns_of "$shim" uts)
	half_create
	pod StopSandbox
	assert_equal "$(ns_of "$shim" net)" "$(ns_of self net)"
	go_on
	ends_with 1 "$CREATE"
	assert_equal "$(<"$BATS_TEST_TMPDIR/seen")" "$pod"
	run -0 cat "$BATS_TEST_TMPDIR/out"
	assert_output --partial "code 9: cannot run in a stopped pod"
	no_task() { call State id=c1 | grep -q "code 5"; }
	wait_until 30 no_task
	[ ! -L "$PODDIR/bundles/c1" ]
}

@test "a container of a pod whose holder has ended does not start" {
	local holder
	make_pod "pid: POD"
	holder=$(pod StartSandbox | field pid)
	new_task "$holder"
	create_task
	kill -KILL "$holder"
	run -0 pod WaitSandbox
	run -1 call Start id=c1
	assert_output --partial "code 9: cannot run in a stopped pod"
	call Delete id=c1
}

@test "what is asked twice, too early or too late" {
	run -1 pod StopSandbox
	assert_output --partial "code 5"
	run -1 pod SandboxStatus
	assert_output --partial "code 5"
	make_pod
	run -1 make_pod
	assert_output --partial "code 6"
	run -1 call SandboxStatus sandbox_id=other
	assert_output --partial "code 5"
	run -1 call ShutdownSandbox sandbox_id=other
	assert_output --partial "code 5"
	pod StartSandbox
	run -1 pod StartSandbox
	assert_output --partial "code 9: cannot start a running pod"
	pod StopSandbox
	pod StopSandbox
	run -1 pod StartSandbox
	assert_output --partial "cannot start a stopped pod"
	status_is NOTREADY
	pod StopSandbox
}

@test "many at once: each waiter is told, each Stop and Shutdown succeeds" {
	local i pids=()
	make_pod
	pod StartSandbox
	for i in 1 2 3; do
		pod WaitSandbox >"$BATS_TEST_TMPDIR/wait$i" &
		pids+=($!)
	done
	for i in 1 2 3 4; do
		pod StopSandbox &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	grep -qx exit_status=0 "$BATS_TEST_TMPDIR/wait3"
	pids=()
	for i in 1 2 3 4; do
		# the last of them may find the shim gone, as containerd may
		pod ShutdownSandbox >"$BATS_TEST_TMPDIR/down$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || :; done
	run cat "$BATS_TEST_TMPDIR"/down?
	refute_output --partial code
	wait_until 30 no_shim
	wait_until 30 nothing_left
}

@test "ShutdownSandbox without Stop, and without a pod" {
	make_pod
	pod StartSandbox
	pod ShutdownSandbox
	wait_until 30 no_shim
	wait_until 30 nothing_left
	start_shim
	pod ShutdownSandbox
	wait_until 30 no_shim
	wait_until 30 nothing_left
}

@test "Task.Shutdown of the pod's id ends a pod of which containerd knows nothing" {
	make_pod
	call Shutdown id=pod
	wait_until 30 no_shim
	wait_until 30 nothing_left
}

@test "what cannot be made is refused, and the shim is at home" {
	local shim
	shim=$(shim_pids)
	run -1 pod CreateSandbox bundle_path="$BUNDLE" netns_path=/run/netns/nowhere "$(config)"
	assert_output --partial "/run/netns/nowhere"
	run -1 pod CreateSandbox bundle_path="$BUNDLE" netns_path=/etc/passwd "$(config)"
	assert_output --partial "not a namespace"
	run -1 pod CreateSandbox bundle_path="$BUNDLE" "$(config)"
	assert_output --partial "netns_path is missing"
	run -1 pod CreateSandbox bundle_path="$BUNDLE" netns_path="/run/netns/$NETNS" options=some.Other:x
	assert_output --partial "unknown type 'some.Other'"
	assert_equal "$(ns_of "$shim" net)" "$(ns_of self net)"
	run -1 make_pod "pid: CONTAINER" 'sysctls { key: "vm.swappiness" value: "1" }'
	assert_output --partial vm.swappiness
	for kind in net ipc uts; do assert_equal "$(ns_of "$shim" "$kind")" "$(ns_of self "$kind")"; done
	[ ! -e "$PODDIR/sandbox" ]
	pod ShutdownSandbox
	wait_until 30 no_shim
	wait_until 30 nothing_left
}

@test "the host's namespaces, where they are asked for" {
	local shim
	shim=$(shim_pids)
	pod CreateSandbox bundle_path="$BUNDLE" "$(config 'network: NODE pid: NODE ipc: NODE')"
	for kind in net ipc uts pid; do assert_equal "$(ns_of "$shim" "$kind")" "$(ns_of self "$kind")"; done
	[ ! -e "$PODDIR/sandbox/shm" ]
	pod StartSandbox
}

@test "shared processes: a holder, whose end is the pod's" {
	local shim holder
	shim=$(shim_pids)
	make_pod "pid: POD"
	holder=$(pod StartSandbox | field pid)
	[ "$holder" != "$shim" ]
	assert_equal "$(awk '/^NSpid:/ { print $NF }' "/proc/$holder/status")" 1
	assert_equal "$(ns_of "$holder" net)" "$(stat -Lc 'net:[%i]' "/run/netns/$NETNS")"
	assert_equal "$(nsenter -t "$holder" -u hostname)" web
	assert_equal "$(ns_of "$shim" net)" "$(ns_of self net)"
	assert_equal "$(awk '/^CapEff:/ { print $2 }' "/proc/$holder/status")" 0000000000000000
	assert_equal "$(find "/proc/$holder/root/" -xdev -type f)" "/proc/$holder/root/pause"
	kill -KILL "$holder"
	run -0 pod WaitSandbox
	assert_line exit_status=137
	status_is NOTREADY
	pod StopSandbox
	pod ShutdownSandbox
	wait_until 30 no_shim
	wait_until 30 nothing_left
}

@test "StopSandbox ends the holder" {
	local holder
	make_pod "pid: POD"
	holder=$(pod StartSandbox | field pid)
	pod StopSandbox
	is_gone "$holder"
	run -0 pod WaitSandbox
	assert_line exit_status=0
}

@test "a killed shim: the delete action removes the whole pod by its id" {
	local pid holder shim
	shim=$(shim_pids)
	make_pod "pid: POD"
	holder=$(pod StartSandbox | field pid)
	new_task "$holder"
	pid=$(create_task | field pid)
	call Start id=c1
	kill -KILL "$shim"
	wait_until 30 is_gone "$shim"
	shim delete >/dev/null
	is_gone "$pid"
	is_gone "$holder"
	nothing_left
	shim delete >/dev/null
}

@test "the delete action of a pod leaves another containerd's pod of the same id alone" {
	local first=$SOCKET bundle=$BUNDLE second shim
	shim=$(shim_pids)
	make_pod
	BUNDLE=$BATS_TEST_TMPDIR/other
	mkdir "$BUNDLE"
	other() { TTRPC_ADDRESS='' timeout -s KILL $((120 * PATIENCE)) "$B/containerd-shim-peapod-v2" -namespace "$NS" -id pod -address "$BATS_TEST_TMPDIR/d.sock" -bundle "$BATS_TEST_TMPDIR/other" "$@" 3>&-; }
	second=$(cd "$BUNDLE" && other start </dev/null)
	SOCKET=${second#unix://}
	[ "$SOCKET" != "$first" ]
	make_pod
	pod StartSandbox
	kill -KILL "$shim"
	wait_until 30 is_gone "$shim"
	BUNDLE=$bundle SOCKET=$first
	shim delete >/dev/null
	nothing_left
	SOCKET=${second#unix://}
	is_ready
	[ -f "/run/peapod/@shim/pods/${SOCKET##*/}/sandbox/hosts" ]
	pod ShutdownSandbox
	wait_until 30 no_shim
	[ ! -e "/run/peapod/@shim/pods/${SOCKET##*/}" ]
	SOCKET=$first
}

@test "PEAPOD_SANDBOX=paths: no pid is told, and paths with pid 0 are the pod's" {
	local pid shim
	pod ShutdownSandbox
	wait_until 30 no_shim
	start_shim PEAPOD_SANDBOX=paths
	shim=$(shim_pids)
	make_pod
	run -0 pod StartSandbox
	assert_line pid=0
	run -0 pod SandboxStatus
	assert_line pid=0
	jq -e --arg shim "$shim" '[.linux.namespaces[] | select(.path == "/proc/\($shim)/ns/\(.type)")] | length == 2' "$PODDIR/sandbox/spec.json"
	new_task 0
	pid=$(create_task | field pid)
	call Start id=c1
	for kind in net ipc uts; do assert_equal "$(ns_of "$pid" "$kind")" "$(ns_of "$shim" "$kind")"; done
	# and with the paths of the spec
	call Kill id=c1 signal=9
	call Wait id=c1
	call Delete id=c1
	edit_config "$TASK" '.linux.namespaces = [{type: "mount"}, {type: "pid"}] + $spec[0].linux.namespaces' \
		--slurpfile spec "$PODDIR/sandbox/spec.json"
	pid=$(create_task | field pid)
	for kind in net ipc uts; do assert_equal "$(ns_of "$pid" "$kind")" "$(ns_of "$shim" "$kind")"; done
}

@test "a switch that says nothing known is an error" {
	pod ShutdownSandbox
	wait_until 30 no_shim
	run start_shim PEAPOD_SANDBOX=both
	assert_output --partial "it can be pid or paths"
	run start_shim PEAPOD_SANDBOX_PATIENCE=0
	assert_output --partial "PEAPOD_SANDBOX_PATIENCE"
	wait_until 30 no_shim
}

@test "a pod that is made and never started removes itself" {
	pod ShutdownSandbox
	wait_until 30 no_shim
	start_shim PEAPOD_SANDBOX_PATIENCE=1
	make_pod "pid: POD"
	wait_until 30 no_shim
	wait_until 30 nothing_left
}

@test "a pod whose bundle containerd has removed removes itself, and one that is just alone does not" {
	local holder
	make_pod "pid: POD"
	holder=$(pod StartSandbox | field pid)
	# each call is a connection of its own, so the shim has been alone many times by now
	is_ready
	rm -r "$BUNDLE"
	wait_until 90 no_shim
	is_gone "$holder"
	nothing_left
	mkdir "$BUNDLE"
}

@test "a container that brings no namespace, or the pod's processes where there are none, is refused" {
	new_task "$(shim_pids)"
	make_pod
	pod StartSandbox
	edit_config "$TASK" '.linux.namespaces |= map(select(.type != "network"))'
	run -1 create_task
	assert_output --partial "network: missing, but the pod has one of its own"
	new_task "$(shim_pids)"
	edit_config "$TASK" '(.linux.namespaces[] | select(.type == "pid")).path = "/proc/0/ns/pid"'
	run -1 create_task
	assert_output --partial "pid namespace each"
	is_ready
}
