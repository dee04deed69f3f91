package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Values a roster has where its body says nothing.
const (
	defaultTolerance   = 10 * time.Minute
	defaultRemind      = 30 * time.Minute
	defaultConsecutive = 6
	defaultHours       = 60
)

func (b Body) covers() string {
	if b.Cover == "" {
		return Always
	}
	return b.Cover
}

func (b Body) tolerance() time.Duration {
	if b.Tolerance == nil {
		return defaultTolerance
	}
	return time.Duration(*b.Tolerance) * time.Minute
}

func (b Body) remind() time.Duration {
	if b.Remind == nil {
		return defaultRemind
	}
	return time.Duration(*b.Remind) * time.Minute
}

func (b Body) checksIn() bool { return b.CheckIn == nil || *b.CheckIn }

func (b Body) holidays() bool { return b.HolidayCover == nil || *b.HolidayCover }

func (b Body) consecutive() int {
	if b.MaxConsecutive == 0 {
		return defaultConsecutive
	}
	return b.MaxConsecutive
}

func (b Body) hours() float64 {
	if b.MaxHours == 0 {
		return defaultHours
	}
	return b.MaxHours
}

// spec is the body as the evaluator reads it.
func (b Body) spec() rotation.Spec {
	spec := rotation.Spec{Timezone: b.Timezone, LayerMode: b.LayerMode, First: b.ValidFrom, Last: b.ValidTo}
	for _, l := range b.Layers {
		spec.Layers = append(spec.Layers, l.Layer)
	}
	for _, s := range b.Schedules {
		spec.Temporary = append(spec.Temporary, rotation.Temporary{Start: s.Start, End: s.End, Shifts: s.Shifts})
	}
	return spec
}

// people are everybody the body names, in order of appearance.
func (b Body) people() []string {
	ids := []string{}
	add := func(list ...string) {
		for _, id := range list {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, l := range b.Layers {
		switch {
		case l.Rotation != nil:
			add(l.Rotation.Participants...)
		case l.Roster != nil:
			add(slices.Concat(l.Roster.Groups...)...)
		case l.User != "":
			add(l.User)
		}
	}
	for _, s := range b.Schedules {
		for _, shift := range s.Shifts {
			add(shift.User)
		}
	}
	return ids
}

// begins is the day, at midnight, from which on somebody can be on duty; zero when there is no such day.
func (b Body) begins(zone *time.Location) (first time.Time) {
	bounded := true
	earlier := func(t time.Time) {
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	for _, l := range b.Layers {
		switch {
		case l.Rotation != nil:
			earlier(l.Rotation.Start)
		case l.Roster != nil:
			earlier(day(l.Roster.Start, zone))
		default:
			bounded = false
		}
	}
	for _, s := range b.Schedules {
		earlier(s.Start)
	}
	if !bounded {
		first = time.Time{}
	}
	if valid := day(b.ValidFrom, zone); valid.After(first) {
		return valid
	}
	return first
}

// ends is the midnight after which no shift begins; zero when there is none.
func (b Body) ends(zone *time.Location) (last time.Time) {
	for _, l := range b.Layers {
		if l.Roster == nil || l.Roster.TotalDays == 0 {
			last = time.Time{}
			break
		}
		if end := day(l.Roster.Start, zone).AddDate(0, 0, l.Roster.TotalDays); end.After(last) {
			last = end
		}
	}
	if b.ValidTo == "" {
		return last
	}
	if valid := day(b.ValidTo, zone).AddDate(0, 0, 1); last.IsZero() || valid.Before(last) {
		return valid
	}
	return last
}

// day reads a date; zero for none.
func day(date string, zone *time.Location) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, date, zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// extent is from the beginning of the first shift to the end of the last; zero = no bound. What lies outside is no gap.
func (b Body) extent(plan *rotation.Plan) (from, to time.Time, err error) {
	const near = 8 * 24 * time.Hour
	if from = b.begins(plan.Zone()); !from.IsZero() {
		shifts, err := plan.Shifts(from, from.Add(near))
		if err != nil {
			return from, to, err
		}
		if len(shifts) > 0 {
			from = shifts[0].Start
		}
	}
	if end := b.ends(plan.Zone()); !end.IsZero() {
		to = end
		shifts, err := plan.Shifts(end.Add(-near), end.Add(near))
		if err != nil {
			return from, to, err
		}
		for _, s := range shifts {
			if s.End.After(to) {
				to = s.End
			}
		}
	}
	return from, to, nil
}

// check refuses a body that cannot be evaluated or names people who are not the provider's.
func (b Body) check(ctx context.Context, u *work.Unit) error {
	_, err := rotation.New(b.spec())
	if f := fault.As(err); f != nil {
		return fault.Fields(under(f.Fields)...)
	}
	if err != nil {
		return err
	}
	var faults []fault.Field
	for _, id := range b.people() {
		_, _, err := party.Refer(ctx, u, u.Actor, "staff", id)
		if fault.Is(err, fault.NotFound) {
			faults = append(faults, fault.Field{Name: b.place(id), Code: "field.missing", Params: text.Params{"label": text.Label{Zh: "值班人员", En: "the person on duty"}}})
		} else if err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return nil
}

// under puts the evaluator's field names below "body" and gives schedules the name they have here.
func under(fields []fault.Field) []fault.Field {
	out := make([]fault.Field, len(fields))
	for i, f := range fields {
		if rest, ok := strings.CutPrefix(f.Name, "temporary"); ok {
			f.Name = "schedules" + rest
		}
		f.Name = "body." + f.Name
		out[i] = f
	}
	return out
}

// place is where the body first names a person.
func (b Body) place(id string) string {
	for i, l := range b.Layers {
		switch {
		case l.User == id:
			return fmt.Sprintf("body.layers[%d].user", i)
		case l.Rotation != nil && slices.Contains(l.Rotation.Participants, id):
			return fmt.Sprintf("body.layers[%d].rotation.participants", i)
		case l.Roster != nil && slices.Contains(slices.Concat(l.Roster.Groups...), id):
			return fmt.Sprintf("body.layers[%d].roster.groups", i)
		}
	}
	return "body.schedules"
}

// complete makes every list of the body a list, so that JSON never says null.
func (b Body) complete() Body {
	if b.Layers == nil {
		b.Layers = []Layer{}
	}
	if b.Schedules == nil {
		b.Schedules = []Special{}
	}
	b.Schedules = slices.Clone(b.Schedules)
	for i := range b.Schedules {
		if b.Schedules[i].Shifts == nil {
			b.Schedules[i].Shifts = []rotation.Fixed{}
		}
	}
	return b
}
