#!/usr/bin/env bats
# spec and features.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	teardown_containers
}

@test "spec writes a config for a shell in ./rootfs" {
	cd "$DIR"
	run -0 "$PEAPOD" spec
	assert_output ''
	run -0 jq -r '[.ociVersion, .root.path, .root.readonly, .process.terminal, .process.args[0], .process.cwd] | join(" ")' config.json
	assert_output '1.3.0 rootfs true true sh /'
	run -0 jq -r '[.linux.namespaces[].type] | sort | join(" ")' config.json
	assert_output --partial 'ipc mount network pid uts'
}

@test "spec never replaces a config" {
	cd "$DIR"
	echo mine >config.json
	run -1 "$PEAPOD" spec
	assert_output --partial 'File config.json exists. Remove it first'
	[ "$(cat config.json)" = mine ]
	run -0 "$PEAPOD" spec --bundle "$(mktemp -d -p "$DIR")"
}

@test "spec refuses a bundle that is no directory" {
	run -1 "$PEAPOD" spec -b "$DIR/none"
	assert_output --partial 'No such file or directory'
}

@test "spec --rootless has a user namespace and no resources" {
	"$PEAPOD" spec --rootless -b "$DIR"
	run -0 jq -r '[.linux.namespaces[].type] | index("user") != null and index("network") == null' "$DIR/config.json"
	assert_output true
	run -0 jq -r '[.linux.uidMappings[0].hostID, .linux.gidMappings[0].hostID, .linux.resources] | map(tostring) | join(" ")' "$DIR/config.json"
	assert_output "$(id -u) $(id -g) null"
}

@test "the example runs" {
	new_bundle "$DIR/b" echo hello
	run -0 peapod run -b "$DIR/b" c
	assert_output hello
}

@test "features has the keys that container managers read" {
	run -0 --separate-stderr "$PEAPOD" features
	[ -z "$stderr" ]
	local doc=$output
	check() {
		run -0 jq -r "$1" <<<"$doc"
		assert_output "$2"
	}
	check .ociVersionMin 1.0.0
	check .ociVersionMax 1.3.0
	check '.hooks | join(" ")' 'prestart createRuntime createContainer startContainer poststart poststop'
	check '.mountOptions | index("rro") != null' true
	check '.linux.namespaces | sort | join(" ")' 'cgroup ipc mount network pid time user uts'
	check '.linux.capabilities | index("CAP_SYS_ADMIN") != null' true
	check '.linux.cgroup.v1, .linux.cgroup.v2' $'true\ntrue'
	check .linux.seccomp.enabled true
	check '.linux.seccomp.actions | index("SCMP_ACT_ERRNO") != null' true
	check '.linux.mountExtensions.idmap.enabled | type' boolean
	check '.annotations | to_entries | map(.value | type) | unique | join(" ")' string
}

# But those that only some file systems know, and remount, which needs a mount to be there.
@test "every mount option of features is taken" {
	new_bundle "$DIR/b" true
	mkdir "$DIR/source"
	# shellcheck disable=SC2016 # jq's variables
	edit_config "$DIR/b" '($features[0].mountOptions - ["remount", "iversion", "noiversion"] | map({destination: ("/tmp/" + .)} +
		if test("^(r?bind|r?idmap|copy-symlink|src-nofollow)$")
		then {type: "none", source: $source, options: (["bind", .] | unique)} +
			if test("idmap") then {uidMappings: $maps, gidMappings: $maps} else {} end
		else {type: "tmpfs", source: "tmpfs", options: [.]} end)) as $all
		| .mounts += $all' --slurpfile features <("$PEAPOD" features) --arg source "$DIR/source" \
		--argjson maps '[{"containerID": 0, "hostID": 1000, "size": 10}]'
	run peapod run -b "$DIR/b" c
	assert_success
	assert_output ''
}
