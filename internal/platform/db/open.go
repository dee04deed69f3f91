package db

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
)

// Config says which database to open and how.
type Config struct {
	URL      string                                           // "sqlite:/path/file.db" or "postgres://…"
	Clock    clock.Clock                                      // gives Tx.Now; the machine's clock when nil
	Log      *slog.Logger                                     // slog.Default when nil
	MaxConns int                                              // PostgreSQL connections, or SQLite read connections; 0 = a sensible number
	Sync     string                                           // SQLite's synchronous: "full" (default) or "normal"
	Timeout  time.Duration                                    // longest transaction, statement and wait for the writer; 0 = 30 s
	Observe  func(kind string, took time.Duration, err error) // told of every "read" and "write"; may be nil
}

// DB is an open database.
type DB struct {
	cfg    Config
	engine engine
	closed sync.Once
}

// engine is what each of the two databases does its own way.
type engine interface {
	dialect() Dialect
	read(ctx context.Context, fn func(Tx) error) error
	write(ctx context.Context, fn func(Tx) error) error
	listen(ctx context.Context, channel string, fn func(payload string)) error
	publish(channel, payload string)
	ping(ctx context.Context) error
	waiting() int
	close()
}

// Open connects to the database that the URL names; a SQLite file is created when missing.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	d := &DB{cfg: cfg}
	var err error
	switch scheme, rest, _ := strings.Cut(cfg.URL, ":"); scheme {
	case "sqlite":
		d.engine, err = openSQLite(ctx, cfg, rest)
	case "postgres", "postgresql":
		d.engine, err = openPostgres(ctx, cfg)
	default:
		err = fmt.Errorf("the URL must start with sqlite: or postgres:")
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return d, nil
}

// Close waits for running transactions and closes all connections.
func (d *DB) Close() { d.closed.Do(d.engine.close) }

// Dialect is the database's own way of speaking.
func (d *DB) Dialect() Dialect { return d.engine.dialect() }

// Ping tells whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.engine.ping(ctx) }

// Waiting is the number of writes that stand in line for the writer (SQLite) or for a connection (PostgreSQL).
func (d *DB) Waiting() int { return d.engine.waiting() }

// Driver is what a library that brings its own SQL may share: a *pgxpool.Pool on PostgreSQL,
// a *sql.DB of one connection to the same file on SQLite. For platform/jobs alone.
func (d *DB) Driver() any {
	switch e := d.engine.(type) {
	case *sqliteDB:
		return e.guest
	case *postgresDB:
		return e.pool
	}
	return nil
}

// Read runs fn in a read-only transaction that sees one state of the data throughout.
func (d *DB) Read(ctx context.Context, fn func(Tx) error) error {
	return d.run(ctx, "read", d.engine.read, fn)
}

// Write runs fn in a transaction that is kept when fn returns nil, and answers only once it is durable.
// Where the database asks for it, fn is called again with a fresh transaction; it must not have effects of its own.
// Write within Write waits for itself and fails: use the Tx at hand.
func (d *DB) Write(ctx context.Context, fn func(Tx) error) error {
	return d.run(ctx, "write", d.engine.write, fn)
}

// attempts is how often a write is tried that lost against another one, after pauses of growing and random length: those
// that met once should not meet again.
const attempts = 8

func pause(ctx context.Context, tried int) {
	timer := time.NewTimer(rand.N(5 * time.Millisecond << tried))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (d *DB) run(ctx context.Context, kind string, do func(context.Context, func(Tx) error) error, fn func(Tx) error) error {
	took := clock.Stopwatch()
	err := do(ctx, fn)
	for tried := range attempts - 1 {
		if !lost(err) || ctx.Err() != nil {
			break
		}
		pause(ctx, tried)
		err = do(ctx, fn)
	}
	if lost(err) {
		err = unavailable(err)
	}
	err = translate(err) // libraries that share our transaction answer with the driver's errors
	if d.cfg.Observe != nil {
		d.cfg.Observe(kind, took(), err)
	}
	return err
}

// contained calls fn and turns a panic into an error, so that it can hurt nobody else's transaction.
func contained(cfg *Config, fn func(Tx) error, tx Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			cfg.Log.Error("panic in a transaction", "panic", r, "stack", string(debug.Stack()))
			err = &fault.Error{Kind: fault.Internal, Code: "internal", Cause: fmt.Errorf("panic in a transaction: %v", r)}
		}
	}()
	return fn(tx)
}
