package sla

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Clerk is the background actor that reckons clocks anew.
var Clerk = work.System("sla", process.ReadRecords, process.MoveRecords)

// Proposal is a change whose effect is wanted before it is made: of a calendar, or of an agreement.
type Proposal struct {
	Calendar  *Calendar  `json:"calendar,omitempty"`
	Agreement *Agreement `json:"agreement,omitempty" doc:"with its id; records that run under it are taken as if they came under this"`
}

// Shift is a deadline that a proposal would move.
type Shift struct {
	Number      string     `json:"number"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Target      string     `json:"target"`
	Label       string     `json:"label"`
	Before      *time.Time `json:"due_before"`
	After       *time.Time `json:"due_after"`
	StateBefore State      `json:"state_before"`
	StateAfter  State      `json:"state_after"`
}

// Replayed is what a proposal would do.
type Replayed struct {
	Looked    int     `json:"looked_at" doc:"open records with clocks"`
	Moved     int     `json:"moved" doc:"deadlines"`
	Breaching int     `json:"newly_breached"`
	Items     []Shift `json:"items" doc:"the first 500"`
}

const (
	replayBatch = 500
	replayShown = 500
)

// Replay reckons every open record once as things are and once as proposed, and answers every deadline that would move.
// It changes nothing.
func (s *Service) Replay(ctx context.Context, p Proposal) (out Replayed, err error) {
	out.Items = []Shift{}
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		cals, err := s.calendarsNow(ctx, u)
		if err != nil {
			return err
		}
		proposed, err := s.proposed(cals, p)
		if err != nil {
			return err
		}
		for after := ""; ; {
			lives, err := openLives(ctx, u.Tx, after, replayBatch)
			if err != nil || len(lives) == 0 {
				return err
			}
			after = lives[len(lives)-1].record
			if err := s.replay(ctx, u, lives, cals, proposed, p.Agreement, &out); err != nil {
				return err
			}
		}
	})
	return out, err
}

// proposed are the calendars with the proposed one among them.
func (s *Service) proposed(cals calendars, p Proposal) (calendars, error) {
	out := make(calendars, len(cals)+1)
	for code, c := range cals {
		out[code] = c
	}
	if p.Calendar != nil {
		c, err := p.Calendar.compile()
		if err != nil {
			return nil, under("calendar.spec", err)
		}
		out[p.Calendar.Code] = c
	}
	if p.Agreement != nil {
		known := map[string]bool{}
		for code := range out {
			known[code] = true
		}
		if err := p.Agreement.check(known); err != nil {
			return nil, under("agreement", err)
		}
	}
	return out, nil
}

func (s *Service) replay(ctx context.Context, u *work.Unit, lives []*life, now, then calendars, a *Agreement, out *Replayed) error {
	ids := make([]string, len(lives))
	for i, l := range lives {
		ids[i] = l.record
	}
	records, err := record.Many(ctx, u.Tx, u.Actor, ids) // those alone that the actor may see
	if err != nil {
		return err
	}
	for _, r := range records {
		l := lives[slices.Index(ids, r.ID)]
		before, err := s.evaluate(ctx, u, l, now, u.Now())
		if err != nil {
			return err
		}
		under := make([]*Agreement, len(l.governed))
		for i, g := range l.governed {
			if under[i], err = s.agreement(ctx, u.Tx, g.version()); err != nil {
				return err
			}
			if a != nil && a.ID == g.Agreement {
				under[i] = a
			}
		}
		out.Looked++
		out.compare(r, before, s.reckonAll(l, under, then, u.Now()), u.Actor.Lang)
	}
	return nil
}

func (out *Replayed) compare(r *record.Record, before, after []standing, lang text.Lang) {
	for _, b := range before {
		i := slices.IndexFunc(after, func(c standing) bool { return c.name() == b.name() })
		var a standing
		a.State = None
		if i >= 0 {
			a = after[i]
		}
		if a.Due.Equal(b.Due) && a.State == b.State {
			continue
		}
		out.Moved++
		if a.State == Breached && b.State != Breached {
			out.Breaching++
		}
		if len(out.Items) < replayShown {
			zone := b.terms.Calendar.Zone()
			out.Items = append(out.Items, Shift{Number: r.Number, Type: r.Type, Title: r.Title, Target: b.promised.Name, Label: b.promised.label().In(lang),
				Before: instant(b.Due, zone), After: instant(a.Due, zone), StateBefore: b.State, StateAfter: a.State})
		}
	}
}

func openLives(ctx context.Context, tx db.Tx, after string, limit int) ([]*life, error) {
	return db.All(ctx, tx, func(row db.Row) (*life, error) {
		l := &life{}
		return l, row.Scan(&l.record, db.ScanJSON(&l.governed), db.ScanJSON(&l.events), &l.open)
	}, `SELECT record_id, governed, events, open FROM clock_histories WHERE open AND record_id > $1 ORDER BY record_id LIMIT $2`, after, limit)
}

// RereadJob is the kind of job that reckons open records anew.
const RereadJob = "sla.reread"

// rereading says why, and which agreement records are to come under.
type rereading struct {
	Why       string `json:"why"`
	Agreement string `json:"agreement,omitempty"`
	Version   int64  `json:"version,omitempty"`
}

func (s *Service) reread(ctx context.Context, u *work.Unit, why string) error {
	return u.Enqueue(ctx, work.Job{Kind: RereadJob, Args: rereading{Why: why}})
}

func (s *Service) comeUnder(ctx context.Context, u *work.Unit, a *Agreement) error {
	return u.Enqueue(ctx, work.Job{Kind: RereadJob, Args: rereading{Why: "agreement " + a.Code, Agreement: a.ID, Version: a.Version}})
}

// Reread reckons every record anew that is open when it begins, one transaction each: what was done stays done when it is
// interrupted, and is done again without harm. Records that come while it runs are reckoned by what is in force by then.
func (s *Service) Reread(ctx context.Context, args json.RawMessage) error {
	var job rereading
	if err := json.Unmarshal(args, &job); err != nil {
		return err
	}
	ctx = work.WithActor(ctx, Clerk)
	var last string // by what the database holds: the clocks of replicas differ
	err := s.door.Read(ctx, process.ReadRecords, func(ctx context.Context, u *work.Unit) (err error) {
		last, err = db.One(ctx, u.Tx, db.Scan[string], `SELECT COALESCE(MAX(record_id), '') FROM clock_histories`)
		return err
	})
	if err != nil {
		return err
	}
	for after := ""; ctx.Err() == nil; {
		var lives []*life
		err := s.door.Read(ctx, process.ReadRecords, func(ctx context.Context, u *work.Unit) (err error) {
			lives, err = openLives(ctx, u.Tx, after, replayBatch)
			return err
		})
		if err != nil || len(lives) == 0 {
			return err
		}
		for _, l := range lives {
			if l.record > last {
				return nil
			}
			if after = l.record; job.Agreement != "" && !l.under(job.Agreement) {
				continue
			}
			if err := s.rereadOne(ctx, l.record, job); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func (l *life) under(agreement string) bool {
	return slices.ContainsFunc(l.governed, func(g governed) bool { return g.Agreement == agreement })
}

func (s *Service) rereadOne(ctx context.Context, id string, job rereading) error {
	return s.door.Do(ctx, process.MoveRecords, func(ctx context.Context, u *work.Unit) error {
		if job.Agreement != "" {
			if err := s.bring(ctx, u, id, job); err != nil {
				return err
			}
		}
		err := s.engine.FollowAgain(ctx, u, id, job.Why)
		if fault.Is(err, fault.NotFound) {
			u.Unrecorded()
			return nil
		}
		return err
	})
}

// bring lets a record come under another version of its agreement, and notes when.
func (s *Service) bring(ctx context.Context, u *work.Unit, id string, job rereading) error {
	k, err := readKnown(ctx, u, id)
	if err != nil || k.life == nil {
		return err
	}
	l := k.life
	for i := range l.governed {
		if l.governed[i].Agreement == job.Agreement && l.governed[i].Version < job.Version {
			l.governed[i].Version = job.Version
			l.events = append(l.events, Event{At: u.Now(), Type: "agreement_changed", Agreement: job.Agreement})
			return l.save(ctx, u.Tx)
		}
	}
	return nil
}
