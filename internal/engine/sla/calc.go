package sla

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Calculate is the permission to ask for calculations, which look at no data.
const Calculate work.Perm = "calc.use"

// BusinessTime asks a calendar one question.
type BusinessTime struct {
	Calendar calendar.Spec `json:"calendar"`
	Op       string        `json:"op" enum:"add,elapsed,is_open"`
	Start    time.Time     `json:"start"`
	End      *time.Time    `json:"end,omitempty" doc:"of elapsed"`
	Seconds  *int64        `json:"seconds,omitempty" minimum:"-3200000000" maximum:"3200000000" doc:"of add; negative counts backwards"`
}

// BusinessTimeResult is an instant or null for add, seconds for elapsed, true or false for is_open.
type BusinessTimeResult struct {
	Result any              `json:"result"`
	Ledger []calendar.Entry `json:"ledger,omitempty"`
}

func businessTime(_ context.Context, in BusinessTime) (out BusinessTimeResult, err error) {
	c, err := calendar.New(in.Calendar)
	if err != nil {
		return out, under("calendar", err)
	}
	switch {
	case in.Op == "is_open":
		return BusinessTimeResult{Result: c.IsOpen(in.Start)}, nil
	case in.Op == "elapsed" && in.End == nil:
		return out, required("end")
	case in.Op == "elapsed":
		return BusinessTimeResult{Result: int64(c.Elapsed(in.Start, *in.End) / time.Second), Ledger: c.Ledger(in.Start, *in.End)}, nil
	case in.Seconds == nil:
		return out, required("seconds")
	}
	at, ok := c.Add(in.Start, time.Duration(*in.Seconds)*time.Second)
	if !ok {
		return BusinessTimeResult{Ledger: []calendar.Entry{}}, nil
	}
	from, to := in.Start, at
	if to.Before(from) {
		from, to = to, from
	}
	return BusinessTimeResult{Result: at.In(c.Zone()), Ledger: c.Ledger(from, to)}, nil
}

// History asks how clocks stand at instants in the life of a record.
type History struct {
	Calendars  map[string]calendar.Spec `json:"calendars"`
	Agreements map[string]Agreed        `json:"agreements"`
	Events     []Event                  `json:"events" maxItems:"5000" nullable:"false"`
	Queries    []Query                  `json:"queries" maxItems:"1000" nullable:"false"`
}

// Agreed is an agreement, as far as clocks need it.
type Agreed struct {
	Calendar string            `json:"calendar" maxLength:"100"`
	Targets  map[string]Target `json:"targets"`
	Warn     []int             `json:"warn_percent,omitempty" maxItems:"20" nullable:"false" doc:"shares of a target at which somebody is warned"`
}

// Query asks for one clock at one instant.
type Query struct {
	At     time.Time `json:"at"`
	Target string    `json:"target" maxLength:"40"`
}

// ClockView is how a clock stands.
type ClockView struct {
	State    State                 `json:"state" enum:"none,running,paused,met,breached"`
	Due      *time.Time            `json:"due" doc:"predicted while it runs, null while it is paused, what it was after the end"`
	Elapsed  int64                 `json:"elapsed" doc:"working seconds in which the clock ran"`
	Left     int64                 `json:"remaining" doc:"working seconds; negative when it is over"`
	Stood    int64                 `json:"paused_seconds" doc:"working seconds in which it was paused"`
	Warn     map[string]*time.Time `json:"warn_at" doc:"by percent: when that share is used; null while that cannot be told"`
	Breached *time.Time            `json:"breached_at"`
	Longest  int64                 `json:"longest_cycle" doc:"working seconds"`
	Ledger   []Entry               `json:"ledger"`
}

// HistoryResult answers the queries in their order.
type HistoryResult struct {
	Results []ClockView `json:"results"`
}

func viewOf(k Clock, zone *time.Location) ClockView {
	v := ClockView{State: k.State, Due: instant(k.Due, zone), Elapsed: seconds(k.Elapsed), Left: seconds(k.Left), Stood: seconds(k.Stood),
		Warn: map[string]*time.Time{}, Breached: instant(k.Breach, zone), Longest: seconds(k.Longest), Ledger: k.Ledger()}
	for _, w := range k.Warnings {
		v.Warn[strconv.Itoa(w.Percent)] = instant(w.At, zone)
	}
	return v
}

