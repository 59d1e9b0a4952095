#!/usr/bin/env bats
# AppArmor, enforced by the kernel (in the guest: make check-vm).
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	requires apparmor
	DIR=$BATS_TEST_TMPDIR
	PROFILE=$(unique peapod-)
	OTHER=$(unique peapod-)
	profile "$PROFILE" /denied
	profile "$OTHER" /other
}

teardown() {
	teardown_containers
	[ ! -f "${DIR:-}/profiles" ] || apparmor_parser --remove "$DIR/profiles"
}

# profile NAME PATH: load one that forbids to read the file, and nothing else
profile() {
	cat >"$DIR/$1.aa" <<-END
		profile $1 flags=(attach_disconnected,mediate_deleted) {
			file, capability, network, signal, ptrace, mount, umount, unix,
			deny $2 r,
		}
	END
	apparmor_parser --replace --skip-cache "$DIR/$1.aa"
	cat "$DIR/$1.aa" >>"$DIR/profiles"
}

# confined ID FILTER COMMAND...: a bundle with the profile, and two files
confined() {
	local id=$1 filter=$2
	shift 2
	new_bundle "$DIR/$id" "$@"
	echo secret >"$DIR/$id/rootfs/denied"
	echo secret >"$DIR/$id/rootfs/other"
	edit_config "$DIR/$id" '.process.apparmorProfile = $p | '"$filter" --arg p "$PROFILE"
}

LOOK='cat /proc/self/attr/current; cat /denied; cat /other'

@test "the profile confines the first process, with and without no_new_privs" {
	local nnp
	for nnp in true false; do
		confined "c$nnp" ".process.noNewPrivileges = $nnp" sh -c "$LOOK"
		run -0 peapod run -b "$DIR/c$nnp" "c$nnp"
		assert_line "$PROFILE (enforce)"
		assert_line "cat: can't open '/denied': Permission denied"
		assert_line secret
	done
}

@test "it goes with the user: not root, no capabilities, seccomp" {
	confined c '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}' sh -c "$LOOK"
	run -0 peapod run -b "$DIR/c" c
	assert_line "$PROFILE (enforce)"
	assert_line "cat: can't open '/denied': Permission denied"
}

@test "in a user namespace, too" {
	requires userns
	confined c '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings' sh -c "$LOOK"
	chown -R 100000:100000 "$DIR/c/rootfs"
	run -0 peapod run -b "$DIR/c" c
	assert_line "$PROFILE (enforce)"
	assert_line "cat: can't open '/denied': Permission denied"
}

@test "exec is confined as the container is, or as --apparmor says" {
	confined c . sleep 1000
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	assert_equal "$(cat "/proc/$(pid_of c)/attr/current")" "$PROFILE (enforce)"
	run -0 peapod exec c sh -c "$LOOK"
	assert_line "$PROFILE (enforce)"
	assert_line "cat: can't open '/denied': Permission denied"
	run -1 peapod exec --apparmor "$OTHER" c sh -c "$LOOK"
	assert_line "$OTHER (enforce)"
	assert_line "cat: can't open '/other': Permission denied"
	echo '{"args": ["cat", "/proc/self/attr/current"], "cwd": "/", "env": ["PATH=/bin"]}' >"$DIR/process.json"
	run -0 peapod exec --process "$DIR/process.json" c
	assert_output "$PROFILE (enforce)"
	run -255 peapod exec --apparmor no-such-profile c true
	assert_output --partial no-such-profile
}

@test "a profile that is not loaded is an error that names it, and nothing is left" {
	confined c '.process.apparmorProfile = "no-such-profile"' true
	run -1 peapod run -b "$DIR/c" c
	assert_output --partial apparmorProfile
	assert_output --partial no-such-profile
	[ -z "$(leftovers)" ]
}

@test "unconfined is a profile, and without one nothing confines" {
	confined c '.process.apparmorProfile = "unconfined"' sh -c "$LOOK"
	run -0 peapod run -b "$DIR/c" c
	assert_line unconfined
	refute_output --partial denied
	edit_config "$DIR/c" 'del(.process.apparmorProfile)'
	run -0 peapod run -b "$DIR/c" c
	assert_line unconfined
}

@test "an image's own /proc does not get the profile's name" {
	confined c '.mounts |= map(select(.destination != "/proc"))' /bin/true
	mkdir -p "$DIR/c/rootfs/proc/self/attr/apparmor"
	echo untouched >"$DIR/c/rootfs/proc/self/attr/apparmor/exec"
	echo untouched >"$DIR/c/rootfs/proc/self/attr/exec"
	edit_config "$DIR/c" '.process.args = ["/bin/sh", "-c", "read -r x </denied"]'
	run peapod run -b "$DIR/c" c
	assert_output --partial "can't open /denied: Permission denied"
	assert_equal "$(cat "$DIR/c/rootfs/proc/self/attr/exec")" untouched
	assert_equal "$(cat "$DIR/c/rootfs/proc/self/attr/apparmor/exec")" untouched
}

@test "a restored process is confined as it was, or as --lsm-profile says" {
	requires criu
	confined c . sh -c 'while :; do sleep 1; done'
	peapod run -d -b "$DIR/c" c </dev/null >/dev/null 2>&1
	peapod checkpoint --image-path "$DIR/image" c
	peapod restore -d -b "$DIR/c" --image-path "$DIR/image" c </dev/null >/dev/null 2>&1
	assert_equal "$(cat "/proc/$(pid_of c)/attr/current")" "$PROFILE (enforce)"
	peapod delete --force c
	peapod restore -d -b "$DIR/c" --image-path "$DIR/image" --lsm-profile "apparmor:$OTHER" c </dev/null >/dev/null 2>&1
	assert_equal "$(cat "/proc/$(pid_of c)/attr/current")" "$OTHER (enforce)"
}
