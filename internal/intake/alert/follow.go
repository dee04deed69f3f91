package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// What follows from an alert on its record (opening it, notes) happens in transactions of its own, after the one that took
// the alert in: a record that cannot be opened must not refuse the alert. What is to be done stands in the alert's `owed`,
// written with the alert itself; whoever does it takes a lease first. A program that dies in between leaves it to the
// next tick, and the record's idempotency key sees to it that there is only one.

const (
	lease      = time.Minute
	inline     = 20 // alerts of one payload whose records are opened before the sender is answered
	batch      = 200
	maxRetries = 8
)

// follow does what follows from some alerts, at most most of them; the tick does the rest. Failures are the tick's matter too.
func (s *Service) follow(ctx context.Context, ids []string, most int) {
	ctx = work.WithActor(ctx, Intake)
	for _, id := range ids[:min(len(ids), most)] {
		if err := s.followOne(ctx, id); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "follow up on alert", "alert", id, "error", err)
		}
	}
}

// followOne does everything there is to do for one alert, unless somebody else just does.
func (s *Service) followOne(ctx context.Context, id string) error {
	for {
		r, err := s.claim(ctx, id)
		if err != nil || r == nil {
			return err
		}
		done, err := s.perform(ctx, r)
		if err != nil {
			return errors.Join(err, s.failed(ctx, r, err))
		}
		more, err := s.finished(ctx, r, done)
		if err != nil || !more {
			return err
		}
	}
}

// claim takes the lease of an alert that has something to do; nil = there is nothing, or somebody else has it.
func (s *Service) claim(ctx context.Context, id string) (r *row, err error) {
	err = s.door.Do(ctx, Handle, func(ctx context.Context, u *work.Unit) error {
		r = nil
		u.Unrecorded() // a lease is no event
		now := clock.Millis(u.Now())
		n, err := u.Exec(ctx, `UPDATE alerts SET busy_until = $2 WHERE id = $1 AND owed <> 0 AND busy_until <= $3`, id, now+lease.Milliseconds(), now)
		if err != nil || n == 0 {
			return err
		}
		r, err = db.One(ctx, u, scanRow, "SELECT "+rowColumns+" FROM alerts WHERE id = $1", id)
		return err
	})
	return r, err
}

// perform does the first thing there is to do.
func (s *Service) perform(ctx context.Context, r *row) (done int64, err error) {
	switch {
	case r.Owed&owesOpen != 0:
		r.Record, err = s.openRecord(ctx, r)
		return owesOpen, err
	case r.Record == "":
		return r.Owed, nil
	case r.Owed&owesNote != 0:
		return owesNote, s.comment(ctx, r, s.again(r))
	}
	return owesRecover, s.comment(ctx, r, text.Say(text.Zh, "alert.note.over", text.Params{"title": r.Title, "at": s.local(r.EndedAt)}))
}

func (s *Service) again(r *row) string {
	if r.Occurrences == 1 {
		return text.Say(text.Zh, "alert.note.joined", text.Params{"title": r.Title})
	}
	value := "–"
	if r.HasReading {
		value = decimal(r.Reading)
	}
	return text.Say(text.Zh, "alert.note.again", text.Params{"title": r.Title, "count": r.Occurrences, "last": s.local(r.LastAt), "value": value})
}

