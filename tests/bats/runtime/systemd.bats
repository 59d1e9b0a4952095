#!/usr/bin/env bats
# The systemd cgroup driver: scopes by D-Bus.
load ../lib/common
load ../lib/bundle
load ../lib/systemd

setup() {
	setup_scopes
}

teardown() {
	teardown_scopes
}

@test "a container is a scope: in its slice, delegated, collected, with its process in it" {
	new_scope sleep 1000
	create_scope
	[ "$(property ActiveState)" = active ]
	[ "$(property Slice)" = system.slice ]
	[ "$(property Delegate)" = yes ]
	[ "$(property CollectMode)" = inactive-or-failed ]
	[ "$(property Description)" = 'peapod container c1' ]
	[ "$(property ControlGroup)" = "/system.slice/$UNIT" ]
	[ "$(file cgroup.procs)" = "$(pid_of c1)" ]
	peapod_sd start c1
	peapod exec c1 true # the driver is in the record
	peapod_sd exec -d c1 sleep 999 </dev/null >/dev/null 2>&1
	has_processes 2
	[ "$(jq -r '.cgroupDriver, .systemdScope' "$STATE/c1/state.json" | xargs)" = "systemd $UNIT" ]
	peapod delete --force c1
	no_unit
	run -0 find /sys/fs/cgroup -name "$UNIT"
	assert_output ""
}

@test "run in the foreground gives the exit code and leaves no unit" {
	new_scope sh -c 'cat /proc/self/cgroup; exit 7'
	edit_config "$DIR/c1" '.linux.namespaces |= map(select(.type != "cgroup"))'
	run -7 peapod_sd run -b "$DIR/c1" c1
	assert_line --regexp "^[0-9]+:[^:]*:/system.slice/$UNIT\$"
	no_unit
}

@test "without cgroupsPath the unit is peapod-ID.scope in system.slice" {
	local id
	id=$(unique c)
	new_bundle "$DIR/c1" sleep 1000
	edit_config "$DIR/c1" 'del(.linux.cgroupsPath)'
	peapod --cgroup-manager systemd run -d -b "$DIR/c1" "$id" </dev/null >/dev/null 2>&1
	[ "$(property ControlGroup "peapod-$id.scope")" = "/system.slice/peapod-$id.scope" ]
	peapod delete --force "$id"
	no_unit "peapod-$id.scope"
}

@test "a slice with dashes is nested" {
	new_scope sleep 1000
	edit_config "$DIR/c1" '.linux.cgroupsPath = $p' --arg p "$PREFIX-b-c.slice:$PREFIX:c1"
	spawn_scope
	[ "$(property ControlGroup)" = "/$PREFIX.slice/$PREFIX-b.slice/$PREFIX-b-c.slice/$UNIT" ]
	peapod delete --force c1
	systemctl stop "$PREFIX.slice" "$PREFIX-b.slice" "$PREFIX-b-c.slice"
}

@test "cgroupsPath of another form, and names that are none, are refused by key" {
	local path
	new_scope true
	for path in /a/b a:b x:y:z a--b.slice:y:z 'a b.slice:y:z' "system.slice:$PREFIX:" 'system.slice:a:b/c' system.slice:a:x.slice; do
		edit_config "$DIR/c1" '.linux.cgroupsPath = $p' --arg p "$path"
		run -1 peapod_sd run -b "$DIR/c1" c1
		assert_output --partial 'linux: cgroupsPath: '
	done
}

@test "every limit is a property of the unit and in the file" {
	requires cgroup-v2
	new_scope sleep 1000
	edit_config "$DIR/c1" '.linux.resources = {
		memory: {limit: 134217728, swap: 201326592, reservation: 33554432},
		cpu: {shares: 512, quota: 25000, period: 50000, cpus: "0", mems: "0"},
		pids: {limit: 77},
		unified: {"memory.high": "100663296", "memory.min": "8388608", "io.weight": "default 50"}}'
	spawn_scope
	[ "$(property MemoryMax)" = 134217728 ]
	[ "$(file memory.max)" = 134217728 ]
	[ "$(property MemorySwapMax)" = 67108864 ]
	[ "$(file memory.swap.max)" = 67108864 ]
	[ "$(property MemoryLow)" = 33554432 ]
	[ "$(property MemoryHigh)" = 100663296 ]
	[ "$(property MemoryMin)" = 8388608 ]
	[ "$(property CPUWeight)" = 59 ]
	[ "$(file cpu.weight)" = 59 ]
	[ "$(property CPUQuotaPerSecUSec)" = 500ms ]
	[ "$(property CPUQuotaPeriodUSec)" = 50ms ]
	[ "$(file cpu.max)" = '25000 50000' ]
	[ "$(property AllowedCPUs)" = 0 ]
	[ "$(property AllowedMemoryNodes)" = 0 ]
	[ "$(file cpuset.cpus)" = 0 ]
	[ "$(property TasksMax)" = 77 ]
	[ "$(file pids.max)" = 77 ]
	[ "$(property IOWeight)" = 50 ]
	[ "$(file io.weight)" = 'default 50' ]
}

