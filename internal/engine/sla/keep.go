package sla

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// standing is a clock of a record under one of its agreements.
type standing struct {
	Clock
	agreement *Agreement
	promised  Promised
}

func (c standing) name() string { return c.agreement.ID + "/" + c.promised.Name }

// evaluate reckons every clock of a record at an instant.
func (s *Service) evaluate(ctx context.Context, u *work.Unit, l *life, cals calendars, at time.Time) ([]standing, error) {
	under := make([]*Agreement, len(l.governed))
	for i, g := range l.governed {
		var err error
		if under[i], err = s.agreement(ctx, u.Tx, g.version()); err != nil {
			return nil, err
		}
	}
	return s.reckonAll(l, under, cals, at), nil
}

// reckonAll reckons every clock of a record under the given agreements.
func (s *Service) reckonAll(l *life, under []*Agreement, cals calendars, at time.Time) (out []standing) {
	priority, level := graded(l.events, at)
	for _, a := range under {
		out = append(out, s.clocksUnder(a, cals, l.events, priority, level, at)...)
	}
	return out
}

// clocksUnder reckons the clocks of one agreement, in the order of their names.
func (s *Service) clocksUnder(a *Agreement, cals calendars, events []Event, priority, level string, at time.Time) (out []standing) {
	terms, promised := s.termsOf(a, cals, priority, level), a.targetsFor(priority, level)
	for _, name := range slices.Sorted(maps.Keys(promised)) {
		k := Reckon(a.readings(events, name), terms, name, at)
		if name == Resolution && a.Kind == WithCustomer {
			k = a.capped(k, events, terms, at)
		}
		if k.State != None {
			out = append(out, standing{k, a, promised[name]})
		}
	}
	return out
}

// graded are the priority and fault level that a record had at an instant.
func graded(events []Event, at time.Time) (priority, level string) {
	for _, e := range events {
		if e.At.After(at) {
			break
		}
		if e.Type == "created" || e.Type == "priority_changed" {
			priority, level = e.Priority, e.Level
		}
	}
	return priority, level
}

// readings are the events as an agreement reads them: which waits stop its clocks, whose work it times.
func (a *Agreement) readings(events []Event, target string) []Event {
	out := make([]Event, 0, len(events))
	for _, e := range events {
		switch {
		case a.Kind == WithSupplier:
			out = append(out, supplied(e, target)...)
			continue
		case e.Type == "paused" && !a.pauses(e.Reason):
			e.Type = "resumed"
		case e.Type == "created" && e.Paused && !a.pauses(e.Reason):
			e.Paused = false
		case e.Type == "assigned" && len(a.Applies.Teams) > 0 && !slices.Contains(a.Applies.Teams, e.Team):
			e.Type = "unassigned"
		}
		out = append(out, e)
	}
	return out
}

// supplied is how the clock of an underpinning contract reads an event: it runs while the supplier is waited for.
func supplied(e Event, target string) []Event {
	switch e.Type {
	case "paused", "resumed", "created":
		if e.Type != "resumed" && e.Reason == "supplier" {
			return []Event{{At: e.At, Type: "target_started", Target: target}}
		}
		return []Event{{At: e.At, Type: "target_reached", Target: target}}
	case "resolved", "reopened", "closed", "target_reached":
		return []Event{e}
	}
	return nil
}

// capped is the solving clock with what binds it beside the agreement's target: the time that the customer expects, and
// the 24-hour rule (ESC-08, C-03); the earliest counts. A time agreed anew stands above all of them.
func (a *Agreement) capped(k Clock, events []Event, terms *Terms, at time.Time) Clock {
	var cap, made time.Time
	for _, e := range events {
		if e.At.After(at) {
			break
		}
		switch e.Type {
		case "created":
			made = e.At
			if a.DayRule {
				cap = made.Add(24 * time.Hour)
			}
		case "expected_set":
			if !e.Due.IsZero() && e.Due.After(made) && (cap.IsZero() || e.Due.Before(cap)) {
				cap = e.Due
			}
		case "due_set":
			return k
		}
	}
	if cap.IsZero() || k.cycle == nil {
		return k
	}
	own, _ := terms.Calendar.Add(k.Started, time.Duration(k.seconds)*time.Second)
	if !cap.Before(own) {
		return k
	}
	at0 := slices.IndexFunc(events, func(e Event) bool { return e.Type == "created" })
	bound := slices.Insert(slices.Clone(a.readings(events, Resolution)), at0+1, Event{At: made, Type: "due_set", Target: Resolution, Due: cap})
	return Reckon(bound, terms, Resolution, at)
}

// keep stores how a record's clocks stand and says when it is due and when they want to be woken.
func (s *Service) keep(ctx context.Context, u *work.Unit, k *known, r *record.Record, cals calendars) (process.Kept, error) {
	all, err := s.evaluate(ctx, u, k.life, cals, u.Now())
	if err != nil {
		return process.Kept{}, err
	}
	kept := process.Kept{Governed: true, Wake: map[string]time.Time{}}
	gone := maps.Clone(k.rows)
	for _, c := range all {
		x := k.rows[c.name()]
		if x == nil {
			x = &row{Record: r.ID, Agreement: c.agreement.ID, Target: c.promised.Name, Kind: c.agreement.Kind}
			k.rows[c.name()] = x
		}
		before := *x
		x.Customer, x.Version = r.Customer, c.agreement.Version
		x.fill(c.Clock)
		delete(gone, c.name())
		if !x.same(before) {
			if err := x.save(ctx, u.Tx); err != nil {
				return kept, err
			}
		}
		if at := c.next(x); !at.IsZero() {
			kept.Wake[c.name()] = at
		}
		if c.agreement.Kind == WithCustomer && c.Ended.IsZero() && !c.Due.IsZero() && (kept.Due.IsZero() || c.Due.Before(kept.Due)) {
			kept.Due = c.Due
		}
	}
	return kept, k.drop(ctx, u, gone)
}

