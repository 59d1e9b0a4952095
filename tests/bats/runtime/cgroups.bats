#!/usr/bin/env bats
# Limits of a container: what the kernel reads back, what it enforces, what is refused.
load ../lib/common
load ../lib/bundle
load ../lib/cgroup

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR/c1
	new_bundle "$DIR" sleep 1000
}

teardown() {
	teardown_containers
}

# Run it in the background as container c1.
start_c1() {
	peapod run -d -b "$DIR" c1 </dev/null >"$DIR/out" 2>&1 || { cat "$DIR/out" && return 1; }
}

# has_weights: I/O weights are there only with BFQ, which may be a module
has_weights() {
	local dir=/sys/fs/cgroup/blkio/$CGROUP-probe files
	mkdir "$dir" && files=$(compgen -G "$dir/blkio*.weight")
	rmdir "$dir"
	[ "$files" ]
}

@test "limits are what the kernel reads back (v1)" {
	requires cgroup-v1
	set_resources "$DIR" '{"memory": {"limit": 67108864, "swap": 134217728, "reservation": 33554432,
		"swappiness": 7, "disableOOMKiller": true},
		"cpu": {"shares": 512, "quota": 20000, "period": 50000, "cpus": "0", "mems": "0"},
		"pids": {"limit": 33}, "blockIO": {"weight": 500}}'
	has_weights || edit_config "$DIR" 'del(.linux.resources.blockIO)'
	start_c1
	assert_equal "$(cg memory memory.limit_in_bytes)" 67108864
	assert_equal "$(cg memory memory.memsw.limit_in_bytes)" 134217728
	assert_equal "$(cg memory memory.soft_limit_in_bytes)" 33554432
	assert_equal "$(cg memory memory.swappiness)" 7
	assert_equal "$(cg memory memory.oom_control | head -n 1)" "oom_kill_disable 1"
	assert_equal "$(cg cpu cpu.shares)" 512
	assert_equal "$(cg cpu cpu.cfs_quota_us)" 20000
	assert_equal "$(cg cpu cpu.cfs_period_us)" 50000
	assert_equal "$(cg cpuset cpuset.cpus)" 0
	assert_equal "$(cg cpuset cpuset.mems)" 0
	assert_equal "$(cg pids pids.max)" 33
	# blkio.weight where the kernel has it, else BFQ's
	! has_weights || assert_equal "$(cg blkio blkio.weight || cg blkio blkio.bfq.weight)" 500
}

@test "limits are what the kernel reads back (v2)" {
	requires cgroup-v2
	set_resources "$DIR" '{"memory": {"limit": 67108864, "swap": 134217728, "reservation": 33554432},
		"cpu": {"shares": 512, "quota": 20000, "period": 50000, "cpus": "0", "mems": "0"},
		"pids": {"limit": 33}, "unified": {"memory.high": "50331648"}}'
	start_c1
	assert_equal "$(cg memory memory.max)" 67108864
	assert_equal "$(cg memory memory.swap.max)" 67108864
	assert_equal "$(cg memory memory.low)" 33554432
	assert_equal "$(cg memory memory.high)" 50331648
	assert_equal "$(cg cpu cpu.weight)" 59
	assert_equal "$(cg cpu cpu.max)" "20000 50000"
	assert_equal "$(cg cpuset cpuset.cpus)" 0
	assert_equal "$(cg pids pids.max)" 33
}

@test "a v2 controller of a hybrid host is used, and enabled in the cgroups above" {
	requires cgroup-v1
	grep -q hugetlb /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null ||
		skip "needs hugetlb in the v2 hierarchy of a hybrid host"
	set_resources "$DIR" '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	start_c1
	assert_equal "$(cat "/sys/fs/cgroup/unified$CGROUP/c1/hugetlb.2MB.max")" 4194304
}

@test "pids.limit is enforced" {
	# shellcheck disable=SC2016 # for the container's shell
	set_args "$DIR" sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 100 & done; echo all; kill $(jobs -p)'
	set_resources "$DIR" '{"pids": {"limit": 5}}'
	run peapod run -b "$DIR" c1
	refute_line all
	assert_output --partial "fork"
}

@test "a process over memory.limit is killed" {
	set_args "$DIR" sh -c 'head -c 64m /dev/zero | tail | wc -c; echo after'
	set_resources "$DIR" '{"memory": {"limit": 16777216, "swap": 16777216}}'
	run -0 peapod run -b "$DIR" c1
	refute_line 67108864
	assert_line after
}

@test "device rules decide what can be opened" {
	# No driver has this number: allowed gives ENXIO, denied EPERM.
	set_args "$DIR" sh -c 'cat /dev/x; head -c 3 /dev/zero | wc -c; : >/dev/null && echo null'
	edit_config "$DIR" '.linux.devices = [{"path": "/dev/x", "type": "c", "major": 240, "minor": 7}]'
	run peapod run -b "$DIR" c1
	assert_output --partial "Operation not permitted"
	assert_line 3
	assert_line null
	edit_config "$DIR" '.linux.resources.devices +=
		[{"allow": true, "type": "c", "major": 240, "minor": 7, "access": "rw"}]'
	run peapod run -b "$DIR" c1
	refute_output --partial "Operation not permitted"
	assert_output --partial "No such device or address"
}

@test "what a version does not have is refused by name" {
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		set_resources "$DIR" '{"memory": {"swappiness": 7}}'
		run ! peapod run -b "$DIR" c1
		assert_output --partial "memory: swappiness"
	else
		set_resources "$DIR" '{"unified": {"memory.max": "1"}}'
		run ! peapod run -b "$DIR" c1
		assert_output --partial "unified: memory.max"
	fi
}
