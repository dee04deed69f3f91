package process

import (
	"context"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Clocks keep the promises of records in time; engine/sla is them. Where a record comes under no agreement it is due
// when its definition says.
type Clocks interface {
	// Follow takes note of a change, in its transaction and before it is stored.
	Follow(ctx context.Context, u *work.Unit, f Followed) (Kept, error)
	// Ring is called when an instant that a clock wanted to be woken at has come. It answers who must be told.
	Ring(ctx context.Context, u *work.Unit, r *record.Record, clock string) ([]Alarm, error)
	// Promises are the clocks of records as the reader may see them, by record id; now they stand at u.Now().
	Promises(ctx context.Context, u *work.Unit, list []*record.Record) (map[string][]Promise, error)
}

// Followed is a change of a record, as clocks look at it.
type Followed struct {
	Before   *record.Record // nil for a new one
	After    *record.Record
	Spoke    string    // side of a public comment: provider, customer
	Started  []string  // targets that begin with this change
	Expected time.Time // what the definition says the customer expects; zero = nothing
	Agreed   time.Time // what was agreed anew; zero = nothing
}

// Kept is what clocks answer to a change.
type Kept struct {
	Governed bool                 // some agreement holds
	Due      time.Time            // the nearest promise to the customer; zero while none runs
	Wake     map[string]time.Time // when to ring which clock
}

// Alarm is a step of a clock that is taken now.
type Alarm struct {
	Kind string // warning, alarm, escalation
	At   time.Time
	To   []string   // actor expressions
	Wake bool       // also at night
	Text text.Label // how the promise stands
	Data map[string]any

	People      []string // further people, by id
	Acknowledge bool     // they are asked to confirm that they know
	Ref         string   // by which the clock asks whether they have
}

// clockTimer marks the timers that belong to clocks rather than to the definition.
const clockTimer = "clock:"

// followClocks lets the clocks take note of the change and makes the record due when they say.
func (c *change) followClocks(ctx context.Context) error {
	if c.s.clocks == nil {
		return nil
	}
	f := Followed{After: c.rec, Spoke: c.spoke, Started: c.started}
	if !c.isNew {
		f.Before = &c.was
	}
	var err error
	if f.Expected, err = c.instant("due"); err != nil {
		return err
	}
	if f.Agreed, err = c.instant("due_agreed"); err != nil {
		return err
	}
	kept, err := c.s.clocks.Follow(ctx, c.u, f)
	if err != nil || !kept.Governed {
		return err
	}
	c.kept = kept
	c.rec.Due = kept.Due
	return nil
}

// ringClock tells people that a clock has come to one of its points.
func (c *change) ringClock(ctx context.Context, t dueTimer, late bool) error {
	name := strings.TrimPrefix(t.Name, clockTimer)
	alarms, err := c.s.clocks.Ring(ctx, c.u, c.rec, name)
	if err != nil {
		return err
	}
	if len(alarms) == 0 { // the clock has moved on since it was set
		c.u.Unrecorded()
		return c.followAndSync(ctx)
	}
	steps := make([]map[string]any, len(alarms))
	for i, a := range alarms {
		steps[i] = map[string]any{"kind": a.Kind, "at": a.At, "to": a.To, "text": a.Text}
		for k, v := range a.Data {
			steps[i][k] = v
		}
	}
	c.extra["clock"], c.extra["steps"], c.extra["late"] = name, steps, late
	if err := c.store(ctx, "record.clock"); err != nil {
		return err
	}
	for _, a := range alarms {
		if err := c.sound(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) sound(ctx context.Context, a Alarm) error {
	people, err := c.people(ctx, a.To)
	if err != nil {
		return err
	}
	n := notify.Notice{People: append(people, a.People...), Kind: a.Kind, Acknowledge: a.Acknowledge, Ref: a.Ref}
	if a.Wake {
		n.Level = notify.Urgent
	}
	return c.send(ctx, n, text.Label{Zh: "{number} " + a.Text.Zh + " · {priority} · {title}", En: "{number}: " + a.Text.En + " · {priority} · {title}"})
}

// followAndSync sets the timers of clocks anew without changing the record.
func (c *change) followAndSync(ctx context.Context) error {
	if err := c.followClocks(ctx); err != nil {
		return err
	}
	return c.syncTimers(ctx)
}
