package rotation

import (
	"slices"
	"time"
)

// cycle is what tells who has the duty at an instant, without regard to windows, overrides and the rest.
type cycle interface {
	// at is who has the duty, and which turn it is; nobody answers nil.
	at(t time.Time) (users []string, turn int)
	// edges reports the instants in (from, to) at which the answer may change, until add answers false.
	edges(from, to time.Time, add func(time.Time) bool)
}

// always is one person all the time.
type always []string

func (a always) at(time.Time) ([]string, int) { return a, 0 }

func (always) edges(_, _ time.Time, _ func(time.Time) bool) {}

// turning is a rotation, compiled.
type turning struct {
	zone  *time.Location
	unit  string
	n     int
	start time.Time
	wall  time.Time // of the start
	users []string
}

// edge is the beginning of a turn.
func (r *turning) edge(turn int) time.Time {
	if turn == 0 {
		return r.start
	}
	n := turn * r.n
	switch r.unit {
	case "hourly":
		return reach(r.wall.Add(time.Duration(n)*time.Hour), r.zone)
	case "daily":
		return reach(r.wall.AddDate(0, 0, n), r.zone)
	case "weekly":
		return reach(r.wall.AddDate(0, 0, 7*n), r.zone)
	}
	return reach(addMonths(r.wall, n), r.zone)
}

func (r *turning) turnAt(t time.Time) int {
	wall := wallOf(t, r.zone)
	var guess int
	switch passed := wall.Sub(r.wall); r.unit {
	case "hourly":
		guess = int(passed/time.Hour) / r.n
	case "daily":
		guess = int(passed/(24*time.Hour)) / r.n
	case "weekly":
		guess = int(passed/(7*24*time.Hour)) / r.n
	default:
		guess = monthsBetween(r.wall, wall) / r.n
	}
	return slotAt(t, max(guess, 0), r.edge)
}

func (r *turning) at(t time.Time) ([]string, int) {
	if t.Before(r.start) {
		return nil, -1
	}
	turn := r.turnAt(t)
	i := turn % len(r.users)
	return r.users[i : i+1], turn
}

func (r *turning) edges(from, to time.Time, add func(time.Time) bool) {
	turn := 0
	if !from.Before(r.start) {
		turn = r.turnAt(from) + 1
	}
	for ; ; turn++ {
		at := r.edge(turn)
		if !at.Before(to) || !add(at) {
			return
		}
	}
}

// grouped is a roster by days, compiled.
type grouped struct {
	zone      *time.Location
	frequency string
	n         int
	start     time.Time // the first day, as a wall-clock midnight
	days      int       // that it runs; 0 = without end
	active    [7]bool   // by time.Weekday
	groups    [][]string
}

func (g *grouped) day(n int) time.Time { return g.start.AddDate(0, 0, n) }

func (g *grouped) edge(n int) time.Time { return reach(g.day(n), g.zone) }

func (g *grouped) hour(n int) time.Time {
	return reach(g.start.Add(time.Duration(n)*time.Hour), g.zone)
}

// dayAt counts the days from the start to the one that runs at t. The day changes at the first occurrence of its midnight.
func (g *grouped) dayAt(t time.Time) int {
	return slotAt(t, floorDiv(int(dateOf(wallOf(t, g.zone)).Sub(g.start)/time.Hour), 24), g.edge)
}

// activeBefore counts the active days from the start to the one numbered n, without that.
func (g *grouped) activeBefore(n int) int {
	perWeek := 0
	for _, yes := range g.active {
		if yes {
			perWeek++
		}
	}
	count := n / 7 * perWeek
	for i := n - n%7; i < n; i++ {
		if g.active[g.day(i).Weekday()] {
			count++
		}
	}
	return count
}

func (g *grouped) at(t time.Time) ([]string, int) {
	n := g.dayAt(t)
	users, turn := g.on(n)
	if users == nil || g.frequency != "hourly" {
		return users, turn
	}
	hour := slotAt(t, n*24+wallOf(t, g.zone).Hour(), g.hour)
	hour = min(max(hour, n*24), n*24+23)
	turn = (g.activeBefore(n)*24 + hour - n*24) / g.n
	return g.groups[turn%len(g.groups)], turn
}

