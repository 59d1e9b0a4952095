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

# file NAME: of the container's cgroup
file() {
	cat "/sys/fs/cgroup$(property ControlGroup)/$1"
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
