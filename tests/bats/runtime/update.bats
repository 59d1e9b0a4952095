#!/usr/bin/env bats
# update: limits of a container that exists, and what is remembered of them.
load ../lib/common
load ../lib/bundle
load ../lib/cgroup

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR/c1
	new_bundle "$DIR" sleep 1000
	set_resources "$DIR" '{"devices": [{"allow": false, "access": "rwm"}],
		"memory": {"limit": 134217728}, "cpu": {"shares": 512, "period": 50000}}'
	peapod create -b "$DIR" c1 </dev/null >/dev/null 2>&1
}

teardown() {
	teardown_containers
}

# stored FILTER: of linux.resources in the record
stored() {
	jq -c ".linux.resources$1" "$STATE/c1/config.json"
}

# cg_all: every setting that the tests look at, to compare before and after
cg_all() {
	cg memory memory.limit_in_bytes || cg memory memory.max
	cg memory memory.memsw.limit_in_bytes || cg memory memory.swap.max
	cg cpu cpu.shares || cg cpu cpu.weight
	cg cpu cpu.cfs_quota_us || cg cpu cpu.max
	cg cpuset cpuset.cpus
	cg pids pids.max
}

@test "options change what they name and nothing else (v1)" {
	requires cgroup-v1
	peapod start c1
	run -0 peapod update --memory 64m --memory-swap=128m --memory-reservation 32m --cpu-quota 20000 \
		-pids-limit 33 --cpuset-cpus 0 c1
	assert_output ""
	assert_equal "$(cg memory memory.limit_in_bytes)" 67108864
	assert_equal "$(cg memory memory.memsw.limit_in_bytes)" 134217728
	assert_equal "$(cg memory memory.soft_limit_in_bytes)" 33554432
	assert_equal "$(cg cpu cpu.cfs_quota_us)" 20000
	assert_equal "$(cg cpu cpu.cfs_period_us)" 50000
	assert_equal "$(cg cpu cpu.shares)" 512
	assert_equal "$(cg cpuset cpuset.cpus)" 0
	assert_equal "$(cg pids pids.max)" 33
	run -0 stored .cpu
	assert_output '{"shares":512,"period":50000,"quota":20000,"cpus":"0"}'
}

@test "options change what they name and nothing else (v2)" {
	requires cgroup-v2
	peapod start c1
	peapod update --memory 64m --memory-swap=128m --memory-reservation 32m --cpu-quota 20000 \
		-pids-limit 33 --cpuset-cpus 0 c1
	assert_equal "$(cg memory memory.max)" 67108864
	assert_equal "$(cg memory memory.swap.max)" 67108864
	assert_equal "$(cg memory memory.low)" 33554432
	assert_equal "$(cg cpu cpu.max)" "20000 50000"
	assert_equal "$(cg cpu cpu.weight)" 59
	assert_equal "$(cg cpuset cpuset.cpus)" 0
	assert_equal "$(cg pids pids.max)" 33
	# memory and swap together stay what they were
	peapod update --memory 96m c1
	assert_equal "$(cg memory memory.swap.max)" 33554432
}

@test "limits grow and shrink, in whatever order the kernel wants (v1)" {
	requires cgroup-v1
	local size
	for size in 256m 16m 512m 24m; do
		peapod update --memory "$size" --memory-swap "$size" c1
		assert_equal "$(cg memory memory.limit_in_bytes)" "$((${size%m} << 20))"
		assert_equal "$(cg memory memory.memsw.limit_in_bytes)" "$((${size%m} << 20))"
	done
	peapod update --memory -1 c1
	assert_equal "$(cg memory memory.limit_in_bytes)" 9223372036854771712
	assert_equal "$(cg memory memory.memsw.limit_in_bytes)" 9223372036854771712
	run -0 stored .memory
	assert_output '{"limit":-1,"swap":-1}'
}

@test "a file, or standard input, as other programs send it" {
	echo '{"memory": {"limit": 67108864, "swap": 67108864}, "pids": {"limit": 44},
		"devices": [{"allow": true, "access": "rwm"}], "unified": {}}' >"$BATS_TEST_TMPDIR/r.json"
	# options beside a file do not count
	peapod update -r "$BATS_TEST_TMPDIR/r.json" --pids-limit 9 c1
	assert_equal "$(cg pids pids.max)" 44
	run -0 stored .devices
	assert_output '[{"allow":false,"access":"rwm"}]'
	peapod update --resources=- c1 <<<'{"pids": {"limit": 45}}'
	assert_equal "$(cg pids pids.max)" 45
}

