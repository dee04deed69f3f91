// Package calendar reckons working time: when a service is open, how much of a stretch counts, when so much of it will
// be used up, and why.
package calendar

import (
	"sync"
	"time"
)

// Calendar is a compiled working calendar. It is safe for concurrent use and does not change.
//
// Intervals are [open, close): the closing second is closed. All results are exact to the millisecond.
type Calendar struct {
	zone  *time.Location
	week  [7][]stretch      // from Sunday, as time.Weekday counts
	days  map[day]exception // holidays and make-up days
	last  day               // of the exceptions
	open  bool              // some weekday has hours
	years sync.Map          // year → *year
}

// stretch is an interval of a day, in seconds since its midnight on the wall clock; to is beyond from, at most a day later.
type stretch struct{ from, to int }

// exception is a day that is not like its weekday.
type exception struct {
	hours   []stretch
	makeUp  bool   // works, whatever the date would be
	name    string // of the holiday
	holiday bool
}

// day counts from 1970-01-01, in the calendar of the wall clock.
type day int

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return dateOf(y, m, d)
}

func dateOf(y int, m time.Month, d int) day {
	seconds := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()
	if seconds < 0 {
		return day((seconds - 86399) / 86400)
	}
	return day(seconds / 86400)
}

func (d day) weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

func (d day) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is the date as 2006-01-02.
func (d day) String() string { return d.utc().Format(time.DateOnly) }

// hours are those of a date: what an exception says, else what its weekday has.
func (c *Calendar) hours(d day) []stretch {
	if e, ok := c.days[d]; ok {
		return e.hours
	}
	return c.week[d.weekday()]
}

// Zone is the time zone of the calendar's wall clock.
func (c *Calendar) Zone() *time.Location { return c.zone }

// instant is when the wall clock shows a time of a day, in milliseconds. A time that a change of the clock leaves out
// is as much later as the clock jumps; one that comes twice is the first of the two.
func (c *Calendar) instant(d day, seconds int) int64 {
	return Wall(d.utc().Add(time.Duration(seconds)*time.Second), c.zone).UnixMilli()
}

// Wall is the instant at which a zone's wall clock shows the date and time of wall, whose own zone does not matter. A time
// that a change of the clock leaves out is as much later as the clock jumps; one that comes twice is the first of the two.
func Wall(wall time.Time, zone *time.Location) time.Time {
	y, m, d := wall.Date()
	plain := time.Date(y, m, d, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
	before, after := offset(plain.Add(-24*time.Hour), zone), offset(plain.Add(24*time.Hour), zone)
	early, late := plain.Add(-before), plain.Add(-after)
	if before == after {
		return early.In(zone)
	}
	fitsEarly, fitsLate := offset(early, zone) == before, offset(late, zone) == after
	switch {
	case fitsEarly && fitsLate && late.Before(early), !fitsEarly && fitsLate:
		return late.In(zone)
	}
	return early.In(zone) // also in a gap: the offset before it leads beyond it
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// Add is the first instant at which d of working time has passed since start; a negative d counts backwards. It is false
// where the calendar never opens long enough. Nothing to add keeps the start, even where it is closed; a deadline that
// falls on closing time is the closing time.
func (c *Calendar) Add(start time.Time, d time.Duration) (time.Time, bool) {
	at, left := start.UnixMilli(), d.Milliseconds()
	if left == 0 {
		return start, true
	}
	var found bool
	if left > 0 {
		at, found = c.forward(at, left)
	} else {
		at, found = c.backward(at, -left)
	}
	return time.UnixMilli(at).In(start.Location()), found
}

// Elapsed is the working time between two instants, 0 where the end is not after the start.
func (c *Calendar) Elapsed(start, end time.Time) time.Duration {
	from, to := start.UnixMilli(), end.UnixMilli()
	if to <= from {
		return 0
	}
	first, last := c.yearOf(from), c.yearOf(to)
	if first == last {
		y := c.year(first)
		return time.Duration(y.used(to)-y.used(from)) * time.Millisecond
	}
	y := c.year(first)
	sum := y.total() - y.used(from)
	for n := first + 1; n < last; n++ {
		sum += c.year(n).total()
	}
	sum += c.year(last).used(to)
	return time.Duration(sum) * time.Millisecond
}

// IsOpen tells whether an instant is working time.
func (c *Calendar) IsOpen(t time.Time) bool {
	at := t.UnixMilli()
	y := c.year(c.yearOf(at))
	i := y.after(at)
	return i < len(y.spans) && y.spans[i].from <= at
}

// NextOpen is the first working instant that is not before t; false where there is none.
func (c *Calendar) NextOpen(t time.Time) (time.Time, bool) {
	if c.IsOpen(t) {
		return t, true
	}
	at, found := c.forward(t.UnixMilli(), 1)
	return time.UnixMilli(at - 1).In(t.Location()), found
}

// Years beyond these are no use to anybody, and cannot be written in RFC 3339.
const firstYear, lastYear = 1, 9998

func (c *Calendar) forward(at, left int64) (int64, bool) {
	n := c.yearOf(at)
	y := c.year(n)
	left += y.used(at)
	for left > y.total() {
		left -= y.total()
		if n++; n > lastYear || !c.open && n > c.last.utc().Year() {
			return 0, false
		}
		y = c.year(n)
	}
	return y.reach(left), true
}

func (c *Calendar) backward(at, left int64) (int64, bool) {
	n := c.yearOf(at)
	y := c.year(n)
	left -= y.used(at)
	for left > 0 {
		if n--; n < firstYear || !c.open && n < 1970 {
			return 0, false
		}
		y = c.year(n)
		left -= y.total()
	}
	return y.leave(-left), true
}

func (c *Calendar) yearOf(at int64) int { return time.UnixMilli(at).In(c.zone).Year() }
