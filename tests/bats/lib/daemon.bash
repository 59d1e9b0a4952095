# shellcheck shell=bash
# daemon: the processes of the shim. The libraries shim and ttrpc load it.

# shim_processes FLAG VALUE: the pids of shims that were started with that, and of the helpers that
# they fork for each piece of work
shim_processes() {
	pgrep -f "^[^ ]*containerd-shim-peapod-v2 (.* )?$1 $2 (.* )?start\$" || :
}

# shim_daemons FLAG VALUE: the shims alone, each a session of its own. A helper may still be there a
# moment after its work is seen to be done.
shim_daemons() {
	local pid
	for pid in $(shim_processes "$@"); do
		[ "$(awk '{ print $6 }' "/proc/$pid/stat" 2>/dev/null)" != "$pid" ] || echo "$pid"
	done
}

# kill_shims FLAG VALUE: all of them, and wait until they have ended
kill_shims() {
	local pid pids
	mapfile -t pids < <(shim_processes "$@")
	for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || :; done
	for pid in "${pids[@]}"; do wait_until 30 is_gone "$pid" || :; done
}

# has_no_child PID: not even one that is not reaped yet
has_no_child() {
	[ -z "$(pgrep -P "$1")" ]
}
