package roster

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/pump"
	"github.com/steward-ops/steward/internal/platform/work"
)

// What the timers of a roster are for. The subject of a check-in and of a reminder is the beginning of the shift, in
// milliseconds; that of a holiday its first day.
const (
	timerCheckIn = "checkin"
	timerRemind  = "remind"
	timerHoliday = "holiday"
	timerPlan    = "plan" // look again for shifts that are too far away today
)

// timer is a row that fires once.
type timer struct {
	id, roster, kind, subject string
	firesAt                   time.Time
	attempts                  int
}

// instant is the subject of a timer that belongs to a shift.
func (t timer) instant() time.Time {
	ms, err := strconv.ParseInt(t.subject, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return clock.FromMillis(ms)
}

func scanTimer(row db.Row) (t timer, err error) {
	var at int64
	err = row.Scan(&t.id, &t.roster, &t.kind, &t.subject, &at, &t.attempts)
	t.firesAt = clock.FromMillis(at)
	return t, err
}

// setTimer lets something be looked at, at an instant; what fired once does not fire again.
func setTimer(ctx context.Context, tx db.Tx, roster, kind, subject string, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO roster_timers (id, roster, kind, subject, fires_at, retry_at, state, attempts, fired_at, late, problem)
		VALUES ($1, $2, $3, $4, $5, $5, 'pending', 0, 0, $6, '')
		ON CONFLICT (roster, kind, subject) DO UPDATE SET state = 'pending', fires_at = excluded.fires_at, retry_at = excluded.retry_at, attempts = 0
		WHERE roster_timers.state IN ('pending', 'cancelled')`,
		id.New(), roster, kind, subject, clock.Millis(at), false)
	if err != nil {
		return fmt.Errorf("set timer of roster: %w", err)
	}
	return nil
}

// plan sets the timers of a roster anew after a change.
func (s *Service) plan(ctx context.Context, u *work.Unit, roster string) error {
	u.AfterCommit(s.timers.Wake)
	if err := planCheckIn(ctx, u, roster); err != nil {
		return err
	}
	return planHolidays(ctx, u, roster)
}

// planCheckIn looks for the next shift that begins from now on. A shift that has begun keeps its timer: who was to come
// for it was on the roster then.
func planCheckIn(ctx context.Context, tx db.Tx, roster string) error {
	_, err := tx.Exec(ctx, `UPDATE roster_timers SET state = 'cancelled' WHERE roster = $1 AND kind IN ($2, $3, $4) AND state = 'pending'
		AND CASE WHEN kind IN ($2, $3) THEN CAST(subject AS BIGINT) > $5 ELSE 1 = 1 END`, roster, timerCheckIn, timerRemind, timerPlan, clock.Millis(tx.Now()))
	if err != nil {
		return fmt.Errorf("cancel timers of roster: %w", err)
	}
	return planNext(ctx, tx, roster, tx.Now())
}

// How far ahead the next shift is looked for, in which steps; and how long after its beginning a check-in is still worth
// an alarm when the program was down.
const (
	lookStep   = 8 * 24 * time.Hour
	lookAhead  = 64 * 24 * time.Hour
	worthAlarm = 24 * time.Hour
)

// planNext sets the timer of the first shift that begins after an instant.
func planNext(ctx context.Context, tx db.Tx, roster string, after time.Time) error {
	if oldest := tx.Now().Add(-worthAlarm); after.Before(oldest) {
		after = oldest
	}
	active, err := stillActive(ctx, tx, roster)
	if err != nil || !active {
		return err
	}
	p, err := one(ctx, tx, roster, stretch{asOf: tx.Now(), from: after.Add(-instantly), to: after.Add(lookAhead)})
	if err != nil {
		return err
	}
	if !p.body.checksIn() && p.body.remind() == 0 {
		return nil
	}
	start, found, err := p.nextStart(after)
	if err != nil {
		return err
	}
	if !found {
		if end := p.body.ends(p.plan.Zone()); !end.IsZero() && end.Before(after) {
			return nil // it is over
		}
		again := after.Add(lookAhead / 2)
		return setTimer(ctx, tx, roster, timerPlan, strconv.FormatInt(clock.Millis(again), 10), again)
	}
	subject := strconv.FormatInt(clock.Millis(start), 10)
	if at := start.Add(-p.body.remind()); at.Before(start) && !at.Before(tx.Now()) {
		if err := setTimer(ctx, tx, roster, timerRemind, subject, at); err != nil {
			return err
		}
	}
	due := start.Add(p.body.tolerance() + time.Second) // who comes in the last second is in time
	return setTimer(ctx, tx, roster, timerCheckIn, subject, due)
}

// nextStart is the first beginning of a shift after an instant.
func (p published) nextStart(after time.Time) (time.Time, bool, error) {
	for from := after; from.Before(after.Add(lookAhead)); from = from.Add(lookStep) {
		shifts, err := p.plan.Shifts(from, from.Add(lookStep))
		if err != nil {
			return time.Time{}, false, err
		}
		for _, s := range shifts { // they come in order of their beginning; what began before is cut to `from`
			if s.Start.After(after) && len(p.beginning(s.Start)) > 0 {
				return s.Start, true, nil
			}
		}
	}
	return time.Time{}, false, nil
}

var errNoTimer = errors.New("no timer is due")

// Tick fires every timer of the rosters that is due and returns how many did. Claiming and firing are one commit, so each
// fires exactly once, however many replicas tick; one that fails does not hold up the others.
func (s *Service) Tick(ctx context.Context) (fired int, err error) {
	return s.timers.Tick(work.WithActor(ctx, keeper))
}

// Pump fires the timers at their instants until the context ends.
func (s *Service) Pump(ctx context.Context) { s.timers.Run(work.WithActor(ctx, keeper)) }

// fireOne fires the timer that is due first; false when none is. One that fails is put off.
func (s *Service) fireOne(ctx context.Context) (due bool, err error) {
	failed, err := s.fireNext(ctx)
	switch {
	case errors.Is(err, errNoTimer):
		return false, nil
	case failed.id != "":
		s.log.ErrorContext(ctx, "timer of roster failed", "kind", failed.kind, "roster", failed.roster, "error", err)
		return true, s.postpone(ctx, failed, err)
	}
	return true, err
}

func (s *Service) fireNext(ctx context.Context) (failed timer, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		failed = timer{}
		t, err := db.One(ctx, u, scanTimer, `SELECT id, roster, kind, subject, fires_at, attempts FROM roster_timers
			WHERE state = 'pending' AND retry_at <= $1 ORDER BY retry_at, id LIMIT 1`+db.SkipLocked(u), clock.Millis(u.Now()))
		if fault.Is(err, fault.NotFound) {
			return errNoTimer
		}
		if err != nil {
			return err
		}
		if err := fire(ctx, u, t); err != nil {
			failed = t
			return err
		}
		return nil
	})
	return failed, err
}

func fire(ctx context.Context, u *work.Unit, t timer) error {
	late := pump.Late(u.Now(), t.firesAt)
	_, err := u.Exec(ctx, "UPDATE roster_timers SET state = 'fired', fired_at = $2, late = $3 WHERE id = $1", t.id, clock.Millis(u.Now()), late)
	if err != nil {
		return err
	}
	_, err = u.Record(ctx, work.Event{Stream: stream(t.roster), Kind: "roster.timer", Subject: "roster", Data: map[string]any{"timer": t.kind, "subject": t.subject, "due": t.firesAt, "late": late}})
	if err != nil {
		return err
	}
	switch t.kind {
	case timerCheckIn:
		return fireCheckIn(ctx, u, t, late)
	case timerRemind:
		return fireRemind(ctx, u, t)
	case timerHoliday:
		return fireHoliday(ctx, u, t, late)
	}
	return planNext(ctx, u, t.roster, u.Now())
}

func (s *Service) postpone(ctx context.Context, t timer, cause error) error {
	return s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		state := "pending"
		retry, again := pump.Again(u.Now(), t.attempts)
		if !again {
			state = "failed"
		}
		_, err := u.Exec(ctx, "UPDATE roster_timers SET attempts = attempts + 1, state = $2, retry_at = $3, problem = $4 WHERE id = $1",
			t.id, state, clock.Millis(retry), cause.Error())
		if err != nil || state != "failed" || t.kind == timerHoliday || t.kind == timerRemind {
			return err
		}
		return planNext(ctx, u, t.roster, u.Now()) // one look that failed does not end the ones to come
	})
}

// nextDue is when the earliest pending timer fires; zero = none.
func (s *Service) nextDue(ctx context.Context) (next time.Time, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		at, err := db.One(ctx, u, db.Scan[int64], "SELECT COALESCE(MIN(retry_at), 0) FROM roster_timers WHERE state = 'pending'")
		next = clock.FromMillis(at)
		return err
	})
	return next, err
}
