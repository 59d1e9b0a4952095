#!/usr/bin/env bats
# bats file_tags=root,net
# net: pods on a CNI network, and what happens to it when things go wrong.

# Scripts in single quotes are for the shells of containers and plugins.
# shellcheck disable=SC2016,SC2090,SC2154

load ../lib/common
load ../lib/bundle
load ../lib/host
load ../lib/pod

setup() { setup_pods; setup_net; }
teardown() { teardown_pods; }

# fake NAME SCRIPT: a plugin which first writes its name and verb to calls.
fake() {
	printf '#!/bin/sh\necho "%s $CNI_COMMAND" >>"%s/calls"\ncat >"%s/%s.$CNI_COMMAND"\n%s\n' \
		"$1" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR" "$1" "$2" >"$CNI_DIR/$1"
	chmod 755 "$CNI_DIR/$1"
}

# A chained plugin that is content with what came before.
readonly PASS='[ "$CNI_COMMAND" != ADD ] || jq -c .prevResult "$(dirname "$0")/../$(basename "$0").ADD"'

WEB='mkdir -p /d; echo peas >/d/index.html; exec httpd -f -p 80 -h /d'

@test "all containers have the pod's address and MAC" {
	pod_net -d "$(app one "cat /sys/class/net/eth0/address; ip addr show eth0; $IDLE")" \
		"$(app two "cat /sys/class/net/eth0/address; ip addr show eth0; $IDLE")"
	ip=$(pod_ip) mac=$(pod_json .mac)
	assert_regex "$ip" "^$SUBNET\."
	for c in one two; do
		wait_until 30 log_has "$c" "inet $ip/24"
		wait_until 30 log_has "$c" "^$mac$"
	done
	assert_equal "$(leases)" "$ip"
	pod rm -f "$POD"
	assert_equal "$(leases)" ""
}

@test "the host and a second pod reach it by its address" {
	pod_net -d --volume d "$(app web "$WEB")"
	ip=$(pod_ip)
	wait_until 30 busybox wget -q -O "$BATS_TEST_TMPDIR/got" "http://$ip/"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/got")" peas
	run -0 peapod pod run --rm --name "$POD-2" --cgroup-parent "$CGROUP" --cni "$CNI" --cni-path "$CNI_DIR" \
		"$(app get "wget -q -O - http://$ip/")"
	assert_output peas
}

@test "replacing a container and restarting one keep the address" {
	pod_net -d --restart always "$(app one "$IDLE")"
	ip=$(pod_ip) mac=$(pod_json .mac)
	pod add --replace "$POD" one="$(app new "$IDLE")"
	kill -9 "$(member_pid one)"
	wait_until 30 member_is one .restarts 1
	wait_until 30 member_is one .state running
	run -0 pod exec "$POD" ip addr show eth0
	assert_output --partial "inet $ip/24"
	assert_output --partial "$mac"
	assert_equal "$(pod_ip)" "$ip"
}

@test "names: hosts has the pod, resolv.conf is the network's" {
	jq '.plugins[0].dns = {nameservers: ["10.9.9.9"], search: ["peas.test"]}' "$CNI" >"$CNI.new"
	mv "$CNI.new" "$CNI"
	run -0 pod_net --rm "$(app one 'cat /etc/hosts /etc/resolv.conf
		wget http://localhost:1/ || :; wget http://$(hostname):2/ || :')"
	assert_line --regexp "^$SUBNET\.[0-9]+.$POD$"
	assert_line "nameserver 10.9.9.9"
	assert_line "search peas.test"
	assert_line --partial "127.0.0.1:1"
	assert_line --regexp "$SUBNET\.[0-9]+:2"
}

@test "a missing plugin is named, and nothing is left" {
	jq '.plugins += [{type: "frobnicate"}]' "$CNI" >"$CNI.new"
	run -1 pod_run --cni "$CNI.new" --cni-path "$CNI_DIR" "$(app one 'exit 0')"
	assert_output --partial "CNI plugin 'frobnicate' is not in '$CNI_DIR'"
	run -0 pod ps -q
	assert_output ""
	assert_equal "$(leases)" ""
}

@test "a plugin that fails half-way: its words, and DEL for all that came before" {
	requires jq
	setup_net '[{"type": "middle"}, {"type": "last"}]'
	fake middle "$PASS"
	fake last 'echo "{\"code\": 11, \"msg\": \"no more peas\", \"details\": \"try later\"}"; [ "$CNI_COMMAND" = DEL ]'
	run -1 pod_net "$(app one 'exit 0')"
	assert_output --partial "CNI plugin 'last' (ADD): no more peas: try later"
	run -0 cat "$BATS_TEST_TMPDIR/calls"
	assert_output $'middle ADD\nlast ADD\nlast DEL\nmiddle DEL'
	assert_equal "$(leases)" ""
	run -0 pod ps -q
	assert_output ""
}

