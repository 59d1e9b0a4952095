#!/usr/bin/env bats
# The manual: a page of the program and of each command, made from the tables of the help.
load ../lib/common
load ../lib/bundle

setup() {
	MANUAL=$TOP/$B/man
	[[ $B != /* ]] || MANUAL=$B/man
	# a lone "pod" has its own list of commands
	mapfile -t COMMANDS < <(commands && commands pod | sed 's/^/pod /')
	[ ${#COMMANDS[@]} -eq 28 ]
}

# commands [pod]: those that the help lists
commands() {
	"$PEAPOD" "$@" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'
}

# page_of COMMAND: its file; "" is the program
page_of() {
	echo "$MANUAL/peapod${1:+-}${1// /-}.8"
}

# help_of COMMAND; checkpoint and restore have one only where CRIU is
help_of() {
	# shellcheck disable=SC2086 # "pod run" is two words
	"$PEAPOD" --criu /bin/true $1 --help
}

# shown COMMAND: its page, a paragraph a line, with single spaces
shown() {
	mandoc -Tutf8 -O width=500 "$(page_of "$1")" | col -b | tr '\t' ' ' | tr -s ' '
}

@test "every command has its page, and no other has" {
	local command
	for command in '' "${COMMANDS[@]}"; do
		[ -s "$(page_of "$command")" ] || fail "no page of '$command'"
	done
	run -0 find "$MANUAL" -name '*.8'
	assert_equal "${#lines[@]}" 29
}

@test "every page is rendered without a warning" {
	local page
	requires mandoc col
	for page in "$MANUAL"/*.8; do
		run -0 mandoc -Tlint -Wwarning "$page"
		assert_output ''
	done
}

@test "groff has nothing to warn of either" {
	local page
	requires groff
	for page in "$MANUAL"/*.8; do
		run -0 groff -ww -mandoc -Tutf8 -z "$page"
		assert_output ''
	done
}

@test "man shows it" {
	requires man
	run -0 env LC_ALL=C.UTF-8 MANPAGER=cat MANWIDTH=80 man --warnings -l "$(page_of 'pod run')"
	assert_output --partial 'peapod [global-options] pod run [options] [NAME=]BUNDLE...'
	refute_output --partial 'warning'
}

@test "a page has every option of the help, with its value, and its line" {
	local command page option text
	requires mandoc col
	for command in '' "${COMMANDS[@]}"; do
		page=$(shown "$command")
		while read -r option; do
			option=${option//|/ | } # as an alternative is set in the manual
			grep -qxF -- " $option" <<<"$page" ||
				grep -qF -- " $option " <<<"$page" || fail "'$command': no '$option' in its page"
		done < <(help_of "$command" | sed -nE 's/^ +(-., )?(--[a-z0-9-]+( [^ ]+)?)  .*/\1\2/p')
		while read -r text; do
			grep -qiF -- "$text" <<<"$page" || fail "'$command': no '$text' in its page"
		done < <(help_of "$command" | sed -nE 's/^ +(-., )?--[a-z0-9-]+( [^ ]+)?  +//p')
	done
}

@test "the page of the program lists its commands, that of pod those of pods" {
	local command
	requires mandoc col
	for command in "${COMMANDS[@]}"; do
		case $command in
		pod\ *) run -0 shown pod ;;
		*) run -0 shown '' ;;
		esac
		assert_output --partial "peapod-${command// /-}(8)"
	done
}

@test "the usage is that of the help" {
	local command usage
	requires mandoc col
	for command in "${COMMANDS[@]}"; do
		[ "$command" != pod ] || continue
		usage=$(help_of "$command" | sed -nE '1s/^Usage: peapod (.*)/\1/p')
		usage=${usage/OPTIONS/options} usage=${usage//|/ | } usage=${usage% }
		run -0 shown "$command"
		assert_output --partial "peapod [global-options] $usage"
	done
}

@test "every page has examples and says what it exits with" {
	local page
	for page in "$MANUAL"/*.8; do
		grep -q '^\.Sh EXAMPLES' "$page" || fail "$page: no example"
		grep -q '^\.Sh EXIT STATUS' "$page" || fail "$page: no exit status"
		grep -q '^\.Sh SEE ALSO' "$page" || fail "$page: stands alone"
	done
}

@test "pages that are referred to exist" {
	local page name section
	for page in "$MANUAL"/*.8 "$TOP"/shim/*/*.8 "$TOP"/cni/*.8; do
		while read -r name section; do
			[[ $name == peapod* ]] || continue
			[ -f "$MANUAL/$name.$section" ] || [ -f "$TOP/cni/$name.$section" ] ||
				fail "${page##*/}: there is no $name($section)"
		done < <(sed -nE 's/^\.Xr ([^ ]+) ([0-9]).*/\1 \2/p' "$page")
	done
}