func instant(t time.Time, zone *time.Location) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.In(zone)
	return &t
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// history evaluates a record's life under agreements that are given with it.
func history(ctx context.Context, in History) (out HistoryResult, err error) {
	b := &book{in: in, compiled: map[string]*calendar.Calendar{}}
	if err := b.check(); err != nil {
		return out, err
	}
	out.Results = []ClockView{}
	for _, q := range in.Queries {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		terms, err := b.termsAt(q.At)
		if err != nil {
			return out, err
		}
		zone := time.UTC
		if terms != nil {
			zone = terms.Calendar.Zone()
		}
		out.Results = append(out.Results, viewOf(Reckon(in.Events, terms, q.Target, q.At), zone))
	}
	return out, nil
}

// book looks up agreements and calendars by their names.
type book struct {
	in       History
	compiled map[string]*calendar.Calendar
}

// check names everything that points nowhere.
func (b *book) check() error {
	var faults []fault.Field
	missing := func(field string) {
		faults = append(faults, fault.Field{Name: field, Code: "field.missing", Params: text.Params{"label": field}})
	}
	for name, spec := range b.in.Calendars {
		if _, err := calendar.New(spec); err != nil {
			return under("calendars."+name, err)
		}
	}
	for name, a := range b.in.Agreements {
		if _, ok := b.in.Calendars[a.Calendar]; !ok {
			missing("agreements." + name + ".calendar")
		}
	}
	for i, e := range b.in.Events {
		field := fmt.Sprintf("events[%d].", i)
		if _, ok := b.in.Agreements[e.Agreement]; !ok && (e.Agreement != "" || e.Type == "agreement_changed") {
			missing(field + "agreement")
		}
		if i > 0 && e.At.Before(b.in.Events[i-1].At) {
			faults = append(faults, fault.Field{Name: field + "at", Code: "sla.order", Params: text.Params{"label": field + "at"}})
		}
		switch e.Type {
		case "due_set":
			if e.Target == "" {
				missing(field + "target")
			}
			if e.Due.IsZero() {
				missing(field + "due")
			}
		case "holiday_added":
			if _, ok := b.in.Calendars[e.Calendar]; !ok {
				missing(field + "calendar")
			}
			if _, err := time.Parse(time.DateOnly, e.Date); err != nil {
				missing(field + "date")
			}
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return nil
}

// termsAt are those in force at an instant, with the holidays added until then. Where only one agreement is given, it
// need not be named.
func (b *book) termsAt(at time.Time) (*Terms, error) {
	name, added := "", map[string][]string{}
	if len(b.in.Agreements) == 1 {
		for only := range b.in.Agreements {
			name = only
		}
	}
	for _, e := range b.in.Events {
		if e.At.After(at) {
			break
		}
		if e.Agreement != "" {
			name = e.Agreement
		}
		if e.Type == "holiday_added" {
			added[e.Calendar] = append(added[e.Calendar], e.Date)
		}
	}
	a, ok := b.in.Agreements[name]
	if !ok {
		return nil, nil
	}
	c, err := b.calendar(a.Calendar, added[a.Calendar])
	if err != nil {
		return nil, err
	}
	return &Terms{Name: name, Calendar: c, Targets: a.Targets, Warn: a.Warn}, nil
}

func (b *book) calendar(name string, added []string) (*calendar.Calendar, error) {
	key := fmt.Sprint(name, added)
	if c := b.compiled[key]; c != nil {
		return c, nil
	}
	spec := b.in.Calendars[name]
	spec.Holidays = append(slices.Clone(spec.Holidays), added...)
	spec.Extra = slices.DeleteFunc(slices.Clone(spec.Extra), func(w calendar.Workday) bool { return slices.Contains(added, w.Date) })
	c, err := calendar.New(spec)
	b.compiled[key] = c
	return c, err
}

func required(field string) error {
	return fault.One(field, "field.required", text.Params{"label": field})
}

// under puts the names of an inner part's fields below its own.
func under(name string, err error) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	fields := slices.Clone(f.Fields)
	for i := range fields {
		fields[i].Name = name + "." + fields[i].Name
	}
	return fault.Fields(fields...)
}

func calculations(api *httpapi.API) {
	api.Tag("Calculations", "The arithmetic of promises, open to anyone: what if, and why. They look at no data and keep none.")
	httpapi.Calculate(api, httpapi.Op{ID: "calculate-business-time", Method: "POST", Path: "/api/v1/calc/business-time", Tag: "Calculations", Perm: Calculate,
		Summary: "Working time: add, elapsed, is it open"}, businessTime)
	httpapi.Calculate(api, httpapi.Op{ID: "calculate-sla", Method: "POST", Path: "/api/v1/calc/sla", Tag: "Calculations", Perm: Calculate,
		Summary: "How clocks stand in the life of a record"}, history)
}

func init() {
	text.Register(map[string]text.Label{
		"sla.order": {Zh: "{label}早于前一个事件，请按时间先后排列。", En: "{label} is before the event above it; put them in order."},
	})
}
