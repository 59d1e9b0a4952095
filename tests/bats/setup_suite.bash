# shellcheck shell=bash
# Once for the whole run: a root file system, and a picture of the host to compare with at the end.

setup_suite() {
	set -e
	cd "$BATS_TEST_DIRNAME/../.." || exit 1
	local top=$PWD
	while [ ! -f "$top/Makefile" ]; do top=${top%/*}; done
	export TOP=$top
	export B=${B:-$TOP/build}
	export SUITE_ROOTFS=$BATS_SUITE_TMPDIR/rootfs
	if [ "${PEAPOD_ROOTFS:-}" ]; then # made before (hack/check-vm: it takes hundreds of forks)
		cp -a "$PEAPOD_ROOTFS" "$SUITE_ROOTFS"
	else
		"$TOP/hack/rootfs" "$SUITE_ROOTFS"
	fi
	# Tests may run below a directory that only root can enter; containers with user namespaces can't.
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR"
}
