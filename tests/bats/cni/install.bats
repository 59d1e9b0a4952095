#!/usr/bin/env bats
# make install: the plugin, and the names by which it is others; nothing of others is replaced.
load ../lib/common

setup() {
	requires make
	D=$BATS_TEST_TMPDIR/d
	BIN=$D/opt/cni/bin
}

put() {
	make -s -C "$TOP" B="$B" DESTDIR="$D" install "$@"
}

# links: each name and what it leads to
links() {
	find "$BIN" -type l -printf '%f %l\n' | sort
}

@test "the plugin and the link peapod; with CNI_LINKS the names that are asked for, or all" {
	put
	[ -x "$BIN/peapod-cni" ]
	assert_equal "$(links)" "peapod peapod-cni"
	put CNI_LINKS="bridge portmap"
	assert_equal "$(links | xargs)" "bridge peapod-cni peapod peapod-cni portmap peapod-cni"
	put CNI_LINKS=1
	assert_equal "$(links | cut -d ' ' -f 1 | xargs)" \
		"bandwidth bridge firewall host-local loopback peapod portmap ptp static tuning"
	for name in $(links | cut -d ' ' -f 1); do
		CNI_COMMAND=VERSION "$BIN/$name" </dev/null | jq -e '.supportedVersions | index("1.1.0")'
	done
}

@test "somebody else's file or link of that name stays, and is told, unless CNI_FORCE=1" {
	mkdir -p "$BIN"
	echo theirs >"$BIN/bridge"
	ln -s nowhere "$BIN/tuning"
	run put CNI_LINKS=1
	[ "$status" -ne 0 ]
	assert_output --partial "not replaced, since they are not ours (CNI_FORCE=1 does): $BIN/bridge $BIN/tuning"
	assert_equal "$(cat "$BIN/bridge")" theirs
	assert_equal "$(links)" "tuning nowhere"
	put
	put CNI_LINKS=1 CNI_FORCE=1
	assert_equal "$(links | wc -l)" 10
	assert_equal "$(readlink "$BIN/bridge")" peapod-cni
}
