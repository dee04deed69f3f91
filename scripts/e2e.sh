#!/usr/bin/env bash
# e2e.sh [playwright arguments]: run the browser tests in e2e/ against the real binary.
#
# The binary serves demo data from a temporary folder on a free port with the test clock on. The tests find it, and the
# browser, in STEWARD_E2E_URL and STEWARD_CHROMIUM. With STEWARD_E2E_URL set from outside, that server is used instead.
. "$(dirname "$0")/lib.sh"

STEWARD_CHROMIUM=$(find_chromium) || die "no Chromium found; see scripts/require.sh"
export STEWARD_CHROMIUM
scripts/npm-ci.sh e2e

dir=$(mktemp -d "${TMPDIR:-/tmp}/steward-e2e.XXXXXX")
server=
cleanup() {
	trap '' INT TERM HUP
	end_supervised
	[ -z "$server" ] || end_group "$server"
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# ready: does the server answer its first page?
ready() {
	(
		exec 3<>"/dev/tcp/127.0.0.1/$port"
		printf 'GET / HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$port" >&3
		IFS= read -r -t 5 status <&3
		case $status in "HTTP/1."?" "[23]*) exit 0 ;; *) exit 1 ;; esac
	) 2>/dev/null
}

if [ -z "${STEWARD_E2E_URL:-}" ]; then
	[ -x build/steward ] || die "build/steward is missing; run make build"
	port=$(free_port)
	set -m
	(
		unset STEWARD_DATABASE_URL
		export STEWARD_LISTEN=127.0.0.1:$port STEWARD_DATA=$dir/data
		if have setpriv; then exec setpriv --pdeathsig KILL build/steward serve --demo --test-clock; fi
		exec build/steward serve --demo --test-clock
	) >"$dir/server.log" 2>&1 </dev/null &
	server=$!
	set +m
	for _ in $(seq 600); do
		! ready || break
		kill -0 "$server" 2>/dev/null || { cat "$dir/server.log" >&2; die "the server ended before it answered"; }
		sleep 0.1
	done
	ready || { tail -n 60 "$dir/server.log" >&2; die "the server did not answer within a minute"; }
	export STEWARD_E2E_URL=http://127.0.0.1:$port
fi

rc=0
cd e2e
supervise npx --no-install playwright test "$@" || rc=$?
cd "$root"

if [ -n "$server" ]; then
	[ $rc = 0 ] || { echo "--- the server's last lines ---" >&2; tail -n 60 "$dir/server.log" >&2; }
	# A server that does not stop cleanly when asked has failed as well.
	kill -TERM "$server" 2>/dev/null || true
	(for _ in $(seq 150); do kill -0 "$server" 2>/dev/null || exit 0; sleep 0.1; done; kill -KILL -- "-$server") 2>/dev/null &
	watch=$!
	stopped=0
	wait "$server" || stopped=$?
	kill "$watch" 2>/dev/null || true
	if [ $stopped != 0 ]; then
		tail -n 20 "$dir/server.log" >&2
		echo "e2e.sh: the server ended with code $stopped, not 0, when asked to stop" >&2
		[ $rc != 0 ] || rc=1
	fi
	server=
fi
exit $rc