func (x *row) same(old row) bool {
	return x.State == old.State && x.Cycle == old.Cycle && x.Seconds == old.Seconds && x.Started == old.Started && x.Due == old.Due && x.Ended == old.Ended &&
		x.Breach == old.Breach && x.Version == old.Version && x.Customer == old.Customer
}

// drop takes away the clocks that the record no longer has: it came under other agreements.
func (k *known) drop(ctx context.Context, u *work.Unit, gone map[string]*row) error {
	for name, x := range gone {
		delete(k.rows, name)
		if err := u.Queue(ctx, `DELETE FROM clocks WHERE record_id = $1 AND agreement_id = $2 AND target = $3`, x.Record, x.Agreement, x.Target); err != nil {
			return err
		}
	}
	return nil
}

// steps that concern a clock, each with the name by which it is remembered as taken: in this cycle, and for this due time
// where one was set. What lay before a time that was agreed anew is not made up for.
func (c standing) steps() map[string]Step {
	out := map[string]Step{}
	for _, s := range c.agreement.steps() {
		if s.Target != "*" && s.Target != c.promised.Name {
			continue
		}
		name := fmt.Sprintf("%d/%s/%d%%-%d+%d", c.Cycle, s.Kind, s.Percent, s.Before, s.After)
		if set := c.cycle.set; set != nil {
			name += "@" + strconv.FormatInt(set.Due.UnixMilli(), 36)
			if at := c.pointAt(s); set.At.After(c.Started) && !at.IsZero() && at.Before(set.At) {
				continue
			}
		}
		out[name] = s
	}
	return out
}

// next is when the next step that has not been taken is due; zero when there is none, or it cannot be told.
func (c standing) next(x *row) (next time.Time) {
	if !c.Ended.IsZero() {
		return next
	}
	next = x.nextHop()
	for name, s := range c.steps() {
		if x.took(name) {
			continue
		}
		if at := c.pointAt(s); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Ring takes the steps of a clock whose points have passed, each exactly once: they are marked in the transaction that
// tells people.
func (s *Service) Ring(ctx context.Context, u *work.Unit, r *record.Record, name string) ([]process.Alarm, error) {
	k, err := readKnown(ctx, u, r.ID)
	if err != nil || k.life == nil {
		return nil, err
	}
	cals, err := s.calendarsNow(ctx, u)
	if err != nil {
		return nil, err
	}
	all, err := s.evaluate(ctx, u, k.life, cals, u.Now())
	if err != nil {
		return nil, err
	}
	i, x := slices.IndexFunc(all, func(c standing) bool { return c.name() == name }), k.rows[name]
	if i < 0 || x == nil || !all[i].Ended.IsZero() {
		return nil, nil
	}
	alarms := all[i].ring(x, u.Now())
	further, err := reportUp(ctx, u, r, all[i], x)
	if err != nil {
		return nil, err
	}
	if alarms = append(alarms, further...); len(alarms) == 0 {
		return nil, nil
	}
	x.fill(all[i].Clock)
	return alarms, x.save(ctx, u.Tx)
}

// ring marks and answers the steps that are due, the earliest first.
func (c standing) ring(x *row, now time.Time) []process.Alarm {
	type due struct {
		name string
		step Step
		at   time.Time
	}
	var list []due
	for name, step := range c.steps() {
		if at := c.pointAt(step); !x.took(name) && !at.IsZero() && !at.After(now) {
			list = append(list, due{name, step, at})
		}
	}
	slices.SortFunc(list, func(a, b due) int { return a.at.Compare(b.at) })
	alarms := make([]process.Alarm, 0, len(list))
	for _, d := range list {
		x.Taken = append(x.Taken, d.name)
		if d.step.Up > 0 {
			x.Reports = append(x.Reports, hop{Step: d.name, Every: d.step.Up})
		}
		alarms = append(alarms, process.Alarm{Kind: d.step.Kind, At: d.at, To: d.step.To, Wake: d.step.Wake, Text: c.sentence(d.step),
			Data: map[string]any{"target": c.promised.Name, "agreement": c.agreement.Code, "percent": d.step.Percent, "due": c.Due}})
	}
	return alarms
}

// sentence is how the promise stands.
func (c standing) sentence(s Step) text.Label {
	l := c.promised.label()
	switch {
	case c.Left < 0:
		over := span(-c.Left)
		return text.Label{Zh: l.Zh + "已超时 " + over.Zh, En: l.En + " over by " + over.En}
	case s.Kind != "warning":
		return text.Label{Zh: l.Zh + "时限已到", En: "the time for " + l.En + " is up"}
	}
	left := span(c.Left)
	return text.Label{Zh: l.Zh + "还剩 " + left.Zh, En: left.En + " left for " + l.En}
}

// span says a working time in hours and minutes.
func span(d time.Duration) text.Label {
	d = d.Round(time.Minute)
	h, m := int(d.Hours()), int(d.Minutes())%60
	switch {
	case h == 0:
		return text.Label{Zh: fmt.Sprintf("%d 分钟", m), En: fmt.Sprintf("%d min", m)}
	case m == 0:
		return text.Label{Zh: fmt.Sprintf("%d 小时", h), En: fmt.Sprintf("%d h", h)}
	}
	return text.Label{Zh: fmt.Sprintf("%d 小时 %d 分", h, m), En: fmt.Sprintf("%d h %d min", h, m)}
}
