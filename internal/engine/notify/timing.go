package notify

import "time"

// after is when a notice that does not hurry may go out to a person: now, or at the end of quiet hours and at the next
// service hour, whichever is later and outside of both. Never is told as a week from now, when it is looked at again.
func (w wishes) after(now time.Time, zone *time.Location, hours Hours) time.Time {
	at := now
	for range 14 { // each turn moves past one quiet night or closed stretch; what needs more never opens
		next := w.quietUntil(at, zone)
		if w.Hold && hours != nil {
			opens, ever := hours.NextOpen(next)
			if !ever {
				return now.Add(week)
			}
			next = opens
		}
		if next.Equal(at) {
			return at
		}
		at = next
	}
	return now.Add(week)
}

const week = 7 * 24 * time.Hour

// quietUntil is the end of the quiet hours in which an instant lies, or the instant itself.
func (w wishes) quietUntil(at time.Time, zone *time.Location) time.Time {
	from, ok := wallTime(w.From)
	to, also := wallTime(w.To)
	if !ok || !also || from == to {
		return at
	}
	local := at.In(zone)
	now := local.Hour()*60 + local.Minute()
	switch {
	case from < to && now >= from && now < to, from > to && now < to:
		return onDay(local, 0, to)
	case from > to && now >= from:
		return onDay(local, 1, to)
	}
	return at
}

// onDay is a wall time so many days after the day of an instant. Where the clocks leap over it, it is the same time by the
// clock that was valid before, which time.Date gives.
func onDay(local time.Time, days, minutes int) time.Time {
	y, m, d := local.Date()
	return time.Date(y, m, d+days, minutes/60, minutes%60, 0, 0, local.Location()).UTC()
}

// gathers tells whether the person wants notices of a level in a digest.
func (w wishes) gathers(level Level) bool {
	return level != Urgent && (w.Digest == Hourly || w.Digest == Daily)
}

// nextDigest is when the next digest goes out: at the full hour, or at the person's time of day; always after now.
func (w wishes) nextDigest(now time.Time, zone *time.Location) time.Time {
	if w.Digest == Hourly { // counted on, not set, so that the hour that autumn repeats has its own
		local := now.In(zone)
		past := time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
		return now.Add(time.Hour - past)
	}
	minutes, ok := wallTime(w.DigestAt)
	if !ok {
		minutes, _ = wallTime(usualDigest)
	}
	next := onDay(now.In(zone), 0, minutes)
	if !next.After(now) {
		next = onDay(now.In(zone), 1, minutes)
	}
	return next
}

// How often a channel is tried. With another one to go to, an urgent notice does not wait for a second attempt.
const (
	triesUrgent = 1
	triesBefore = 3
	triesLast   = 8
)

func tries(level Level, another bool) int {
	switch {
	case !another:
		return triesLast
	case level == Urgent:
		return triesUrgent
	}
	return triesBefore
}

// pause before the next attempt after so many: 15 s, 1 min, 4 min, 16 min … up to 6 hours.
func pause(attempts int) time.Duration {
	d := 15 * time.Second
	for range min(attempts-1, 8) {
		d *= 4
	}
	return min(d, 6*time.Hour)
}
