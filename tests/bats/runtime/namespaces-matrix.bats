#!/usr/bin/env bats
# Every kind of namespace - new, the host's, joined by path whoever owns it - with every user namespace.
load ../lib/common
load ../lib/bundle

setup() {
	requires root userns
	setup_containers
	DIR=$BATS_TEST_TMPDIR
	chmod 755 "$DIR" # those with a user namespace pass through
	HOLDERS=()
	TYPES='pid network ipc uts mount cgroup'
	[ ! -e /proc/self/ns/time ] || TYPES+=' time'
}

teardown() {
	local pid
	for pid in ${HOLDERS[@]+"${HOLDERS[@]}"}; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	teardown_containers
}

runs_sleep() {
	[ "$(readlink "/proc/$1/exe")" = "$(readlink -f "$(command -v sleep)")" ]
}

# hold VARIABLE [MAP]: a process in namespaces of its own, its pid in VARIABLE; with a MAP ("0 100000
# 65536") they are owned by a user namespace of its own. One that a container of another pid
# namespace can join is that of VARIABLE_PID.
hold() {
	local flags='-n -i -u -m -C' enter='' pid child
	[[ $TYPES != *time* ]] || flags+=' -T'
	# shellcheck disable=SC2086 # words
	unshare ${2:+-U} $flags sleep 1000 3>&- &
	pid=$!
	HOLDERS+=("$pid")
	wait_until 30 runs_sleep "$pid"
	if [ -n "${2:-}" ]; then
		echo "$2" >"/proc/$pid/uid_map"
		echo "$2" >"/proc/$pid/gid_map"
		enter="nsenter -t $pid -U -S 0 -G 0"
	fi
	$enter unshare -p -f --kill-child sleep 1000 3>&- &
	HOLDERS+=("$!")
	child() { child=$(pgrep -P "$1" -x sleep); }
	wait_until 30 child "$!"
	HOLDERS+=("$child")
	wait_until 30 runs_sleep "$child"
	printf -v "$1" %s "$pid"
	printf -v "$1_PID" %s "$child"
}

# file_of TYPE: in /proc/PID/ns
file_of() {
	case $1 in
	network) echo net ;;
	mount) echo mnt ;;
	*) echo "$1" ;;
	esac
}

# path_of HOLDER TYPE
path_of() {
	local pid=$1
	[ "$2" != pid ] || pid+=_PID
	echo "/proc/${!pid}/ns/$(file_of "$2")"
}

# config USER TYPE HOW [FILTER]: a bundle with that user namespace, and that other one
config() {
	local user=. path filter=${4:-.} owner=0
	case $1 in
	new) user='.linux.namespaces += [{type: "user"}] | maps' ;;
	path) user=".linux.namespaces += [{type: \"user\", path: \"/proc/$THEIRS/ns/user\"}] | maps" ;;
	path-bare) user=".linux.namespaces += [{type: \"user\", path: \"/proc/$THEIRS/ns/user\"}]" ;;
	esac
	case $3 in
	new) path='[{type: $type}]' ;;
	host) path='[]' ;;
	*) path="[{type: \$type, path: \"$(path_of "${3^^}" "$2")\"}]" ;;
	esac
	if [ ! -d "$DIR/b" ]; then
		new_bundle "$DIR/b" sleep 1000
		cp "$DIR/b/config.json" "$DIR/base.json"
	fi
	[ "$1" = none ] || owner=100000
	[ "$(stat -c %u "$DIR/b/rootfs")" = $owner ] || chown -R $owner:$owner "$DIR/b/rootfs"
	cp "$DIR/base.json" "$DIR/b/config.json"
	edit_config "$DIR/b" "def maps: .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
			| .linux.gidMappings = .linux.uidMappings;
		del(.hostname) | .linux.namespaces |= map(select(.type != \$type)) + $path | $user | $filter" --arg type "$2"
}

