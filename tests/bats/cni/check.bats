#!/usr/bin/env bats
# CHECK, GC, kills in the middle, many at once, and pods of other implementations.
# shellcheck disable=SC2030,SC2031 # each test has its own variables
load ../lib/common
load ../lib/cni

setup() {
	setup_cni
}

teardown() {
	teardown_cni
}

# add_checked: ADD, and its result becomes prevResult of $CONF
add_checked() {
	cni ADD >"$BATS_TEST_TMPDIR/result"
	jq --slurpfile r "$BATS_TEST_TMPDIR/result" '.prevResult = $r[0]' "$CONF" >"$CONF.new"
	mv "$CONF.new" "$CONF"
	cni CHECK
}

again() {
	cni DEL
	jq 'del(.prevResult)' "$CONF" >"$CONF.new"
	mv "$CONF.new" "$CONF"
	add_checked
}

@test "CHECK finds every object that was removed" {
	conf '.ipMasq = true | .ipam.ranges += [[{subnet: "fd01::/64"}]] | .ipam.routes = [{dst: "198.51.100.0/24"}]'
	fails_with 7 cni CHECK
	add_checked
	in_pod ip addr del 10.1.0.2/24 dev eth0
	fails_with 999 cni CHECK
	again
	in_pod ip -6 addr flush dev eth0 scope global
	fails_with 999 cni CHECK
	again
	in_pod ip route del 198.51.100.0/24
	fails_with 999 cni CHECK
	again
	in_pod ip route del default
	fails_with 999 cni CHECK
	again
	in_pod ip link set eth0 address 02:00:00:00:00:99
	fails_with 999 cni CHECK
	again
	on_host ip link set "$(pairs)" nomaster
	fails_with 999 cni CHECK
	again
	on_host ip link del "$(pairs)"
	fails_with 999 cni CHECK
	again
	on_host ip addr del 10.1.0.1/24 dev br0
	fails_with 999 cni CHECK
	again
	on_host sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	fails_with 999 cni CHECK
	again
	on_host nft delete table inet peapod
	fails_with 999 cni CHECK
	again
	rm "$LEASES/net/10.1.0."*
	fails_with 999 cni CHECK
}

@test "GC frees what is not listed; without the key it does nothing; other networks stay" {
	conf '.cniVersion = "1.1.0"'
	cni ADD
	cni ADD CNI_CONTAINERID=c2 CNI_IFNAME=eth1
	cni GC
	assert_equal "$(leases | wc -l)" 2
	conf '.cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = [{containerID: "c2", ifname: "eth1"}]'
	cni GC
	assert_equal "$(leases)" 10.1.0.3
	conf '.cniVersion = "1.1.0" | .name = "other" | ."cni.dev/valid-attachments" = []'
	cni GC
	assert_equal "$(leases)" 10.1.0.3
	conf '.cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = []'
	cni GC
	assert_equal "$(leases)" ""
}

# traced VERB STRACE-OPTIONS...
traced() {
	local verb=$1
	shift
	on_host env CNI_COMMAND="$verb" CNI_CONTAINERID=c1 CNI_NETNS="/run/netns/$POD" CNI_IFNAME=eth0 \
		ASAN_OPTIONS=detect_leaks=0 strace -o "$BATS_TEST_TMPDIR/trace" "$@" "$BIN/peapod" \
		<"$CONF"
}

# calls_of VERB: its system calls from the first look at stdio on, as "NAME OCCURRENCE" lines
calls_of() {
	traced "$1" >"$BATS_TEST_TMPDIR/result"
	awk -F'(' '/^[a-z]/ { n[$1]++; if (/F_GETFD/) on = 1; if (on && !/exit_group/) print $1, n[$1] }' \
		"$BATS_TEST_TMPDIR/trace"
}

