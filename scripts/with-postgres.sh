#!/usr/bin/env bash
# with-postgres.sh [--durable] [COMMAND…]: run COMMAND with STEWARD_TEST_POSTGRES set to a throw-away PostgreSQL cluster,
# and take the cluster down afterwards whatever happened. Without COMMAND: print the URL and keep it up until interrupted.
#
# The cluster lives in a temporary folder, listens on a free port of 127.0.0.1 behind a random password, and does not
# wait for the disk, because nothing in it has to survive. --durable, or STEWARD_TEST_FSYNC=on, makes it wait as a real
# server does: for benchmarks, and for tests that kill it.
# When STEWARD_TEST_POSTGRES is set already, that server is used and no cluster is started.
. "$(dirname "$0")/lib.sh"

fsync=${STEWARD_TEST_FSYNC:-off}
if [ "${1:-}" = --durable ]; then fsync=on; shift; fi
case $fsync in on | off) ;; *) die "STEWARD_TEST_FSYNC is on or off, not '$fsync'" ;; esac

if [ -n "${STEWARD_TEST_POSTGRES:-}" ]; then
	[ $# -gt 0 ] || die "STEWARD_TEST_POSTGRES is set: $STEWARD_TEST_POSTGRES"
	exec "$@"
fi

bin=$(pg_bin) || die "no PostgreSQL 15+ server found; see scripts/require.sh"
dir=$(mktemp -d "${TMPDIR:-/tmp}/steward-postgres.XXXXXX")
server=

cleanup() {
	trap '' INT TERM HUP
	end_supervised
	if [ -n "$server" ]; then
		# QUIT is PostgreSQL's immediate shutdown: nothing in here is worth a checkpoint.
		kill -QUIT "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# PostgreSQL refuses to run as root. setpriv also ties the server's life to this script's, should it be killed outright.
as() {
	if [ "$(id -u)" != 0 ]; then
		if have setpriv; then exec setpriv --pdeathsig QUIT "$@"; else exec "$@"; fi
	fi
	exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups --pdeathsig QUIT "$@"
}
if [ "$(id -u)" = 0 ]; then
	have setpriv || die "running as root needs setpriv (util-linux)"
	user=nobody
	! id postgres >/dev/null 2>&1 || user=postgres
	chown "$user" "$dir"
fi

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" >"$dir/password"
[ "$(id -u)" != 0 ] || chown "$user" "$dir/password"
chmod 600 "$dir/password"

# C.UTF-8 sorts by code point, as SQLite does, and still knows the case of letters beyond ASCII.
locale=C
! locale -a 2>/dev/null | grep -qiE '^C\.utf-?8$' || locale=C.UTF-8

(cd / && as "$bin/initdb" -D "$dir/data" -U steward --pwfile="$dir/password" -A password -E UTF8 --locale="$locale" \
	--no-sync --no-instructions >"$dir/initdb.log" 2>&1) || { cat "$dir/initdb.log" >&2; die "initdb failed"; }

cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
max_locks_per_transaction = 256
shared_buffers = 256MB
max_wal_size = 2GB
fsync = $fsync
full_page_writes = $fsync
synchronous_commit = $fsync
log_min_messages = warning
timezone = 'UTC'
log_timezone = 'UTC'
CONF

export PGPASSWORD=$password PGCONNECT_TIMEOUT=5
psql() { "$bin/psql" -X -q -h 127.0.0.1 -p "$port" -U steward "$@"; }

# Another process may take the port between looking and listening, hence more than one try.
for _ in 1 2 3 4 5; do
	port=$(free_port)
	(cd / && as "$bin/postgres" -D "$dir/data" -p "$port" >"$dir/server.log" 2>&1) &
	server=$!
	up=
	for _ in $(seq 300); do
		# The pid file says "ready" as its last line once connections are taken: the server's own word, not a guess.
		if grep -q '^ready' "$dir/data/postmaster.pid" 2>/dev/null; then up=1; break; fi
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	[ -z "$up" ] || break
	kill -QUIT "$server" 2>/dev/null || true
	wait "$server" 2>/dev/null || true
	server=
done
[ -n "$server" ] || { cat "$dir/server.log" >&2; die "the cluster did not start"; }
psql -d postgres -c 'CREATE DATABASE steward_test' || { cat "$dir/server.log" >&2; die "the cluster takes no statements"; }

unset PGPASSWORD PGCONNECT_TIMEOUT
export STEWARD_TEST_POSTGRES="postgres://steward:$password@127.0.0.1:$port/steward_test?sslmode=disable"

if [ $# -eq 0 ]; then
	printf 'export STEWARD_TEST_POSTGRES=%s\n' "'$STEWARD_TEST_POSTGRES'"
	wait "$server" || die "the cluster ended by itself"
	exit 0
fi

rc=0
supervise "$@" || rc=$?
if ! kill -0 "$server" 2>/dev/null; then
	tail -n 40 "$dir/server.log" >&2
	echo "with-postgres.sh: the cluster ended before the command did" >&2
	[ $rc != 0 ] || rc=1
fi
exit $rc
