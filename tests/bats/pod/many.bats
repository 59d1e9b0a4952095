#!/usr/bin/env bats
# bats file_tags=root,net,slow
# many: fifty pods at once leave nothing.

# Scripts in single quotes are for the shells of containers and plugins.
# shellcheck disable=SC2016,SC2090,SC2154

load ../lib/common
load ../lib/bundle
load ../lib/host
load ../lib/pod

setup() { setup_pods; setup_net; }
teardown() { teardown_pods; }

@test "50 pods come, have 50 addresses, and go without a trace" {
	local n=50 i
	dir=$(app one "$IDLE")
	for ((i = 0; i < n; i++)); do
		peapod pod run -d --name "$POD-$i" --cgroup-parent "$CGROUP" --cni "$CNI" --cni-path "$CNI_DIR" "$dir"
	done
	run -0 pod ps --format json
	assert_equal "$(jq '[.[] | select(.state == "running")] | length' <<<"$output")" "$n"
	assert_equal "$(jq -r '.[].ips[0]' <<<"$output" | sort -u | wc -l)" "$n"
	assert_equal "$(leases | wc -l)" "$n"
	# Half of them politely, half of the supervisors are killed first.
	for ((i = 0; i < n; i += 2)); do
		kill -9 "$(jq -r --arg pod "$POD-$i" '.[] | select(.spec.name == $pod) | .supervisorPid' <<<"$output")"
	done
	for ((i = 0; i < n; i++)); do
		pod rm --force "$POD-$i"
	done
	assert_equal "$(pod ps -q)" ""
	assert_equal "$(leases)" ""
	ip link del "$BRIDGE"
	assert_equal "$(left_by_pods)" ""
}

@test "whenever the supervisor is killed, rm --force leaves nothing" {
	local i front supervisor
	a=$(app one "$IDLE") b=$(app setup 'exit 0')
	for ((i = 0; i < ${ROUNDS:-25}; i++)); do
		"$PEAPOD" --root "$STATE" pod run -d --name "$POD" --cgroup-parent "$CGROUP" --cni "$CNI" \
			--cni-path "$CNI_DIR" --volume d --init "$b" "$a" two="$a" >/dev/null 2>&1 3>&- &
		front=$!
		# Not to wait for something, but to come at any moment of its making.
		sleep "0.0$((RANDOM % 8))$((RANDOM % 10))"
		supervisor=$(pgrep -P "$front" | head -n 1)
		[ -z "$supervisor" ] || kill -9 "$supervisor" || :
		wait "$front" || :
		pod rm --force "$POD"
		ip link del "$BRIDGE" 2>/dev/null || :
		assert_equal "$(left_by_pods)$(leases)" ""
	done
}

@test "pods are made at the same time, and removed by two at the same time" {
	local n=20 i jobs=() job
	dir=$(app one "$IDLE")
	for ((i = 0; i < n; i++)); do
		"$PEAPOD" --root "$STATE" pod run -d --name "$POD-$i" --cgroup-parent "$CGROUP" --cni "$CNI" \
			--cni-path "$CNI_DIR" "$dir" >/dev/null 3>&- &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job"; done
	run -0 pod ps --format json
	assert_equal "$(jq -r '.[].ips[0]' <<<"$output" | sort -u | wc -l)" "$n"
	jobs=()
	for ((i = 0; i < n; i++)); do
		pod rm --force "$POD-$i" 3>&- &
		jobs+=($!)
		pod rm --force "$POD-$i" 3>&- &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job"; done
	assert_equal "$(pod ps -q)" ""
	assert_equal "$(leases)" ""
}