# works USER TYPE HOW [FILTER]: created, started, entered; all where the config says
works() {
	local file pid want
	file=$(file_of "$2")
	config "$@"
	peapod create -b "$DIR/b" --pid-file "$DIR/pid" c </dev/null >"$DIR/out" 2>&1 ||
		{ echo "user $1, $2 $3: $(cat "$DIR/out")" && return 1; }
	peapod start c
	peapod exec --detach --pid-file "$DIR/exec-pid" c sleep 1000 </dev/null >"$DIR/out" 2>&1 ||
		{ echo "user $1, $2 $3: exec: $(cat "$DIR/out")" && return 1; }
	for pid in "$(cat "$DIR/pid")" "$(cat "$DIR/exec-pid")"; do
		case $3 in
		new) [ "$(readlink "/proc/$pid/ns/$file")" != "$(readlink "/proc/self/ns/$file")" ] ;;
		host) [ "$(readlink "/proc/$pid/ns/$file")" = "$(readlink "/proc/self/ns/$file")" ] ;;
		*) [ "$(readlink "/proc/$pid/ns/$file")" = "$WANTED" ] ;;
		esac || { echo "user $1, $2 $3: $pid is in $(readlink "/proc/$pid/ns/$file")" && return 1; }
		case $1 in
		none) want=$(readlink /proc/self/ns/user) ;;
		new) want=$(readlink "/proc/$(cat "$DIR/pid")/ns/user") ;;
		*) want=$(readlink "/proc/$THEIRS/ns/user") ;;
		esac
		[ "$(readlink "/proc/$pid/ns/user")" = "$want" ]
		[ "$1" = none ] || [ "$(awk '{ print $1, $2, $3 }' "/proc/$pid/uid_map")" = '0 100000 65536' ]
	done
	peapod delete --force c
}

# refused TEXT USER TYPE HOW: by name, and nothing is left
refused() {
	local text=$1
	shift
	config "$@"
	run -1 peapod create -b "$DIR/b" c </dev/null
	assert_output --partial "$text"
	[ -z "$(leftovers)" ]
}

# The mount without which it goes, where a combination cannot have it.
without() {
	echo "del(.mounts[] | select(.type == \"$1\"))"
}

# all USER: every type and way
all() {
	local user=$1 type how WANTED
	for type in $TYPES; do
		for how in new host ours theirs others; do
			if [ "$type" = mount ] && [ "$how" != new ]; then
				continue # below
			fi
			if [ "$user" = path-bare ] && [ "$how" != theirs ]; then
				continue # as with mappings, which are only compared
			fi
			WANTED=
			[[ $how == new || $how == host ]] || WANTED=$(readlink "$(path_of "${how^^}" "$type")")
			case $user-$type-$how in
			none-* | *-new | *-network-* | *-uts-* | *-time-* | *-cgroup-host) works "$user" "$type" "$how" ;;
			path*-theirs) works "$user" "$type" "$how" ;;
			*-pid-*)
				refused 'procfs needs a new pid namespace' "$user" "$type" "$how"
				works "$user" "$type" "$how" "$(without proc)"
				;;
			*-ipc-*)
				refused 'mqueue needs an ipc namespace which that one owns' "$user" "$type" "$how"
				works "$user" "$type" "$how" "$(without mqueue)"
				;;
			*-cgroup-*)
				refused 'a cgroup mount needs a cgroup namespace which that one owns' "$user" "$type" "$how"
				works "$user" "$type" "$how" "$(without cgroup)"
				;;
			*) fail "user $user, $type $how: no rule" ;;
			esac
		done
	done
}

# A container that joins a mount namespace makes its root the root of all in there: one for each.
mount_joined() {
	hold "${2^^}" "${3:-}"
	WANTED=$(readlink "$(path_of "${2^^}" mount)")
	works "$1" mount "$2"
}

@test "without a user namespace" {
	hold OURS
	hold THEIRS '0 100000 65536'
	hold OTHERS '0 300000 65536'
	all none
}

@test "with a new user namespace" {
	hold OURS
	hold THEIRS '0 100000 65536'
	hold OTHERS '0 300000 65536'
	all new
}

@test "with one by path and its mappings" {
	hold OURS
	hold THEIRS '0 100000 65536'
	hold OTHERS '0 300000 65536'
	all path
}

@test "with one by path alone" {
	hold OURS
	hold THEIRS '0 100000 65536'
	hold OTHERS '0 300000 65536'
	all path-bare
}

