#!/usr/bin/env bats
# Resources that hold: the kernel enforces what the config asks for.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

# control CONTROLLER V1-FILE V2-FILE: content of a file of the cgroup of container c
control() {
	if [ -d "/sys/fs/cgroup/$1" ]; then
		cat "/sys/fs/cgroup/$1$CGROUP/c/$2"
	else
		cat "/sys/fs/cgroup$CGROUP/c/$3"
	fi
}

@test "a process that needs more memory than the limit is killed" {
	new_bundle "$DIR/c" dd if=/dev/zero of=/dev/null bs=200M count=1
	edit_config "$DIR/c" '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	run -137 peapod run -b "$DIR/c" c
	set_args "$DIR/c" dd if=/dev/zero of=/dev/null bs=1M count=1
	run -0 peapod run -b "$DIR/c" c
}

@test "a memory limit that is too low to create a container is named, with what is in use" {
	new_bundle "$DIR/c" true
	edit_config "$DIR/c" '.linux.resources.memory = {limit: 4096}'
	run -1 peapod run -b "$DIR/c" c
	if [ -d /sys/fs/cgroup/memory ]; then
		assert_output --regexp 'linux: resources: memory: limit \(too low: more is in use already, usage [0-9]+'
	else # the kernel takes the limit and then kills
		assert_output --partial "linux: resources: memory: limit: too low to start the process"
	fi
	run -0 leftovers
	assert_output ''
}

@test "an out-of-memory kill on the way to the program names the limit" {
	new_bundle "$DIR/c" true
	# The home directory is looked up here, by a process inside the cgroup.
	yes 'nobody:x:99999:99999::/:/bin/false' | head -c 900000 >"$DIR/c/rootfs/etc/passwd"
	edit_config "$DIR/c" '.linux.resources.memory = {limit: 524288, swap: 524288}'
	run -1 peapod create -b "$DIR/c" c
	assert_output --partial "linux: resources: memory: limit: too low to start the process"
	assert_output --partial "524288"
	run -0 leftovers
	assert_output ''
}

@test "the memory limit is that of the cgroup" {
	new_bundle "$DIR/c" true
	edit_config "$DIR/c" '.linux.resources.memory = {limit: 33554432}'
	peapod create -b "$DIR/c" c </dev/null
	run -0 control memory memory.limit_in_bytes memory.max
	assert_output 33554432
}

@test "no more processes than the limit" {
	# shellcheck disable=SC2016
	new_bundle "$DIR/c" sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait'
	edit_config "$DIR/c" '.linux.resources.pids = {limit: 4}'
	run peapod run -b "$DIR/c" c
	assert_output --partial "can't fork"
	peapod create -b "$DIR/c" c </dev/null >/dev/null 2>&1
	run -0 control pids pids.max pids.max
	assert_output 4
}

@test "quota, period and shares of the processor" {
	new_bundle "$DIR/c" true
	edit_config "$DIR/c" '.linux.resources.cpu = {quota: 20000, period: 50000, shares: 512}'
	peapod create -b "$DIR/c" c </dev/null
	if [ -d /sys/fs/cgroup/cpu ]; then
		[ "$(control cpu cpu.cfs_quota_us -)" = 20000 ]
		[ "$(control cpu cpu.cfs_period_us -)" = 50000 ]
		[ "$(control cpu cpu.shares -)" = 512 ]
	else
		[ "$(control - - cpu.max)" = '20000 50000' ]
		[ "$(control - - cpu.weight)" = 59 ]
	fi
}

@test "a device that is not allowed cannot be opened" {
	new_bundle "$DIR/c" sh -c 'mknod /fuse c 10 229 2>&1; cat /fuse; echo status $?; echo x >/dev/null && cat /dev/zero | head -c 1 | wc -c'
	edit_config "$DIR/c" '.linux.resources.devices = [{allow: false, access: "rwm"}]
		| .process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]'
	run -0 peapod run -b "$DIR/c" c
	assert_line --partial 'not permitted'
	assert_line 'status 1'
	assert_line 1
}

@test "every process of the container is in its cgroup, of exec too" {
	spawn c sleep 1000
	peapod exec -d c sleep 999 </dev/null >/dev/null 2>&1
	local pid
	two() { [ "$(peapod ps -f json c | jq length)" = 2 ]; }
	wait_until 30 two
	for pid in $(peapod ps -f json c | jq -r '.[]'); do
		run -0 cat "/proc/$pid/cgroup"
		if [ -d /sys/fs/cgroup/memory ]; then
			assert_line --regexp ":memory:.*$CGROUP/c$"
			assert_line --regexp ":pids:.*$CGROUP/c$"
		else
			assert_line --regexp "^0::.*$CGROUP/c$"
		fi
	done
}

@test "a limit far below what set-up needs does not end the runtime" {
	new_bundle "$DIR/c" sleep 1000
	edit_config "$DIR/c" '.linux.resources.memory = {limit: 1048576}'
	peapod create -b "$DIR/c" c </dev/null >"$DIR/out" 2>&1 || grep -qi memory "$DIR/out"
}
