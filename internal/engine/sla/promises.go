package sla

import (
	"context"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Promises are the clocks of records as they stand now, by record id. A customer sees what was promised to them, not what
// that rests on.
func (s *Service) Promises(ctx context.Context, u *work.Unit, list []*record.Record) (map[string][]process.Promise, error) {
	byID := make(map[string]*record.Record, len(list))
	ids := make([]string, 0, len(list))
	for _, r := range list {
		byID[r.ID] = r
		ids = append(ids, r.ID)
	}
	w := db.NewWhere()
	w.Add(db.Among(u.Tx, w, "record_id", ids))
	if !u.Actor.System && u.Actor.OrgKind != work.Provider {
		w.Eq("kind", WithCustomer)
	}
	rows, err := db.All(ctx, u.Tx, scanRow, "SELECT "+rowColumns+" FROM clocks WHERE "+w.SQL()+" ORDER BY record_id, started_at, target", w.Args()...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	cals, err := s.calendarsNow(ctx, u)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]process.Promise, len(list))
	for _, x := range rows {
		a, err := s.agreement(ctx, u.Tx, version{x.Agreement, x.Version})
		if err != nil {
			return nil, err
		}
		r := byID[x.Record]
		out[x.Record] = append(out[x.Record], x.promise(a, s.termsOf(a, cals, r.Priority, r.Level), u))
	}
	return out, nil
}

// promise is how a stored clock stands now: time has passed since it was stored.
func (x *row) promise(a *Agreement, terms *Terms, u *work.Unit) process.Promise {
	named := Promised{Name: x.Target}
	for _, t := range a.Targets {
		if t.Name == x.Target {
			named = t
		}
	}
	p := process.Promise{Name: x.Target, Label: named.label().In(u.Actor.Lang), Kind: x.Kind, Agreement: a.Code, State: string(x.State),
		StartedAt: clock.FromMillis(x.Started), DueAt: at(x.Due), StoppedAt: at(x.Ended), TargetMS: x.Seconds * 1000, UsedMS: x.Elapsed}
	now := u.Now()
	if p.StoppedAt == nil && p.DueAt != nil {
		if now.After(*p.DueAt) {
			p.State = string(Breached)
			p.LeftMS = -terms.Calendar.Elapsed(*p.DueAt, now).Milliseconds()
		} else {
			p.LeftMS = terms.Calendar.Elapsed(now, *p.DueAt).Milliseconds()
		}
		p.UsedMS = p.TargetMS - p.LeftMS
		return p
	}
	p.LeftMS = p.TargetMS - p.UsedMS
	return p
}

func at(millis int64) *time.Time {
	if millis == 0 {
		return nil
	}
	t := clock.FromMillis(millis)
	return &t
}
