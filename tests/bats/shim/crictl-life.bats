#!/usr/bin/env bats
# The life of pods and containers as crictl sees it.

load ../lib/common
load ../lib/shim
load ../lib/crictl

setup_file() { start_cri; }
teardown_file() { stop_containerd; }
setup() { setup_cri; }
teardown() { teardown_cri; }

@test "a pod and its container, from runp to rmp" {
	local pod c
	pod=$(new_pod web)
	c=$(make_container "$pod" app . sleep 1000)
	has_state "$c" CREATED
	crictl start "$c"
	has_state "$c" RUNNING
	run -0 crictl ps -q
	assert_output "$c"
	run -0 crictl pods -q --state Ready
	assert_output "$pod"
	assert_equal "$(crictl inspectp "$pod" | jq -r .status.state)" SANDBOX_READY
	assert_equal "$(crictl inspectp "$pod" | jq -r .status.runtimeHandler)" ""
	run -0 cri_shims
	assert_equal "${#lines[@]}" 1
	crictl stop -t 0 "$c"
	exits_with "$c" 137
	crictl rm "$c"
	run -0 crictl ps -aq
	assert_output ""
	crictl stopp "$pod"
	assert_equal "$(crictl inspectp "$pod" | jq -r .status.state)" SANDBOX_NOTREADY
	crictl rmp "$pod"
	run -0 crictl pods -q
	assert_output ""
	wait_until 5 no_leftovers
}
