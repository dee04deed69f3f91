// Package sla keeps promises in time: what was agreed, what became of it on each record, who is warned when, and why a
// deadline is what it is.
package sla

import (
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
)

// Target is what an agreement promises: that something is done within working time.
type Target struct {
	Seconds  int64  `json:"seconds" minimum:"0" maximum:"315360000" doc:"working time promised"`
	Pausable bool   `json:"pausable,omitempty" doc:"the clock stands while the record waits"`
	Starts   string `json:"starts,omitempty" enum:"created,assigned,event" doc:"assigned: an internal target (OLA), new at each assignment; event: when something says so, as the arrival once remote help has failed (C-23)"`
	After    bool   `json:"after_first_response,omitempty" doc:"silent before the first response"`
}

// Targets with a course of their own; every other one is resolution: from the start until the record is resolved.
const (
	Response   = "response"      // until the first answer
	Resolution = "resolution"    // until it is resolved
	Update     = "update"        // from the oldest unanswered message of the customer to the next answer
	Informed   = "keep_informed" // from one answer to the next, silent while the customer waits for one
)

// Terms are what holds for a record at an instant: one calendar, and the targets that its agreement has for it.
type Terms struct {
	Name     string
	Calendar *calendar.Calendar
	Targets  map[string]Target
	Warn     []int // shares of a target, in percent, at which somebody is warned
}

// Event is one thing in the life of a record that clocks follow.
type Event struct {
	At        time.Time `json:"at"`
	Type      string    `json:"type" enum:"created,responded,agent_message,customer_message,assigned,paused,resumed,priority_changed,agreement_changed,due_set,holiday_added,resolved,reopened,closed,target_started,target_reached,unassigned"`
	Agreement string    `json:"agreement,omitempty" maxLength:"200" doc:"from now on; any event may name one"`
	Priority  string    `json:"priority,omitempty" maxLength:"40"`
	Level     string    `json:"level,omitempty" maxLength:"40" doc:"of the fault"`
	Paused    bool      `json:"paused,omitempty" doc:"created waiting"`
	Reason    string    `json:"reason,omitempty" maxLength:"400" doc:"of a pause"`
	Team      string    `json:"team,omitempty" maxLength:"200" doc:"to whom it was assigned"`
	Target    string    `json:"target,omitempty" maxLength:"40" doc:"whose due time is set, or that starts or is reached"`
	Due       time.Time `json:"due,omitzero" required:"false" doc:"the due time that is set"`
	Calendar  string    `json:"calendar,omitempty" maxLength:"100" doc:"that gets a holiday"`
	Date      string    `json:"date,omitempty" maxLength:"10" doc:"of the holiday"`
}

// State of a clock.
type State string

// The states of a clock.
const (
	None     State = "none"
	Running  State = "running"
	Paused   State = "paused"
	Met      State = "met"
	Breached State = "breached"
)

// Clock is a promise as it stands at an instant.
type Clock struct {
	State    State
	Started  time.Time     // of the present cycle
	Due      time.Time     // predicted while it runs, zero while it stands, what it was after the end
	Ended    time.Time     // zero while it is open
	Elapsed  time.Duration // working time in which the clock ran, of the present cycle
	Left     time.Duration // until it is due; negative when it is over
	Stood    time.Duration // working time in which it was paused
	Longest  time.Duration // of all cycles
	Breach   time.Time     // the first one; zero when there was none
	Warnings []Warning     // in the order of the agreement
	Cycle    int           // which one it is, from 1
	cycle    *cycle
	terms    *Terms
	seconds  int64
	standing bool // it is paused, even where it is over already
}

// Warning is when a share of a target is used up; zero where that cannot be told while the clock stands.
type Warning struct {
	Percent int
	At      time.Time
}

// what a clock does in a stretch of time.
type doing int

const (
	ran     doing = iota
	stood         // paused
	stopped       // between resolved and reopened
)

type piece struct {
	from, to time.Time
	doing    doing
	reason   string
}

// cycle is one run of a clock: most targets have one, those that begin anew have several.
type cycle struct {
	begin, end time.Time // end zero: open
	pieces     []piece
	set        *Event // a due time set by hand
}

// walker follows the events that concern one target.
type walker struct {
	name      string
	target    Target
	cycles    []*cycle
	last      time.Time
	paused    bool
	reason    string // of the pause
	resolved  bool
	responded bool
}

// Reckon is how a target's clock stands at an instant, after the events until then, under the terms in force then. The
// whole history is read by these terms: a change of agreement re-reads it; pauses belong to the record and survive.
func Reckon(events []Event, terms *Terms, target string, at time.Time) Clock {
	if terms == nil || terms.Targets == nil {
		return Clock{State: None}
	}
	t, ok := terms.Targets[target]
	if !ok {
		return Clock{State: None}
	}
	w := &walker{name: target, target: t}
	for i := range events {
		if events[i].At.After(at) {
			break
		}
		w.advance(events[i].At)
		w.take(&events[i])
	}
	w.advance(at)
	return w.clock(terms, at)
}

