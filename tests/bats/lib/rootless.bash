# shellcheck shell=bash
# rootless: containers of an unprivileged user. `load common` first.
#
# setup() { setup_rootless; }  teardown() { teardown_rootless; }

ROOTLESS_UID=12345 # nobody's: there need not be such a user

# setup_rootless [UID]: $DIR is the user's, with a bundle c1 of his in it.
setup_rootless() {
	requires root userns
	DIR=$BATS_TEST_TMPDIR/u
	OWNER=${1:-$ROOTLESS_UID}
	export DIR OWNER
	mkdir -p "$DIR/state" "$DIR/c1"
	chmod 755 "$BATS_TEST_TMPDIR"
	cp "$PEAPOD" "$DIR/peapod"
	cp -a "$SUITE_ROOTFS" "$DIR/c1/rootfs"
	chown -R "$OWNER:$OWNER" "$DIR"
	ENVIRONMENT=()
	as_user "$DIR/peapod" spec --rootless -b "$DIR/c1"
	edit '.process.terminal = false | .root.readonly = false'
}

# as_user COMMAND...: with an empty environment but for "${ENVIRONMENT[@]}"
as_user() {
	(cd / && exec setpriv --reuid "$OWNER" --regid "$OWNER" --clear-groups \
		env -i PATH="$PATH" HOME="$DIR" "${ENVIRONMENT[@]}" "$@")
}

# peapod_user ARGS...: the user's peapod with this test's state
peapod_user() {
	as_user "$DIR/peapod" --root "$DIR/state" "$@"
}

# edit FILTER [JQ OPTIONS...]: config.json of c1
edit() {
	local filter=$1
	shift
	jq "$filter" "$DIR/c1/config.json" "$@" >"$DIR/config.new"
	cp "$DIR/config.new" "$DIR/c1/config.json"
}

# args COMMAND...: process.args of c1
args() {
	edit '.process.args = $ARGS.positional' --args -- "$@"
}

# spawn_user [PEAPOD OPTIONS...]: c1 runs detached
spawn_user() {
	peapod_user "$@" run -d -b "$DIR/c1" c1 </dev/null >"$DIR/out" 2>&1 || { cat "$DIR/out" && return 1; }
}

user_pid() {
	peapod_user state c1 | jq -r .pid
}

user_status() {
	[ "$(peapod_user state c1 2>/dev/null | jq -r .status)" = "$1" ]
}

teardown_rootless() {
	peapod_user delete --force c1 || :
	if [ -n "$(find "$DIR/state" -mindepth 1 -maxdepth 1 ! -name '@*')" ]; then
		echo "state left behind" >&2
		return 1
	fi
}