// on is who has the duty on a day, counted from the start; nobody on a free day, before the start and after the end.
func (g *grouped) on(n int) (users []string, turn int) {
	if n < 0 || g.days > 0 && n >= g.days || !g.active[g.day(n).Weekday()] {
		return nil, -1
	}
	switch g.frequency {
	case "hourly": // by the hour, see at
	case "daily":
		turn = g.activeBefore(n) / g.n
	case "weekly":
		turn = int(monday(g.day(n)).Sub(monday(g.start))/(7*24*time.Hour)) / g.n
	default:
		turn = monthsBetween(g.start, g.day(n)) / g.n
	}
	return g.groups[turn%len(g.groups)], turn
}

// monday is the first day of a date's week.
func monday(date time.Time) time.Time {
	return date.AddDate(0, 0, -(int(date.Weekday())+6)%7)
}

func (g *grouped) edges(from, to time.Time, add func(time.Time) bool) {
	edge, perDay := g.edge, 1
	if g.frequency == "hourly" {
		edge, perDay = g.hour, 24
	}
	for n := max(g.dayAt(from), 0) * perDay; g.days == 0 || n <= g.days*perDay; n++ {
		at := edge(n)
		if !at.Before(to) {
			return
		}
		if at.After(from) && !add(at) {
			return
		}
	}
}

// window limits a layer to some days of the week, to a time of the day, and to the days from first to last.
type window struct {
	zone        *time.Location
	days        [7]bool
	from, to    time.Duration // from the wall-clock midnight; to may lie on the next day
	first, last time.Time     // as wall-clock midnights; zero = no bound
}

// whole tells whether the window is open all the time, within its bounds.
func (w *window) whole() bool {
	return w.from == 0 && w.to == 24*time.Hour && !slices.Contains(w.days[:], false)
}

// opens tells whether a stretch begins on a day.
func (w *window) opens(date time.Time) bool {
	return w.days[date.Weekday()] && !date.Before(w.first) && (w.last.IsZero() || !date.After(w.last))
}

func (w *window) span(date time.Time) (from, to time.Time) {
	return reach(date.Add(w.from), w.zone), reach(date.Add(w.to), w.zone)
}

// at is the day on which the stretch that holds t begins, as a number of days since 1970; 0 for a window that is always open.
func (w *window) at(t time.Time) (day int, open bool) {
	if w.whole() && w.first.IsZero() && w.last.IsZero() {
		return 0, true
	}
	today := dateOf(wallOf(t, w.zone))
	for _, back := range []int{0, -1, 1, -2} {
		date := today.AddDate(0, 0, back)
		if !w.opens(date) {
			continue
		}
		if from, to := w.span(date); t.Before(from) || !t.Before(to) {
			continue
		}
		if w.whole() {
			return 0, true
		}
		return int(date.Unix() / 86400), true
	}
	return 0, false
}

func (w *window) edges(from, to time.Time, add func(time.Time) bool) {
	if w.whole() {
		w.bounds(from, to, add)
		return
	}
	for date := dateOf(wallOf(from, w.zone)).AddDate(0, 0, -2); ; date = date.AddDate(0, 0, 1) {
		begin, end := w.span(date)
		if !begin.Before(to) {
			return
		}
		if !w.opens(date) {
			continue
		}
		for _, at := range []time.Time{begin, end} {
			if at.After(from) && at.Before(to) && !add(at) {
				return
			}
		}
	}
}

// bounds are the edges of a window that is always open between two days.
func (w *window) bounds(from, to time.Time, add func(time.Time) bool) {
	for _, date := range []time.Time{w.first, w.last.AddDate(0, 0, 1)} {
		if date.Year() < earliest.Year() { // no bound
			continue
		}
		if at := reach(date, w.zone); at.After(from) && at.Before(to) && !add(at) {
			return
		}
	}
}
