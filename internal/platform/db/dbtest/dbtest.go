// Package dbtest opens fresh databases for tests: a SQLite file, and a schema of the PostgreSQL server that
// STEWARD_TEST_POSTGRES names.
package dbtest

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Env names the URL of a PostgreSQL server where a test may create schemas.
const Env = "STEWARD_TEST_POSTGRES"

// Option changes how a database is opened.
type Option func(*settings)

type settings struct {
	cfg        db.Config
	migrations []db.Migration
}

// Migrations are applied, list after list, once the database is open.
func Migrations(lists ...[]db.Migration) Option {
	return func(s *settings) {
		for _, list := range lists {
			s.migrations = append(s.migrations, list...)
		}
	}
}

// Clock gives the transactions their instant.
func Clock(c clock.Clock) Option { return func(s *settings) { s.cfg.Clock = c } }

// Config changes anything else.
func Config(change func(*db.Config)) Option { return func(s *settings) { change(&s.cfg) } }

// Open opens a fresh SQLite database that goes away with the test.
func Open(t testing.TB, options ...Option) *db.DB {
	t.Helper()
	return open(t, db.SQLite, options)
}

// Postgres opens a fresh PostgreSQL schema that goes away with the test.
func Postgres(t testing.TB, options ...Option) *db.DB {
	t.Helper()
	return open(t, db.Postgres, options)
}

// Each runs a test on SQLite and on PostgreSQL. Without a server the PostgreSQL half fails, unless -short skips it.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB), options ...Option) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, Open(t, options...)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t, options...)) })
}

// PostgresURL is the URL of a fresh schema that goes away with the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := serverURL(t)
	schema := "t_" + id.New()
	ddl(t, server, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize())
	t.Cleanup(func() { ddl(t, server, "DROP SCHEMA "+pgx.Identifier{schema}.Sanitize()+" CASCADE") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func serverURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Env)
	if server == "" {
		if testing.Short() {
			t.Skip(Env + " is not set")
		}
		t.Fatal(Env + " is not set; run with -short to skip PostgreSQL")
	}
	return server
}

// Log writes to the test's output while the test runs; a straggler's message afterwards is dropped, not a panic.
func Log(t testing.TB) *slog.Logger {
	out := &output{w: t.Output()}
	t.Cleanup(func() {
		out.mu.Lock()
		defer out.mu.Unlock()
		out.w = io.Discard
	})
	return slog.New(slog.NewTextHandler(out, nil))
}

type output struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}

func ddl(t testing.TB, server, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func open(t testing.TB, dialect db.Dialect, options []Option) *db.DB {
	t.Helper()
	s := settings{cfg: db.Config{MaxConns: 4, Log: Log(t)}}
	for _, option := range options {
		option(&s)
	}
	s.cfg.URL = Prepared(t, dialect, s.migrations)
	d, err := db.Open(context.Background(), s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}
