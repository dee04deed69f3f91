package rotation

import (
	"time"
)

// wallOf is what the clock on the wall shows at an instant, kept in a UTC value so that arithmetic on it knows no DST.
func wallOf(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// reach is the first instant at which the wall clock shows a time or a later one: a time that does not exist that day
// becomes the first instant after the gap, one that exists twice its first occurrence.
func reach(wall time.Time, zone *time.Location) time.Time {
	const furthest = 26 * time.Hour // no zone is further from UTC than that
	at := wall.Add(-furthest)
	for {
		local := at.In(zone)
		_, offset := local.Zone()
		_, end := local.ZoneBounds()
		candidate := wall.Add(-time.Duration(offset) * time.Second)
		if candidate.Before(at) {
			return at.UTC() // the gap has just been jumped over
		}
		if end.IsZero() || candidate.Before(end) {
			return candidate
		}
		at = end
	}
}

// dateOf is the midnight of a wall-clock time.
func dateOf(wall time.Time) time.Time {
	return time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
}

// addMonths keeps the day of the month, or takes the last day of a shorter month.
func addMonths(wall time.Time, n int) time.Time {
	first := time.Date(wall.Year(), wall.Month()+time.Month(n), 1, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(wall.Day(), last)-1)
}

// monthsBetween counts the turns of the month from one date to another.
func monthsBetween(from, to time.Time) int {
	return (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
}

// slotAt finds the slot that runs at t among slots whose beginnings never go down, from a guess nearby.
func slotAt(t time.Time, guess int, edge func(slot int) time.Time) int {
	for edge(guess).After(t) {
		guess--
	}
	for !edge(guess + 1).After(t) {
		guess++
	}
	return guess
}

// floorDiv divides towards minus infinity.
func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
