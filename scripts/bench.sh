#!/usr/bin/env bash
# bench.sh [arguments]: the benchmarks, on SQLite and on a PostgreSQL that waits for the disk as in production.
# STEWARD_BENCH_POSTGRES names a server of your own instead of the throw-away one.
. "$(dirname "$0")/lib.sh"

if [ -n "${STEWARD_BENCH_POSTGRES:-}" ]; then
	exec go run ./internal/bench "$@"
fi
scripts/require.sh go postgres
exec env -u STEWARD_TEST_POSTGRES scripts/with-postgres.sh --durable \
	sh -c 'STEWARD_BENCH_POSTGRES=$STEWARD_TEST_POSTGRES exec go run ./internal/bench "$@"' bench "$@"
