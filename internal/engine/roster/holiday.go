package roster

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// greatHolidays are those for which a schedule of their own is mandatory: New Year, Spring Festival, Labour Day, National
// Day (DUT-09, 四节保障).
var greatHolidays = []string{"元旦", "春节", "劳动节", "国庆节"}

// holiday is one run of days off, [from, to) from midnight to midnight.
type holiday struct {
	name     string
	from, to time.Time
}

// great are the great holidays of this year and the next that are not over, as far as they are known.
func great(now time.Time, zone *time.Location) []holiday {
	var list []holiday
	year := now.In(zone).Year()
	dates := map[string]string{}
	for y := year; y <= year+1; y++ {
		days, _ := calendar.China().Of(y)
		for _, d := range days {
			if d.Off && slices.ContainsFunc(greatHolidays, func(g string) bool { return strings.Contains(d.Name, g) }) {
				dates[d.Date] = d.Name
			}
		}
	}
	for _, date := range slices.Sorted(maps.Keys(dates)) {
		day, err := time.ParseInLocation(time.DateOnly, date, zone)
		if err != nil {
			continue
		}
		next := day.AddDate(0, 0, 1)
		if last := len(list) - 1; last >= 0 && list[last].to.Equal(day) && list[last].name == dates[date] {
			list[last].to = next
			continue
		}
		list = append(list, holiday{dates[date], day, next})
	}
	return slices.DeleteFunc(list, func(h holiday) bool { return !h.to.After(now) })
}

// uncovered is what of a holiday no schedule marked as a holiday's covers, as one stretch; false when it is covered.
func (b Body) uncovered(h holiday) (missing holiday, ok bool) {
	var schedules []Special
	for _, s := range b.Schedules {
		if s.Mark == HolidayShift && s.End.After(h.from) && s.Start.Before(h.to) {
			schedules = append(schedules, s)
		}
	}
	slices.SortFunc(schedules, func(a, b Special) int { return a.Start.Compare(b.Start) })
	missing = h
	for _, s := range schedules {
		if s.Start.After(missing.from) {
			break
		}
		if s.End.After(missing.from) {
			missing.from = s.End.In(h.from.Location())
		}
	}
	return missing, missing.from.Before(h.to)
}

// holidayHour is the wall-clock hour of the day before a holiday at which a missing schedule is told: when people come to work.
const holidayHour = 8

// planHolidays sets the timers of the holidays to come.
func planHolidays(ctx context.Context, u *work.Unit, roster string) error {
	p, err := one(ctx, u, roster, moment(u.Now()))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || !p.body.holidays() {
		return err
	}
	for _, h := range great(u.Now(), p.plan.Zone()) {
		before := h.from.AddDate(0, 0, -1)
		at := time.Date(before.Year(), before.Month(), before.Day(), holidayHour, 0, 0, 0, before.Location())
		if at.Before(u.Now()) {
			continue
		}
		if err := setTimer(ctx, u, roster, timerHoliday, h.from.Format(time.DateOnly), at); err != nil {
			return err
		}
	}
	return nil
}

// fireHoliday tells the supervisors, one day before, that a holiday has no schedule.
func fireHoliday(ctx context.Context, u *work.Unit, t timer, late bool) error {
	p, err := one(ctx, u, t.roster, moment(u.Now()))
	if err != nil {
		return err
	}
	if err := planHolidays(ctx, u, t.roster); err != nil { // next year's may have been published since
		return err
	}
	active, err := stillActive(ctx, u, t.roster)
	if err != nil || !active || !p.body.holidays() {
		return err
	}
	for _, h := range great(u.Now(), p.plan.Zone()) {
		if h.from.Format(time.DateOnly) != t.subject {
			continue
		}
		missing, ok := p.body.uncovered(h)
		if !ok {
			return nil
		}
		return tellHoliday(ctx, u, p, missing, late)
	}
	return nil
}

func tellHoliday(ctx context.Context, u *work.Unit, p published, missing holiday, late bool) error {
	bosses, err := supervisors(ctx, u, p.team, p.body.people()...)
	if err != nil {
		return err
	}
	last := missing.to.AddDate(0, 0, -1)
	params := text.Params{"holiday": missing.name, "roster": p.name, "from": missing.from.Format("01-02"), "to": last.Format("01-02")}
	return notify.Send(ctx, u, notify.Notice{People: bosses, Kind: kindDuty, Level: notify.Urgent, Text: said("roster.holiday_missing", params, late),
		Ref: "roster:" + p.id + ":" + missing.from.Format(time.DateOnly)})
}

// Sweep sets the timers of every published roster anew, daily: a year's holidays may have become known since, and whatever
// stopped a chain of check-ins is healed.
func (s *Service) Sweep(ctx context.Context) error {
	return s.door.Do(work.WithActor(ctx, keeper), Manage, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		ids, err := activeRosters(ctx, u)
		if err != nil {
			return err
		}
		for _, roster := range ids {
			if err := planHolidays(ctx, u, roster); err != nil {
				return err
			}
			if err := planCheckIn(ctx, u, roster); err != nil {
				return err
			}
		}
		return nil
	})
}
