package alert

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// beatOf is which heartbeat a signal is. A rule that merges all has one; otherwise each object has its own.
func beatOf(v verdict, g *Signal) beat {
	if v.rule.Dedup == "rule" {
		return beat{rule: v.rule.ID}
	}
	return beat{rule: v.rule.ID, key: shorten(g.Object, maxName), object: g.Object}
}

// beatGrain bounds how often a heartbeat is written down: a fiftieth of its time may pass in between.
func beatGrain(seconds int) int64 { return int64(seconds) * 1000 / 50 }

// beat notes the heartbeats of this payload, and ends the alarm of one that is heard again. They are taken in one order, so
// that two payloads with the same ones wait for each other and never both ways.
func (in *intake) beat(ctx context.Context) error {
	for _, b := range slices.SortedFunc(maps.Keys(in.beats), func(a, b beat) int { return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(a.key, b.key)) }) {
		rule := in.set.byID[b.rule]
		due := in.now + int64(rule.Heartbeat)*1000
		n, err := in.u.Exec(ctx, `INSERT INTO alert_beats (rule, beat_key, object, last_at, due_at, alarmed) VALUES ($1, $2, $3, $4, $5, FALSE)
			ON CONFLICT (rule, beat_key) DO UPDATE SET last_at = excluded.last_at, due_at = excluded.due_at
			WHERE NOT alert_beats.alarmed AND alert_beats.last_at <= excluded.last_at - $6`, b.rule, b.key, b.object, in.now, due, beatGrain(rule.Heartbeat))
		if err != nil {
			return fmt.Errorf("note heartbeat: %w", err)
		}
		in.u.Unrecorded()
		if n > 0 {
			continue
		}
		n, err = in.u.Exec(ctx, `UPDATE alert_beats SET last_at = $3, due_at = $4, alarmed = FALSE WHERE rule = $1 AND beat_key = $2 AND alarmed`, b.rule, b.key, in.now, due)
		if err != nil {
			return fmt.Errorf("end silence: %w", err)
		}
		if n > 0 {
			if err := in.heard(ctx, rule, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// heard ends the alarm about silence.
func (in *intake) heard(ctx context.Context, rule *compiled, b beat) error {
	source := in.set.sources[string(Heartbeat)]
	_, due, err := in.s.take(ctx, in.u, in.set, source, []Signal{silence(rule, b, true, in.u.Now(), time.Time{})}, true)
	in.due = append(in.due, due...)
	return err
}

// silence is the alarm about a heartbeat that is not heard, or its end.
func silence(rule *compiled, b beat, over bool, now, last time.Time) Signal {
	object := b.object
	if object == "" {
		object = rule.Name
	}
	said := both("alert.silence", text.Params{"object": object, "seconds": strconv.Itoa(rule.Heartbeat)})
	g := Signal{Object: object, Metric: "heartbeat", Severity: Critical, Resolved: over, Started: now, Title: shorten(said.Zh, maxTitle),
		Fingerprint: hashed("h", rule.ID, b.key), rule: rule.ID}
	if over {
		g.Started, g.Ended = time.Time{}, now
	} else if !last.IsZero() {
		g.Description = "last_at " + last.Format(time.RFC3339)
	}
	return g
}

// dueBeat is a heartbeat that should have been heard.
type dueBeat struct {
	beat
	last int64
}

// silent raises the alarms of all heartbeats that are overdue, each exactly once.
func (s *Service) silent(ctx context.Context) error {
	for ctx.Err() == nil {
		due, more, err := s.silentOne(ctx)
		if err != nil {
			return err
		}
		s.follow(ctx, due, len(due))
		if !more {
			return nil
		}
	}
	return ctx.Err()
}

func (s *Service) silentOne(ctx context.Context) (due []string, more bool, err error) {
	err = s.door.Do(ctx, Handle, func(ctx context.Context, u *work.Unit) error {
		due, more = nil, false
		list, err := db.All(ctx, u, func(r db.Row) (d dueBeat, err error) { return d, r.Scan(&d.rule, &d.key, &d.object, &d.last) },
			`SELECT rule, beat_key, object, last_at FROM alert_beats WHERE NOT alarmed AND due_at <= $1 ORDER BY due_at LIMIT 1`+db.SkipLocked(u), clock.Millis(u.Now()))
		if err != nil || len(list) == 0 {
			return err
		}
		more = true
		set, err := s.fresh(ctx, u)
		if err != nil {
			return err
		}
		b := list[0]
		if _, err := u.Exec(ctx, `UPDATE alert_beats SET alarmed = TRUE WHERE rule = $1 AND beat_key = $2`, b.rule, b.key); err != nil {
			return fmt.Errorf("note silence: %w", err)
		}
		u.Unrecorded()
		rule := set.byID[b.rule]
		if rule == nil || !rule.Enabled || rule.Heartbeat == 0 {
			return nil
		}
		_, due, err = s.take(ctx, u, set, set.sources[string(Heartbeat)], []Signal{silence(rule, b.beat, false, u.Now(), clock.FromMillis(b.last))}, true)
		return err
	})
	return due, more, err
}

// expectBeat starts the time of a heartbeat rule that was just saved: also a sender that never speaks is silent.
func expectBeat(ctx context.Context, u *work.Unit, r Rule) error {
	if _, err := u.Exec(ctx, `DELETE FROM alert_beats WHERE rule = $1`, r.ID); err != nil {
		return fmt.Errorf("forget heartbeats: %w", err)
	}
	if r.Heartbeat == 0 || !r.Enabled || r.Dedup != "rule" {
		return nil
	}
	now := clock.Millis(u.Now())
	_, err := u.Exec(ctx, `INSERT INTO alert_beats (rule, beat_key, object, last_at, due_at, alarmed) VALUES ($1, '', '', 0, $2, FALSE)`, r.ID, now+int64(r.Heartbeat)*1000)
	if err != nil {
		return fmt.Errorf("expect heartbeat: %w", err)
	}
	return nil
}