// open is the cycle that is under way, or nil.
func (w *walker) open() *cycle {
	if n := len(w.cycles); n > 0 && w.cycles[n-1].end.IsZero() {
		return w.cycles[n-1]
	}
	return nil
}

func (w *walker) begin(at time.Time) { w.cycles = append(w.cycles, &cycle{begin: at}) }

func (w *walker) finish(at time.Time) {
	if c := w.open(); c != nil {
		c.end = at
	}
}

// advance lets the time since the last event pass.
func (w *walker) advance(to time.Time) {
	c := w.open()
	if c != nil && to.After(w.last) {
		does, reason := w.doing()
		if n := len(c.pieces) - 1; n >= 0 && c.pieces[n].doing == does && c.pieces[n].reason == reason {
			c.pieces[n].to = to
		} else {
			c.pieces = append(c.pieces, piece{w.last, to, does, reason})
		}
	}
	w.last = to
}

func (w *walker) doing() (doing, string) {
	switch {
	case w.resolved:
		return stopped, ""
	case w.paused && w.target.Pausable:
		return stood, w.reason
	}
	return ran, ""
}

func (w *walker) take(e *Event) {
	switch e.Type {
	case "created":
		w.paused, w.reason = e.Paused, e.Reason
		if w.target.Starts != "assigned" && w.target.Starts != "event" && w.name != Update && w.name != Informed && !w.target.After {
			w.begin(e.At)
		}
	case "assigned":
		if w.target.Starts == "assigned" && !w.resolved {
			w.finish(e.At)
			w.begin(e.At)
		}
	case "responded", "agent_message":
		w.answer(e.At)
	case "customer_message":
		w.ask(e.At)
	case "paused":
		w.paused, w.reason = true, e.Reason
	case "resumed":
		w.paused = false
	case "due_set":
		if c := w.open(); c != nil && e.Target == w.name {
			c.set = e
		}
	case "unassigned":
		if w.target.Starts == "assigned" {
			w.finish(e.At)
		}
	case "target_started":
		if e.Target == w.name && w.target.Starts == "event" && w.open() == nil && !w.resolved {
			w.begin(e.At)
		}
	case "target_reached":
		if e.Target == w.name {
			w.finish(e.At)
		}
	case "resolved", "closed":
		w.resolve(e.At)
	case "reopened":
		w.resolved = false
	}
}

// answer is what the customer hears: it ends a wait, and is the first response if there was none.
func (w *walker) answer(at time.Time) {
	first := !w.responded
	w.responded = true
	switch w.name {
	case Response, Update:
		w.finish(at)
	case Informed:
		w.finish(at)
		if !w.resolved {
			w.begin(at)
		}
	default:
		if first && w.target.After && w.target.Starts != "assigned" {
			w.begin(at)
		}
	}
}

// ask is a message that wants an answer.
func (w *walker) ask(at time.Time) {
	switch w.name {
	case Update:
		if w.open() == nil && !w.resolved && (w.responded || !w.target.After) {
			w.begin(at)
		}
	case Informed:
		w.finish(at)
	}
}

// resolve ends what the resolution answers, and stops what may go on if it does not hold.
func (w *walker) resolve(at time.Time) {
	switch w.name {
	case Response, Update, Informed:
		w.finish(at)
	}
	w.resolved, w.paused = true, false
}

func (w *walker) clock(terms *Terms, at time.Time) Clock {
	k := Clock{State: None, terms: terms, Cycle: len(w.cycles)}
	if len(w.cycles) == 0 {
		return k
	}
	r := reader{cal: terms.Calendar, seconds: w.target.Seconds}
	for _, c := range w.cycles {
		k.Longest = max(k.Longest, r.total(c, ran))
		if over := r.breach(c, at); k.Breach.IsZero() && !over.IsZero() {
			k.Breach = over
		}
	}
	c := w.cycles[len(w.cycles)-1]
	k.cycle, k.Started = c, c.begin
	k.Elapsed, k.Stood = r.total(c, ran), r.total(c, stood)
	open := c.end.IsZero() && !w.resolved
	standing := open && w.paused && w.target.Pausable
	k.seconds, k.standing = w.target.Seconds, standing
	if !open {
		k.Ended = c.stop()
	}
	k.State = w.state(open, standing, !r.breach(c, at).IsZero(), !k.Breach.IsZero())
	k.Due = r.due(c, k.State == Paused)
	k.Left = r.left(c, k, at)
	for _, percent := range terms.Warn {
		used, reached := r.reach(c, r.allowance(c)*time.Duration(percent)/100)
		if !reached && standing {
			used = time.Time{}
		}
		k.Warnings = append(k.Warnings, Warning{percent, used})
	}
	return k
}

func (w *walker) state(open, standing, over, everOver bool) State {
	switch {
	case open && over, !open && everOver:
		return Breached
	case standing:
		return Paused
	case open:
		return Running
	}
	return Met
}

