#!/usr/bin/env bats
# Pods of an ordinary user: refused on the host, made in a user namespace of his own.
load ../lib/common
load ../lib/rootless

setup() {
	setup_rootless
	cp "$B/pause" "$DIR/pause"
	# root of the user namespace that the pod is in has the user's id, and no other
	edit 'del(.linux.namespaces[] | select(.type == "user")) | del(.linux.uidMappings, .linux.gidMappings, .hostname)
		| .linux.namespaces += [{type: "network"}] | .mounts |= map(select(.type != "cgroup"))'
	chown -R "$OWNER:$OWNER" "$DIR"
}

teardown() {
	teardown_rootless
}

# in_userns ARGS...: the user's peapod as root of a user namespace with a network of its own
in_userns() {
	as_user unshare -Urmn "$DIR/peapod" --root "$DIR/state" "$@"
}

@test "an ordinary user is told what pods need, and nothing is left" {
	run -1 peapod_user pod run --name p "$DIR/c1"
	assert_output --partial "pods need root, or a user namespace of one's own: try 'unshare -Urmn peapod"
	[ -z "$(find "$DIR/state" -mindepth 1)" ]
	run -0 peapod_user pod ps -q
	assert_output ''
}

@test "in a user namespace of his own: one network, one host name, an exit code" {
	cp -a "$DIR/c1" "$DIR/c2"
	args sh -c 'hostname; echo served | nc -l -p 8080; exit 7'
	jq '.process.args = ["sh", "-c", "until nc 127.0.0.1 8080 2>/dev/null; do sleep 0.1; done"]' "$DIR/c1/config.json" >"$DIR/c2/config.json"
	run -7 in_userns pod run --rm --name p server="$DIR/c1" client="$DIR/c2" </dev/null
	assert_line --regexp '^server.*p$'
	assert_line --regexp '^client.*served$'
	[ ! -e "$DIR/state/@pods/p" ]
}

@test "a network by plugins is refused there by what is missing" {
	args true
	echo '{"cniVersion": "1.0.0", "name": "n", "plugins": [{"type": "no-such-plugin"}]}' >"$DIR/n.conflist"
	run -1 in_userns pod run --rm --name p --cni "$DIR/n.conflist" "$DIR/c1" </dev/null
	assert_output --partial no-such-plugin
	run in_userns pod rm --force p
	[ ! -e "$DIR/state/@pods/p" ]
}

@test "without a network namespace of his own, as process 1 of a pid namespace" {
	args sh -c 'echo "here $(hostname)"; exit 6'
	run -6 as_user unshare -Urmpf --mount-proc "$DIR/peapod" --root "$DIR/state" pod run --rm --name p "$DIR/c1" </dev/null
	assert_line --partial 'here p'
	run -6 as_user unshare -Urm "$DIR/peapod" --root "$DIR/state" pod run --rm --name p "$DIR/c1" </dev/null
	assert_line --partial 'here p'
	[ ! -e "$DIR/state/@pods/p" ]
}

@test "a /proc of another pid namespace is refused by name, and nothing is left" {
	args true
	run -1 as_user unshare -Urmpf "$DIR/peapod" --root "$DIR/state" pod run --rm --name p "$DIR/c1" </dev/null
	assert_output --partial '/proc is that of another pid namespace: mount it anew'
	[ ! -e "$DIR/state/@pods/p" ]
	run -1 as_user unshare -Urmpf "$DIR/peapod" --root "$DIR/state" run -b "$DIR/c1" c1 </dev/null
	assert_output --partial '/proc is that of another pid namespace: mount it anew'
}
