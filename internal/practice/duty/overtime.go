package duty

import (
	"context"
	"math"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/engine/roster"
)

// countOvertime works out how long somebody worked, how much of it the roster asked of them, and on what kind of day it
// began (DUT-10).
func countOvertime(ctx context.Context, e process.Effecting) error {
	when := spanOf(e.Record, "period")
	shifts, err := roster.ShiftsOf(ctx, e.Unit, e.Record.Requester, when.from, when.to)
	if err != nil {
		return err
	}
	var rostered time.Duration
	for _, s := range shifts {
		from, to := later(s.Start, when.from), earlier(s.End, when.to)
		rostered += max(to.Sub(from), 0)
	}
	e.Record.Set("hours", hours(when.to.Sub(when.from)))
	e.Record.Set("rostered_hours", hours(rostered))
	e.Record.Set("kind_of_day", kindOfDay(when.from.In(zoneOf(e))))
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// hours to a tenth.
func hours(d time.Duration) float64 { return math.Round(d.Hours()*10) / 10 }

// zoneOf is where whoever enters the overtime lives.
func zoneOf(e process.Effecting) *time.Location {
	name := e.Unit.Actor.Zone
	if name == "" {
		name = "Asia/Shanghai"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// kindOfDay follows the announced holidays and make-up days, and else the day of the week.
func kindOfDay(local time.Time) string {
	date := local.Format(time.DateOnly)
	for _, year := range []int{local.Year(), local.Year() + 1} { // some days of a December come with the next year's notice
		days, _ := calendar.China().Of(year)
		for _, d := range days {
			if d.Date != date {
				continue
			}
			if d.Off {
				return "holiday"
			}
			return "workday"
		}
	}
	if local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
		return "rest_day"
	}
	return "workday"
}
