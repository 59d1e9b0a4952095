#!/usr/bin/env bats
# Pods with a user namespace of their own: containerd 2 wants their root file systems id-mapped.

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() { start_cri; }
teardown_file() { stop_containerd; }
setup() { setup_cri; }
teardown() { teardown_cri; }

USERNS='.linux.security_context.namespace_options.userns_options = {mode: 0} +
	({uids: "uids", gids: "gids"} | map_values([{host_id: 165536, container_id: 0, length: 65536}]))'

@test "files of the image belong to the pod's root, who is nobody on the host" {
	local pod c
	requires userns
	pod=$(new_pod u "$USERNS")
	c=$(make_container "$pod" app "$USERNS" sleep 1000)
	crictl start "$c"
	run -0 crictl exec -s "$c" stat -c '%u:%g' /bin/busybox
	assert_output 0:0
	run -0 crictl exec -s "$c" awk '{ print $1, $2, $3 }' /proc/self/uid_map
	assert_output "0 165536 65536"
	run -0 crictl exec -s "$c" sh -c 'echo text >/new && chown 7:8 /new && stat -c %u:%g /new'
	assert_output 7:8
	assert_equal "$(stat -c %u:%g "/proc/$(crictl inspect "$c" | jq .info.pid)/root/new")" 165543:165544
	# the layers were mounted for the overlay's sake, and are not any more
	assert_equal "$(awk -v end="/$c/rootfs" '$5 ~ end "$"' /proc/self/mountinfo | wc -l)" 1
}

@test "an exec in a pod with a user namespace, and its log" {
	local pod c
	requires userns
	pod=$(new_pod u "$USERNS")
	c=$(make_container "$pod" app "$USERNS" sh -c 'echo reopened >/dev/stdout; exec sleep 1000')
	crictl start "$c"
	run -0 crictl exec -s "$c" id -u
	assert_output 0
	wait_until 30 grep -q reopened "$LOGS/u/app.log"
}
