#!/usr/bin/env bats
# Races with a helper that exchanges names while containers are made: whatever the moment, nothing
# of the host is changed or shown. PEAPOD_RACE_ROUNDS makes them longer.
load ../lib/common
load ../lib/bundle

# bats file_tags=root

setup() {
	setup_containers
	BUNDLE=$BATS_TEST_TMPDIR/b
	new_bundle "$BUNDLE" true
	cd "$BUNDLE" || return
	ROUNDS=${PEAPOD_RACE_ROUNDS:-30}
	RACE=
	SECRET=the-host-has-a-secret
	mkdir outside
	echo "$SECRET" >outside/secret
	chmod 600 outside/secret
}

teardown() {
	[ -z "${RACE:-}" ] || kill "$RACE" || :
	teardown_containers
}

# exchange A B: until the end of the test
exchange() {
	"$TOOL/exchange" "$1" "$2" 3>&- &
	RACE=$!
}

# rounds [COMMAND...]: run the container again and again; each time the command must succeed
rounds() {
	local i
	for i in $(seq "$ROUNDS"); do
		peapod run c </dev/null >out 2>&1 || peapod delete --force c
		! grep -q "$SECRET" out || fail "round $i: $(cat out)"
		[ $# = 0 ] || "$@" || fail "round $i: $*: $(cat out)"
	done
}

untouched() {
	[ "$(ls outside)" = secret ] && [ "$(cat outside/secret)" = "$SECRET" ] &&
		[ "$(stat -c '%u %a' outside/secret)" = '0 600' ]
}

@test "CVE-2025-31133: /dev/null that is now a device, now a link masks, or the container does not start" {
	mkdir dev
	mknod -m 666 dev/null c 1 3
	ln -s /etc/secret dev/other
	echo "$SECRET" >rootfs/etc/secret
	edit_config . '.mounts |= map(select(.destination | startswith("/dev") | not))
		+ [{destination: "/dev", source: "dev", options: ["bind"]}]
		| .linux.maskedPaths = ["/etc/secret"]'
	set_args . cat /etc/secret
	exchange dev/null dev/other
	rounds
	assert_equal "$(cat rootfs/etc/secret)" "$SECRET"
}

@test "CVE-2024-45310: directories to mount on are not made outside" {
	mkdir -p vol/a data
	ln -s ../../outside vol/b
	edit_config . '.mounts += [{destination: "/vol", source: "vol", options: ["bind"]},
		{destination: "/vol/a/deep/er/still", source: "data", options: ["bind"]},
		{destination: "/vol/a/file/at/last", source: "config.json", options: ["bind"]}]'
	exchange vol/a vol/b
	rounds untouched
}

@test "CVE-2026-41579: /dev that is now a directory, now a link to the host changes nothing there" {
	touch outside/ptmx outside/console
	chmod 644 outside/*
	rm -rf rootfs/dev
	mkdir rootfs/dev
	ln -s ../outside rootfs/dev2
	edit_config . '.mounts |= map(select(.destination | startswith("/dev") | not))'
	exchange rootfs/dev rootfs/dev2
	rounds
	assert_equal "$(find outside -type f | wc -l)" 3
	assert_equal "$(find outside ! -type f ! -type d)" ''
}

@test "CVE-2025-52565: a terminal goes on /dev/console and nowhere else" {
	ln -s ../outside/secret rootfs/console1
	touch rootfs/console2
	edit_config . '.process.terminal = true
		| .mounts |= map(select(.destination | startswith("/dev") | not))'
	mkdir -p rootfs/dev
	mv rootfs/console1 rootfs/dev/console
	mv rootfs/console2 rootfs/dev/other
	exchange rootfs/dev/console rootfs/dev/other
	rounds untouched
	run ! grep -F "$BUNDLE/outside" /proc/self/mountinfo
}

@test "CVE-2023-28642: /proc that is now a directory, now a link to files of the image is not written to" {
	mkdir -p rootfs/fake/sys/net/ipv4 rootfs/fake/self/attr
	echo fake >rootfs/fake/sys/net/ipv4/ip_default_ttl
	rm -rf rootfs/proc
	mkdir rootfs/proc
	ln -s fake rootfs/proc2
	edit_config . '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
	exchange rootfs/proc rootfs/proc2
	fake_is_kept() {
		[ "$(cat rootfs/fake/sys/net/ipv4/ip_default_ttl)" = fake ] && [ -z "$(ls -A rootfs/fake/self/attr)" ]
	}
	rounds fake_is_kept
}

@test "a device that is now there, now a link is not made or changed outside" {
	edit_config . '.linux.devices = [{path: "/data/dev", type: "c", major: 1, minor: 7, fileMode: 511, uid: 55, gid: 55}]
		| .mounts |= map(select(.destination | startswith("/dev") | not))'
	mkdir -p rootfs/data
	ln -s ../outside rootfs/data2
	exchange rootfs/data rootfs/data2
	rounds untouched
}
