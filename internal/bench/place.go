package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
)

const postgresEnv = "STEWARD_BENCH_POSTGRES"

// place is a database with its data folder, and the people in it.
type place struct {
	o       *options
	dialect db.Dialect
	data    string
	url     string
	schema  string
	cast    cast
}

// openPlace makes a fresh database, or takes the one that an earlier run kept.
func openPlace(ctx context.Context, o *options, dialect db.Dialect) (*place, error) {
	p := &place{o: o, dialect: dialect, schema: "bench_" + id.New(), data: filepath.Join(o.folder, string(dialect))}
	if o.keep != "" {
		p.data, p.schema = filepath.Join(o.keep, string(dialect)), "bench_kept"
	}
	if err := os.MkdirAll(p.data, 0o700); err != nil {
		return nil, err
	}
	p.url = "sqlite:" + filepath.Join(p.data, "steward.db")
	if dialect == db.Postgres {
		if err := p.onServer(ctx, `CREATE SCHEMA IF NOT EXISTS "`+p.schema+`"`); err != nil {
			return nil, err
		}
		u, err := url.Parse(os.Getenv(postgresEnv))
		if err != nil {
			return nil, err
		}
		q := u.Query()
		q.Set("search_path", p.schema)
		u.RawQuery = q.Encode()
		p.url = u.String()
	}
	return p, nil
}

// onServer runs a statement on the PostgreSQL server itself.
func (p *place) onServer(ctx context.Context, sql string) error {
	server, err := db.Open(ctx, db.Config{URL: os.Getenv(postgresEnv), MaxConns: 1, Timeout: 10 * time.Minute})
	if err != nil {
		return err
	}
	defer server.Close()
	return server.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, sql)
		return err
	})
}

func (p *place) close() {
	if p.o.keep != "" {
		return
	}
	_ = os.RemoveAll(p.data)
	if p.dialect == db.Postgres {
		if err := p.onServer(context.Background(), `DROP SCHEMA "`+p.schema+`" CASCADE`); err != nil {
			progress("drop the schema: %v", err)
		}
	}
}

// open connects to the database beside the program.
func (p *place) open(ctx context.Context) (*db.DB, error) {
	return db.Open(ctx, db.Config{URL: p.url, Sync: "full", MaxConns: 16, Timeout: 20 * time.Minute})
}

// inside runs fn with the program in this process, not serving.
func (p *place) inside(ctx context.Context, fn func(a *app.App) error) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	a, err := app.New(ctx, settings(p.data, p.url), app.Options{Log: log, Version: "bench"})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	return fn(a)
}

// prepare brings the people on stage, if an earlier run did not.
func (p *place) prepare(ctx context.Context) error {
	raw, err := os.ReadFile(filepath.Join(p.data, "cast.json"))
	if err == nil {
		return json.Unmarshal(raw, &p.cast)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	progress("%s: people and first records", p.dialect)
	err = p.inside(ctx, func(a *app.App) error {
		s := stage{ctx: ctx, app: a, cast: &p.cast}
		return s.build()
	})
	if err != nil {
		return err
	}
	return p.save()
}

func (p *place) save() error {
	raw, err := json.Marshal(p.cast)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.data, "cast.json"), raw, 0o600); err != nil {
		return fmt.Errorf("keep the cast: %w", err)
	}
	return nil
}
