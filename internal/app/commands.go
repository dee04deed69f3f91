package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/platform/config"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Serve runs the program until the context ends; what a person should know stands on out.
func Serve(ctx context.Context, cfg config.Config, opts Options, out io.Writer) error {
	if cfg.Demo {
		if err := fillDemo(ctx, cfg, opts, out); err != nil {
			return fmt.Errorf("demonstration data: %w", err)
		}
	}
	a, err := New(ctx, cfg, opts)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		a.DB.Close()
		return err
	}
	fmt.Fprintf(out, "Steward 运维管家 %s\n", a.URL())
	if cfg.Demo {
		printSignIns(out)
	}
	<-ctx.Done()
	return a.Stop(context.WithoutCancel(ctx))
}

// Migrate brings the database up to date, or with dry lists what is not applied yet.
func Migrate(ctx context.Context, cfg config.Config, dry bool, out io.Writer) error {
	database, err := openOnly(ctx, cfg)
	if err != nil {
		return err
	}
	defer database.Close()
	pending, err := database.Pending(ctx, Migrations())
	if err != nil {
		return err
	}
	for _, id := range pending {
		fmt.Fprintln(out, "pending", id)
	}
	if dry || len(pending) == 0 {
		fmt.Fprintf(out, "%d pending\n", len(pending))
		return nil
	}
	applied, err := database.Migrate(ctx, Migrations())
	fmt.Fprintf(out, "%d applied\n", len(applied))
	return err
}

func openOnly(ctx context.Context, cfg config.Config) (*db.DB, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if err := makeFolder(cfg.Data); err != nil {
		return nil, err
	}
	return db.Open(ctx, db.Config{URL: cfg.DatabaseURL, Log: slog.Default(), MaxConns: cfg.MaxConns})
}

var errBroken = errors.New("the audit trail is broken")

// VerifyAudit recomputes the whole trail.
func VerifyAudit(ctx context.Context, cfg config.Config, out io.Writer) error {
	database, err := openOnly(ctx, cfg)
	if err != nil {
		return err
	}
	defer database.Close()
	report, err := audit.New(work.New(database, audit.Ledger{}, nil, nil), nil).Verify(work.WithActor(ctx, work.System("auditor", audit.Read)), out)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d events in %d streams, %d seals, %d events not sealed yet\n", report.Events, report.Streams, report.Seals, report.Unsealed)
	if !report.Intact {
		return errBroken
	}
	fmt.Fprintln(out, "intact; last seal", report.LastSeal, report.LastHash)
	return nil
}
