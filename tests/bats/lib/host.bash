# shellcheck shell=bash
# host: a picture of what pods and plugins make on a host, to compare before and after.

# host_picture: one line per object; sort of things that leak.
host_picture() {
	awk '{ print "mount", $5 }' /proc/self/mountinfo | grep -v "$BATS_RUN_TMPDIR" || :
	ip -o link | awk -F': ' '{ sub(/@.*/, "", $2); print "link", $2 }'
	ip netns list | awk '{ print "netns", $1 }'
	find /sys/fs/cgroup -type d 2>/dev/null | sed 's/^/cgroup /'
	nft list tables 2>/dev/null | sed 's/^/nft /' || :
}
