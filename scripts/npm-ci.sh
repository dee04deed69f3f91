#!/usr/bin/env bash
# npm-ci.sh FOLDER: install what FOLDER/package-lock.json names, unless exactly that is installed already.
. "$(dirname "$0")/lib.sh"

dir=$1
[ -f "$dir/package-lock.json" ] || die "$dir/package-lock.json is missing"
want=$(cat "$dir/package.json" "$dir/package-lock.json" | git hash-object --stdin)
mark=$dir/node_modules/.installed
[ "$(cat "$mark" 2>/dev/null)" != "$want" ] || exit 0

say "npm ci in $dir"
(cd "$dir" && npm ci --no-audit --no-fund --loglevel=error)
mkdir -p "$dir/node_modules"
echo "$want" >"$mark"