// stop is when a cycle that is not going on ended: when its record was resolved, where nothing else ended it.
func (c *cycle) stop() time.Time {
	if n := len(c.pieces) - 1; n >= 0 && c.pieces[n].doing == stopped {
		return c.pieces[n].from
	}
	if c.end.IsZero() && len(c.pieces) > 0 {
		return c.pieces[len(c.pieces)-1].to
	}
	if c.end.IsZero() {
		return c.begin
	}
	return c.end
}

// pointAt is when a point of the present cycle is passed: a share of the target, or working time before or after it is
// due; zero while that cannot be told.
func (k Clock) pointAt(s Step) time.Time {
	if k.cycle == nil {
		return time.Time{}
	}
	r := reader{cal: k.terms.Calendar, seconds: k.seconds}
	standing := k.State == Paused || k.standing
	if s.Percent > 0 {
		at, reached := r.reach(k.cycle, r.allowance(k.cycle)*time.Duration(s.Percent)/100)
		if k.cycle.set != nil && s.Percent == 100 {
			return r.due(k.cycle, standing)
		}
		if standing && !reached {
			return time.Time{}
		}
		return at
	}
	due := r.due(k.cycle, standing)
	if due.IsZero() {
		return due
	}
	at, _ := r.cal.Add(due, time.Duration(s.After-s.Before)*time.Second)
	return at
}

// reader reads cycles by a calendar.
type reader struct {
	cal     *calendar.Calendar
	seconds int64
}

// total is the working time of a cycle in which the clock did something.
func (r reader) total(c *cycle, what doing) (sum time.Duration) {
	for _, p := range c.pieces {
		if p.doing == what {
			sum += r.cal.Elapsed(p.from, p.to)
		}
	}
	return sum
}

// reach is when the clock has used so much: an instant that has been, or else a prediction from where the clock last ran,
// zero where the calendar never opens again.
func (r reader) reach(c *cycle, amount time.Duration) (at time.Time, reached bool) {
	from := c.begin
	for _, p := range c.pieces {
		if p.doing != ran {
			from = p.to
			continue
		}
		used := r.cal.Elapsed(p.from, p.to)
		if used >= amount {
			at, _ = r.cal.Add(p.from, amount)
			return at, true
		}
		amount, from = amount-used, p.to
	}
	if n := len(c.pieces) - 1; n >= 0 && c.pieces[n].doing == stopped { // as it would have been had it gone on
		from = c.pieces[n].from
	}
	at, ok := r.cal.Add(from, amount)
	if !ok {
		return time.Time{}, false
	}
	return at, amount <= 0
}

// due is when the cycle is or was due; zero while the clock stands, for that cannot be told.
func (r reader) due(c *cycle, standing bool) time.Time {
	if standing {
		return time.Time{}
	}
	if c.set != nil {
		due, _ := r.cal.Add(c.set.Due, r.stoodSince(c, c.set.At))
		return due
	}
	due, _ := r.reach(c, time.Duration(r.seconds)*time.Second)
	return due
}

// stoodSince is the working time since an instant in which the clock did not run.
func (r reader) stoodSince(c *cycle, since time.Time) (sum time.Duration) {
	for _, p := range c.pieces {
		if p.doing == ran || !p.to.After(since) {
			continue
		}
		from := p.from
		if from.Before(since) {
			from = since
		}
		sum += r.cal.Elapsed(from, p.to)
	}
	return sum
}

// allowance is the working time that the cycle has: the target's, or what there was until a due time set by hand.
func (r reader) allowance(c *cycle) time.Duration {
	if c.set == nil {
		return time.Duration(r.seconds) * time.Second
	}
	return r.totalUntil(c, c.set.At) + r.cal.Elapsed(c.set.At, c.set.Due)
}

func (r reader) totalUntil(c *cycle, until time.Time) (sum time.Duration) {
	for _, p := range c.pieces {
		if p.doing == ran && p.from.Before(until) {
			to := p.to
			if to.After(until) {
				to = until
			}
			sum += r.cal.Elapsed(p.from, to)
		}
	}
	return sum
}

// breach is when the cycle went over, or zero. What is used to the last second is kept.
func (r reader) breach(c *cycle, at time.Time) time.Time {
	end := at
	if stop := c.stop(); !c.end.IsZero() || len(c.pieces) > 0 && c.pieces[len(c.pieces)-1].doing == stopped {
		end = stop
	}
	if c.set != nil {
		if due := r.due(c, false); end.After(due) {
			return due
		}
		return time.Time{}
	}
	if r.total(c, ran) <= time.Duration(r.seconds)*time.Second {
		return time.Time{}
	}
	due, _ := r.reach(c, time.Duration(r.seconds)*time.Second)
	return due
}

func (r reader) left(c *cycle, k Clock, at time.Time) time.Duration {
	if c.set == nil || k.Due.IsZero() {
		return r.allowance(c) - k.Elapsed
	}
	if k.Ended.IsZero() && k.Due.After(at) {
		return r.cal.Elapsed(at, k.Due)
	}
	end := at
	if !k.Ended.IsZero() {
		end = k.Ended
	}
	if k.Due.After(end) {
		return r.cal.Elapsed(end, k.Due)
	}
	return -r.cal.Elapsed(k.Due, end)
}
