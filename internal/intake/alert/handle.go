package alert

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// steps of SM-44 that a person takes: from which states, and to which.
var stepsByHand = map[string]struct {
	from []string
	to   string
}{
	"acknowledge": {[]string{StateNew}, StateAcknowledged},
	"handle":      {[]string{StateNew, StateAcknowledged}, StateHandling},
	"resolve":     {[]string{StateNew, StateAcknowledged, StateHandling}, StateResolved},
	"false":       {[]string{StateNew, StateAcknowledged, StateHandling, StateResolved}, StateFalse},
}

// Acknowledge says that the actor has seen the alert and looks after it.
func (s *Service) Acknowledge(ctx context.Context, id string, version int64) (Alert, error) {
	return s.step(ctx, id, version, "acknowledge", "")
}

// Take says that the actor is at work on it.
func (s *Service) Take(ctx context.Context, id string, version int64) (Alert, error) {
	return s.step(ctx, id, version, "handle", "")
}

// Resolve ends an alert by hand; its record, if any, goes its own way.
func (s *Service) Resolve(ctx context.Context, id string, version int64, reason string) (Alert, error) {
	return s.step(ctx, id, version, "resolve", reason)
}

// False judges an alert false; it counts in the false-alarm rate (MON-07). Also one that has recovered can be.
func (s *Service) False(ctx context.Context, id string, version int64, reason string) (Alert, error) {
	return s.step(ctx, id, version, "false", reason)
}

func (s *Service) step(ctx context.Context, id string, version int64, name, reason string) (a Alert, err error) {
	err = s.change(ctx, id, version, func(ctx context.Context, u *work.Unit, r *row) error {
		st := stepsByHand[name]
		if !slices.Contains(st.from, r.State) {
			return errState(r, name)
		}
		now := clock.Millis(u.Now())
		if r.AcknowledgedAt == 0 && name != "false" {
			r.AcknowledgedAt, r.AcknowledgedBy = now, u.Actor.ID
		}
		if st.to == StateHandling || r.Handler == "" && st.to == StateAcknowledged {
			r.Handler = u.Actor.ID
		}
		before := r.State
		r.State, r.RespondBy = st.to, 0
		if st.to == StateResolved || st.to == StateFalse {
			r.Open, r.CalmAt = false, 0
			r.ClosedAt, r.ClosedBy, r.Reason = now, u.Actor.ID, strings.TrimSpace(reason)
		}
		if err := r.save(ctx, u); err != nil {
			return err
		}
		_, err := u.Record(ctx, r.event("alert."+st.to, false, map[string]any{"from": before, "to": st.to, "reason": r.Reason}))
		return err
	}, &a)
	return a, err
}

// Link puts an alert under a record that the actor can read.
func (s *Service) Link(ctx context.Context, id string, version int64, number string) (a Alert, err error) {
	err = s.change(ctx, id, version, func(ctx context.Context, u *work.Unit, r *row) error {
		found, err := record.Load(ctx, u, u.Actor, strings.TrimSpace(number))
		if fault.Is(err, fault.NotFound) {
			return fault.One("record", "field.missing", text.Params{"label": text.Label{Zh: "编号", En: "the number"}})
		}
		if err != nil {
			return err
		}
		before := r.Record
		r.Record, r.RecordType, r.NotedAt, r.Owed = found.Number, found.Type, clock.Millis(u.Now()), owesNote
		if err := r.save(ctx, u); err != nil {
			return err
		}
		_, err = u.Record(ctx, r.event("alert.linked", false, map[string]any{"record": found.Number, "before": before}))
		return err
	}, &a)
	if err == nil {
		s.follow(ctx, []string{id}, 1)
	}
	return a, err
}

// change runs a change of one alert by a person.
func (s *Service) change(ctx context.Context, id string, version int64, fn func(ctx context.Context, u *work.Unit, r *row) error, a *Alert) error {
	return s.door.Do(ctx, Handle, func(ctx context.Context, u *work.Unit) error {
		r, err := reached(ctx, u, id, db.ForUpdate(u))
		if err != nil {
			return err
		}
		if version != 0 && version != r.Version {
			return fault.New(fault.Stale, "stale", nil)
		}
		if err := fn(ctx, u, r); err != nil {
			return err
		}
		if err := tell(ctx, u, r.Customer, r.ID); err != nil {
			return err
		}
		*a, err = s.one(ctx, u, r)
		return err
	})
}
