package app

import (
	"context"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/platform/work"
)

// sealEvery is how often the audit trail is sealed while the program runs.
const sealEvery = 10 * time.Second

// background starts what goes on beside the requests, until the context ends.
func (a *App) background(ctx context.Context) {
	a.running.Go(func() { a.Hub.Run(ctx) })
	if !a.Config.TestClock { // with a test clock only a tick moves things
		a.running.Go(func() { a.Engine.Pump(ctx) })
	}
	a.running.Go(func() { a.every(ctx, sealEvery, "seal the audit trail", a.sealAll) })
	a.running.Go(func() { a.every(ctx, time.Hour, "sweep sessions", a.Access.Sweep) })
	if err := a.DB.Listen(ctx, "live", func(payload string) { a.heard(ctx, payload) }); err != nil {
		a.Log.ErrorContext(ctx, "listen for published definitions", "error", err)
	}
}

// heard takes over definitions, schemes and roles that another replica changed; an empty payload means that some news was missed.
func (a *App) heard(ctx context.Context, payload string) {
	if payload != "" && !strings.Contains(payload, `"`+process.DefinitionsChanged+`"`) {
		return
	}
	a.running.Go(func() {
		if err := a.Engine.Reload(ctx, a.DB); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "reload definitions", "error", err)
		}
		if err := a.roles.load(ctx, a.DB); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "reload roles", "error", err)
		}
	})
}

func (a *App) every(ctx context.Context, interval time.Duration, what string, fn func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := fn(ctx); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, what, "error", err)
		}
	}
}

// sealAll seals what is not sealed yet, batch by batch.
func (a *App) sealAll(ctx context.Context) error {
	ctx = work.WithActor(ctx, audit.Sealer())
	for ctx.Err() == nil {
		s, err := a.Audit.Seal(ctx)
		if err != nil || s.Count == 0 {
			return err
		}
	}
	return nil
}
