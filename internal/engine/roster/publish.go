package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Publication is how a roster is published.
type Publication struct {
	Accept []string `json:"accept,omitempty" maxItems:"20" nullable:"false" doc:"codes of findings to put up with; hard ones cannot be"`
	Note   string   `json:"note,omitempty" maxLength:"500"`
}

// Version is one publication of a roster.
type Version struct {
	Number   int       `json:"number"`
	At       time.Time `json:"at"`
	By       party.Ref `json:"by"`
	Note     string    `json:"note"`
	Accepted []string  `json:"accepted" doc:"findings that were accepted"`
}

func scanVersion(row db.Row) (v Version, err error) {
	var at int64
	v.Accepted = []string{}
	err = row.Scan(&v.Number, &at, &v.By.ID, &v.Note, db.ScanJSON(&v.Accepted))
	v.At = clock.FromMillis(at)
	return v, err
}

// Publish puts what is being worked on in force, once the check finds nothing that is not accepted (DUT-02). Otherwise it
// is a conflict with the guard roster_check and the findings.
func (s *Service) Publish(ctx context.Context, roster string, version int64, in Publication) (r Roster, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if r, err = manageable(ctx, u, roster, version); err != nil {
			return err
		}
		if r.Status != Active {
			return fault.New(fault.Conflict, "roster.retired", nil)
		}
		if len(r.Body.people()) == 0 {
			return fault.One("body.layers", "field.required", text.Params{"label": text.Label{Zh: "值班人员", En: "the people on duty"}})
		}
		report, err := examine(ctx, u, r)
		if err != nil {
			return err
		}
		accepted, err := accept(report, in.Accept)
		if err != nil {
			return err
		}
		if err := s.publish(ctx, u, &r, in.Note, accepted); err != nil {
			return err
		}
		return r.dress(ctx, u)
	})
	return r, err
}

// accept tells which kinds of findings are put up with, or refuses.
func accept(report Report, codes []string) ([]string, error) {
	accepted := []string{}
	open := []Finding{}
	for _, f := range report.Findings {
		switch {
		case f.Hard || !slices.Contains(codes, f.Code):
			open = append(open, f)
		case !slices.Contains(accepted, f.Code):
			accepted = append(accepted, f.Code)
		}
	}
	if len(open) == 0 {
		return accepted, nil
	}
	return nil, &fault.Error{Kind: fault.Conflict, Code: "roster.check", Guard: "roster_check", Params: text.Params{"count": len(open)},
		Data: map[string]any{"findings": open}}
}

func (s *Service) publish(ctx context.Context, u *work.Unit, r *Roster, note string, accepted []string) error {
	r.Published++
	now := u.Now()
	r.PublishedAt, r.PublishedBy, r.Changed = &now, &party.Ref{ID: u.Actor.ID}, false
	if err := r.save(ctx, u); err != nil {
		return err
	}
	_, err := u.Exec(ctx, `INSERT INTO roster_versions (roster, number, body, accepted, note, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		r.ID, r.Published, db.JSON(r.Body), db.JSON(accepted), note, clock.Millis(now), u.Actor.ID)
	if err != nil {
		return fmt.Errorf("insert version of roster: %w", err)
	}
	err = changed(ctx, u, "roster.published", *r, map[string]any{"number": r.Published, "accepted": accepted, "note": note})
	if err != nil {
		return err
	}
	if err := tellPublished(ctx, u, *r); err != nil {
		return err
	}
	return s.plan(ctx, u, r.ID)
}

// tellPublished tells everybody on the roster that it is in force (DUT-01).
func tellPublished(ctx context.Context, u *work.Unit, r Roster) error {
	people, err := stillHere(ctx, u, r.Body.people())
	if err != nil {
		return err
	}
	people = slices.DeleteFunc(people, func(p string) bool { return p == u.Actor.ID })
	params := text.Params{"roster": r.Name, "number": r.Published}
	return notify.Send(ctx, u, notify.Notice{People: people, Kind: kindDuty, Text: said("roster.published", params, false)})
}

// Versions are the publications of a roster, newest first.
func (s *Service) Versions(ctx context.Context, roster string) (list []Version, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if _, err := reached(ctx, u, roster); err != nil {
			return err
		}
		list, err = db.All(ctx, u, scanVersion, "SELECT number, published_at, published_by, note, accepted FROM roster_versions WHERE roster = $1 ORDER BY number DESC LIMIT 200", roster)
		if err != nil {
			return err
		}
		ids := make([]string, len(list))
		for i, v := range list {
			ids[i] = v.By.ID
		}
		names, err := party.NamesOf(ctx, u, ids, party.KindPerson)
		for i := range list {
			list[i].By.Name = names[list[i].By.ID]
		}
		return err
	})
	return list, err
}