@test "every limit is a property where systemd has one, and in the file (v1)" {
	requires cgroup-v1
	new_scope sleep 1000
	edit_config "$DIR/c1" '.linux.resources = {
		memory: {limit: 134217728, reservation: 33554432},
		cpu: {shares: 512, quota: 25000, period: 50000, cpus: "0", mems: "0"}, pids: {limit: 77}}'
	spawn_scope
	[ "$(property MemoryLimit)" = 134217728 ]
	[ "$(file memory.max)" = 134217728 ]
	[ "$(file memory.soft_limit_in_bytes)" = 33554432 ]
	[ "$(property CPUShares)" = 512 ]
	[ "$(file cpu.shares)" = 512 ]
	[ "$(property CPUQuotaPerSecUSec)" = 500ms ]
	[ "$(file cpu.max)" = '25000 50000' ]
	[ "$(file cpuset.cpus)" = 0 ]
	[ "$(property TasksMax)" = 77 ]
	[ "$(file pids.max)" = 77 ]
	peapod delete --force c1
	run -0 find /sys/fs/cgroup -name "$UNIT"
	assert_output ""
}

@test "update sets properties and files, exactly, and a refused one leaves both" {
	new_scope sleep 1000
	edit_config "$DIR/c1" '.linux.resources.memory = {limit: 134217728} | .linux.resources.pids = {limit: 50}'
	spawn_scope
	peapod update --memory 64m --cpu-quota 12345 --cpu-period 100000 --pids-limit 60 c1
	[ "$(memory_limit)" = 67108864 ]
	[ "$(file memory.max)" = 67108864 ]
	[ "$(property CPUQuotaPerSecUSec)" = 130ms ]
	[ "$(file cpu.max)" = '12345 100000' ]
	[ "$(property TasksMax)" = 60 ]
	run ! peapod update --pids-limit 70 --cpuset-cpus 4000 c1
	assert_output --partial 'cpu: cpus'
	[ "$(property TasksMax)" = 60 ]
	[ "$(file pids.max)" = 60 ]
	# what systemd writes by itself is the same
	systemctl daemon-reload
	[ "$(file memory.max)" = 67108864 ]
	[ "$(file pids.max)" = 60 ]
}

@test "cpu.idle is a weight of 0" {
	new_scope sleep 1000
	edit_config "$DIR/c1" '.linux.resources.cpu = {idle: 1}'
	spawn_scope
	[ "$(file cpu.idle)" = 1 ]
	[ "$(property CPUWeight)" = idle ]
}

@test "tight limits are set when the container is set up" {
	new_scope true
	edit_config "$DIR/c1" '.linux.resources.pids = {limit: 1} | .linux.resources.memory = {limit: 2097152}'
	run -0 peapod_sd run -b "$DIR/c1" c1
	set_args "$DIR/c1" dd if=/dev/zero of=/dev/null bs=64M count=1
	edit_config "$DIR/c1" '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	run -137 peapod_sd run -b "$DIR/c1" c1
	no_unit
}

@test "an out-of-memory kill leaves no failed unit behind" {
	new_scope dd if=/dev/zero of=/dev/null bs=64M count=1
	edit_config "$DIR/c1" '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	spawn_scope
	wait_until 60 has_status c1 stopped
	wait_until 60 no_unit
	peapod delete c1
}

@test "devices are those of the config, also after a daemon-reload" {
	new_scope sleep 1000
	edit_config "$DIR/c1" '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}]
		| .process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]'
	spawn_scope
	[ "$(property DevicePolicy)" = strict ]
	run -0 property DeviceAllow
	assert_line --regexp '/dev/char/10:229 rw'
	assert_line --regexp 'char-136 rwm'
	peapod exec c1 sh -c 'mknod /fuse c 10 229; mknod /kmsg c 1 11'
	modprobe fuse
	local round
	for round in before after; do
		run -0 peapod exec c1 sh -c 'exec 3<>/fuse && head -c 1 /dev/zero | wc -c'
		assert_output 1
		run ! peapod exec c1 sh -c 'exec 3</kmsg'
		assert_output --partial 'not permitted'
		systemctl daemon-reload
		echo "$round"
	done
}

@test "a container that may use every device has no policy" {
	new_scope sleep 1000
	edit_config "$DIR/c1" '.linux.resources.devices = [{allow: true, access: "rwm"}]'
	spawn_scope
	[ "$(property DevicePolicy)" = auto ]
	[ -z "$(property DeviceAllow)" ]
}

@test "annotations are properties" {
	new_scope sleep 1000
	edit_config "$DIR/c1" '.annotations = {"org.systemd.property.TimeoutStopSec": "uint64 7",
		"org.systemd.property.KillSignal": "9", "org.systemd.property.Documentation": "[\"man:one(1)\", \"man:two(2)\"]",
		"org.systemd.property.CollectMode": "\u0027inactive\u0027"}'
	spawn_scope
	[ "$(property TimeoutStopUSec)" = 7s ]
	[ "$(property KillSignal)" = 9 ]
	[ "$(property Documentation)" = '"man:one(1)" "man:two(2)"' ]
	[ "$(property CollectMode)" = inactive ]
	peapod delete --force c1
}

