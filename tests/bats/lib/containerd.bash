# shellcheck shell=bash
# containerd: a private one, with state, root and sockets below the test's directory.

# start_containerd [TOML]: in $CTRD; the text is added to its configuration. Then use ctrd.
start_containerd() {
	requires root containerd ctr
	CTRD=$BATS_TEST_TMPDIR/ctrd
	CTRD_NS=$(unique ns) # runc's shim keeps its state below /run by namespace, whose containerd it may be
	mkdir "$CTRD"
	cat >"$CTRD/config.toml" <<-END
		version = 2
		root = "$CTRD/root"
		state = "$CTRD/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt",
			"io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
			"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
		[grpc]
		  address = "$CTRD/sock"
		[ttrpc]
		  address = "$CTRD/sock.ttrpc"
		${1:-}
	END
	containerd -c "$CTRD/config.toml" >"$CTRD/log" 2>&1 3>&- &
	CTRD_PID=$!
	wait_until 60 ctrd version >/dev/null 2>&1
}

# ctrd ARGS...: its client; it passes signals on to the container, so only KILL ends it
ctrd() {
	timeout -s KILL $((120 * PATIENCE)) ctr --address "$CTRD/sock" --namespace "$CTRD_NS" "$@"
}

# Processes whose command line has the test's directory: containerd's shims.
containerd_shims() {
	pgrep -f -- "^[^ ]*containerd-shim.*$CTRD/sock" || :
}

no_shims() {
	[ -z "$(containerd_shims)" ]
}

# What containerd refuses to delete while it is at work on it can be deleted later.
all_deleted() {
	local id
	for id in $(ctrd tasks ls -q 2>/dev/null); do
		ctrd tasks delete --force "$id" >/dev/null 2>&1 || :
	done
	for id in $(ctrd containers ls -q 2>/dev/null); do
		ctrd containers rm "$id" >/dev/null 2>&1 || :
	done
	no_shims
}

# stop_containerd: with all its containers; fails when a shim stays
stop_containerd() {
	local left=0
	[ -n "${CTRD_PID:-}" ] || return 0
	wait_until 60 all_deleted || left=1
	kill "$CTRD_PID"
	wait_until 30 is_gone "$CTRD_PID" || kill -KILL "$CTRD_PID"
	wait "$CTRD_PID" || :
	# The snapshots and rootfs mounts of what was killed.
	awk -v dir="$CTRD/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r path; do umount "$path" && echo "was mounted: $path" >&2; done
	rm -rf "/run/containerd/runc/${CTRD_NS:?}" # with our cache of filters
	return $left
}
