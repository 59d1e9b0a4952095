#!/usr/bin/env bats
# The accounts (security.md, checklist.md, spec/oci/fields.md) name tests that exist, and all fields.
load ../lib/common

# references PAGE: those of its tables, each as "FILE<tab>BEGINNING OF THE NAME"; a name without file is of the last one
references() {
	grep '^|' "$1" | grep -oE '`[a-z0-9_/-]+\.(bats|c)`|"[^"]+"' | awk '
		/^`/ { file = substr($0, 2, length($0) - 2); next }
		file { print file "\t" substr($0, 2, length($0) - 2) }'
}

# has_test FILE NAME
has_test() {
	case $1 in
	*.c) grep -qF "TEST($2" "$TOP/tests/unit/engine/$1" ;;
	*/*) grep -qF "@test \"$2" "$TOP/tests/bats/$1" ;;
	*) grep -qF "@test \"$2" "$TOP/tests/bats/runtime/$1" ;;
	esac
}

@test "every test that is named exists" {
	local page file name n=0
	for page in "$TOP"/tests/bats/runtime/{security,checklist}.md "$TOP/spec/oci/fields.md"; do
		while IFS=$'\t' read -r file name; do
			has_test "$file" "$name" || fail "${page##*/}: $file has no test \"$name\""
			n=$((n + 1))
		done < <(references "$page" | sort -u)
	done
	[ "$n" -gt 100 ]
}

@test "every field of config.json is accounted for" {
	local key n=0
	while read -r key; do
		grep -qE "[\`.]$key(\[\])?[\`.]" "$TOP/spec/oci/fields.md" || fail "$key is not in fields.md"
		n=$((n + 1))
	done < <(cat "$TOP"/spec/oci/{document,process,linux,resources,seccomp}.c | tr '\n\t' '  ' |
		grep -oE 'F_[A-Z]+\([^"()]*"[A-Za-z0-9]+"' | grep -oE '"[A-Za-z0-9]+"' | tr -d '"' | sort -u)
	[ "$n" -gt 100 ]
}

@test "sixty checks are sixty rows" {
	local i
	for i in $(seq 60); do
		grep -q "^| $i |" "$TOP/tests/bats/runtime/checklist.md"
	done
}
