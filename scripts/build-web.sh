#!/usr/bin/env bash
# build-web.sh: build the web app and put it where the binary embeds it.
. "$(dirname "$0")/lib.sh"

scripts/npm-ci.sh web
say "building the web app"
(cd web && npm run --silent build)
[ -f web/dist/index.html ] || die "the build left no web/dist/index.html"

# Swapped in whole, so that a Go build beside this one sees the old app or the new one, never half of each.
dist=internal/webui/dist
rm -rf "$dist.new" "$dist.old"
mkdir -p "$dist"
cp -R web/dist "$dist.new"
: >"$dist.new/.gitkeep"
mv "$dist" "$dist.old"
mv "$dist.new" "$dist"
rm -rf "$dist.old"
