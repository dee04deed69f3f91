#!/usr/bin/env bash
# lint.sh: gofmt, go vet, the house's own text rules, and golangci-lint where it is installed.
# What a package may import is checked by internal/arch_test.go, the web app by its own eslint.
. "$(dirname "$0")/lib.sh"

git ls-files >/dev/null || die "this needs to run in a git clone"

bad=0
fail() { bad=1; printf '%s\n' "$1" "${2:-}" >&2; }

# Tracked and new files, less what is ignored or deleted.
files() { git ls-files -co --exclude-standard -- "$@" | while IFS= read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done; }

# forbid REASON PATTERN FILE…: print each line that matches. A line may carry its excuse: "lint:allow <why>".
forbid() {
	local reason=$1 pattern=$2 hits
	shift 2
	[ $# -gt 0 ] || return 0
	hits=$(grep -nEH -- "$pattern" "$@" /dev/null | grep -v 'lint:allow ' || true)
	[ -z "$hits" ] || fail "$reason" "$hits"
}

mapfile -t go_files < <(files '*.go')
mapfile -t product < <(printf '%s\n' "${go_files[@]}" | grep -vE '_test\.go$|^internal/kernel/clock/|^internal/bench/|^scripts/' || true)
mapfile -t go_tests < <(printf '%s\n' "${go_files[@]}" | grep -E '_test\.go$' || true)
mapfile -t browser < <(files 'e2e/*.ts')
mapfile -t text < <(files '*.go' '*.ts' '*.tsx' '*.css' '*.yaml' '*.yml' '*.sql' '*.md' '*.sh' Makefile | grep -vE '^scripts/lint\.sh$' || true)

say "gofmt"
unformatted=$(gofmt -l "${go_files[@]}")
[ -z "$unformatted" ] || fail "not formatted; run gofmt -w:" "$unformatted"

say "go vet"
go vet ./... || bad=1
go vet scripts/gotest.go || bad=1

say "house rules"
forbid "the only time source is kernel/clock; take the instant as an argument:" '\btime\.(Now|Since|Until)\b' "${product[@]}"
forbid "tests wait on signals, they do not sleep:" '\btime\.Sleep\(' "${go_tests[@]}"
forbid "browser tests wait for what the user would see, not for time:" 'waitForTimeout' "${browser[@]}"
forbid "finish it or write it down in docs/STATUS.md:" '\b(TODO|FIXME|XXX)\b' "${text[@]}"
forbid "left over from a merge:" '^(<<<<<<<|>>>>>>>) ' "${text[@]}"

say "shell scripts"
for f in .ci/run scripts/*.sh; do bash -n "$f" || bad=1; done

if have golangci-lint; then
	say "golangci-lint"
	golangci-lint run ./... || bad=1
fi
exit $bad
