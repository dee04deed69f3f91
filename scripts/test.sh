#!/usr/bin/env bash
# test.sh: everything a change must pass, in the order that fails soonest. All steps run even when one fails; the last
# line is "N passed, N failed" over the Go, web and browser tests, a failed step without tests of its own counting one.
# Needs STEWARD_TEST_POSTGRES; make test starts a throw-away cluster for it.
. "$(dirname "$0")/lib.sh"

: "${STEWARD_TEST_POSTGRES:?run this through make test, which starts a PostgreSQL for it}"
# A developer's own server settings are not the tests' business.
unset STEWARD_LISTEN STEWARD_DATA STEWARD_DATABASE_URL STEWARD_E2E_URL
STEWARD_CHROMIUM=$(find_chromium)
export STEWARD_CHROMIUM

tmp=$(mktemp -d "${TMPDIR:-/tmp}/steward-test.XXXXXX")
# Packages come from far while the processors check Go.
scripts/npm-ci.sh web >"$tmp/npm.log" 2>&1 &
npm=$!
walking=
trap 'kill "$npm" 2>/dev/null || true; [ -z "$walking" ] || end_group "$walking"; rm -rf "$tmp"' EXIT

passed=0 failed=0 skipped=0 began=$SECONDS table=

# step NAME CMD…: run one step (beware: within it a failing command does not end a function, see "set -e" in bash(1)). It may leave "passed failed skipped" in $tmp/counts.
step() {
	local name=$1 rc=0 start=$SECONDS p=0 f=0 s=0 line
	shift
	say "$name"
	rm -f "$tmp/counts"
	"$@" || rc=$?
	[ ! -f "$tmp/counts" ] || read -r p f s <"$tmp/counts"
	if [ $rc != 0 ] && [ "$f" = 0 ]; then f=1; fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	line=$(printf '%-22s %-5s %4ds' "$name" "$([ "$f" = 0 ] && echo ok || echo FAIL)" $((SECONDS - start)))
	[ $((p + s)) = 0 ] || line="$line   $p of $((p + f + s)) tests"
	table="$table  $line"$'\n'
	[ "$f" = 0 ]
}

cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
[ "$cores" -le 4 ] || cores=4

# The compiler collects garbage half of its time; a fresh machine compiles everything twice, without and with the race
# detector. What is compiled is not to be measured by that, see -exec below.
roomy() { GOGC=300 "$@"; }

# gotest COUNTS ARGUMENTS…: go test with what both runs share. Vetting is part of lint; nobody debugs these binaries.
gotest() {
	# shellcheck disable=SC2086
	roomy "$tmp/gotest" -counts "$1" -vet=off -ldflags=-w -exec 'env -u GOGC' -parallel "$((2 * cores))" ${STEWARD_TEST_FLAGS:-} "${@:2}"
}

go_tests() {
	# SQLite's own code, translated from C, and parsers are not what the race detector is to look at: watching them takes
	# half of the time.
	local unwatched='-race=false -d=checkptr=0'
	CGO_ENABLED=1 gotest "$tmp/counts" -race -gcflags='modernc.org/sqlite=-d=checkptr=0' -gcflags="modernc.org/sqlite/lib=$unwatched" \
		-gcflags="modernc.org/libc=$unwatched" -gcflags="modernc.org/memory=$unwatched" \
		-gcflags="gopkg.in/yaml.v3=$unwatched" -gcflags="github.com/antlr4-go/antlr/v4=$unwatched" -p "$cores" -timeout 60m ./...
}

# What sends one request after the other to everything there is: under the race detector above a share of it, here all.
# It goes on beside the browser, which does not keep the processors busy and comes first.
walks() {
	renice -n 10 "$BASHPID" >/dev/null
	gotest "$tmp/walks" -timeout 30m -run '^TestWalk' ./internal/app
}

walked() {
	local rc=0
	wait "$walking" || rc=$?
	walking=
	cat "$tmp/walks.log"
	[ ! -f "$tmp/walks" ] || mv "$tmp/walks" "$tmp/counts"
	return $rc
}

# json_counts FILE EXPRESSION: write the counts that a JavaScript expression finds in a runner's report r.
json_counts() {
	[ ! -s "$1" ] || node -p "const r = JSON.parse(require('fs').readFileSync('$1', 'utf8')); ($2).join(' ')" >"$tmp/counts"
}

web_tests() {
	local rc=0
	(cd web && npm test --silent -- --reporter=default --reporter=json --outputFile.json="$tmp/web.json") || rc=$?
	json_counts "$tmp/web.json" '[r.numPassedTests, r.numFailedTests, r.numPendingTests + r.numTodoTests]'
	return $rc
}

browser_tests() {
	local rc=0
	PLAYWRIGHT_JSON_OUTPUT_NAME=$tmp/e2e.json scripts/e2e.sh --reporter=list,json || rc=$?
	json_counts "$tmp/e2e.json" '[r.stats.expected + r.stats.flaky, r.stats.unexpected, r.stats.skipped]'
	return $rc
}

web_packages() {
	local rc=0
	wait "$npm" || rc=$?
	cat "$tmp/npm.log"
	return $rc
}

web_lint() { (cd web && npm run --silent --if-present typecheck && npm run --silent lint); }

# lacking STEP: what a step does whose ground is missing: fail at once instead of slowly.
lacking() {
	echo "not run, because the step '$1' failed" >&2
	return 1
}

go build -o "$tmp/gotest" scripts/gotest.go
built=
step "lint" roomy scripts/lint.sh || true
if step "web packages" web_packages; then
	! step "web and binary" roomy make --no-print-directory build || built=1
	step "web types and lint" web_lint || true
	step "web tests" web_tests || true
	step "generated files" scripts/gen.sh --check || true
else
	step "web and binary" lacking "web packages" || true
fi
step "go tests, raced" go_tests || true
set -m
walks >"$tmp/walks.log" 2>&1 </dev/null &
walking=$!
set +m
if [ -n "$built" ]; then
	step "browser tests" browser_tests || true
else
	step "browser tests" lacking "web and binary" || true
fi
step "go walks, whole" walked || true

printf '\n%s  %-22s %-5s %4ds\n\n' "$table" "in all" "$([ $failed = 0 ] && echo ok || echo FAIL)" $((SECONDS - began))
if [ $skipped = 0 ]; then
	printf '%d passed, %d failed\n' $passed $failed
else
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
fi
[ $failed = 0 ]
