# shellcheck shell=bash
# cgroup: set and read limits of a container, whatever the layout of the host.

# set_resources DIR JSON: linux.resources, whole
set_resources() {
	# shellcheck disable=SC2016 # jq's variable
	edit_config "$1" '.linux.resources = $r' --argjson r "$2"
}

# cgroups_at PATTERN: directories of all hierarchies with such a path. (Elsewhere others come and go
# while find looks, of which it complains.)
cgroups_at() {
	find /sys/fs/cgroup -type d -path "$1" 2>/dev/null || :
}

# remove_cgroups PATTERN: succeeds when there are none
remove_cgroups() {
	find /sys/fs/cgroup -depth -type d -path "$1" -exec rmdir {} + 2>/dev/null || :
	[ -z "$(cgroups_at "$1")" ]
}

# cg CONTROLLER FILE: the file's text, for container c1 of this test
cg() {
	local dir=/sys/fs/cgroup
	[ -f $dir/cgroup.controllers ] || dir=$dir/$1
	cat "$dir$CGROUP/c1/$2" 2>/dev/null
}
