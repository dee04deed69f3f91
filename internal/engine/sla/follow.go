package sla

import (
	"context"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Follow takes a change of a record over into its clocks, in the transaction of the change (SLA-09: measured from what
// happens, not from what is typed). A record that comes under no agreement has none.
func (s *Service) Follow(ctx context.Context, u *work.Unit, f process.Followed) (process.Kept, error) {
	k, err := s.knownOf(ctx, u, f)
	if err != nil {
		return process.Kept{}, err
	}
	if k.life == nil || len(k.life.governed) == 0 {
		return process.Kept{}, nil
	}
	cals, err := s.calendarsNow(ctx, u)
	if err != nil {
		return process.Kept{}, err
	}
	return s.keep(ctx, u, k, f.After, cals)
}

// knownOf is what is known of a record, with what has happened to it now.
func (s *Service) knownOf(ctx context.Context, u *work.Unit, f process.Followed) (*known, error) {
	if f.Before == nil {
		return work.Once(u, knownKey(f.After.ID), func() (*known, error) { return s.begin(ctx, u, f) })
	}
	k, err := readKnown(ctx, u, f.After.ID)
	if err != nil || k.life == nil {
		return k, err
	}
	return k, s.goOn(ctx, u, k.life, f)
}

// begin is what is known of a record that was just made.
func (s *Service) begin(ctx context.Context, u *work.Unit, f process.Followed) (*known, error) {
	k := &known{rows: map[string]*row{}}
	chosen, err := s.choose(ctx, u.Tx, f.After)
	if err != nil || len(chosen) == 0 {
		return k, err
	}
	k.life = &life{record: f.After.ID, governed: chosen, open: f.After.Open, events: happened(f, nil, u.Now())}
	return k, k.life.save(ctx, u.Tx)
}

// goOn adds to a record's life what has happened.
func (s *Service) goOn(ctx context.Context, u *work.Unit, l *life, f process.Followed) error {
	news, anew := happened(f, l.events, u.Now()), moved(f.Before, f.After)
	if anew {
		if err := s.chooseAnew(ctx, u.Tx, l, f.After); err != nil {
			return err
		}
	}
	if len(news) == 0 && !anew && l.open == f.After.Open {
		return nil
	}
	l.events, l.open = append(l.events, news...), f.After.Open
	return l.save(ctx, u.Tx)
}

// moved tells whether something changed by which agreements are chosen.
func moved(before, after *record.Record) bool {
	return before.Customer != after.Customer || before.Service != after.Service || before.Contract != after.Contract || before.Priority != after.Priority
}

// choose finds the agreements that a record comes under: the one with the customer that fits closest, and all those it
// rests on.
func (s *Service) choose(ctx context.Context, tx db.Tx, r *record.Record) ([]governed, error) {
	all, err := s.inForce(ctx, tx)
	if err != nil {
		return nil, err
	}
	var best *Agreement
	var out []governed
	for _, a := range all {
		switch {
		case !a.fits(r):
		case a.Kind != WithCustomer:
			out = append(out, governed{a.ID, a.Version})
		case best == nil || a.closeness() > best.closeness() || a.closeness() == best.closeness() && a.Rank > best.Rank:
			best = a
		}
	}
	if best != nil {
		out = slices.Insert(out, 0, governed{best.ID, best.Version})
	}
	return out, nil
}

// chooseAnew keeps the version of agreements that still hold: a revision governs new records only (SLA-05).
func (s *Service) chooseAnew(ctx context.Context, tx db.Tx, l *life, r *record.Record) error {
	chosen, err := s.choose(ctx, tx, r)
	if err != nil {
		return err
	}
	for i, g := range chosen {
		if j := slices.IndexFunc(l.governed, func(old governed) bool { return old.Agreement == g.Agreement }); j >= 0 {
			chosen[i] = l.governed[j]
		}
	}
	l.governed = chosen
	return nil
}

// fits tells whether an agreement holds for a record.
func (a *Agreement) fits(r *record.Record) bool {
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	day := r.CreatedAt.Format(time.DateOnly)
	return (a.Customer == "" || a.Customer == r.Customer) && in(a.Applies.Types, r.Type) && in(a.Applies.Services, r.Service) &&
		in(a.Applies.Contracts, r.Contract) && in(a.Applies.Priorities, r.Priority) &&
		(a.From == "" || a.From <= day) && (a.Until == "" || day <= a.Until)
}

// closeness is how narrowly an agreement says what it is for: contract before service before customer before priority.
func (a *Agreement) closeness() int {
	return 16*count(len(a.Applies.Contracts) > 0) + 8*count(len(a.Applies.Services) > 0) + 4*count(a.Customer != "") +
		2*count(len(a.Applies.Priorities) > 0) + count(len(a.Applies.Types) > 0)
}

// happened are the events of a change, after those that are known.
func happened(f process.Followed, known []Event, now time.Time) []Event {
	h := &happening{now: now, known: known, f: f, before: f.Before, after: f.After}
	if h.before == nil {
		h.created()
		h.before = &record.Record{Open: true, Priority: f.After.Priority, Level: f.After.Level, Kind: f.After.Kind, WaitingOn: f.After.WaitingOn}
	}
	h.milestones()
	h.messages()
	h.moves()
	h.dues()
	return h.events
}

type happening struct {
	now           time.Time
	known         []Event
	f             process.Followed
	before, after *record.Record
	events        []Event
}

func (h *happening) add(e Event) {
	e.At = h.now
	h.events = append(h.events, e)
}

func (h *happening) created() {
	on := waits(h.after)
	h.add(Event{Type: "created", Priority: h.after.Priority, Level: h.after.Level, Paused: on != "", Reason: on})
}

// waits is whom a record waits for, or "".
func waits(r *record.Record) string {
	if r.Kind == "waiting" {
		return r.WaitingOn
	}
	return ""
}

// reached are the targets that end at a milestone.
var reached = map[string]string{"diagnosed": "diagnosis", "arrived": "arrival"}

func (h *happening) milestones() {
	passed := func(m string) bool { return h.before.Milestones[m].IsZero() && !h.after.Milestones[m].IsZero() }
	if passed("responded") {
		h.add(Event{Type: "responded"})
	}
	for _, m := range []string{"diagnosed", "arrived"} {
		if passed(m) {
			h.add(Event{Type: "target_reached", Target: reached[m]})
		}
	}
	for _, target := range h.f.Started {
		h.add(Event{Type: "target_started", Target: target})
	}
	solved := func(r *record.Record) bool { return !r.Open || !r.Milestones["solved"].IsZero() }
	switch {
	case solved(h.after) && !solved(h.before):
		h.add(Event{Type: "resolved"})
	case !solved(h.after) && solved(h.before):
		h.add(Event{Type: "reopened"})
	}
}

func (h *happening) messages() {
	switch h.f.Spoke {
	case "provider":
		h.add(Event{Type: "agent_message"})
	case "customer":
		h.add(Event{Type: "customer_message"})
	}
}

func (h *happening) moves() {
	if h.after.Team != h.before.Team && h.after.Team != "" {
		h.add(Event{Type: "assigned", Team: h.after.Team})
	}
	if h.after.Priority != h.before.Priority || h.after.Level != h.before.Level {
		h.add(Event{Type: "priority_changed", Priority: h.after.Priority, Level: h.after.Level})
	}
	switch was, is := waits(h.before), waits(h.after); {
	case was == is:
	case is == "":
		h.add(Event{Type: "resumed"})
	default:
		h.add(Event{Type: "paused", Reason: is})
	}
}

// dues: what the customer expects binds where it is earlier than the agreement; what was agreed anew replaces it (ESC-08).
func (h *happening) dues() {
	if !h.f.Expected.Equal(lastDue(h.known, "expected_set")) {
		h.add(Event{Type: "expected_set", Due: h.f.Expected})
	}
	if !h.f.Agreed.IsZero() && !h.f.Agreed.Equal(lastDue(h.known, "due_set")) {
		h.add(Event{Type: "due_set", Target: Resolution, Due: h.f.Agreed})
	}
}

// lastDue is the due time of the latest event of a type; zero when there was none.
func lastDue(events []Event, typ string) time.Time {
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Type == typ {
			return events[i].Due
		}
	}
	return time.Time{}
}