// comment writes an inner note; a record that is gone needs none.
func (s *Service) comment(ctx context.Context, r *row, body string) error {
	_, err := s.engine.Comment(ctx, r.RecordType, r.Record, body, false, nil)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// openRecord opens the record of the plan and gives it to who is on duty. What the plan names may be gone, or refused by
// the type's rules: then it is opened with what cannot be wrong, since an alarm must never be lost to a rule.
func (s *Service) openRecord(ctx context.Context, r *row) (number string, err error) {
	p := r.Plan
	number, err = s.engine.Create(ctx, p.Type, p.Workflow, "", process.Input{Fields: p.fields()}, "alert:"+r.ID)
	if refused(err) && !p.Plain {
		s.log.WarnContext(ctx, "record of alert refused, opened plainly", "alert", r.ID, "rule", r.Rule, "error", err)
		p = p.plainly()
		number, err = s.engine.Create(ctx, p.Type, p.Workflow, "", process.Input{Fields: p.fields()}, "alert:"+r.ID+":plain")
	}
	if err != nil {
		return "", fmt.Errorf("open record of alert: %w", err)
	}
	return number, s.hand(ctx, p, number)
}

// refused tells a refusal by rules from a failure.
func refused(err error) bool {
	f := fault.As(err)
	return f != nil && f.Kind != fault.Unavailable && f.Kind != fault.Internal && f.Kind != fault.TooMany
}

func (p plan) plainly() plan {
	return plan{Type: defaultType, Title: p.Title, Description: p.Description, Impact: "medium", Urgency: "medium", Team: p.Team, Assignee: p.Assignee, Plain: true}
}

// dispatchOnDuty is the step by which a type's workflow takes a record straight to whoever is on duty.
const dispatchOnDuty = "dispatch_on_duty"

// hand gives the record to the person on duty, or to the team; both are told by it.
func (s *Service) hand(ctx context.Context, p plan, number string) error {
	if p.Team == "" && p.Assignee == "" {
		return nil
	}
	in := process.Input{Fields: map[string]json.RawMessage{}}
	put(in.Fields, "team", p.Team)
	put(in.Fields, "assignee", p.Assignee)
	err := s.engine.Move(ctx, p.Type, number, dispatchOnDuty, 0, in)
	if !refused(err) {
		return err
	}
	if err = s.engine.Assign(ctx, p.Type, number, 0, in); refused(err) {
		s.log.WarnContext(ctx, "record of alert could not be assigned", "record", number, "error", err)
		return nil
	}
	return err
}

func (p plan) fields() map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	put(fields, "channel", "monitoring")
	for name, value := range map[string]string{"title": p.Title, "description": p.Description, "customer": p.Customer, "service": p.Service, "site": p.Site,
		"impact": p.Impact, "urgency": p.Urgency} {
		put(fields, name, value)
	}
	return fields
}

func put(fields map[string]json.RawMessage, name, value string) {
	if value == "" {
		return
	}
	raw, err := json.Marshal(value)
	if err == nil {
		fields[name] = raw
	}
}

// finished notes what is done and gives the lease back.
func (s *Service) finished(ctx context.Context, r *row, done int64) (more bool, err error) {
	err = s.door.Do(ctx, Handle, func(ctx context.Context, u *work.Unit) error {
		_, err := u.Exec(ctx, `UPDATE alerts SET owed = owed & $2, busy_until = 0, attempts = 0, problem = '',
			record = CASE WHEN record = '' THEN $3 ELSE record END WHERE id = $1`, r.ID, ^done, r.Record)
		if err != nil {
			return fmt.Errorf("note what was done for alert: %w", err)
		}
		owed, err := db.One(ctx, u, db.Scan[int64], `SELECT owed FROM alerts WHERE id = $1`, r.ID)
		if err != nil {
			return err
		}
		more = owed != 0
		if done&owesOpen == 0 {
			u.Unrecorded() // the note is on the record
			return nil
		}
		if _, err := u.Record(ctx, r.event("alert.record_opened", false, map[string]any{"record": r.Record, "rule": r.Rule})); err != nil {
			return err
		}
		return tell(ctx, u, r.Customer, r.ID)
	})
	return more, err
}

// failed puts an alert off, ever longer; when it is given up the people concerned are told of the alert itself.
func (s *Service) failed(ctx context.Context, r *row, cause error) error {
	return s.door.Do(ctx, Handle, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		problem := shorten(cause.Error(), maxLabelValue)
		if r.Attempts+1 < maxRetries {
			again := u.Now().Add(10 * time.Second << r.Attempts)
			_, err := u.Exec(ctx, `UPDATE alerts SET attempts = attempts + 1, busy_until = $2, problem = $3 WHERE id = $1`, r.ID, clock.Millis(again), problem)
			return err
		}
		if _, err := u.Exec(ctx, `UPDATE alerts SET owed = 0, busy_until = 0, problem = $2 WHERE id = $1`, r.ID, problem); err != nil {
			return err
		}
		return s.inform(ctx, u, r, both("alert.notice.stuck", text.Params{"title": r.Title, "reason": shorten(problem, maxTitle)}))
	})
}
