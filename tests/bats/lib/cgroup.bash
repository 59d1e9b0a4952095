# shellcheck shell=bash
# cgroup: set and read limits of a container, whatever the layout of the host.

# set_resources DIR JSON: linux.resources, whole
set_resources() {
	# shellcheck disable=SC2016 # jq's variable
	edit_config "$1" '.linux.resources = $r' --argjson r "$2"
}

# cg CONTROLLER FILE: the file's text, for container c1 of this test
cg() {
	local dir=/sys/fs/cgroup
	[ -f $dir/cgroup.controllers ] || dir=$dir/$1
	cat "$dir$CGROUP/c1/$2" 2>/dev/null
}
