package alert

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Tick does what time brings: alarms about silence, the end of flapping, limits for acknowledging, what an earlier run left
// undone, and the ageing of kept payloads. Several replicas may tick at once.
func (s *Service) Tick(ctx context.Context) error {
	ctx = work.WithActor(ctx, Intake)
	for _, step := range []func(context.Context) error{s.silent, s.calm, s.late, s.leftOver, s.age} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("alerts: %w", err)
		}
	}
	return nil
}

// each runs fn for every alert that a condition finds, each in its own transaction.
func (s *Service) each(ctx context.Context, condition string, fn func(ctx context.Context, u *work.Unit, r *row) error) error {
	for ctx.Err() == nil {
		var found string
		err := s.door.Do(ctx, Handle, func(ctx context.Context, u *work.Unit) error {
			found = ""
			list, err := db.All(ctx, u, scanRow, "SELECT "+rowColumns+" FROM alerts WHERE "+condition+" LIMIT 1"+db.SkipLocked(u), clock.Millis(u.Now()))
			if err != nil || len(list) == 0 {
				return err
			}
			found = list[0].ID
			return fn(ctx, u, list[0])
		})
		if err != nil || found == "" {
			return err
		}
		s.follow(ctx, []string{found}, 1)
	}
	return ctx.Err()
}

// calm resolves flapping alerts that did not fire again.
func (s *Service) calm(ctx context.Context) error {
	return s.each(ctx, "open AND calm_at <> 0 AND calm_at <= $1", func(ctx context.Context, u *work.Unit, r *row) error {
		r.Flapping, r.Changes = false, nil
		if err := r.resolve(ctx, u, Intake.ID); err != nil {
			return err
		}
		return tell(ctx, u, r.Customer, r.ID)
	})
}

// late marks alerts that nobody acknowledged in time, and says so once (MON-05).
func (s *Service) late(ctx context.Context) error {
	return s.each(ctx, "open AND respond_by <> 0 AND respond_by <= $1", func(ctx context.Context, u *work.Unit, r *row) error {
		r.Overdue, r.RespondBy = true, 0
		if err := r.save(ctx, u); err != nil {
			return err
		}
		if _, err := u.Record(ctx, r.event("alert.overdue", false, nil)); err != nil {
			return err
		}
		if err := s.inform(ctx, u, r, both("alert.notice.late", text.Params{"title": r.Title})); err != nil {
			return err
		}
		return tell(ctx, u, r.Customer, r.ID)
	})
}

// leftOver follows up on alerts that nobody is following up on.
func (s *Service) leftOver(ctx context.Context) error {
	for ctx.Err() == nil {
		var ids []string
		err := s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) (err error) {
			ids, err = db.All(ctx, u, db.Scan[string], `SELECT id FROM alerts WHERE owed <> 0 AND busy_until <= $1 ORDER BY busy_until, id LIMIT $2`, clock.Millis(u.Now()), batch)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		s.follow(ctx, ids, len(ids))
		if len(ids) < batch {
			return nil
		}
	}
	return ctx.Err()
}

// keptFor is how long a payload that could not be read is kept.
const keptFor = 30 * 24 * time.Hour

func (s *Service) age(ctx context.Context) error {
	return s.door.Do(ctx, Handle, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		_, err := u.Exec(ctx, `DELETE FROM alert_payloads WHERE at < $1`, clock.Millis(u.Now().Add(-keptFor)))
		return err
	})
}
