# shellcheck shell=bash
# common: for every test file. `load ../lib/common` first; then load bundle, pod, cni... as needed.

bats_require_minimum_version 1.5.0

# These libraries ask dirname for each of their files, in every test; this one is no program to start.
# shellcheck disable=SC2317
dirname() { echo "${1%/*}"; }
bats_load_library bats-support
bats_load_library bats-assert
unset -f dirname

PEAPOD=$B/peapod
TOOL=$B/tests/tool
export PEAPOD TOOL

# A name that no other test, and no other run at the same time, uses: at most 12 characters.
unique() {
	local name
	printf -v name '%s%x%x' "${1:-t}" "$((BASHPID % 65536))" "$((RANDOM * 32768 + RANDOM))"
	echo "${name:0:12}"
}

# In an emulated guest everything takes longer: how many times (hack/check-vm sets it).
PATIENCE=${PEAPOD_PATIENCE:-1}

# wait_until SECONDS COMMAND...: poll until the command succeeds. A wait ends as soon as it does, so
# its bound costs nothing where all is well and is never below 30 s; for what must not happen: keeps.
wait_until() {
	local deadline=$((SECONDS + ($1 < 30 ? 30 : $1) * PATIENCE))
	shift
	until "$@"; do
		if ((SECONDS >= deadline)); then
			echo "not in time: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

# keeps SECONDS COMMAND...: the command succeeds whenever it is tried in that time.
keeps() {
	local deadline=$((SECONDS + $1))
	shift
	while "$@"; do
		((SECONDS < deadline)) || return 0
		sleep 0.05
	done
	echo "no longer: $*" >&2
	return 1
}

# ends_with CODE PID: wait for a background job of this shell (which `run` could not see).
ends_with() {
	local code=0
	wait "$2" || code=$?
	[ "$code" = "$1" ] || { echo "ended with $code, expected $1" >&2 && return 1; }
}

# requires WHAT...: skip, with a reason, what this machine cannot do.
requires() {
	local what
	for what; do
		case $what in
		root) [ "$(id -u)" = 0 ] || skip "needs root" ;;
		cgroup-v1) [ -d /sys/fs/cgroup/memory ] || skip "needs cgroup v1 controllers" ;;
		cgroup-v2) [ -f /sys/fs/cgroup/cgroup.controllers ] || skip "needs unified cgroup v2 (run in the guest: make check-vm)" ;;
		userns) unshare -Ur true 2>/dev/null || skip "needs user namespaces" ;;
		systemd) [ -d /run/systemd/system ] || skip "needs systemd (run in the guest: make check-vm)" ;;
		apparmor) [ -d /sys/kernel/security/apparmor ] || skip "needs AppArmor (run in the guest: make check-vm)" ;;
		*) command -v "$what" >/dev/null || skip "needs the program $what" ;;
		esac
	done
}

# runs_as PID COMMAND...: that is its command line by now. (Whoever starts a program may hear of the
# start a little before the kernel shows the new arguments.)
runs_as() {
	local pid=$1
	shift
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "$* " ]
}

# rests PID: it waits for something. One that asks again and again uses 50 ticks in that time.
rests() {
	local before
	before=$(ticks_of "$1")
	sleep 0.5
	[ $(($(ticks_of "$1") - before)) -lt 5 ]
}

# ticks_of PID: processor time that it has used
ticks_of() {
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

# is_gone PID: the process has ended (a zombie counts as ended).
is_gone() {
	local state
	state=$(awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$1/stat" 2>/dev/null) || return 0
	[[ -z $state || $state == [ZX] ]]
}
