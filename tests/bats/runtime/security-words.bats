#!/usr/bin/env bats
# Words that come from images - annotations, labels - and links in images of checkpoints lead to no file of the
# host and run nothing; no socket of ours is to be had through a network namespace.
load ../lib/common
load ../lib/bundle

setup() {
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	echo host >"$DIR/host"
	chmod 600 "$DIR/host"
}

teardown() {
	teardown_containers
}

untouched() {
	assert_equal "$(cat "$DIR/host"; stat -c '%u %a' "$DIR/host")" $'host\n0 600'
	[ ! -e "$DIR/made" ]
}

@test "containerd CVE-2022-23648, CVE-2026-53488, CVE-2026-53492: annotations name no file of the host and run nothing" {
	printf '#!/bin/sh\ntouch "%s/made"\n' "$DIR" >"$DIR/program"
	chmod 755 "$DIR/program"
	new_bundle "$DIR/b" sh -c 'cat /proc/self/mountinfo; ls /; id -u; cat /proc/self/status'
	# what other runtimes, shims and tools take from annotations
	# shellcheck disable=SC2016
	edit_config "$DIR/b" '.annotations = ({
		"run.oci.hooks.stdout": $host, "run.oci.hooks.stderr": $host, "run.oci.handler": $program,
		"run.oci.seccomp.receiver": $host, "run.oci.pidfd_receiver": $host, "run.oci.seccomp_bpf_data": "AAAA",
		"run.oci.mount_context_type": "rootcontext", "run.oci.keep_original_groups": "1", "run.oci.delegate-cgroup": "../../x",
		"run.oci.systemd.force_cgroup_v1": $host, "run.oci.systemd.subgroup": "../x",
		"io.containerd.runc.v2.group": "../../x", "io.containerd.image.config.volume": $host,
		"io.katacontainers.config.hypervisor.path": $program, "cdi.k8s.io/x": ("../../.." + $program),
		"io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-log-directory": $host,
		"peapod.pod": "../../x", "peapod.container": "../x", "module.wasm.image/variant": "compat-smart"})' \
		--arg host "$DIR/host" --arg program "$DIR/program"
	run -0 peapod run -b "$DIR/b" c
	refute_output --partial "$DIR/host"
	assert_line 0
	refute_line made
	untouched
}

@test "containerd CVE-2026-53489: a link in the image of a checkpoint is not followed" {
	new_bundle "$DIR/b" true
	mkdir "$DIR/image"
	ln -s "$DIR/host" "$DIR/image/inventory.img"
	ln -s "$DIR/host" "$DIR/image/restore.log"
	ln -s "$DIR/host" "$DIR/image/descriptors.json"
	run ! "$PEAPOD" --root "$STATE" --criu "$TOOL/fake-criu" restore -d -b "$DIR/b" --image-path "$DIR/image" c </dev/null
	untouched
}

@test "containerd CVE-2020-15257: no socket of ours is an abstract one" {
	# the waiting and the running process hold none; one in the host's network is seen by whoever shares that
	create_container c sleep 1000
	refute grep -E "@.*(peapod|$STATE)" /proc/net/unix
	peapod start c
	wait_until 30 has_status c running
	run -0 find "/proc/$(pid_of c)/fd" -lname 'socket:*'
	assert_output ''
	refute grep -E "@.*(peapod|$STATE)" /proc/net/unix
}

@test "masks show no path of the host" {
	new_bundle "$DIR/b" cat /proc/self/mountinfo
	mkdir -p "$DIR/b/rootfs/secret"
	edit_config "$DIR/b" '.linux.maskedPaths += ["/secret"]'
	run -0 peapod run -b "$DIR/b" c
	assert_line --regexp ' /secret .*tmpfs'
	refute_line --regexp " /secret .*$DIR"
	# the root alone is where it is
	[ "$(grep -cF "$DIR" <<<"$output")" -le 1 ]
}
