package rotation

import (
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Plan is a compiled Spec. Its answers are in UTC; every stretch of time is [start, end).
type Plan struct {
	zone      *time.Location
	layers    []layer
	highest   bool // only the layers with the highest priority
	overrides []Override
	temporary []Temporary

	absences []Absence
	firm     bool // overrides act on temporary schedules too
}

type layer struct {
	cycle    cycle
	window   window
	priority int
}

// on is who has the layer's duty at an instant of a stretch that began on a day. Within a stretch a roster by whole days
// does not change over at midnight: a night belongs to the day it begins on.
func (l *layer) on(at time.Time, day int) (users []string, turn int) {
	if g, ok := l.cycle.(*grouped); ok && g.frequency != "hourly" && !l.window.whole() {
		return g.on(day - int(g.start.Unix()/86400))
	}
	return l.cycle.at(at)
}

// Gap is a time in which nobody is on duty.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Why says how somebody came to be on duty.
type Why string

// The ways.
const (
	Planned      Why = "planned"
	ByOverride   Why = "override"
	BySubstitute Why = "substitute"
	ByTemporary  Why = "temporary"
)

// Duty is one person's being on duty at an instant.
type Duty struct {
	User    string
	Layer   int // index, -1 when it comes from no layer
	Why     Why
	Instead string // who would have been on duty
	Ref     string // of the override or absence
	turn    int    // of the rotation
	day     int    // on which the layer's stretch began
}

// Shift is one person's time on duty without a hand-off, cut to what was asked for.
type Shift struct {
	Duty
	Start, End time.Time
}

// With is the plan with people's absences, in which overrides also act on temporary schedules: how a published roster is read.
// Absences come first, so that an override may act on a substitute; nobody absent is on duty in the end.
func (p *Plan) With(absences []Absence) *Plan {
	out := *p
	out.absences, out.firm = absences, true
	return &out
}

// Zone is where the plan's wall clock hangs.
func (p *Plan) Zone() *time.Location { return p.zone }

// Who is on duty at an instant, first the one to be called first.
func (p *Plan) Who(at time.Time) []string {
	users := []string{}
	for _, d := range p.Duties(at) {
		users = append(users, d.User)
	}
	return users
}

// Duties are who is on duty at an instant, each person once, and why.
func (p *Plan) Duties(at time.Time) []Duty {
	list, fixed := p.fixed(at)
	if !fixed {
		list = p.layered(at)
	}
	list = p.present(list, at)
	if !fixed || p.firm {
		list = p.present(p.overridden(list, at), at)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(d Duty) bool {
		twice := seen[d.User]
		seen[d.User] = true
		return twice
	})
}

// fixed is what a temporary schedule says; the later given wins.
func (p *Plan) fixed(at time.Time) (list []Duty, ok bool) {
	for i := len(p.temporary) - 1; i >= 0; i-- {
		t := p.temporary[i]
		if !within(at, t.Start, t.End) {
			continue
		}
		for j, s := range t.Shifts {
			if within(at, s.Start, s.End) {
				list = append(list, Duty{User: s.User, Layer: -1, Why: ByTemporary, turn: j})
			}
		}
		return list, true
	}
	return nil, false
}

func within(at, start, end time.Time) bool { return !at.Before(start) && at.Before(end) }

// layered is what the layers say: all of them, those with the highest priority first, or only those.
func (p *Plan) layered(at time.Time) []Duty {
	type found struct {
		Duty
		priority int
	}
	var all []found
	for i := range p.layers {
		l := &p.layers[i]
		day, open := l.window.at(at)
		if !open {
			continue
		}
		users, turn := l.on(at, day)
		for _, u := range users {
			all = append(all, found{Duty{User: u, Layer: i, Why: Planned, turn: turn, day: day}, l.priority})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return b.priority - a.priority })
	var list []Duty
	for _, f := range all {
		if p.highest && f.priority < all[0].priority {
			break
		}
		list = append(list, f.Duty)
	}
	return list
}

// overridden lets the overrides act one after the other.
func (p *Plan) overridden(list []Duty, at time.Time) []Duty {
	for _, o := range p.overrides {
		if !within(at, o.Start, o.End) {
			continue
		}
		added := Duty{User: o.Add, Layer: -1, Why: ByOverride, Ref: o.Ref}
		i := slices.IndexFunc(list, func(d Duty) bool { return d.User == o.Remove })
		switch o.Type {
		case "add":
			list = append(list, added)
		case "remove":
			list = slices.DeleteFunc(list, func(d Duty) bool { return d.User == o.Remove })
		case "replace":
			if i >= 0 {
				list[i] = instead(list[i], o.Add, ByOverride, o.Ref)
			}
		case "cover_all":
			if len(list) > 0 {
				added = instead(list[0], o.Add, ByOverride, o.Ref)
			}
			list = []Duty{added}
		}
	}
	return list
}

// instead is a duty taken over by somebody else.
func instead(d Duty, user string, why Why, ref string) Duty {
	if d.Instead == "" {
		d.Instead = d.User
	}
	d.User, d.Why, d.Ref = user, why, ref
	return d
}

// present puts substitutes in the place of who is absent, and leaves out whom nobody stands in for.
func (p *Plan) present(list []Duty, at time.Time) []Duty {
	if len(p.absences) == 0 {
		return list
	}
	var out []Duty
	for _, d := range list {
		for range len(p.absences) + 1 { // a substitute may be away, too
			a := p.absence(d.User, at)
			if a == nil {
				out = append(out, d)
				break
			}
			if a.Substitute == "" {
				break
			}
			d = instead(d, a.Substitute, BySubstitute, a.Ref)
		}
	}
	return out
}

func (p *Plan) absence(user string, at time.Time) *Absence {
	for i := range p.absences {
		if a := &p.absences[i]; a.User == user && within(at, a.Start, a.End) {
			return a
		}
	}
	return nil
}

// maxEdges bounds what one question may cost: ten years of hourly hand-offs.
const maxEdges = 100_000

// edges are the instants in (from, to), in order, between which nothing changes.
func (p *Plan) edges(from, to time.Time) ([]time.Time, error) {
	var all []time.Time
	add := func(at time.Time) bool {
		all = append(all, at.UTC())
		return len(all) <= maxEdges
	}
	both := func(start, end time.Time) {
		for _, at := range []time.Time{start, end} {
			if at.After(from) && at.Before(to) {
				add(at)
			}
		}
	}
	for i := range p.layers {
		p.layers[i].cycle.edges(from, to, add)
		p.layers[i].window.edges(from, to, add)
	}
	for _, o := range p.overrides {
		both(o.Start, o.End)
	}
	for _, a := range p.absences {
		both(a.Start, a.End)
	}
	for _, t := range p.temporary {
		both(t.Start, t.End)
		for _, s := range t.Shifts {
			both(s.Start, s.End)
		}
	}
	if len(all) > maxEdges {
		return nil, fault.One("window", "rotation.long", text.Params{"label": "window"})
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal), nil
}

// walk tells, for each stretch in [from, to) within which nothing changes, who is on duty.
func (p *Plan) walk(from, to time.Time, tell func(start, end time.Time, on []Duty)) error {
	if !from.Before(to) {
		return nil
	}
	edges, err := p.edges(from, to)
	if err != nil {
		return err
	}
	start := from.UTC()
	for _, end := range append(edges, to.UTC()) {
		tell(start, end, p.Duties(start))
		start = end
	}
	return nil
}

// Handoffs are the instants in [from, to) at which duty is handed on: a turn of a rotation begins, or who is on duty changes.
func (p *Plan) Handoffs(from, to time.Time) ([]time.Time, error) {
	handoffs := []time.Time{}
	before := p.Duties(from.Add(-time.Nanosecond))
	err := p.walk(from, to, func(start, _ time.Time, on []Duty) {
		if handedOn(before, on) {
			handoffs = append(handoffs, start)
		}
		before = on
	})
	return handoffs, err
}

// handedOn tells whether other people are on duty than before, or the same ones by another turn.
func handedOn(before, on []Duty) bool {
	if len(before) != len(on) {
		return true
	}
	for _, d := range on {
		same := func(b Duty) bool { return b.User == d.User && (b.Layer != d.Layer || b.turn == d.turn || d.Layer < 0) }
		if !slices.ContainsFunc(before, same) {
			return true
		}
	}
	return false
}

// Gaps are the times in [from, to) in which nobody is on duty.
func (p *Plan) Gaps(from, to time.Time) ([]Gap, error) {
	gaps := []Gap{}
	err := p.walk(from, to, func(start, end time.Time, on []Duty) {
		switch last := len(gaps) - 1; {
		case len(on) > 0:
		case last >= 0 && gaps[last].To.Equal(start):
			gaps[last].To = end
		default:
			gaps = append(gaps, Gap{From: start, To: end})
		}
	})
	return gaps, err
}

// Shifts are everybody's times on duty in [from, to), in order of their beginning.
func (p *Plan) Shifts(from, to time.Time) ([]Shift, error) {
	shifts := []Shift{}
	running := map[Duty]int{}
	err := p.walk(from, to, func(start, end time.Time, on []Duty) {
		now := map[Duty]int{}
		for _, d := range on {
			i, goesOn := running[d]
			if goesOn {
				shifts[i].End = end
			} else {
				i = len(shifts)
				shifts = append(shifts, Shift{Duty: d, Start: start, End: end})
			}
			now[d] = i
		}
		running = now
	})
	return shifts, err
}

// Names tells whether an override or an absence can put somebody on duty.
func (p *Plan) Names(user string) bool {
	return slices.ContainsFunc(p.overrides, func(o Override) bool { return o.Add == user }) ||
		slices.ContainsFunc(p.absences, func(a Absence) bool { return a.Substitute == user })
}