@test "a property that systemd does not know is its own words, and nothing is left" {
	new_scope true
	edit_config "$DIR/c1" '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	run -1 peapod_sd run -b "$DIR/c1" c1
	assert_output --partial "start '$UNIT': systemd: StartTransientUnit: "
	assert_output --partial 'NoSuchThing'
	run -0 leftovers
	assert_output ''
	edit_config "$DIR/c1" '.annotations = {"org.systemd.property.PIDs": "[uint32 1]"}'
	run -1 peapod_sd run -b "$DIR/c1" c1
	assert_output --partial 'annotations: org.systemd.property.PIDs: belongs to the runtime'
}

@test "the unit of another container is refused, and it lives on" {
	new_scope sleep 1000
	spawn_scope
	run -1 peapod_sd create -b "$DIR/c1" c2
	assert_output --partial "there is a unit '$UNIT' already"
	has_status c1 running
	[ "$(property ActiveState)" = active ]
	[ ! -e "$STATE/c2" ]
}

@test "a failed unit of that name is taken over" {
	systemd-run -q --scope --unit "$UNIT" -p RuntimeMaxSec=1 sleep 1000 || :
	wait_until 60 systemctl is-failed -q "$UNIT"
	new_scope sleep 1000
	spawn_scope
	[ "$(property ActiveState)" = active ]
}

@test "kill, pause, resume, ps, events and delete work as with cgroupfs" {
	new_scope sleep 1000
	spawn_scope
	peapod pause c1
	[ "$(file cgroup.freeze)" = 1 ]
	has_status c1 paused
	peapod resume c1
	[ "$(peapod ps -f json c1 | jq length)" = 1 ]
	peapod events --stats c1 | jq -e '.data.pids.current == 1'
	peapod kill c1 KILL
	wait_until 60 has_status c1 stopped
	peapod delete c1
	no_unit
	peapod delete --force c1
}

@test "a container without its own pid namespace is killed to the last process" {
	new_scope sh -c 'sleep 1000 & sleep 1000'
	edit_config "$DIR/c1" '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(select(.type != "proc")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	spawn_scope
	wait_until 60 has_processes 2
	peapod delete --force c1
	no_unit
}

@test "user namespaces, and a pid namespace to join" {
	new_scope sleep 1000
	edit_config "$DIR/c1" '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$DIR" "$DIR/c1"
	chown -R 100000:100000 "$DIR/c1/rootfs"
	spawn_scope
	[ "$(file cgroup.procs)" = "$(pid_of c1)" ]
	new_bundle "$DIR/c2" sleep 1000
	edit_config "$DIR/c2" '.linux.cgroupsPath = $c | (.linux.namespaces[] | select(.type == "pid")).path = $p' \
		--arg c "system.slice:$PREFIX:c2" --arg p "/proc/$$/ns/pid"
	peapod_sd run -d -b "$DIR/c2" c2 </dev/null >/dev/null 2>&1
	[ "$(property ControlGroup "$PREFIX-c2.scope")" = "/system.slice/$PREFIX-c2.scope" ]
	peapod delete --force c2
	no_unit "$PREFIX-c2.scope"
}

@test "the system bus is asked where systemd's own socket is not there" {
	new_scope sleep 1000
	unshare -m sh -c 'mount --bind /dev/null /run/systemd/private && exec "$@"' - \
		"$PEAPOD" --root "$STATE" --systemd-cgroup run -d -b "$DIR/c1" c1 </dev/null >"$DIR/out" 2>&1 || { cat "$DIR/out" && false; }
	[ "$(property ActiveState)" = active ]
	[ "$(file cgroup.procs)" = "$(pid_of c1)" ]
	unshare -m sh -c 'mount --bind /dev/null /run/systemd/private && exec "$@"' - \
		"$PEAPOD" --root "$STATE" delete --force c1
	no_unit
}

@test "a runtime that is killed at any moment leaves no unit" {
	local delay
	new_scope sleep 1000
	for delay in 0.02 0.1 0.2 0.3 0.4 0.6; do
		timeout -s KILL "$delay" "$PEAPOD" --root "$STATE" --systemd-cgroup create -b "$DIR/c1" c1 </dev/null >/dev/null 2>&1 || :
		peapod delete --force c1
		wait_until 60 no_unit
		run -0 leftovers
		assert_output ''
	done
}

@test "--cgroup-manager disabled makes no cgroup at all" {
	new_scope sleep 1000
	edit_config "$DIR/c1" 'del(.linux.resources)'
	peapod --cgroup-manager disabled run -d -b "$DIR/c1" c1 </dev/null >/dev/null 2>&1
	no_unit
	[ "$(sed 's/^0:://' "/proc/$(pid_of c1)/cgroup")" = "$(sed 's/^0:://' /proc/self/cgroup)" ]
	peapod delete --force c1
}
