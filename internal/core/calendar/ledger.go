package calendar

import "time"

// Kind says why a stretch counts or does not.
type Kind string

// The kinds of stretches in a ledger.
const (
	Open    Kind = "open"    // usual working hours
	MakeUp  Kind = "make_up" // the hours of a make-up day
	Holiday Kind = "holiday" // of a date that is one
	Closed  Kind = "closed"  // nights, breaks, weekends
)

// Entry is one stretch of a ledger.
type Entry struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Seconds int64     `json:"seconds" doc:"working time that counted"`
	Kind    Kind      `json:"kind" enum:"open,make_up,holiday,closed"`
	Name    string    `json:"name,omitempty" doc:"of the holiday"`
}

// MaxEntries is how long a ledger gets; what comes after is summed up in its last entry.
const MaxEntries = 1000

// Ledger accounts for every second between two instants: what counted, and why the rest did not. The entries follow each
// other without a gap, in the calendar's own zone; their seconds add up to Elapsed, rounded down.
func (c *Calendar) Ledger(start, end time.Time) []Entry {
	entries := []Entry{}
	from, to := start.UnixMilli(), end.UnixMilli()
	for at := from; at < to; {
		if len(entries) == MaxEntries-1 {
			rest := Entry{From: time.UnixMilli(at).In(c.zone), To: end.In(c.zone), Kind: Open}
			rest.Seconds = int64(c.Elapsed(rest.From, rest.To) / time.Second)
			return append(entries, rest)
		}
		e, next := c.stretchAt(at, to)
		if last := len(entries) - 1; last >= 0 && entries[last].Kind == e.Kind && entries[last].Name == e.Name && e.Seconds == 0 {
			entries[last].To = e.To
		} else {
			entries = append(entries, e)
		}
		at = next
	}
	return entries
}

// stretchAt is the working span at an instant, or what lies before the next: until midnight at most, for the days between
// may be closed for different reasons.
func (c *Calendar) stretchAt(at, end int64) (Entry, int64) {
	t := time.UnixMilli(at).In(c.zone)
	d := dayOf(t)
	y := c.year(t.Year())
	i := y.after(at)
	if i < len(y.spans) && y.spans[i].from <= at {
		to := min(y.spans[i].to, end)
		e := Entry{From: t, To: time.UnixMilli(to).In(c.zone), Seconds: (to - at) / 1000, Kind: Open}
		if c.days[d].makeUp {
			e.Kind, e.Name = MakeUp, c.days[d].name
		}
		return e, to
	}
	to := min(c.instant(d+1, 0), end)
	if i < len(y.spans) {
		to = min(to, y.spans[i].from)
	}
	e := Entry{From: t, To: time.UnixMilli(to).In(c.zone), Kind: Closed}
	if c.days[d].holiday {
		e.Kind, e.Name = Holiday, c.days[d].name
	}
	return e, to
}