@test "DEL that fails keeps the pod for another rm; --force removes it all the same" {
	setup_net '[{"type": "last"}]'
	fake last "$PASS"
	pod_net -d "$(app one "$IDLE")"
	fake last 'echo stuck >&2; exit 1'
	run -1 pod stop "$POD"
	assert_output --partial "CNI plugin 'last' (DEL): stuck"
	pod_is exited
	# The plugin before it has had its DEL, though.
	assert_equal "$(leases)" ""
	run -1 pod rm "$POD"
	assert_output --partial stuck
	run -1 pod rm --force "$POD"
	assert_output --partial "is removed, but"
	run -0 pod ps -q
	assert_output ""
}

@test "ports are given to the plugin that takes them" {
	setup_net '[{"type": "ports", "capabilities": {"portMappings": true}}]'
	fake ports "$PASS"
	pod_net --rm --publish 127.0.0.1:8080:80 --publish 53:5353/udp "$(app one 'exit 0')"
	run -0 jq -c .runtimeConfig.portMappings "$BATS_TEST_TMPDIR/ports.ADD"
	assert_output '[{"hostPort":8080,"containerPort":80,"protocol":"tcp","hostIP":"127.0.0.1"},{"hostPort":53,"containerPort":5353,"protocol":"udp"}]'
	run -1 pod_run --publish 1:2 "$(app one 'exit 0')"
	assert_output --partial "on a CNI network only"
}

@test "infra killed: address, interface and namespace go" {
	pod_net -d "$(app one "$IDLE")"
	kill -9 "$(infra_of)"
	wait_until 30 pod_is exited
	assert_equal "$(leases)" ""
	no_ports() { [ -z "$(ip -o link show master "$BRIDGE")" ]; }
	wait_until 30 no_ports
	refute [ -e "$STATE/@pods/$POD/netns" ]
	pod rm "$POD"
}

@test "supervisor killed: containers go on, ps says so, rm --force leaves nothing" {
	pod_net -d "$(app one "$IDLE")" "$(app two "$IDLE")"
	one=$(member_pid one) infra=$(infra_of)
	kill_and_wait 9 "$(supervisor_of)"
	refute is_gone "$one"
	run -0 pod ps
	assert_line --regexp "^$POD +unsupervised"
	run -1 pod rm "$POD"
	assert_output --partial "is running"
	run -0 pod rm --force "$POD"
	wait_until 30 is_gone "$one"
	wait_until 30 is_gone "$infra"
	assert_equal "$(leases)" ""
}

@test "supervisor killed: add, replace, exec and stop still work" {
	pod_net -d "$(app one "$IDLE")"
	ip=$(pod_ip)
	kill_and_wait 9 "$(supervisor_of)"
	run -0 pod add "$POD" "$(app two "$IDLE")"
	refute is_gone "$(member_pid two)"
	old=$(member_pid one)
	run -0 pod add --replace "$POD" one="$(app new "echo v2; $IDLE")"
	wait_until 30 is_gone "$old"
	wait_until 30 log_has one '^v2$'
	run -0 pod exec "$POD" ip addr show eth0
	assert_output --partial "$ip"
	run -0 pod stop "$POD"
	pod_is exited
	assert_equal "$(leases)" ""
	run -0 pod rm "$POD"
}

@test "supervisor killed while a plugin runs: rm cleans up" {
	setup_net '[{"type": "slow"}]'
	fake slow '[ "$CNI_COMMAND" != ADD ] || { touch "'"$BATS_TEST_TMPDIR"'/waiting"; sleep 5; }'
	pod_net -d "$(app one "$IDLE")" 3>&- &
	wait_until 30 test -e "$BATS_TEST_TMPDIR/waiting"
	kill_and_wait 9 "$(supervisor_of)"
	wait $! || :
	assert [ -n "$(leases)" ]
	run -0 pod rm --force "$POD"
	assert_equal "$(leases)" ""
}

@test "a supervisor that hangs is ended by rm --force" {
	pod_net -d "$(app one "$IDLE")"
	kill -STOP "$(supervisor_of)"
	pid=$(member_pid one)
	run -0 pod rm --force "$POD"
	wait_until 30 is_gone "$pid"
	assert_equal "$(leases)" ""
}