@test "created, running and paused ones are updated, a stopped one is not" {
	peapod update --pids-limit 10 c1
	peapod start c1
	peapod update --pids-limit 11 c1
	peapod pause c1
	peapod update --pids-limit 12 c1
	assert_equal "$(cg pids pids.max)" 12
	has_status c1 paused
	peapod kill c1 KILL
	wait_until 5 has_status c1 stopped
	run -1 peapod update --pids-limit 13 c1
	assert_output --partial "container not running"
	run -1 peapod update --pids-limit 13 none
	assert_output --partial "container does not exist"
}

@test "a running process keeps its devices" {
	peapod start c1
	peapod update --pids-limit 20 --cpu-share 100 c1
	peapod exec c1 sh -c 'echo x >/dev/null && head -c 1 /dev/zero >/dev/null'
	run ! peapod exec c1 sh -c 'mknod /d b 7 0 && head -c 1 /d'
}

@test "a setting that the kernel refuses leaves all of them as they were" {
	local before record
	peapod start c1
	before=$(cg_all)
	record=$(cat "$STATE/c1/config.json")
	run -1 peapod update --pids-limit 5 --cpu-share 1000 --cpu-quota 10000 --cpuset-cpus 4095 c1
	assert_output --partial "cpu: cpus"
	assert_equal "$(cg_all)" "$before"
	run -1 peapod update --cpu-share 1000 --cpu-quota 10000 --cpu-period 999999999 c1
	assert_output --partial "cpu: "
	assert_equal "$(cg_all)" "$before"
	assert_equal "$(cat "$STATE/c1/config.json")" "$record"
}

@test "a memory limit below what is in use is refused with the usage (v1)" {
	requires cgroup-v1
	local before
	peapod start c1
	before=$(cg_all)
	run -1 peapod update --pids-limit 7 --memory 4k c1
	assert_output --regexp "memory: limit \(too low: more is in use already, usage [0-9]+"
	assert_equal "$(cg_all)" "$before"
}

@test "idle drops the shares, and shares come back" {
	cg cpu cpu.idle >/dev/null || skip "needs cpu.idle (Linux 5.15)"
	peapod update --cpu-idle 1 c1
	assert_equal "$(cg cpu cpu.idle)" 1
	run -0 stored .cpu
	assert_output '{"period":50000,"idle":1}'
	peapod update --cpu-idle 0 --cpu-share 1024 c1
	assert_equal "$(cg cpu cpu.idle)" 0
	assert_equal "$(cg cpu cpu.shares || cg cpu cpu.weight)" \
		"$([ -d /sys/fs/cgroup/cpu ] && echo 1024 || echo 100)"
}

@test "what is no number, no limit and no resources is named" {
	run -1 peapod update --memory much c1
	assert_output --partial "--memory: 'much' is not a size"
	run -1 peapod update --cpu-share -4 c1
	assert_output --partial "shares"
	run -1 peapod update --blkio-weight 5 c1
	assert_output --partial "blockIO: weight"
	run -1 peapod update --l3-cache-schema L3:0=f c1
	assert_output --partial "container 'c1' was created without linux.intelRdt"
	run -1 peapod update --mem-bw-schema L3:0=f c1
	assert_output --partial "memBwSchema: 'L3:0=f' does not start with MB:"
	run -1 peapod update -r - c1 <<<'{"memory": {"limit": "512m"}}'
	assert_output --partial "memory: limit: expected integer"
	run -1 peapod update -r /nonexistent c1
	assert_output --partial "/nonexistent"
	run -1 peapod update --memory 64m
	assert_output --partial "expected ID"
}

@test "an update survives in the record that exec and delete use" {
	peapod start c1
	peapod update --pids-limit 21 c1
	peapod update --cpu-share 300 c1
	run -0 stored ""
	assert_output '{"devices":[{"allow":false,"access":"rwm"}],"memory":{"limit":134217728},"cpu":{"shares":300,"period":50000},"pids":{"limit":21}}'
	peapod exec c1 true
	peapod delete --force c1
}

@test "a container without a cgroup has no limits to change, and is told why" {
	new_bundle "$BATS_TEST_TMPDIR/n" sleep 1000
	peapod --cgroup-manager disabled run -d -b "$BATS_TEST_TMPDIR/n" n </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	run -1 peapod update --memory 100m n
	assert_output 'peapod: update: linux: resources: memory: limit: the container has no cgroup: it was created with cgroups disabled, or without the right to make one'
	run -1 peapod pause n
	assert_output --partial 'the container has no cgroup'
	run -0 peapod update --resources - n <<<'{"memory": {"swappiness": null}}'
}
