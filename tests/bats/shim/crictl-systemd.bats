#!/usr/bin/env bats
# Pods of a kubelet with the systemd cgroup driver, by crictl (in the guest: make check-vm).
# shellcheck disable=SC2016 # jq's

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() { SYSTEMD_CGROUP=1 start_cri; }
teardown_file() { stop_containerd; }

setup() {
	requires systemd
	setup_cri
	SLICE=kubelet-$NS.slice
	export SLICE
}

teardown() {
	local left
	[ -n "${SLICE:-}" ] || return 0
	teardown_cri
	wait_until 30 no_scopes
	left=$(scopes)
	systemctl stop "$SLICE" 2>/dev/null || :
	assert_equal "$left" ""
}

# The scopes that systemd has in the pod's slice.
scopes() {
	systemctl list-units --all --plain --no-legend "cri-containerd-*.scope" | awk '{ print $1 }' | while read -r unit; do
		[ "$(property Slice "$unit")" != "$SLICE" ] || echo "$unit"
	done
}

no_scopes() {
	[ -z "$(scopes)" ]
}

# property NAME UNIT: as systemctl shows it
property() {
	systemctl show --value -p "$1" "$2"
}

# file UNIT NAME: of its cgroup; with cgroup v1 the memory controller's
file() {
	local dir=/sys/fs/cgroup
	[ -f $dir/cgroup.controllers ] || dir=$dir/memory
	cat "$dir$(property ControlGroup "$1")/$2"
}

in_slice() {
	new_pod p '.linux.cgroup_parent = "/kubelet.slice/kubelet-\($ns).slice"'
}

memory_file() {
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then echo memory.max; else echo memory.limit_in_bytes; fi
}

memory_property() {
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then echo MemoryMax; else echo MemoryLimit; fi
}

@test "systemd: containers are scopes of the pod's slice, with limits as properties, until they are removed" {
	local pod c scope
	pod=$(in_slice)
	c=$(new_container "$pod" app '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_quota: 50000, cpu_period: 100000}' sleep 1000)
	scope=cri-containerd-$c.scope
	assert_equal "$(property Slice "$scope")" "$SLICE"
	assert_equal "$(property ControlGroup "$scope")" "/kubelet.slice/$SLICE/$scope"
	assert_equal "$(property Delegate "$scope")" yes
	assert_equal "$(property "$(memory_property)" "$scope")" 67108864
	assert_equal "$(property CPUQuotaPerSecUSec "$scope")" 500ms
	assert_equal "$(file "$scope" "$(memory_file)")" 67108864
	grep -q "/kubelet.slice/$SLICE/$scope\$" "/proc/$(inspect "$c" .info.pid)/cgroup"
	crictl update --memory 134217728 "$c"
	assert_equal "$(file "$scope" "$(memory_file)")" 134217728
	assert_equal "$(property "$(memory_property)" "$scope")" 134217728
	crictl exec -s "$c" sh -c 'sleep 1234 >/dev/null 2>&1 &'
	assert_equal "$(file "$scope" cgroup.procs | wc -l)" 2
	[ "$(crictl stats -o json "$c" | jq -r '.stats[0].memory.workingSetBytes.value')" -gt 0 ]
	crictl stop -t 0 "$c"
	crictl rm "$c"
	wait_until 30 gone "$scope"
}

gone() {
	[ "$(property LoadState "$1")" = not-found ]
}

@test "systemd: a container that runs out of memory was OOMKilled" {
	local c
	c=$(new_container "$(in_slice)" app '.linux.resources.memory_limit_in_bytes = 33554432' tail /dev/zero)
	exits_with "$c" 137 OOMKilled
}

@test "systemd: after the shim was killed no scope of the pod is left" {
	local pod pid
	pod=$(in_slice)
	pid=$(inspect "$(new_container "$pod" app . sleep 1000)" .info.pid)
	[ -n "$(scopes)" ]
	kill -KILL "$(cri_shims)"
	wait_until 15 is_gone "$pid"
	wait_until 60 crictl rmp -f "$pod"
	wait_until 30 no_scopes
}

@test "systemd: a unit reload leaves the limits and devices of a container as they were" {
	local pod c scope
	pod=$(in_slice)
	c=$(new_container "$pod" app '.linux.resources.memory_limit_in_bytes = 67108864' sleep 1000)
	scope=cri-containerd-$c.scope
	systemctl daemon-reload
	assert_equal "$(file "$scope" "$(memory_file)")" 67108864
	crictl exec -s "$c" sh -c 'echo >/dev/null'
	# a disk's node is there for who makes one, its device is refused
	crictl exec -s "$c" sh -c 'mknod /dev/disk b 259 0 && ! head -c 1 /dev/disk'
}
