#!/usr/bin/env bash
# gen.sh [--check]: write the generated files again. --check fails when that changes anything, and names it.
. "$(dirname "$0")/lib.sh"

# state: what the work tree holds, file by file, without touching it.
state() { git ls-files -co --exclude-standard -z | xargs -0 -n 200 sh -c 'for f; do [ ! -f "$f" ] || printf "%s %s\n" "$(git hash-object "$f")" "$f"; done' sh | sort -k 2; }

check=
[ "${1:-}" != --check ] || check=1
if [ -n "$check" ]; then before=$(state); fi

go generate ./...
if [ -f web/package.json ]; then
	scripts/npm-ci.sh web
	(cd web && npm run --silent --if-present gen)
fi

[ -n "$check" ] || exit 0
changed=$(diff <(printf '%s\n' "$before") <(state) | sed -n 's/^[<>] [0-9a-f]* //p' | sort -u)
[ -z "$changed" ] || { printf 'Not up to date; commit what make gen writes:\n%s\n' "$changed" >&2; exit 1; }
