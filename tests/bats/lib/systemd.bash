# shellcheck shell=bash
# systemd: containers under the systemd cgroup driver. `load bundle` first.
#
# setup() { setup_scopes; }  teardown() { teardown_scopes; }

setup_scopes() {
	requires systemd
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	PREFIX=$(unique sd)
	UNIT=$PREFIX-c1.scope
	export DIR PREFIX UNIT
}

# peapod_sd ARGS...: the program with the systemd driver.
peapod_sd() {
	"$PEAPOD" --root "$STATE" --systemd-cgroup "$@"
}

# new_scope COMMAND...: bundle $DIR/c1, to run as $UNIT in system.slice.
new_scope() {
	new_bundle "$DIR/c1" "$@"
	# shellcheck disable=SC2016 # jq's variable
	edit_config "$DIR/c1" '.linux.cgroupsPath = $path' --arg path "system.slice:$PREFIX:c1"
}

# create_scope, spawn_scope: container c1 of that bundle is created, or runs.
create_scope() {
	peapod_sd create -b "$DIR/c1" c1 </dev/null >"$DIR/c1.out" 2>&1 || { cat "$DIR/c1.out" && return 1; }
}

spawn_scope() {
	create_scope && peapod_sd start c1
}

# property NAME [UNIT]: as systemctl shows it
property() {
	systemctl show --value -p "$1" "${2:-$UNIT}"
}

# memory_limit [UNIT]: the property has a name for each version of cgroups
memory_limit() {
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		property MemoryMax "$@"
	else
		property MemoryLimit "$@"
	fi
}

# file NAME: of the container's cgroup, by the name of cgroup v2, in whose form v1's value is shown
file() {
	local v1=/sys/fs/cgroup path
	path=$(property ControlGroup)
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		cat "/sys/fs/cgroup$path/$1"
		return
	fi
	case $1 in
	cgroup.procs) cat "$v1/memory$path/$1" ;;
	cgroup.freeze) cat "$v1/unified$path/$1" 2>/dev/null || grep -c FROZEN "$v1/freezer$path/freezer.state" ;;
	memory.max) cat "$v1/memory$path/memory.limit_in_bytes" ;;
	cpu.max) paste -d ' ' "$v1/cpu$path/cpu.cfs_quota_us" "$v1/cpu$path/cpu.cfs_period_us" ;;
	*) cat "$v1/${1%%.*}$path/$1" ;;
	esac
}

# has_processes NUMBER: the container's cgroup
has_processes() {
	[ "$(file cgroup.procs | wc -l)" = "$1" ]
}

# no_unit [UNIT]: systemd knows nothing of it (any more)
no_unit() {
	[ "$(property LoadState "${1:-$UNIT}")" = not-found ]
}

teardown_scopes() {
	local left=0
	[ -n "${UNIT:-}" ] || return 0
	teardown_containers || left=1
	if ! wait_until 60 no_unit; then
		echo "left behind: $UNIT" >&2
		systemctl stop "$UNIT"
		left=1
	fi
	return $left
}