@test "a mount namespace by path: of the host's user namespace, or of the joined one" {
	mount_joined none ours
	mount_joined none theirs '0 100000 65536'
	mount_joined none others '0 300000 65536'
	mount_joined path theirs '0 100000 65536'
	mount_joined path-bare theirs '0 100000 65536'
}

@test "a mount namespace by path that belongs to another is refused" {
	local how
	hold OURS
	hold THEIRS '0 100000 65536'
	hold OTHERS '0 300000 65536'
	for how in ours theirs others; do
		refused 'the mount namespace belongs to another user namespace' new mount $how
	done
	for how in ours others; do
		refused 'it belongs to a user namespace over which there are no rights' path mount $how
		refused 'it belongs to a user namespace over which there are no rights' path-bare mount $how
	done
	for how in none new path; do
		refused 'there is no mount namespace' $how mount host
	done
}

@test "all of a pod's by path, whoever owns them" {
	local how filter
	hold OURS
	hold THEIRS '0 100000 65536'
	for how in ours theirs; do
		filter='del(.mounts[] | select(.type == "proc" or .type == "mqueue")) | .linux.namespaces |= map(select(.type != "pid"))'
		for type in ipc uts; do
			filter+="| .linux.namespaces |= map(select(.type != \"$type\")) + [{type: \"$type\", path: \"$(path_of "${how^^}" $type)\"}]"
		done
		WANTED=$(readlink "$(path_of "${how^^}" network)")
		works none network $how "$filter"
		works new network $how "$filter"
		works path network $how "$filter"
	done
}

@test "mappings without a user namespace, or only half of them" {
	refused 'uidMappings: there is no user namespace' none uts new '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 1}]'
	refused 'gidMappings: there is no user namespace' none uts new '.linux.gidMappings = [{containerID: 0, hostID: 1, size: 1}]'
	refused 'gidMappings: required by the new user namespace' new uts new 'del(.linux.gidMappings)'
	refused 'uidMappings: required by the new user namespace' new uts new 'del(.linux.uidMappings)'
}

@test "mappings that are not those of the user namespace by path, with every other one" {
	local how
	hold OURS
	hold THEIRS '0 100000 65536'
	for how in new host ours theirs; do
		refused 'mappings differ from uid_map' path network $how '.linux.uidMappings[0].hostID = 5'
		refused 'mappings differ from gid_map' path network $how '.linux.gidMappings[0].size = 5'
	done
}

@test "sysfs of somebody else's network is the host's, read-only" {
	local how
	hold OURS
	for how in host ours; do
		config new network $how '.process.args = ["sh", "-c", "! mkdir /sys/x 2>/dev/null; cat /sys/kernel/notes >/dev/null && awk \"\\$5 == \\\"/sys\\\" { print \\$6 }\" /proc/self/mountinfo"]'
		run -0 peapod run -b "$DIR/b" c </dev/null
		assert_output --regexp '^ro,'
	done
}

@test "settings of a namespace that another owns are refused by name" {
	hold OURS
	refused 'net.ipv4.ip_default_ttl' new network ours '.linux.sysctl = {"net.ipv4.ip_default_ttl": "33"}'
	refused 'hostname: set' new uts ours '.hostname = "box"'
	refused 'hostname: there is no uts namespace' new uts host '.hostname = "box"'
	[ "$(nsenter -t "$OURS" -n cat /proc/sys/net/ipv4/ip_default_ttl)" != 33 ]
}

@test "clocks with a user namespace: new ones have offsets, joined ones must not" {
	[[ $TYPES == *time* ]] || skip "needs time namespaces"
	local user
	hold THEIRS '0 100000 65536'
	for user in none new path path-bare; do
		config $user time new '.process.args = ["cut", "-d", ".", "-f", "1", "/proc/uptime"]
			| .linux.timeOffsets = {boottime: {secs: 1000000000}}'
		run -0 peapod run -b "$DIR/b" c </dev/null
		[ "$output" -ge 1000000000 ]
		refused 'timeOffsets: there is no new time namespace' $user time theirs '.linux.timeOffsets = {boottime: {secs: 5}}'
	done
}
