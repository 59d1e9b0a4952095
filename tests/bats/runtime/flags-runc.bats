#!/usr/bin/env bats
# runc's command line: each of its options is there, with a value where runc's has one, in the help and in completion.
load ../lib/common
load ../lib/bundle

# COMMAND OPTION...: as runc's (1.5) help has them; "=" behind those with a value. "-" is the program itself.
OPTIONS='
- root= log= log-format= debug systemd-cgroup rootless= criu= help version
create bundle= console-socket= pidfd-socket= pid-file= no-pivot no-new-keyring preserve-fds=
run bundle= console-socket= pidfd-socket= pid-file= no-pivot no-new-keyring preserve-fds= detach keep no-subreaper
start
state
kill all
delete force
exec console-socket= pidfd-socket= cwd= env= tty user= additional-gids= process= detach pid-file= process-label= apparmor= no-new-privs cap= preserve-fds= cgroup= ignore-paused
ps format=
list format= quiet
pause
resume
update resources= blkio-weight= cpu-period= cpu-quota= cpu-burst= cpu-share= cpu-rt-period= cpu-rt-runtime= cpu-idle= cpuset-cpus= cpuset-mems= memory= memory-swap= memory-reservation= pids-limit= l3-cache-schema= mem-bw-schema=
events stats interval=
spec bundle= rootless
features
checkpoint image-path= work-path= parent-path= leave-running tcp-established tcp-skip-in-flight ext-unix-sk link-remap shell-job lazy-pages status-fd= page-server= file-locks pre-dump manage-cgroups-mode= empty-ns= auto-dedup
restore image-path= work-path= bundle= detach pid-file= console-socket= no-pivot no-subreaper lsm-profile= lsm-mount-context= tcp-established ext-unix-sk shell-job file-locks lazy-pages manage-cgroups-mode= empty-ns= auto-dedup
'

# COMMAND LETTER OPTION
LETTERS='
- h help
- v version
create b bundle
run b bundle
run d detach
kill a all
delete f force
exec e env
exec t tty
exec u user
exec g additional-gids
exec p process
exec d detach
exec c cap
ps f format
list f format
list q quiet
update r resources
spec b bundle
restore b bundle
restore d detach
'

setup() {
	setup_containers
	# shellcheck source=/dev/null
	source <("$PEAPOD" completion bash)
}

teardown() {
	teardown_containers
}

compopt() { :; }

# help_of COMMAND; that of checkpoint and restore is only had where CRIU is
help_of() {
	[ "$1" = - ] && set --
	"$PEAPOD" --criu /bin/true "$@" --help
}

# completes COMMAND OPTION
completes() {
	COMP_WORDS=(peapod)
	[ "$1" = - ] || COMP_WORDS+=("$1")
	COMP_WORDS+=("--$2")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_peapod || :
	printf '%s\n' "${COMPREPLY[@]}" | grep -qx -- "--$2"
}

@test "every option of runc is in the help and in completion, and takes a value where runc's does" {
	local command options option text n=0
	while read -r command options; do
		[ -n "$command" ] || continue
		text=$(help_of "$command")
		for option in $options; do
			if [[ $option == *= ]]; then
				grep -qE -- "--${option%=} [^ ]" <<<"$text" || fail "$command --$option is not there, or takes no value"
			else
				grep -qE -- "--$option {2,}" <<<"$text" || fail "$command --$option is not there, or takes a value"
			fi
			completes "$command" "${option%=}" || fail "$command --${option%=} is not completed"
			n=$((n + 1))
		done
	done <<<"$OPTIONS"
	[ "$n" -gt 100 ]
}

@test "every letter of runc's is there" {
	local command letter option
	while read -r command letter option; do
		[ -z "$command" ] || grep -qE -- "^ +-$letter, --$option( |\$)" <<<"$(help_of "$command")" || fail "$command -$letter is not --$option"
	done <<<"$LETTERS"
}

@test "the runc of this machine has no option that is not there" {
	requires runc
	local command option
	for command in create run start state kill delete exec ps list pause resume update events spec features checkpoint restore; do
		while read -r option; do
			# behind a warning, and no more in newer ones
			[[ $option != --kernel-memory* ]] || continue
			grep -qE -- "$option( |\$)" <<<"$(help_of "$command")" || fail "$command $option"
		done < <(runc "$command" --help | sed -n '/^OPTIONS/,$p' | grep -oE '^ +(-[a-z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+')
	done
}

# with every option at once; the container is missing, so that nothing is done
@test "all options of a command at once are parsed" {
	local command options option args value
	mkdir "$STATE"
	while read -r command options; do
		case $command in '' | - | list | spec | features) continue ;; esac
		args=()
		for option in $options; do
			case $option in
			format=) value=json ;;
			preserve-fds= | status-fd=) value=0 ;;
			manage-cgroups-mode=) value=soft ;;
			empty-ns=) value=network ;;
			page-server=) value=127.0.0.1:27 ;;
			interval=) value=1s ;;
			resources= | process= | bundle=) continue ;; # other files are read first
			*=) value=1 ;;
			esac
			if [[ $option == *= ]]; then args+=("--${option%=}" "$value"); else args+=("--$option"); fi
		done
		cd "$BATS_TEST_TMPDIR"
		run "$PEAPOD" --root "$STATE" --criu /bin/true "$command" "${args[@]}" no-such-container
		refute_output --partial 'unknown option'
		refute_output --partial 'needs a value'
		refute_output --partial 'unknown value'
		refute_output --partial 'expected ID'
	done <<<"$OPTIONS"
}

@test "the options of the limits that need it are the kernel's (v1)" {
	requires cgroup-v1
	local dir=/sys/fs/cgroup/cpu$CGROUP/b
	new_bundle "$BATS_TEST_TMPDIR/b" sleep 1000
	edit_config "$BATS_TEST_TMPDIR/b" '.linux.resources.cpu = {quota: 50000, period: 100000}'
	peapod create -b "$BATS_TEST_TMPDIR/b" c </dev/null >/dev/null 2>&1
	run -0 peapod update --cpu-burst 1000 --cpuset-mems 0 c
	[ "$(cat "$dir/cpu.cfs_burst_us")" = 1000 ]
	[ "$(cat "/sys/fs/cgroup/cpuset$CGROUP/b/cpuset.mems")" = 0 ]
	[ -e "$dir/cpu.rt_period_us" ] || return 0 # a kernel without realtime groups
	# a child's realtime budget is that of its parent, which has none: refused by name, and nothing changes
	run -1 peapod update --cpu-rt-period 500000 --cpu-rt-runtime 400000 c
	assert_output --partial 'cpu: realtime'
	run -0 peapod update --cpu-rt-period 500000 c
	[ "$(cat "$dir/cpu.rt_period_us")" = 500000 ]
}

@test "create sends a pidfd, and keeps the keyring" {
	requires socat
	local dir=$BATS_TEST_TMPDIR
	new_bundle "$dir/b" sleep 1000
	socat -u "UNIX-LISTEN:$dir/pidfd" "OPEN:$dir/got,creat" 3>&- &
	wait_until 30 test -S "$dir/pidfd"
	peapod create --no-pivot --no-new-keyring --pidfd-socket "$dir/pidfd" -b "$dir/b" c </dev/null >/dev/null 2>&1
	wait $!
	[ -s "$dir/got" ]
	peapod start c
	wait_until 30 has_status c running
}
