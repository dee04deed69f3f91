// Package apptest starts the whole program inside a test, on either database, with a clock that the test sets.
package apptest

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/config"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
)

// Monday is the instant at which the test's clock stands at first: Monday 2025-03-03, 08:00 in Shanghai.
var Monday = time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC)

// Each runs the test on every database, each time with a fresh program.
func Each(t *testing.T, fn func(t *testing.T, a *app.App), sources ...process.Source) {
	t.Helper()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			fn(t, Start(t, dialect, sources...))
		})
	}
}

// Start runs the program on a fresh database until the test ends.
func Start(t testing.TB, dialect db.Dialect, sources ...process.Source) *app.App {
	t.Helper()
	data, url := t.TempDir(), dbtest.Prepared(t, dialect, app.Migrations())
	cfg := config.Config{Listen: "127.0.0.1:0", Data: data, DatabaseURL: url, Sync: "normal", Zone: "Asia/Shanghai",
		UploadLimit: 5, StopWithin: 10 * time.Second, TestClock: true, LogLevel: "warn", MaxConns: 8, Networks: []string{"127.0.0.0/8"}}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	a, err := app.New(t.Context(), cfg, app.Options{Clock: clock.NewManual(Monday), Sources: sources, Log: log, Version: "test", HashMemory: 64})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return a
}