# shortest_trace VERB BETWEEN...: into $calls, of three, after each of which the command is done
shortest_trace() {
	local verb=$1 i try
	shift
	for i in 1 2 3; do
		mapfile -t try < <(calls_of "$verb")
		"$@"
		if [ "$i" = 1 ] || [ ${#try[@]} -lt ${#calls[@]} ]; then
			calls=("${try[@]}")
		fi
	done
}

# killed_at VERB NAME OCCURRENCE: that call is never made; fails when the program came to its end
# without it, as it may where it waits for the kernel and a busy machine needs another look
killed_at() {
	traced "$1" -e inject="$2:signal=KILL:when=$3" >"$BATS_TEST_TMPDIR/result" || :
	grep -q 'killed by SIGKILL' "$BATS_TEST_TMPDIR/trace"
}

clean() {
	assert_equal "$(pairs)" ""
	assert_equal "$(leases)" ""
	assert_equal "$(in_pod ip -o link | grep -v ' lo: ')" ""
}

@test "an ADD killed at any system call: DEL leaves nothing, and then ADD works" {
	local i call calls tried=0 missed=0
	requires strace
	conf '.ipMasq = true | .ipam.ranges += [[{subnet: "fd01::/64"}]]'
	cni ADD
	cni DEL
	shortest_trace ADD cni DEL
	[ ${#calls[@]} -gt 100 ]
	for ((i = 20; i < ${#calls[@]}; i += 2)); do
		read -ra call <<<"${calls[i]}"
		tried=$((tried + 1))
		killed_at ADD "${call[@]}" || missed=$((missed + 1))
		cni DEL
		clean
	done
	echo "missed $missed of $tried"
	[ $((missed * 10)) -le "$tried" ]
	cni ADD
	in_pod ping -c 1 -W 30 10.1.0.1
}

# spoiled CALL OCCURRENCE ERROR: that call of ADD fails so, once
spoiled() {
	traced ADD -e inject="$1:error=$3:when=$2" >"$BATS_TEST_TMPDIR/result" 2>/dev/null
}

@test "answers of the kernel that are interrupted or lost: ADD works or tells one error, DEL leaves nothing" {
	local i call error
	requires strace
	conf '.ipMasq = true | .runtimeConfig.portMappings = [{hostPort: 80, containerPort: 80}]'
	cni ADD
	cni DEL
	mapfile -t calls < <(calls_of ADD | grep -E '^(recvmsg|recvfrom|sendmsg|sendto) ')
	cni DEL
	[ ${#calls[@]} -gt 20 ]
	for error in EINTR ENOBUFS; do
		for call in "${calls[@]}"; do
			# shellcheck disable=SC2086 # two words
			if spoiled $call "$error"; then
				jq -e '.ips | length == 1' "$BATS_TEST_TMPDIR/result"
			else
				jq -es 'length == 1 and .[0].code > 0 and .[0].msg != ""' "$BATS_TEST_TMPDIR/result"
				echo "$error at $call: $(jq -r .msg "$BATS_TEST_TMPDIR/result")"
			fi
			cni DEL
			clean
		done
	done
	cni ADD
	in_pod ping -c 1 -W 5 10.1.0.1
}

@test "a request that the kernel never got: ADD tells at which step, in bounded time, and DEL leaves nothing" {
	requires strace
	conf .
	traced ADD -e inject=sendmsg:retval=20:when=4 >"$BATS_TEST_TMPDIR/result" 2>/dev/null && return 1
	jq -es 'length == 1 and (.[0].msg | test("^[a-z].*: the kernel did not answer within [0-9]+ ms$"))' "$BATS_TEST_TMPDIR/result"
	cni DEL
	clean
	cni ADD
}

# From the fork on a child deletes the interface while DEL looks until it is gone, as often as it
# takes: which of its calls is the Nth is chance. All in front of that must be hit.
@test "a DEL killed at any system call: the next one finishes it" {
	local i call calls strict tried=0
	requires strace
	cni ADD
	shortest_trace DEL cni ADD
	cni DEL
	strict=$(printf '%s\n' "${calls[@]}" | grep -nE '^(clone|clone3|fork|vfork) ' | head -n 1 | cut -d : -f 1)
	[ "$strict" -gt 30 ]
	for ((i = 0; i < ${#calls[@]}; i++)); do
		((i % 2 == 0 || i == strict - 1)) || continue
		read -ra call <<<"${calls[i]}"
		cni ADD
		if ((i < strict)); then
			killed_at DEL "${call[@]}"
			tried=$((tried + 1))
		else
			killed_at DEL "${call[@]}" || :
		fi
		cni DEL
		clean
	done
	[ "$tried" -gt 15 ]
}

@test "100 ADDs at once, then 100 DELs: unique addresses, one bridge, nothing left" {
	conf '.ipMasq = true'
	export HOST POD BIN CONF
	export -f cni plugin on_host
	seq 100 | xargs -P 100 -I{} bash -c 'cni ADD CNI_CONTAINERID=c{} CNI_IFNAME=e{}' \
		>"$BATS_TEST_TMPDIR/results"
	assert_equal "$(jq -r '.ips[0].address' "$BATS_TEST_TMPDIR/results" | sort -u | wc -l)" 100
	assert_equal "$(on_host ip -o link show master br0 | wc -l)" 100
	assert_equal "$(on_host ip -o -4 addr show br0 | wc -l)" 1
	seq 100 | xargs -P 100 -I{} bash -c 'cni DEL CNI_CONTAINERID=c{} CNI_IFNAME=e{}'
	assert_equal "$(pairs)" ""
	assert_equal "$(leases)" ""
	assert_equal "$(find "$LEASES/.peapod/net" -name '*:*')" ""
}

@test "pods made by the reference plugin go with our DEL, and ours with its" {
	requires "$REFERENCE/bridge"
	conf '.type = "bridge"'
	plugin "$REFERENCE/bridge" ADD CNI_PATH="$REFERENCE"
	plugin "$BIN/bridge" DEL
	assert_equal "$(pairs)" ""
	assert_equal "$(leases)" ""
	plugin "$BIN/bridge" ADD
	plugin "$REFERENCE/bridge" DEL CNI_PATH="$REFERENCE"
	assert_equal "$(pairs)" ""
	assert_equal "$(leases)" ""
	plugin "$BIN/bridge" ADD
	in_pod ping -c 1 -W 30 10.1.0.1
}
