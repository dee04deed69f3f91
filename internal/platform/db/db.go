// Package db is the only place that speaks SQL drivers: one SQL text for SQLite and PostgreSQL, one transaction type,
// group commit, migrations, and the translation of driver errors into faults.
package db

import (
	"context"
	"time"
)

// Dialect is what differs between the two databases.
type Dialect string

// The two databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Row is one result row.
type Row interface {
	Scan(dest ...any) error
}

// Rows is a result set; Close is safe to call twice.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close()
}

// Tx is one transaction. SQL uses $1, $2 … on both databases.
type Tx interface {
	Now() time.Time // one instant a transaction, UTC, cut to milliseconds
	Dialect() Dialect
	Exec(ctx context.Context, sql string, args ...any) (rows int64, err error)
	// Queue is Exec for a statement about whose outcome nobody asks: PostgreSQL is told of it together with the next one,
	// at the latest with the commit, which then also answers its error.
	Queue(ctx context.Context, sql string, args ...any) error
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) Row
	AfterCommit(fn func()) // runs once the transaction is durable, never after a rollback
	Writes() int           // number of statements so far that may have changed something
	Driver() any           // *sql.Tx or pgx.Tx; for platform/jobs alone
}
