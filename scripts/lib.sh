# Shared by the scripts in this folder; sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Version stamping goes through -ldflags, so a clone owned by another user must not stop the build.
export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
# The program is built without cgo; checking it so, too, spares compiling everything once more. Only the race detector wants cgo.
export CGO_ENABLED=0
# Browser tests use the system's Chromium; nothing here may fetch another one.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
[ -t 1 ] || export NO_COLOR=1

say() { printf '\033[1m==> %s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# supervise CMD…: run CMD in a process group of its own and leave nothing of it behind, however it or this shell ends.
# (A killed `go test` orphans its test binaries and a killed browser test its browser; the group catches both.)
supervised=
supervise() {
	local rc=0
	set -m
	"$@" </dev/null &
	supervised=$!
	set +m
	while :; do
		rc=0
		wait "$supervised" || rc=$?
		# wait also returns when a trapped signal arrives; the trap has then ended the group.
		[ -n "$supervised" ] && kill -0 "$supervised" 2>/dev/null || break
	done
	end_supervised
	return "$rc"
}

end_supervised() {
	[ -n "$supervised" ] || return 0
	end_group "$supervised"
	supervised=
}

# end_group PGID: TERM, five seconds of grace, KILL.
end_group() {
	local tries=50
	kill -TERM -- "-$1" 2>/dev/null || return 0
	while [ $((tries -= 1)) -gt 0 ] && kill -0 -- "-$1" 2>/dev/null; do sleep 0.1; done
	kill -KILL -- "-$1" 2>/dev/null || true
}

# free_port: print a TCP port of 127.0.0.1 on which nobody listens at the moment.
free_port() {
	local port tries=100
	while [ $((tries -= 1)) -ge 0 ]; do
		port=$((20000 + RANDOM % 12000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return 0; }
	done
	die "no free port found on 127.0.0.1"
}

# pg_bin: print the folder of a PostgreSQL 15+ server, the newest there is.
pg_bin() {
	local dir major best= best_major=14
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/bin $(dirname "$(command -v initdb || echo /nowhere/x)"); do
		[ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_ctl" ] || continue
		major=$("$dir/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
		if [ "$major" -gt "$best_major" ]; then best=$dir best_major=$major; fi
	done
	[ -n "$best" ] && echo "$best"
}

# find_chromium: print the browser to test with.
find_chromium() {
	local name
	if [ -n "${STEWARD_CHROMIUM:-}" ]; then
		[ -x "$STEWARD_CHROMIUM" ] && echo "$STEWARD_CHROMIUM"
		return
	fi
	for name in chromium chromium-browser google-chrome-stable google-chrome; do
		type -P "$name" && return
	done
	return 1
}
